//! Stories of clusters that cannot be reached or refuse the login.

use oceanbase_sim::fault::{Fault, NodeState};
use oceanbase_sim::views::Version;

use super::{LOG_BACKUP, NIGHTLY, ONE_TENANT};
use crate::support::world::{cluster, condition_of, secret};
use crate::support::{Node, World};

const CLUSTER: (&str, &str) = ("oceanbasecluster", "prod");
const STRATEGY: (&str, &str) = ("backupstrategy", "nightly");

/// A cluster with two accounts besides root.
const ACCOUNTS: &str = "
version: '4.3.5.2'
cluster: {name: obprod, id: 7}
speed: 200
users:
  - {name: reader, password: reader-4c1f77}
  - {name: blind, password: blind-4c1f77, alterSystem: true, select: false}
tenants:
  - {name: orders, fullBackupSize: 1GiB}
";

fn account(name: &str) -> String {
    secret(&format!("{name}-4c1f77")).replace(
        "stringData: {",
        &format!("stringData: {{username: {name}, "),
    )
}

fn message(object: &serde_json::Value, condition: &str) -> String {
    let condition = condition_of(object, condition);
    condition["message"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn a_wrong_password_is_said_and_a_corrected_secret_is_enough() {
    let mut world = World::new("wrong-password", ONE_TENANT);
    world.apply(&secret("wrong-one"));
    world.start_operator();
    let object = world.condition(CLUSTER, "Reachable", "False", "AccessDenied");
    assert!(message(&object, "Reachable").contains("check `username` and `password`"));
    world.apply(NIGHTLY);
    world.condition(STRATEGY, "Ready", "False", "AccessDenied");
    // No backup is possible, and the list of clusters shows this.
    crate::support::eventually(
        "a cluster in phase Abnormal",
        || world.get(CLUSTER.0, CLUSTER.1),
        |object| object["status"]["backup"]["phase"] == "Abnormal",
    );
    world.apply(&secret(crate::support::world::PASSWORD));
    world.condition(CLUSTER, "Ready", "True", "Accepted");
    world.phase("logbackup", "prod-t1002", "InProgress");
}

#[test]
fn a_missing_secret_is_said_by_name_and_can_be_made_later() {
    let mut world = World::bare("no-secret", ONE_TENANT);
    world.apply(&cluster("prod", world.port));
    world.start_operator();
    let object = world.condition(CLUSTER, "Reachable", "False", "SecretNotFound");
    let text = message(&object, "Reachable");
    assert!(
        text.contains("'prod-sys'") && text.contains("create it"),
        "{text}"
    );
    world.apply(&secret(crate::support::world::PASSWORD));
    world.condition(CLUSTER, "Ready", "True", "Accepted");
}

#[test]
fn a_secret_without_a_password_is_said() {
    let mut world = World::bare("empty-secret", ONE_TENANT);
    world.apply(&cluster("prod", world.port));
    world.apply(&secret("x").replace("password: x", "username: root"));
    world.start_operator();
    let object = world.condition(CLUSTER, "Stalled", "True", "SecretIncomplete");
    let text = message(&object, "Reachable");
    assert!(
        text.contains("'password'") && text.contains("set the value"),
        "{text}"
    );
}

#[test]
fn a_cluster_that_refuses_connections_is_unreachable_until_it_serves() {
    let mut world = World::new("unreachable", ONE_TENANT);
    world.inject(Fault::Node {
        is: NodeState::Refusing,
    });
    world.start_operator();
    let object = world.condition(CLUSTER, "Reachable", "False", "Unreachable");
    let text = message(&object, "Reachable");
    assert!(text.contains("Check `endpoints`"), "{text}");
    world.inject(Fault::Node {
        is: NodeState::Serving,
    });
    world.condition(CLUSTER, "Reachable", "True", "Reachable");
}

/// A Git sync must not wait for the end of an outage; later edits wait for it.
#[test]
fn what_was_applied_stays_ready_while_the_database_does_not_answer() {
    let world = World::started("outage", ONE_TENANT);
    world.apply(NIGHTLY);
    let log_backup = ("logbackup", "prod-t1002");
    world.condition(log_backup, "Ready", "True", "Applied");
    world.condition(STRATEGY, "Ready", "True", "Accepted");
    world.inject(Fault::Node {
        is: NodeState::Refusing,
    });
    for (object, condition, status) in [
        (CLUSTER, "Reachable", "False"),
        (STRATEGY, "LogBackupHealthy", "Unknown"),
        (log_backup, "Archiving", "Unknown"),
    ] {
        let object = world.condition(object, condition, status, "Unreachable");
        assert_eq!(condition_of(&object, "Ready")["status"], "True");
    }
    world.edit(STRATEGY.0, STRATEGY.1, "spec: {suspend: true}");
    world.condition(STRATEGY, "Ready", "False", "Unreachable");
    world.inject(Fault::Node {
        is: NodeState::Serving,
    });
    world.condition(STRATEGY, "Ready", "True", "Suspended");
}

/// The session of the old endpoints continues until the new endpoints are checked.
#[test]
fn endpoints_that_nobody_has_answered_at_are_not_called_accepted() {
    let world = World::started("new-endpoints", ONE_TENANT);
    world.condition(CLUSTER, "Ready", "True", "Accepted");
    world.edit(CLUSTER.0, CLUSTER.1, "spec: {endpoints: ['127.0.0.1:1']}");
    let object = world.condition(CLUSTER, "Reachable", "False", "Unreachable");
    assert_eq!(condition_of(&object, "Ready")["status"], "False");
    assert_eq!(
        object["status"]["bookkeeping"]["readyGeneration"],
        serde_json::Value::Null
    );
}

#[test]
fn a_silent_cluster_does_not_hold_up_another_one() {
    let mut world = World::new("silent", ONE_TENANT);
    let silent = Node::start(ONE_TENANT);
    let is = NodeState::Silent;
    silent.simulator.inject(Fault::Node { is }).unwrap();
    world.apply(&cluster("silent", silent.port));
    world.apply(
        &NIGHTLY
            .replace("nightly", "unheard")
            .replace("prod", "silent"),
    );
    world.start_operator();
    world.apply(NIGHTLY);
    crate::support::eventually(
        "a completed backup of the other cluster",
        || world.list("backuptask"),
        |tasks| {
            tasks
                .iter()
                .any(|task| task["status"]["phase"] == "Completed")
        },
    );
    let silent = ("oceanbasecluster", "silent");
    world.condition(silent, "Reachable", "False", "Unreachable");
    world.condition(
        ("backupstrategy", "unheard"),
        "Ready",
        "False",
        "Unreachable",
    );
    assert!(world.operator.as_mut().unwrap().is_running());
}

#[test]
fn an_account_without_alter_system_is_told_what_to_grant() {
    let mut world = World::new("no-privilege", ACCOUNTS);
    world.apply(&account("reader"));
    world.apply(LOG_BACKUP);
    world.start_operator();
    world.condition(CLUSTER, "Reachable", "True", "Reachable");
    let object = world.phase("logbackup", "orders-log", "Failed");
    let cause = &object["status"]["cause"];
    assert_eq!(cause["code"], -1227);
    assert_eq!(cause["reason"], "MissingPrivilege");
    let message = cause["message"].as_str().unwrap();
    assert!(message.contains("GRANT ALTER SYSTEM ON *.*"), "{message}");
    world.inject(Fault::AlterSystem {
        tenant: "sys".to_owned(),
        user: "reader".to_owned(),
        granted: true,
    });
    // An edit triggers a retry; without it the retry comes within five minutes.
    world.edit("logbackup", "orders-log", "spec: {pieceSwitchDays: 2}");
    world.phase("logbackup", "orders-log", "InProgress");
}

#[test]
fn an_account_that_may_not_read_the_views_is_told_what_to_grant() {
    let mut world = World::new("blind", ACCOUNTS);
    world.apply(&account("blind"));
    world.start_operator();
    let object = world.condition(CLUSTER, "Reachable", "False", "MissingPrivilege");
    assert!(message(&object, "Reachable").contains("GRANT SELECT ON oceanbase.*"));
    world.apply(&account("reader"));
    world.condition(CLUSTER, "Ready", "True", "Accepted");
}

#[test]
fn a_server_that_is_too_old_is_refused_with_both_versions() {
    let mut world = World::new("too-old", ONE_TENANT);
    let simulator = world.simulator.clone();
    let play = |version| simulator.world_mut(|cluster| cluster.version = Version(version));
    play([3, 2, 4, 0]);
    world.start_operator();
    let object = world.condition(CLUSTER, "Stalled", "True", "UnsupportedServerVersion");
    let text = message(&object, "Reachable");
    assert!(
        text.contains("3.2.4.0") && text.contains("4.0.0.0"),
        "{text}"
    );
    play([4, 3, 5, 2]);
    world.condition(CLUSTER, "Ready", "True", "Accepted");
}
