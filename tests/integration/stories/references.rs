//! Objects that are applied in any order.

use super::{NIGHTLY, ONE_TENANT, task};
use crate::support::World;
use crate::support::world::{NFS, cluster, secret};

#[test]
fn objects_of_one_directory_may_arrive_in_any_order() {
    let mut world = World::bare("any-order", ONE_TENANT);
    world.start_operator();
    world.apply(&task("now", "Full"));
    world.condition(
        ("backuptask", "now"),
        "Reconciling",
        "True",
        "StrategyNotFound",
    );
    world.apply(NIGHTLY);
    let strategy = ("backupstrategy", "nightly");
    world.condition(strategy, "Reconciling", "True", "StorageNotFound");
    world.apply(NFS);
    world.condition(strategy, "Reconciling", "True", "ClusterNotFound");
    world.apply(&cluster("prod", world.port));
    let ours = ("oceanbasecluster", "prod");
    world.condition(ours, "Reachable", "False", "SecretNotFound");
    world.apply(&secret(crate::support::world::PASSWORD));
    world.condition(ours, "Ready", "True", "Reachable");
    world.condition(strategy, "Ready", "True", "Accepted");
    world.phase("backuptask", "now", "Completed");
}

#[test]
fn a_tenant_that_does_not_exist_is_said_and_backed_up_once_it_does() {
    let world = World::started("no-tenant", ONE_TENANT);
    world.apply(&NIGHTLY.replace("[orders]", "[orders, billing]"));
    let strategy = world.condition(
        ("backupstrategy", "nightly"),
        "BackupHealthy",
        "False",
        "TenantNotFound",
    );
    let failing = &strategy["status"]["tenants"]["failing"][0];
    assert_eq!(failing["name"], "billing");
    world.phase("logbackup", "prod-t1002", "InProgress");
    let billing = oceanbase_sim::scenario::TenantSpec::new("billing");
    world.inject(oceanbase_sim::fault::Fault::Create(Box::new(billing)));
    world.phase("logbackup", "prod-t1004", "InProgress");
}
