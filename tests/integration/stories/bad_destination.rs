//! Stories of storage that the database rejects.

use oceanbase_sim::fault::{Fault, Trigger};
use oceanbase_sim::model::Health;
use oceanbase_sim::statement::Kind;

use super::{LOG_BACKUP, ONE_TENANT};
use crate::support::World;
use crate::support::world::condition_of;

const LOGS: (&str, &str) = ("logbackup", "orders-log");
const DIRECTORY: &str = "file:///ob-backup/obprod-7/orders-1002/log";

/// Applies the log backup and waits until it reports this refusal with this advice.
fn refused(world: &World, code: i64, reason: &str, advice: &str) {
    world.apply(LOG_BACKUP);
    let object = world.condition(LOGS, "Ready", "False", reason);
    assert_eq!(object["status"]["phase"], "Failed");
    let cause = &object["status"]["cause"];
    assert_eq!(cause["code"], -code);
    let message = cause["message"].as_str().unwrap();
    assert!(message.contains(advice), "{message}");
    assert_eq!(world.count(Kind::ArchiveLog), 0);
}

/// An edit triggers a retry; without it the retry comes within five minutes.
fn try_again(world: &World) {
    world.edit(LOGS.0, LOGS.1, "spec: {pieceSwitchDays: 2}");
    world.phase(LOGS.0, LOGS.1, "InProgress");
}

#[test]
fn a_directory_with_files_of_somebody_else_is_refused() {
    let world = World::started("not-empty", ONE_TENANT);
    let path = format!("{DIRECTORY}/somebody");
    world.inject(Fault::Litter { path });
    refused(
        &world,
        9080,
        "DirectoryNotEmpty",
        "choose another path or an empty directory",
    );
    // `path` is immutable: another object replaces this one.
    world
        .kubectl(&["delete", "logbackup", "orders-log", "--timeout=20s"])
        .unwrap();
    world.apply(&LOG_BACKUP.replace("spec: {", "spec: {path: clean/log, "));
    let object = world.phase(LOGS.0, LOGS.1, "InProgress");
    assert_eq!(
        object["status"]["storageDirectory"],
        "file:///ob-backup/clean/log"
    );
}

#[test]
fn a_directory_of_another_tenant_is_refused_though_that_one_is_gone() {
    let scenario = "
version: '4.3.5.2'
cluster: {name: obprod, id: 7}
speed: 200
tenants:
  - {name: orders}
  - name: billing
    archive: {dest: 'LOCATION=file:///ob-backup/obprod-7/orders-1002/log', rounds: [{from: 2h}]}
";
    let mut world = World::new("foreign-directory", scenario);
    // While the tenant exists, the operator itself recognizes the owner of the directory.
    world.inject(Fault::Drop {
        tenant: "billing".to_owned(),
    });
    world.start_operator();
    refused(
        &world,
        9081,
        "DestinationOwnedByOther",
        "choose another path for this tenant",
    );
}

#[test]
fn a_store_that_can_not_be_reached_is_tried_again() {
    let world = World::new("store-down", ONE_TENANT);
    let health = |health| Fault::Path {
        path: "file:///ob-backup".to_owned(),
        health,
    };
    world.inject(health(Health::Unreachable));
    let mut world = world;
    world.start_operator();
    refused(
        &world,
        9070,
        "StorageUnreachable",
        "mounted on every observer",
    );
    world.inject(health(Health::Ok));
    // Without an edit: repairs may happen outside of Kubernetes.
    world.phase(LOGS.0, LOGS.1, "InProgress");
}

#[test]
fn a_store_that_may_not_be_written_is_told_with_advice() {
    let world = World::started("store-denied", ONE_TENANT);
    let health = |health| Fault::Path {
        path: "file:///ob-backup".to_owned(),
        health,
    };
    world.inject(health(Health::PermissionDenied));
    refused(
        &world,
        9071,
        "StoragePermissionDenied",
        "check the permissions",
    );
    world.condition(
        ("backupstorage", "nfs"),
        "Reachable",
        "False",
        "StoragePermissionDenied",
    );
    world.inject(health(Health::Ok));
    try_again(&world);
    world.condition(("backupstorage", "nfs"), "Reachable", "True", "InUse");
}

/// No accepted field value makes this simulator answer 9026, so a fault does, with the whole
/// destination in the text, as in the engine.
#[test]
fn an_address_that_the_database_takes_for_invalid_is_told_without_its_keys() {
    let world = World::started("invalid-address", ONE_TENANT);
    world.apply(S3);
    world.inject(Fault::Refuse {
        on: Trigger::next(Kind::SetLogArchiveDest),
        code: 9026,
        message: "'s3://ob-backup?host=h&access_id=AKPLANTED&access_key=SKPLANTED' is not valid"
            .to_owned(),
    });
    world.apply(&LOG_BACKUP.replace("nfs", "bucket"));
    let object = world.condition(LOGS, "Ready", "False", "InvalidBackupDest");
    let cause = &object["status"]["cause"];
    assert_eq!(cause["code"], -9026);
    assert!(cause["message"].as_str().unwrap().contains("BackupStorage"));
    assert!(!object.to_string().contains("PLANTED"));
    try_again(&world);
}

#[test]
fn s3_is_refused_on_a_server_that_can_not_and_nothing_is_sent() {
    let scenario = ONE_TENANT.replace("4.3.5.2", "4.2.1.6");
    let world = World::started("no-s3", &scenario);
    world.apply(S3);
    world.apply(&LOG_BACKUP.replace("nfs", "bucket"));
    let object = world.condition(LOGS, "Stalled", "True", "UnsupportedServerVersion");
    let message = condition_of(&object, "Ready")["message"].to_string();
    assert!(
        message.contains("4.2.1.6") && message.contains("S3"),
        "{message}"
    );
    assert_eq!(world.changing(), [""; 0]);
}

pub(super) const S3: &str = "
apiVersion: v1
kind: Secret
metadata: {name: keys}
stringData: {accessKeyId: AKPLANTED, accessKeySecret: SKPLANTED}
---
apiVersion: backup.oceanbase.io/v1alpha1
kind: BackupStorage
metadata: {name: bucket}
spec:
  type: S3
  s3: {endpoint: 'https://s3.example.com', bucket: ob-backup, region: eu-1, credentials: {secretRef: {name: keys}}}
";
