//! Stories of a strategy that moves to another storage: the announcement, the restart of log
//! backup, a full backup, and the gap in the windows.

use std::time::Duration;

use oceanbase_sim::fault::Fault;
use oceanbase_sim::model::{RoundStatus, Stage};
use oceanbase_sim::statement::Kind;
use serde_json::Value;

use super::{ONE_TENANT, nightly_without_first_backup, task};
use crate::support::world::{NFS, condition_of};
use crate::support::{World, eventually, within};

const STRATEGY: (&str, &str) = ("backupstrategy", "nightly");
const LOG_BACKUP: (&str, &str) = ("logbackup", "prod-t1002");

/// Creates a tenant with log backup and a full backup in the first storage, and a second storage.
fn backed_up(story: &str, policy: &str) -> World {
    let world = World::started(story, ONE_TENANT);
    let new = NFS.replace("{name: nfs}", "{name: new}");
    world.apply(&new.replace("/ob-backup", "/ob-backup-new"));
    let nightly = nightly_without_first_backup();
    world.apply(&format!("{nightly}  storageChangePolicy: {policy}\n"));
    world.apply(&task("first", "Full"));
    world.phase("backuptask", "first", "Completed");
    world
}

impl World {
    fn moves_to(&self, storage: &str) {
        let change = format!("spec: {{storageRef: {{name: {storage}}}}}");
        self.edit(STRATEGY.0, STRATEGY.1, &change);
    }

    /// Returns the destinations of the tenant's logs and data.
    fn places(&self) -> [String; 2] {
        self.simulator.world(|cluster| {
            let tenant = cluster.tenant("orders").unwrap();
            let logs = tenant.archive_dest.as_ref().unwrap();
            let data = tenant.data_dest.as_ref().unwrap();
            [logs.uri.path(), data.uri.path()]
        })
    }
}

fn in_storage(directory: &str) -> [String; 2] {
    ["log", "data"].map(|what| format!("file://{directory}/obprod-7/orders-1002/{what}"))
}

fn windows(object: &Value) -> usize {
    let windows = object["status"]["recoveryWindows"].as_array();
    windows.map_or(0, Vec::len)
}

#[test]
fn a_strategy_moves_to_another_store_and_a_full_backup_follows() {
    let world = backed_up("switch", "StopAndSwitch");
    assert_eq!(world.places(), in_storage("/ob-backup"));
    eventually(
        "a first window",
        || windows(&world.get(LOG_BACKUP.0, LOG_BACKUP.1)),
        |count| *count == 1,
    );
    world.forget_statements();
    world.moves_to("new");
    world.condition(LOG_BACKUP, "StorageMigrated", "True", "StorageMigrated");
    assert_eq!(world.places(), in_storage("/ob-backup-new"));
    world.condition(STRATEGY, "Ready", "True", "Accepted");
    let sent = [
        Kind::NoArchiveLog,
        Kind::SetLogArchiveDest,
        Kind::ArchiveLog,
        Kind::SetDataBackupDest,
        Kind::Backup,
    ];
    assert_eq!(sent.map(|kind| world.count(kind)), [1; 5]);
    let events = world.list("events");
    let announced = events
        .iter()
        .find(|event| event["reason"] == "StorageMigrationScheduled");
    assert!(announced.is_some());
    eventually(
        "a second window behind a hole",
        || windows(&world.get(LOG_BACKUP.0, LOG_BACKUP.1)),
        |count| *count == 2,
    );
}

#[test]
fn while_a_backup_runs_the_move_is_announced_and_waits() {
    let world = backed_up("switch-waits", "StopAndSwitch");
    world.hold("orders", Stage::Doing);
    world.apply(&task("now", "Full"));
    world.phase("backuptask", "now", "InProgress");
    world.moves_to("new");
    let reason = "StorageMigrationScheduled";
    let object = world.condition(LOG_BACKUP, "StorageMigrated", "False", reason);
    let message = condition_of(&object, "StorageMigrated")["message"].to_string();
    assert!(message.contains("backup job"), "{message}");
    world.settle();
    assert_eq!(world.count(Kind::NoArchiveLog), 0);
    world.release("orders");
    world.phase("backuptask", "now", "Completed");
    world.condition(LOG_BACKUP, "StorageMigrated", "True", "StorageMigrated");
    assert_eq!(world.places(), in_storage("/ob-backup-new"));
}

#[test]
fn a_refused_move_is_made_when_the_policy_allows_it() {
    let world = backed_up("switch-allowed", "Refuse");
    world.moves_to("new");
    world.condition(STRATEGY, "Stalled", "True", "StorageChangeRefused");
    assert_eq!(world.places(), in_storage("/ob-backup"));
    let change = "spec: {storageChangePolicy: StopAndSwitch}";
    world.edit(STRATEGY.0, STRATEGY.1, change);
    world.condition(LOG_BACKUP, "StorageMigrated", "True", "StorageMigrated");
    assert_eq!(world.places(), in_storage("/ob-backup-new"));
    world.condition(STRATEGY, "Stalled", "False", "Accepted");
}

#[test]
fn a_strategy_moves_away_and_back_again() {
    let world = backed_up("switch-back", "StopAndSwitch");
    world.moves_to("new");
    world.condition(LOG_BACKUP, "StorageMigrated", "True", "StorageMigrated");
    world.moves_to("nfs");
    // The full backup may have to wait for the next minute, because the first one has the name of
    // this one.
    within(
        Duration::from_mins(4),
        "the first place",
        || world.places(),
        |places| *places == in_storage("/ob-backup"),
    );
    let object = world.condition(LOG_BACKUP, "StorageMigrated", "True", "StorageMigrated");
    let message = condition_of(&object, "StorageMigrated")["message"].to_string();
    assert!(
        message.contains("logs go to 'file:///ob-backup/"),
        "{message}"
    );
    assert_eq!(world.places(), in_storage("/ob-backup"));
    assert_eq!(world.count(Kind::Backup), 3);
    assert_eq!(world.count(Kind::NoArchiveLog), 2);
}

#[test]
fn a_move_that_is_taken_back_while_log_backup_stops_leaves_it_where_it_was() {
    let world = backed_up("switch-taken-back", "StopAndSwitch");
    let tenant = || "orders".to_owned();
    world.inject(Fault::HoldArchive {
        tenant: tenant(),
        at: RoundStatus::Stopping,
    });
    world.moves_to("new");
    world.condition(
        LOG_BACKUP,
        "StorageMigrated",
        "False",
        "StorageMigrationInProgress",
    );
    eventually(
        "log backup to be stopped",
        || world.count(Kind::NoArchiveLog),
        |count| *count == 1,
    );
    world.moves_to("nfs");
    world.inject(Fault::ReleaseArchive { tenant: tenant() });
    let object = eventually(
        "a move that is no more",
        || world.get(LOG_BACKUP.0, LOG_BACKUP.1),
        |object| condition_of(object, "StorageMigrated").is_null(),
    );
    assert_eq!(object["status"]["phase"], "InProgress");
    assert_eq!(world.places(), in_storage("/ob-backup"));
    assert_eq!(world.count(Kind::SetLogArchiveDest), 1);
    // Logs after the gap are recoverable from a full backup of their own.
    assert_eq!(world.count(Kind::Backup), 2);
}
