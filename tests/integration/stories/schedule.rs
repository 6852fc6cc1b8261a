//! From a strategy to finished backups.

use crate::support::World;

const SCENARIO: &str = "
version: '4.3.5.2'
cluster: {name: obprod, id: 7}
speed: 200
tenants:
  - {name: orders, fullBackupSize: 1GiB}
";

const NIGHTLY: &str = "
apiVersion: backup.oceanbase.io/v1alpha1
kind: BackupStrategy
metadata: {name: nightly}
spec:
  clusterRef: {name: prod}
  storageRef: {name: nfs}
  firstBackup: Immediately
  schedule: {cron: {full: '0 2 * * *'}}
";

#[test]
fn one_strategy_starts_log_backup_and_makes_the_first_full_backup() {
    let world = World::started("first-backup", SCENARIO);
    world.apply(NIGHTLY);
    world.phase("logbackup", "prod-t1002", "InProgress");
    let tasks = crate::support::eventually(
        "a completed task",
        || world.list("backuptask"),
        |tasks| {
            tasks
                .iter()
                .any(|task| task["status"]["phase"] == "Completed")
        },
    );
    assert_eq!(tasks.len(), 1);
    assert_eq!(tasks[0]["status"]["backupSetId"], 1);
}
