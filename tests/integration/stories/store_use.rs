//! Stories of what data backups report about their storage.

use oceanbase_sim::fault::Fault;

use super::{LOG_BACKUP, ONE_TENANT, task_without_strategy};
use crate::support::World;
use crate::support::world::{NFS, condition_of};

const STORE: (&str, &str) = ("backupstorage", "nfs");

/// Creates a world in which logs use another storage, so that only data backups use this one.
fn for_data_only(story: &str) -> World {
    let world = World::started(story, ONE_TENANT);
    let logs = NFS.replace("{name: nfs}", "{name: logs}");
    world.apply(&logs.replace("/ob-backup", "/ob-logs"));
    world.apply(&LOG_BACKUP.replace("{name: nfs}", "{name: logs}"));
    world.phase("logbackup", "orders-log", "InProgress");
    world.condition(STORE, "Reachable", "Unknown", "NotInUse");
    world
}

#[test]
fn a_store_that_only_data_backups_use_is_in_use_and_follows_how_they_end() {
    let world = for_data_only("store-data");
    world.apply(&task_without_strategy("first"));
    world.phase("backuptask", "first", "Completed");
    let store = world.condition(STORE, "Reachable", "True", "InUse");
    assert_eq!(condition_of(&store, "Ready")["status"], "True");

    world.inject(Fault::FailBackup {
        tenant: "orders".to_owned(),
        code: -9082,
        comment: None,
    });
    world.apply(&task_without_strategy("full-store"));
    world.phase("backuptask", "full-store", "Failed");
    let store = world.condition(STORE, "Reachable", "False", "StorageOutOfSpace");
    let message = condition_of(&store, "Reachable")["message"].to_string();
    assert!(message.contains("full-store"), "{message}");
    assert!(message.contains("free space"), "{message}");
    let logs = world.get("backupstorage", "logs");
    assert_eq!(condition_of(&logs, "Reachable")["status"], "True");

    world.apply(&task_without_strategy("later"));
    world.phase("backuptask", "later", "Completed");
    world.condition(STORE, "Reachable", "True", "InUse");
}
