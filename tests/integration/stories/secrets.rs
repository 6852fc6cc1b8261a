//! Stories of Secrets, whose content is visible only in the Secret and on the database connection.

use oceanbase_sim::fault::{Fault, Trigger};
use oceanbase_sim::statement::Kind;

use super::{NIGHTLY, ONE_TENANT};
use crate::support::world::PASSWORD;
use crate::support::{World, eventually};

const ID: &str = "AKID7PLANTEDID";
const KEY: &str = "SKEY9PLANTEDKEY";

#[test]
fn no_byte_of_a_secret_is_in_logs_events_statuses_or_metrics() {
    let mut world = World::new("secrets", ONE_TENANT);
    world.apply(&format!(
        "
apiVersion: v1
kind: Secret
metadata: {{name: keys}}
stringData: {{accessKeyId: {ID}, accessKeySecret: {KEY}}}
---
apiVersion: backup.oceanbase.io/v1alpha1
kind: BackupStorage
metadata: {{name: bucket}}
spec:
  type: S3
  s3: {{endpoint: 'https://s3.example.com', bucket: ob-backup, region: eu-1, credentials: {{secretRef: {{name: keys}}}}}}
"
    ));
    // The engine repeats the text that it rejects.
    world.inject(Fault::Refuse {
        on: Trigger::next(Kind::SetDataBackupDest),
        code: 9070,
        message: format!("cannot connect to 's3://x?access_id={ID}&access_key={KEY}'"),
    });
    world.start_operator();
    world.apply(&NIGHTLY.replace("name: nfs", "name: bucket"));
    eventually(
        "a completed backup",
        || world.list("backuptask"),
        |tasks| {
            tasks
                .iter()
                .any(|task| task["status"]["phase"] == "Completed")
        },
    );
    let sent = world.simulator.log(|log| {
        let mut entries = log.entries();
        entries.any(|entry| entry.text.contains(KEY))
    });
    assert!(sent, "the database was given the key");

    let operator = world.operator.as_ref().unwrap();
    let mut seen = vec![
        ("log", operator.log()),
        ("metrics", operator.get("/metrics").1),
    ];
    let kinds = [
        "event",
        "oceanbasecluster",
        "backupstorage",
        "backupstrategy",
        "backuptask",
        "logbackup",
    ];
    for kind in kinds {
        let objects = world.list(kind);
        assert!(!objects.is_empty(), "{kind}");
        seen.push((kind, serde_json::to_string(&objects).unwrap()));
    }
    for (place, text) in &seen {
        for secret in [PASSWORD, ID, KEY] {
            assert!(!text.contains(secret), "{secret} stands in {place}");
        }
    }
    world.kill_operator();
}
