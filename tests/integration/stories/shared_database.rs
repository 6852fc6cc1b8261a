//! Stories of two OceanBaseClusters for one database: one reader, and one owner of each tenant.

use oceanbase_sim::statement::Kind;
use serde_json::Value;

use super::{LOG_BACKUP, NIGHTLY, ONE_TENANT};
use crate::support::world::{NFS, cluster};
use crate::support::{Node, World, eventually};

/// Creates the world of `NIGHTLY`, with a second object for its database.
fn shared(story: &str) -> World {
    let world = World::started(story, ONE_TENANT);
    world.apply(NIGHTLY);
    world.phase("logbackup", "prod-t1002", "InProgress");
    world.apply(&cluster("again", world.port));
    world.condition(("oceanbasecluster", "again"), "Ready", "True", "Accepted");
    world
}

fn message(object: &Value, condition: &str) -> String {
    let known = crate::support::world::condition_of(object, condition);
    known["message"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn a_strategy_through_another_object_does_not_back_the_same_tenant_up_twice() {
    let world = shared("two-owners");
    let second = NIGHTLY
        .replace("nightly", "second")
        .replace("prod", "again");
    world.apply(&second);
    let refused = world.condition(
        ("backupstrategy", "second"),
        "Stalled",
        "True",
        "TenantAlreadyManaged",
    );
    let failing = &refused["status"]["tenants"]["failing"][0];
    assert!(
        failing["message"].as_str().unwrap().contains("'nightly'"),
        "{failing}"
    );
    world.settle();
    assert_eq!(world.list("logbackup").len(), 1);
    assert_eq!(world.list("backuptask").len(), 1);
}

#[test]
fn of_two_log_backups_of_one_tenant_through_two_objects_the_older_one_works() {
    let world = shared("two-log-backups");
    world.apply(
        &LOG_BACKUP
            .replace("prod", "again")
            .replace("{name: nfs}", "{name: nfs}, state: Stopped"),
    );
    let refused = world.condition(
        ("logbackup", "orders-log"),
        "Stalled",
        "True",
        "LogBackupExists",
    );
    assert!(
        message(&refused, "Stalled").contains("'prod-t1002'"),
        "{refused}"
    );
    world.settle();
    assert_eq!(world.count(Kind::NoArchiveLog), 0);
}

#[test]
fn a_database_that_two_objects_lead_to_is_read_by_one_session() {
    let world = shared("one-reader");
    world.phase("backuptask", &first_task(&world), "Completed");
    world.settle();
    // One reads, one sends. The one that set destinations is closed when it is idle.
    let connections = || world.simulator.connections().current;
    eventually("two sessions at rest", connections, |count| *count <= 2);
}

fn first_task(world: &World) -> String {
    let tasks = eventually(
        "the first backup",
        || world.list("backuptask"),
        |tasks| !tasks.is_empty(),
    );
    tasks[0]["metadata"]["name"].as_str().unwrap().to_owned()
}

#[test]
fn two_databases_of_one_name_and_number_are_not_taken_for_one() {
    let world = shared("namesakes");
    // `obprod` with the number 7, bootstrapped at another time. Its directories have the same
    // names, so it needs a location of its own.
    let other = Node::start(ONE_TENANT);
    world.apply(&cluster("other", other.port));
    world.apply(
        &NFS.replace("{name: nfs}", "{name: nfs-2}")
            .replace("/ob-backup", "/ob-backup-2"),
    );
    let second = NIGHTLY
        .replace("nightly", "second")
        .replace("{name: prod}", "{name: other}")
        .replace("{name: nfs}", "{name: nfs-2}");
    world.apply(&second);
    world.condition(("backupstrategy", "second"), "Ready", "True", "Accepted");
    world.phase("logbackup", "other-t1002", "InProgress");
}

#[test]
fn two_databases_do_not_write_into_one_directory() {
    let world = shared("one-directory");
    let other = Node::start(ONE_TENANT);
    world.apply(&cluster("other", other.port));
    let second = NIGHTLY
        .replace("nightly", "second")
        .replace("{name: prod}", "{name: other}");
    world.apply(&second);
    world.condition(
        ("logbackup", "other-t1002"),
        "Ready",
        "False",
        "DestinationOwnedByOther",
    );
    assert_eq!(other.simulator.log(|log| log.changing().count()), 0);
}

#[test]
fn a_cluster_s_object_whose_endpoints_lead_to_another_database_is_refused() {
    let world = shared("identity-changed");
    let other = Node::start(ONE_TENANT);
    let endpoint = format!("spec: {{endpoints: ['127.0.0.1:{}']}}", other.port);
    world.edit("oceanbasecluster", "prod", &endpoint);
    world.condition(
        ("oceanbasecluster", "prod"),
        "Stalled",
        "True",
        "IdentityChanged",
    );
    world.condition(
        ("logbackup", "prod-t1002"),
        "Ready",
        "False",
        "IdentityChanged",
    );
    assert_eq!(other.simulator.log(|log| log.changing().count()), 0);
}

#[test]
fn of_two_strategies_on_cluster_level_the_younger_one_is_stalled() {
    let all = NIGHTLY.replace("  tenants: {names: [orders]}\n", "");
    let world = World::started("two-on-cluster-level", ONE_TENANT);
    world.apply(&all);
    world.phase("logbackup", "prod-t1002", "InProgress");
    world.apply(&all.replace("nightly", "second"));
    let second = world.condition(
        ("backupstrategy", "second"),
        "Stalled",
        "True",
        "TenantAlreadyManaged",
    );
    assert!(message(&second, "Stalled").contains("'nightly'"));
    assert_eq!(second["status"]["phase"], "Abnormal");
}
