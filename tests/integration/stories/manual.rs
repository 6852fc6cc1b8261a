//! Stories of manual backups.

use oceanbase_sim::statement::Kind;

use super::{ONE_TENANT, archiving, nightly_without_first_backup, task, task_without_strategy};
use crate::support::world::condition_of;
use crate::support::{World, eventually};

/// `orders` archives and backs up to destinations of another tool.
const USED_ELSEWHERE: &str = "
version: '4.3.5.2'
cluster: {name: obprod, id: 7}
speed: 200
tenants:
  - name: orders
    fullBackupSize: 1GiB
    archive:
      dest: LOCATION=file:///elsewhere/orders/log
      rounds: [{from: 2h}]
    dataDest: file:///elsewhere/orders/data
  - {name: billing, fullBackupSize: 1GiB}
";

#[test]
fn a_task_of_a_strategy_backs_up_now_and_kubectl_can_wait_for_it() {
    let world = World::started("manual", ONE_TENANT);
    world.apply(&nightly_without_first_backup());
    world.apply(&task("now", "Full"));
    let waited = world.kubectl(&[
        "wait",
        "--for=condition=Succeeded",
        "--timeout=5m",
        "backuptask/now",
    ]);
    assert!(waited.unwrap().contains("condition met"));
    let status = &world.get("backuptask", "now")["status"];
    assert_eq!(status["source"], "Manual");
    assert_eq!(status["storage"], "nfs");
    assert_eq!(
        status["storageDirectory"],
        "file:///ob-backup/obprod-7/orders-1002/data"
    );
}

#[test]
fn an_incremental_backup_on_a_full_one_is_incremental() {
    let world = World::started("chain", ONE_TENANT);
    world.apply(&nightly_without_first_backup());
    world.apply(&task("base", "Full"));
    world.phase("backuptask", "base", "Completed");
    world.apply(&task("next", "Incremental"));
    let next = world.phase("backuptask", "next", "Completed");
    assert_eq!(next["status"]["type"], "Incremental");
}

#[test]
fn an_incremental_backup_without_a_base_says_that_it_was_full() {
    let world = World::started("baseless", ONE_TENANT);
    world.apply(&nightly_without_first_backup());
    world.apply(&task("first", "Incremental"));
    let first = world.phase("backuptask", "first", "Completed");
    assert_eq!(first["status"]["type"], "Full");
    let changed = condition_of(&first, "TypeChanged");
    assert_eq!(changed["reason"], "IncrementalNotPossible");
}

#[test]
fn a_tenant_without_a_strategy_is_backed_up_now_while_its_logs_are() {
    let world = archiving("loose");
    world.apply(&task_without_strategy("now"));
    let task = world.phase("backuptask", "now", "Completed");
    assert_eq!(task["status"]["backupSetID"], 1);
}

#[test]
fn back_up_now_needs_nothing_but_a_cluster_and_a_store() {
    let world = World::started("now", ONE_TENANT);
    world.apply(&task_without_strategy("now"));
    let task = world.phase("backuptask", "now", "Completed");
    assert_eq!(task["status"]["source"], "Manual");
    // Log backup began for the backup, and ends after its set is recoverable.
    let logs = world.phase("logbackup", "prod-t1002", "Stopped");
    assert_eq!(logs["spec"]["mode"], "AroundDataBackup");
    assert_eq!(
        (world.count(Kind::ArchiveLog), world.count(Kind::Backup)),
        (1, 1)
    );
    assert_eq!(world.count(Kind::NoArchiveLog), 1);
    let points = eventually(
        "the set among what can be recovered to",
        || world.get("logbackup", "prod-t1002"),
        |logs| logs["status"]["recoveryPoints"][0]["backupSetID"] == 1,
    );
    assert_eq!(
        points["status"]["recoveryWindows"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[test]
fn the_next_backup_now_uses_the_log_backup_of_the_first() {
    let world = World::started("now-again", ONE_TENANT);
    world.apply(&task_without_strategy("now"));
    world.phase("backuptask", "now", "Completed");
    world.phase("logbackup", "prod-t1002", "Stopped");
    world.apply(&task_without_strategy("again"));
    world.phase("backuptask", "again", "Completed");
    world.phase("logbackup", "prod-t1002", "Stopped");
    assert_eq!(world.list("logbackup").len(), 1);
    assert_eq!(world.count(Kind::SetLogArchiveDest), 1);
    assert_eq!(world.count(Kind::NoArchiveLog), 2);
}

#[test]
fn a_backup_now_leaves_the_archiving_on_that_a_dba_has_started_since_the_last_one() {
    let world = World::started("now-found", ONE_TENANT);
    let logs = ("logbackup", "prod-t1002");
    world.apply(&task_without_strategy("now"));
    world.phase("backuptask", "now", "Completed");
    world.phase(logs.0, logs.1, "Stopped");
    world.sql("ALTER SYSTEM ARCHIVELOG TENANT = orders");
    world.condition(logs, "Archiving", "True", "ModifiedExternally");
    world.apply(&task_without_strategy("again"));
    world.phase("backuptask", "again", "Completed");
    // Otherwise it would end after the second set is recoverable.
    eventually(
        "both sets among what can be recovered to",
        || world.get(logs.0, logs.1),
        |logs| logs["status"]["recoveryPoints"].as_array().map(Vec::len) == Some(2),
    );
    let logs = world.condition(logs, "Archiving", "True", "ModifiedExternally");
    world.settle();
    assert_eq!(logs["status"]["phase"], "InProgress");
    assert_eq!(world.count(Kind::NoArchiveLog), 1);
}

#[test]
fn a_strategy_takes_over_the_log_backup_that_a_backup_now_has_begun() {
    let world = World::started("now-strategy", ONE_TENANT);
    world.apply(&task_without_strategy("now"));
    world.phase("backuptask", "now", "Completed");
    world.phase("logbackup", "prod-t1002", "Stopped");
    world.apply(&nightly_without_first_backup());
    let logs = world.phase("logbackup", "prod-t1002", "InProgress");
    assert_eq!(logs["spec"]["mode"], "Continuous");
    assert_eq!(world.list("logbackup").len(), 1);
}

/// Only the operator itself has stopped the logs, and the new strategy requests them.
#[test]
fn a_strategy_archives_logs_though_the_log_backup_of_a_backup_now_was_deleted() {
    let world = World::started("now-deleted", ONE_TENANT);
    world.apply(&task_without_strategy("now"));
    world.phase("backuptask", "now", "Completed");
    world.phase("logbackup", "prod-t1002", "Stopped");
    world
        .kubectl(&["delete", "logbackup", "prod-t1002", "--timeout=20s"])
        .unwrap();
    world.apply(&nightly_without_first_backup());
    let logs = world.phase("logbackup", "prod-t1002", "InProgress");
    assert_eq!(logs["spec"]["state"], "Running");
    let strategy = ("backupstrategy", "nightly");
    let strategy = world.condition(strategy, "LogBackupHealthy", "True", "Archiving");
    assert_eq!(strategy["status"]["tenants"]["healthy"], 1);
}

#[test]
fn a_backup_now_whose_operator_is_killed_while_log_backup_begins_is_made_once() {
    let mut world = World::started("now-killed", ONE_TENANT);
    world.apply(&task_without_strategy("now"));
    eventually(
        "the LogBackup",
        || world.get("logbackup", "prod-t1002"),
        |logs| !logs.is_null(),
    );
    world.kill_operator();
    world.start_operator();
    world.phase("backuptask", "now", "Completed");
    world.phase("logbackup", "prod-t1002", "Stopped");
    assert_eq!(
        (world.count(Kind::Backup), world.count(Kind::NoArchiveLog)),
        (1, 1)
    );
}

#[test]
fn a_backup_now_of_a_tenant_whose_logs_went_elsewhere_is_refused() {
    let stopped = ONE_TENANT.replace(
        "fullBackupSize: 1GiB",
        "fullBackupSize: 1GiB, archive: {dest: 'LOCATION=file:///elsewhere/log', rounds: [{from: \
         3h, until: 1h}]}",
    );
    let world = World::started("now-elsewhere", &stopped);
    world.apply(&task_without_strategy("now"));
    let task = world.phase("backuptask", "now", "Failed");
    let cause = &task["status"]["cause"];
    assert_eq!(cause["reason"], "DestinationInUse");
    assert!(
        cause["message"]
            .as_str()
            .unwrap()
            .contains("LOG_ARCHIVE_DEST")
    );
    world.settle();
    assert_eq!(world.list("logbackup").len(), 0);
    assert_eq!(world.changing(), [""; 0]);
}

#[test]
fn a_tenant_that_is_not_the_strategys_is_refused() {
    let world = World::started("not-in-strategy", USED_ELSEWHERE);
    world.apply(&nightly_without_first_backup());
    world.apply(&task("wrong", "Full").replace("orders", "billing"));
    let task = world.phase("backuptask", "wrong", "Failed");
    assert_eq!(task["status"]["cause"]["reason"], "TenantNotInStrategy");
    let about_it = world.simulator.log(|log| {
        let mut changing = log.changing();
        changing.any(|entry| entry.concerns("billing"))
    });
    assert!(!about_it);
}

#[test]
fn a_tenant_that_backs_up_elsewhere_is_refused_and_nothing_is_set_again() {
    let world = World::started("elsewhere", USED_ELSEWHERE);
    world.apply(&task_without_strategy("now"));
    let task = world.phase("backuptask", "now", "Failed");
    let cause = &task["status"]["cause"];
    assert_eq!(cause["reason"], "DestinationInUse");
    let message = cause["message"].as_str().unwrap();
    assert!(
        message.contains("file:///elsewhere/orders/data"),
        "{message}"
    );
    world.settle();
    assert_eq!(world.changing(), [""; 0]);
}

/// The database is read every 15 seconds while idle, so known state is old when a statement is
/// sent.
#[test]
fn a_destination_that_somebody_has_just_set_is_not_set_again() {
    let world = archiving("just-set");
    let theirs = "file:///elsewhere/orders/data";
    world.sql(&format!(
        "ALTER SYSTEM SET DATA_BACKUP_DEST = '{theirs}' TENANT = orders"
    ));
    world.forget_statements();
    world.apply(&task_without_strategy("now"));
    let task = world.phase("backuptask", "now", "Failed");
    assert_eq!(task["status"]["cause"]["reason"], "DestinationInUse");
    assert_eq!(world.changing(), [""; 0]);
}
