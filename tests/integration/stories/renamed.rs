//! A tenant that gets another name.

use oceanbase_sim::fault::Fault;
use oceanbase_sim::model::Stage;

use super::{LOG_BACKUP, ONE_TENANT, task_without_strategy};
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
    let world = World::started("renamed", ONE_TENANT);
    world.apply(LOG_BACKUP);
    world.phase("logbackup", "orders-log", "InProgress");
    world.inject(Fault::Hold {
        tenant: "orders".to_owned(),
        at: Stage::Doing,
    });
    world.apply(&task_without_strategy("now"));
    world.phase("backuptask", "now", "InProgress");
    rename(&world, "orders", "purchases");
    // The reader has seen the new name.
    world.settle();
    world.inject(Fault::Release {
        tenant: "purchases".to_owned(),
    });
    let task = world.phase("backuptask", "now", "Completed");
    // The set is the tenant's: without it the end would be known from the job of sys alone.
    assert!(task["status"]["minRestoreScn"].is_string(), "{task:#}");
}
