//! Stories of the used space of a storage, of its alert, and of the remainder in an unused storage.

use oceanbase_sim::fault::Fault;
use oceanbase_sim::model::Stage;
use serde_json::Value;

use super::{nightly_without_first_backup, task};
use crate::support::world::{NFS, condition_of};
use crate::support::{World, eventually};

const STORE: (&str, &str) = ("backupstorage", "nfs");

/// A tenant with full sets of 20, 10 and 3 days ago, and few logs.
const A_PAST: &str = "
version: '4.4.2.0'
cluster: {name: obprod, id: 7}
speed: 100
tenants:
  - name: orders
    fullBackupSize: 10GiB
    logPerSecond: 1KiB
    dataDest: 'file:///ob-backup/obprod-7/orders-1002/data'
    archive: {dest: 'LOCATION=file:///ob-backup/obprod-7/orders-1002/log', rounds: [{from: 25d}]}
    backups:
      - {ago: 20d}
      - {ago: 10d}
      - {ago: 3d}
";

impl World {
    /// Returns the sum of a column of a view, without deleted rows.
    fn sum(&self, view: &str) -> i64 {
        let query = format!(
            "SELECT SUM(OUTPUT_BYTES) FROM oceanbase.{view} WHERE FILE_STATUS <> 'DELETED'"
        );
        let sum = self.rows(&query)[0][0].clone().unwrap();
        sum.parse().unwrap()
    }

    /// Returns the storage's status, after it has figures.
    fn figures(&self) -> Value {
        let object = eventually(
            "figures of the store",
            || self.get(STORE.0, STORE.1),
            |object| object["status"]["dataBytes"].as_i64() > Some(0),
        );
        object["status"].clone()
    }

    /// Waits for alerts of the strategy about its storage with this status.
    fn reported(&self, status: &str) {
        eventually(
            &format!("an alert that is {status}"),
            || self.get("backupstrategy", "nightly"),
            |object| {
                let alerts = object["status"]["alerts"].as_array();
                alerts.into_iter().flatten().any(|alert| {
                    alert["type"] == "backup_storage_capacity_over_threshold"
                        && alert["object"] == "nfs"
                        && alert["status"] == status
                })
            },
        );
    }
}

/// Returns whether two figures agree, apart from unwritten small changes and new backups.
fn is_about(shown: &Value, counted: i64) -> bool {
    let shown = shown.as_i64().unwrap();
    (shown - counted).abs() <= counted / 50
}

#[test]
fn a_store_that_gets_too_full_is_an_alert_until_there_is_room_again() {
    let world = World::started("store-capacity", A_PAST);
    let figures = world.figures();
    let (data, logs) = (
        world.sum("CDB_OB_BACKUP_SET_FILES"),
        world.sum("CDB_OB_ARCHIVELOG_PIECE_FILES"),
    );
    assert!(is_about(&figures["dataBytes"], data), "{figures} {data}");
    assert!(is_about(&figures["logBytes"], logs), "{figures} {logs}");
    assert_eq!(figures["trend"].as_array().unwrap().len(), 1);
    let used = figures["summary"]["used"].as_str().unwrap();
    assert!(!used.contains('%'), "{used}");
    assert_eq!(
        condition_of(&world.get(STORE.0, STORE.1), "WithinCapacity"),
        Value::Null
    );

    let bytes = |field: &str| figures[field].as_i64().unwrap();
    let capacity = (bytes("dataBytes") + bytes("logBytes")) * 100 / 75;
    let change = format!("spec: {{capacity: '{capacity}'}}");
    world.edit(STORE.0, STORE.1, &change);
    world.condition(STORE, "WithinCapacity", "True", "StorageBelowThreshold");

    world.apply(&nightly_without_first_backup());
    world.apply(&task("more", "Full"));
    world.phase("backuptask", "more", "Completed");
    let object = world.condition(STORE, "WithinCapacity", "False", "StorageNearlyFull");
    let used = object["status"]["summary"]["used"].as_str().unwrap();
    assert!(used.ends_with(" %)"), "{used}");
    assert_eq!(condition_of(&object, "Ready")["status"], "True");
    world.reported("Active");
    let operator = world.operator.as_ref().unwrap();
    let series = format!(
        "obbackup_storage_capacity_bytes{{namespace=\"{}\",storage=\"nfs\"}} {capacity}",
        world.namespace
    );
    let metrics = operator.get("/metrics").1;
    assert!(metrics.contains(&series), "{metrics}");

    world.apply(
        "
apiVersion: backup.oceanbase.io/v1alpha1
kind: CleanupTask
metadata: {name: old}
spec: {clusterRef: {name: prod}, tenantName: orders, mode: Delete, target: {type: BackupSets, backupSetIDs: [1, 2]}}
",
    );
    world.phase("cleanuptask", "old", "Completed");
    world.condition(STORE, "WithinCapacity", "True", "StorageBelowThreshold");
    world.reported("Recovered");
}

#[test]
fn what_remains_at_a_place_where_nothing_goes_any_more_is_listed() {
    let mut world = World::new("store-ledger", A_PAST);
    let second = NFS.replace("{name: nfs}", "{name: second}");
    world.apply(&second.replace("/ob-backup", "/ob-second"));
    // Listed backups could be deleted during the check.
    world.inject(Fault::HoldCleanup {
        tenant: "orders".to_owned(),
        at: Stage::Init,
    });
    world.start_operator();
    world.apply(&nightly_without_first_backup());
    let ledger = |what: &str, holds: &dyn Fn(&[Value]) -> bool| {
        let object = eventually(
            what,
            || world.get("backupstrategy", "nightly"),
            |object| {
                let places = object["status"]["destinations"].as_array();
                places.is_some_and(|places| holds(places))
            },
        );
        object["status"]["destinations"].as_array().unwrap().clone()
    };
    let places = ledger("one place", &|places| places.len() == 1);
    assert_eq!(places[0]["storage"], "nfs");
    assert_eq!(places[0]["path"], "file:///ob-backup");
    assert_eq!(places[0]["until"], Value::Null);
    let bytes = places[0]["bytes"].as_i64().unwrap();
    let counted = world.sum("CDB_OB_BACKUP_SET_FILES") + world.sum("CDB_OB_ARCHIVELOG_PIECE_FILES");
    assert!(is_about(&places[0]["bytes"], counted), "{bytes} {counted}");

    // A DBA moves the tenant's backups.
    let root = "file:///ob-second/obprod-7/orders-1002";
    for statement in [
        "NOARCHIVELOG".to_owned(),
        format!("SET DATA_BACKUP_DEST = '{root}/data'"),
    ] {
        world.sql(&format!("ALTER SYSTEM {statement} TENANT = orders"));
    }
    let log = format!("ALTER SYSTEM SET LOG_ARCHIVE_DEST = 'LOCATION={root}/log' TENANT = orders");
    eventually(
        "an archive that has stopped",
        || world.rows("SELECT STATUS FROM oceanbase.CDB_OB_ARCHIVELOG")[0][0].clone(),
        |status| status.as_deref() == Some("STOP"),
    );
    world.sql(&log);
    let places = ledger("an old place", &|places| {
        places.iter().any(|place| place["until"].is_string())
    });
    let old = places
        .iter()
        .find(|place| place["until"].is_string())
        .unwrap();
    assert_eq!(old["storage"], "nfs");
    assert!(is_about(&old["bytes"], counted), "{old}");
    assert_eq!(places[0]["storage"], "second");
    assert_eq!(places[0]["until"], Value::Null);
    eventually(
        "an event about it",
        || world.list("events"),
        |events| {
            events
                .iter()
                .any(|event| event["reason"] == "PreviousDestinationRetained")
        },
    );
}
