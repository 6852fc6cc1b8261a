//! Stories of objects that are applied in any order.

use oceanbase_sim::model::Stage;
use oceanbase_sim::statement::Kind;

use super::{
    LOG_BACKUP, NIGHTLY, ONE_TENANT, archiving, nightly_without_first_backup, task,
    with_recovery_window,
};
use crate::support::world::{NFS, cluster, condition_of, secret};
use crate::support::{Node, World, eventually};

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
    let advice = |object: &serde_json::Value, what: &str| {
        let ready = condition_of(object, "Ready");
        let text = ready["message"].as_str().unwrap_or_default().to_owned();
        assert!(text.contains("create it, or correct"), "{text}");
        assert!(text.contains(what), "{text}");
    };
    let object = world.condition(strategy, "Reconciling", "True", "StorageNotFound");
    advice(&object, "`storageRef`");
    world.apply(NFS);
    let object = world.condition(strategy, "Reconciling", "True", "ClusterNotFound");
    advice(&object, "`clusterRef`");
    world.apply(&cluster("prod", world.port));
    let ours = ("oceanbasecluster", "prod");
    world.condition(ours, "Reachable", "False", "SecretNotFound");
    world.apply(&secret(crate::support::world::PASSWORD));
    world.condition(ours, "Ready", "True", "Accepted");
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

/// Creates a strategy's task whose backup is held halfway.
fn running(story: &str) -> World {
    let world = World::started(story, ONE_TENANT);
    world.apply(&nightly_without_first_backup());
    world.phase("logbackup", "prod-t1002", "InProgress");
    world.hold("orders", Stage::Doing);
    world.apply(&task("now", "Full"));
    world.phase("backuptask", "now", "InProgress");
    world
}

#[test]
fn a_running_backup_is_followed_to_its_end_though_its_strategy_is_deleted() {
    let world = running("strategy-gone");
    world
        .kubectl(&["delete", "backupstrategy", "nightly"])
        .unwrap();
    world.release("orders");
    world.phase("backuptask", "now", "Completed");
}

#[test]
fn a_job_of_another_cluster_is_never_taken_for_the_one_that_was_sent() {
    let world = running("cluster-moved");
    // Name and number are the same there, and jobs and tenants have the same numbers too.
    let other = Node::start(ONE_TENANT);
    world
        .kubectl(&["delete", "oceanbasecluster", "prod"])
        .unwrap();
    world.apply(&cluster("prod", other.port));
    world.condition(
        ("backuptask", "now"),
        "Succeeded",
        "False",
        "ClusterReplaced",
    );
    // Nor does it occupy the queue there.
    world.apply(&task("again", "Full"));
    world.phase("backuptask", "again", "Completed");
}

/// Replaces the database by a recreated one, in which everything has the same names and numbers.
fn replace(world: &World) -> Node {
    let other = Node::start(ONE_TENANT);
    world
        .kubectl(&["delete", "oceanbasecluster", "prod"])
        .unwrap();
    world.apply(&cluster("prod", other.port));
    other
}

#[test]
fn a_log_backup_of_a_database_that_was_replaced_says_so_and_sends_nothing() {
    let world = archiving("logs-replaced");
    let other = replace(&world);
    let log_backup = ("logbackup", "orders-log");
    world.condition(log_backup, "Ready", "False", "ClusterReplaced");
    assert_eq!(other.simulator.log(|log| log.changing().count()), 0);
    world
        .kubectl(&["delete", "logbackup", "orders-log"])
        .unwrap();
    world.apply(LOG_BACKUP);
    world.condition(log_backup, "Archiving", "True", "Archiving");
}

#[test]
fn a_database_that_was_made_anew_gets_its_delete_policy() {
    let world = World::started("policy-replaced", ONE_TENANT);
    world.apply(&with_recovery_window(&nightly_without_first_backup(), 7));
    let strategy = ("backupstrategy", "nightly");
    world.condition(strategy, "RetentionApplied", "True", "Applied");
    let other = replace(&world);
    let added = || {
        other
            .simulator
            .log(|log| log.of_kind(Kind::AddDeletePolicy).count())
    };
    eventually("a delete policy", added, |count| *count == 1);
    world.condition(strategy, "RetentionApplied", "True", "Applied");
}
