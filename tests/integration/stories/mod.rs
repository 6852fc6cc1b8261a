//! One test per user story.

mod access;
mod alerts;
mod backup_fan_out;
mod backup_mirror;
mod backup_password;
mod backup_queue;
mod bad_destination;
mod bad_login;
mod bad_schedule;
mod canary;
mod cancel;
pub(crate) mod cleanup;
mod cleanup_refused;
mod cleanup_tour;
mod cluster_renamed;
mod deleting;
mod elsewhere;
mod failure;
mod injection;
mod kill;
mod killed_changes;
mod lag_target;
mod leader;
mod limits;
mod log_backup;
mod log_backup_around;
mod log_backup_deleted;
mod log_backup_drift;
mod log_backup_heal;
mod log_backup_stuck;
mod malformed;
mod manual;
mod meanwhile;
mod metrics;
mod namespaced;
mod process;
pub(crate) mod recovery;
mod references;
mod refused;
mod releases;
mod removal;
mod renamed;
mod retention;
mod retention_edits;
mod rotation;
mod secrets;
mod shared_database;
mod store_figures;
mod store_hangs;
mod store_use;
mod strategy_edits;
mod strategy_history;
mod switch;
mod tenants;
pub(crate) mod verification;

use crate::support::{World, eventually};

/// A cluster with one tenant without backups.
pub(crate) const ONE_TENANT: &str = "
version: '4.3.5.2'
cluster: {name: obprod, id: 7}
speed: 200
tenants:
  - {name: orders, fullBackupSize: 1GiB}
";

/// Tenants `orders`, 1002, and `billing`, 1004.
pub(crate) const TWO_TENANTS: &str = "
version: '4.3.5.2'
cluster: {name: obprod, id: 7}
speed: 200
tenants:
  - {name: orders, fullBackupSize: 1GiB}
  - {name: billing, fullBackupSize: 1GiB}
";

/// Tenant `orders`, and a locked tenant, which cannot be backed up.
const ONE_AND_A_LOCKED: &str = "
version: '4.3.5.2'
cluster: {name: obprod, id: 7}
speed: 200
tenants:
  - {name: orders, fullBackupSize: 1GiB}
  - {name: billing, fullBackupSize: 1GiB, locked: true}
";

/// A strategy for `orders` whose next slot is far away, and which begins with a full backup.
pub(crate) const NIGHTLY: &str = "
apiVersion: backup.oceanbase.io/v1alpha1
kind: BackupStrategy
metadata: {name: nightly}
spec:
  clusterRef: {name: prod}
  tenants: {names: [orders]}
  storageRef: {name: nfs}
  firstBackup: Immediately
  schedule: {timeZone: UTC, full: {cron: '0 0 1 1 *'}}
  retention: {policy: Unmanaged}
";

/// Returns the same without the first backup.
pub(crate) fn nightly_without_first_backup() -> String {
    NIGHTLY.replace("Immediately", "OnSchedule")
}

/// Returns a strategy with a recovery window instead of its unmanaged retention.
pub(crate) fn with_recovery_window(strategy: &str, days: u32) -> String {
    let window = format!("{{policy: RecoveryWindow, recoveryWindowDays: {days}}}");
    strategy.replace("{policy: Unmanaged}", &window)
}

/// Returns a task for `orders` by its strategy.
pub(crate) fn task(name: &str, kind: &str) -> String {
    format!(
        "
apiVersion: backup.oceanbase.io/v1alpha1
kind: BackupTask
metadata: {{name: {name}}}
spec: {{strategyRef: {{name: nightly}}, tenantName: orders, type: {kind}}}
"
    )
}

/// Returns a task for `orders` without a strategy.
pub(crate) fn task_without_strategy(name: &str) -> String {
    format!(
        "
apiVersion: backup.oceanbase.io/v1alpha1
kind: BackupTask
metadata: {{name: {name}}}
spec: {{clusterRef: {{name: prod}}, storageRef: {{name: nfs}}, tenantName: orders, type: Full}}
"
    )
}

/// A log backup of `orders` that a user creates.
pub(crate) const LOG_BACKUP: &str = "
apiVersion: backup.oceanbase.io/v1alpha1
kind: LogBackup
metadata: {name: orders-log}
spec: {clusterRef: {name: prod}, tenantName: orders, storageRef: {name: nfs}}
";

/// A strategy for all tenants whose next slot is far away.
const EVERYBODY: &str = "
apiVersion: backup.oceanbase.io/v1alpha1
kind: BackupStrategy
metadata: {name: nightly}
spec:
  clusterRef: {name: prod}
  storageRef: {name: nfs}
  schedule: {timeZone: UTC, full: {cron: '0 0 1 1 *'}}
  retention: {policy: Unmanaged}
";

/// Creates a world in which log backup of `orders` runs without a strategy.
fn archiving(story: &str) -> World {
    let world = World::started(story, ONE_TENANT);
    world.apply(LOG_BACKUP);
    world.phase("logbackup", "orders-log", "InProgress");
    world
}

/// Creates a world in which the task `now` waits for a log backup that a user keeps stopped.
fn waiting_for_log_backup(story: &str) -> World {
    let world = World::started(story, ONE_TENANT);
    world.apply(&LOG_BACKUP.replace("spec: {", "spec: {state: Stopped, "));
    world.phase("logbackup", "orders-log", "Stopped");
    world.apply(&task_without_strategy("now"));
    let now = ("backuptask", "now");
    world.condition(now, "Succeeded", "Unknown", "WaitingForLogBackup");
    world
}

/// Makes a strategy begin log backup of this number of tenants, and waits until it runs.
fn archive_everybody(world: &World, tenants: usize) {
    world.apply(EVERYBODY);
    eventually(
        "log backup of each tenant",
        || world.list("logbackup"),
        |all| {
            let mut phases = all.iter().map(|object| &object["status"]["phase"]);
            all.len() == tenants && phases.all(|phase| phase == "InProgress")
        },
    );
}
