//! Stories of the tenants that a strategy selects.

use oceanbase_sim::fault::Fault;
use oceanbase_sim::model::Role;
use serde_json::Value;

use crate::support::{World, eventually};

const MANY: &str = "
version: '4.3.5.2'
cluster: {name: obprod, id: 7}
speed: 200
tenants:
  - {name: orders, fullBackupSize: 1GiB}
  - {name: billing, fullBackupSize: 1GiB}
  - {name: scratch_1}
  - {name: scratch_2}
  - {name: copy, role: STANDBY}
  - {name: shut, locked: true}
";

fn strategy(name: &str, tenants: &str) -> String {
    format!(
        "
apiVersion: backup.oceanbase.io/v1alpha1
kind: BackupStrategy
metadata: {{name: {name}}}
spec:
  clusterRef: {{name: prod}}
  {tenants}
  storageRef: {{name: nfs}}
  schedule: {{timeZone: UTC, full: {{cron: '0 0 1 1 *'}}}}
  retention: {{policy: Unmanaged}}
"
    )
}

fn names(objects: &[Value]) -> Vec<String> {
    let mut names: Vec<_> = objects
        .iter()
        .map(|object| object["spec"]["tenantName"].as_str().unwrap().to_owned())
        .collect();
    names.sort();
    names
}

#[test]
fn a_strategy_on_cluster_level_leaves_out_what_others_name_and_what_can_not_be_backed_up() {
    let world = World::started("levels", MANY);
    world.apply(&strategy("for-billing", "tenants: {names: [billing]}"));
    world.apply(&strategy("for-all", "tenants: {exclude: ['scratch*']}"));
    let object = eventually(
        "the tenants of the strategy on cluster level",
        || world.get("backupstrategy", "for-all"),
        |object| {
            object["status"]["tenants"]["healthy"] == 1
                && object["status"]["phase"] == "PendingBackupScheduling"
        },
    );
    let tenants = &object["status"]["tenants"];
    assert_eq!(tenants["matched"], 1);
    let skipped: Vec<_> = tenants["skipped"]
        .as_array()
        .unwrap()
        .iter()
        .map(|skipped| {
            (
                skipped["reason"].as_str().unwrap(),
                skipped["count"].as_i64().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        skipped,
        [
            ("Excluded", 2),
            ("NamedByStrategy", 1),
            ("TenantLocked", 1),
            ("TenantNotPrimary", 1)
        ]
    );
    let log_backups = eventually(
        "two log backups",
        || world.list("logbackup"),
        |objects| objects.len() == 2,
    );
    assert_eq!(names(&log_backups), ["billing", "orders"]);
    let other = world.get("backupstrategy", "for-billing");
    assert_eq!(other["status"]["tenants"]["matched"], 1);
}

#[test]
fn a_named_tenant_that_becomes_a_standby_does_not_end_in_silence() {
    let world = World::started("standby", MANY);
    world.apply(&strategy("named", "tenants: {names: [orders, copy]}"));
    let object = world.condition(
        ("backupstrategy", "named"),
        "BackupHealthy",
        "False",
        "TenantNotPrimary",
    );
    let status = &object["status"];
    assert_eq!(status["phase"], "Abnormal");
    assert_eq!(status["summary"]["tenants"], "1/2");
    assert_eq!(status["tenants"]["failing"][0]["name"], "copy");
}

#[test]
fn a_tenant_that_is_made_anew_gets_a_log_backup_of_its_own() {
    let world = World::started("recreated", MANY);
    world.apply(&strategy("named", "tenants: {names: [orders]}"));
    world.phase("logbackup", "prod-t1002", "InProgress");
    world.inject(Fault::Recreate {
        tenant: "orders".to_owned(),
    });
    world.condition(
        ("logbackup", "prod-t1002"),
        "Stalled",
        "True",
        "TenantReplaced",
    );
    let id = world
        .simulator
        .world(|cluster| cluster.tenant("orders").unwrap().id.0);
    let name = format!("prod-t{id}");
    eventually(
        "a log backup of the new tenant",
        || world.get("logbackup", &name),
        |object| !object.is_null(),
    );
}

#[test]
fn tenants_come_and_go_and_none_that_is_named_is_forgotten() {
    let world = World::started("come-and-go", MANY);
    world.apply(&strategy("named", "tenants: {names: [orders, billing]}"));
    let named = ("backupstrategy", "named");
    let unhealthy = |reason| world.condition(named, "BackupHealthy", "False", reason);
    world.phase("logbackup", "prod-t1002", "InProgress");
    let locked = |locked| Fault::Lock {
        tenant: "orders".to_owned(),
        locked,
    };
    world.inject(locked(true));
    let object = unhealthy("TenantLocked");
    assert_eq!(object["status"]["summary"]["tenants"], "1/2");
    world.inject(locked(false));
    world.condition(named, "BackupHealthy", "Unknown", "NoBackupYet");

    let role = |role| Fault::Role {
        tenant: "orders".to_owned(),
        role,
    };
    world.inject(role(Role::Standby));
    unhealthy("TenantNotPrimary");
    world.inject(role(Role::Primary));
    world.condition(named, "BackupHealthy", "Unknown", "NoBackupYet");

    world.inject(Fault::Drop {
        tenant: "orders".to_owned(),
    });
    let object = unhealthy("TenantNotFound");
    let failing = &object["status"]["tenants"]["failing"][0];
    assert_eq!(failing["name"], "orders");
    let message = failing["message"].as_str().unwrap();
    assert!(message.contains("correct the name"), "{message}");
    // The existing backups of the other tenant continue.
    assert_eq!(
        world.get("logbackup", "prod-t1004")["status"]["phase"],
        "InProgress"
    );
}
