//! Stories of a renamed tenant.

use oceanbase_sim::model::Stage;

use super::{LOG_BACKUP, ONE_TENANT, archiving, task_without_strategy, waiting_for_log_backup};
use crate::support::World;

/// ALTER TENANT … RENAME GLOBAL_NAME: the tenant stays the same one, with the same number.
fn rename(world: &World, from: &str, to: &str) {
    world.simulator.world_mut(|cluster| {
        let mut tenants = cluster.tenants.iter_mut();
        let tenant = tenants.find(|tenant| tenant.name == from).unwrap();
        to.clone_into(&mut tenant.name);
    });
}

#[test]
fn a_backup_is_followed_to_its_end_though_its_tenant_was_renamed() {
    let world = archiving("renamed");
    world.hold("orders", Stage::Doing);
    world.apply(&task_without_strategy("now"));
    world.phase("backuptask", "now", "InProgress");
    rename(&world, "orders", "purchases");
    // The reader has read the new name.
    world.settle();
    world.release("purchases");
    let task = world.phase("backuptask", "now", "Completed");
    // The set belongs to the tenant: without it only the job of sys would show the end.
    assert!(task["status"]["minRestoreSCN"].is_string(), "{task:#}");
}

#[test]
fn a_log_backup_whose_tenant_was_renamed_says_how_to_go_on_and_goes_on_so() {
    let world = archiving("renamed-logs");
    world.forget_statements();
    rename(&world, "orders", "purchases");
    let object = world.condition(
        ("logbackup", "orders-log"),
        "Stalled",
        "True",
        "TenantRenamed",
    );
    let message = object["status"]["cause"]["message"].as_str().unwrap();
    let path = "obprod-7/orders-1002/log";
    assert!(message.contains(&format!("`path: {path}`")), "{message}");
    world.settle();
    // As the message says.
    world
        .kubectl(&["delete", "logbackup", "orders-log", "--timeout=20s"])
        .unwrap();
    let renamed = LOG_BACKUP
        .replace("tenantName: orders", "tenantName: purchases")
        .replace("spec: {", &format!("spec: {{path: {path}, "));
    world.apply(&renamed);
    world.condition(
        ("logbackup", "orders-log"),
        "Archiving",
        "True",
        "Archiving",
    );
    assert_eq!(world.changing(), [""; 0]);
}

#[test]
fn a_log_backup_goes_on_when_its_tenant_has_its_name_again() {
    let world = World::started("renamed-back", ONE_TENANT);
    let logs = ("logbackup", "orders-log");
    world.apply(LOG_BACKUP);
    world.phase(logs.0, logs.1, "InProgress");
    rename(&world, "orders", "purchases");
    world.condition(logs, "Stalled", "True", "TenantRenamed");
    rename(&world, "purchases", "orders");
    world.condition(logs, "Archiving", "True", "Archiving");
}

#[test]
fn a_task_that_waits_for_a_tenant_that_is_renamed_fails_with_its_new_name() {
    let world = waiting_for_log_backup("renamed-waiting");
    rename(&world, "orders", "purchases");
    let task = world.phase("backuptask", "now", "Failed");
    let cause = &task["status"]["cause"];
    assert_eq!(cause["reason"], "TenantRenamed");
    assert!(cause["message"].as_str().unwrap().contains("'purchases'"));
}
