//! Stories of tenants that other tools back up, under a strategy for all tenants.

use serde_json::Value;

use super::{
    EVERYBODY, ONE_TENANT, nightly_without_first_backup, task, task_without_strategy,
    with_recovery_window,
};
use crate::support::{World, eventually};

/// Tenants that are backed up from a console, with data backups only, with log archiving only, and
/// without backups.
const TENANTS: &str = "
version: '4.3.5.2'
cluster: {name: obprod, id: 7}
speed: 200
tenants:
  - name: ledger
    fullBackupSize: 1GiB
    dataDest: 'file:///elsewhere/ledger/data'
    archive:
      dest: 'LOCATION=file:///elsewhere/ledger/log'
      rounds: [{from: 480h}]
    backups: [{ago: 360h}, {ago: 24h}]
  - name: stock
    fullBackupSize: 1GiB
    dataDest: 'file:///elsewhere/stock/data'
  - name: wages
    fullBackupSize: 1GiB
    archive:
      dest: 'LOCATION=file:///elsewhere/wages/log'
      rounds: [{from: 480h}]
  - name: orders
    fullBackupSize: 1GiB
";

const OF_ALL: &str = "
apiVersion: backup.oceanbase.io/v1alpha1
kind: BackupTask
metadata: {name: all}
spec: {strategyRef: {name: nightly}, scope: AllTenants, type: Full}
";

/// The same without the strategy.
const OF_CLUSTER: &str = "
apiVersion: backup.oceanbase.io/v1alpha1
kind: BackupTask
metadata: {name: whole}
spec: {clusterRef: {name: prod}, storageRef: {name: nfs}, scope: AllTenants, type: Full}
";

#[test]
fn nothing_is_sent_for_tenants_that_somebody_else_backs_up() {
    let world = World::started("elsewhere", TENANTS);
    let strategy = EVERYBODY.replace("spec:", "spec:\n  firstBackup: Immediately");
    world.apply(&with_recovery_window(&strategy, 7));
    let done = |object: &Value| object["status"]["lastSuccessTime"].is_string();
    eventually(
        "a backup of ours",
        || world.get("backupstrategy", "nightly"),
        done,
    );
    let name = ("backupstrategy", "nightly");
    let object = world.condition(name, "RetentionApplied", "False", "DestinationInUse");
    let failing = object["status"]["tenants"]["failing"].as_array().unwrap();
    let names: Vec<_> = failing.iter().map(|tenant| &tenant["name"]).collect();
    assert_eq!(names, ["ledger", "stock", "wages"], "{failing:#?}");

    // Nor is a user's task for all tenants.
    for (name, manifest) in [("all", OF_ALL), ("whole", OF_CLUSTER)] {
        world.apply(manifest);
        world.phase("backuptask", name, "Failed");
    }

    world.settle();
    let sent = world.changing();
    let is_ours = |text: &String| text.contains("'orders'");
    assert!(!sent.is_empty() && sent.iter().all(is_ours), "{sent:#?}");
}

const OTHER_STORE: &str = "
apiVersion: backup.oceanbase.io/v1alpha1
kind: BackupStorage
metadata: {name: other}
spec: {type: NFS, nfs: {path: /ob-backup-2}}
";

/// The first backup would set DATA_BACKUP_DEST, which is never changed later: no slot of the
/// strategy could succeed.
#[test]
fn a_backup_to_another_store_does_not_take_a_tenant_from_its_strategy() {
    let world = World::started("other-store", ONE_TENANT);
    world.apply(&nightly_without_first_backup());
    world.phase("logbackup", "prod-t1002", "InProgress");
    world.apply(OTHER_STORE);
    let other = task_without_strategy("now").replace("name: nfs", "name: other");
    world.apply(&other);
    let now = ("backuptask", "now");
    world.condition(now, "Succeeded", "False", "TenantOfStrategy");
    world.apply(&task("its", "Full"));
    world.phase("backuptask", "its", "Completed");
}

/// The same for another directory in one storage, with tasks for one and for all tenants.
#[test]
fn a_backup_to_another_directory_does_not_take_a_tenant_from_its_strategy() {
    let world = World::started("other-path", ONE_TENANT);
    let paths = "spec:\n  paths: {data: 'bk/{tenantId}/data', log: 'bk/{tenantId}/log'}";
    world.apply(&nightly_without_first_backup().replacen("spec:", paths, 1));
    world.phase("logbackup", "prod-t1002", "InProgress");
    world.apply(&task_without_strategy("now"));
    world.apply(OF_CLUSTER);
    for name in ["now", "whole-t1002"] {
        let refused = ("backuptask", name);
        let object = world.condition(refused, "Succeeded", "False", "TenantOfStrategy");
        let advice = object["status"]["cause"]["message"].as_str().unwrap();
        assert!(advice.ends_with("in `strategyRef`"), "{advice}");
    }
    world.apply(&task("its", "Full"));
    world.phase("backuptask", "its", "Completed");
}
