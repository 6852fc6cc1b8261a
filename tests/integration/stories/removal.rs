//! Stories of a strategy that ends at its deletion what it began.

use oceanbase_sim::fault::{Fault, NodeState};
use serde_json::Value;

use super::{ONE_TENANT, nightly_without_first_backup, with_recovery_window};
use crate::support::{World, eventually};

const STRATEGY: (&str, &str) = ("backupstrategy", "nightly");
const OURS: &str = "backup.oceanbase.io/stop";

/// Creates a strategy whose log backup runs and whose delete policy is set.
fn stopping(story: &str) -> World {
    stopping_within(story, 600)
}

/// Creates the same, with this time limit.
fn stopping_within(story: &str, seconds: u32) -> World {
    let world = World::started(story, ONE_TENANT);
    let strategy = with_recovery_window(&nightly_without_first_backup(), 7)
        + "  deletionPolicy: Stop\n"
        + &format!("  deletionTimeoutSeconds: {seconds}\n");
    world.apply(&strategy);
    world.phase("logbackup", "prod-t1002", "InProgress");
    world.condition(STRATEGY, "RetentionApplied", "True", "Applied");
    world
}

fn finalizers(world: &World) -> Value {
    world.get(STRATEGY.0, STRATEGY.1)["metadata"]["finalizers"].clone()
}

fn delete(world: &World) {
    let arguments = ["delete", "backupstrategy", "nightly", "--wait=false"];
    world.kubectl(&arguments).unwrap();
}

fn await_deleted(world: &World) {
    let ask = || world.get(STRATEGY.0, STRATEGY.1);
    eventually("the strategy to be deleted", ask, Value::is_null);
}

/// Returns whether logs are archived, and the number of delete policies.
fn left(world: &World) -> (bool, usize) {
    world.simulator.world(|cluster| {
        let orders = cluster.tenant("orders").unwrap();
        (orders.archive.is_doing(), orders.policies.len())
    })
}

fn reported(world: &World, reason: &str) -> bool {
    let events = world.kubectl(&["get", "events", "--output=jsonpath={.items[*].reason}"]);
    events.unwrap().contains(reason)
}

#[test]
fn log_backup_is_stopped_and_the_policy_taken_away_before_the_strategy_goes() {
    let world = stopping("removal");
    assert_eq!(finalizers(&world), serde_json::json!([OURS]));
    delete(&world);
    await_deleted(&world);
    assert_eq!(left(&world), (false, 0));
    assert!(!reported(&world, "StopTimeout"));
    // A window that a DBA sets from now on does not belong to the operator.
    let logs = world.get("logbackup", "prod-t1002");
    let inherited = &logs["metadata"]["annotations"]["backup.oceanbase.io/inherited"];
    let inherited = inherited.as_str().unwrap();
    assert!(!inherited.contains("7d"), "{inherited}");
    // Its summary stays: it shows what can be recovered.
    world.phase("logbackup", "prod-t1002", "Stopped");
}

/// `kubectl delete --all` also deletes the strategy that would take the tenant over.
#[test]
fn what_a_strategy_has_begun_ends_though_another_one_that_goes_with_it_is_for_its_tenant() {
    let mut world = stopping("removal-both");
    let all = nightly_without_first_backup()
        .replace("{name: nightly}", "{name: whole}")
        .replace("  tenants: {names: [orders]}\n", "");
    world.apply(&(all + "  deletionPolicy: Stop\n"));
    world.condition(("backupstrategy", "whole"), "Ready", "True", "Accepted");
    // The operator observes both deletions at once.
    world.kill_operator();
    world
        .kubectl(&["delete", "backupstrategies", "--all", "--wait=false"])
        .unwrap();
    world.start_operator();
    await_deleted(&world);
    let ask = || world.get("backupstrategy", "whole");
    eventually("the other strategy to be deleted", ask, Value::is_null);
    assert_eq!(left(&world), (false, 0));
}

/// Its policy would continue to delete backups.
#[test]
fn the_policy_of_a_tenant_that_is_locked_by_now_is_taken_away_too() {
    // Its log backup cannot be stopped while the tenant is locked, and is abandoned after that
    // time.
    let world = stopping_within("removal-locked", 30);
    world.inject(Fault::Lock {
        tenant: "orders".to_owned(),
        locked: true,
    });
    world.condition(STRATEGY, "RetentionApplied", "Unknown", "NoTenants");
    delete(&world);
    await_deleted(&world);
    assert_eq!(left(&world).1, 0);
}

#[test]
fn a_tenant_that_was_left_out_meanwhile_is_left_as_it_is() {
    let world = stopping("removal-excluded");
    world.edit(
        STRATEGY.0,
        STRATEGY.1,
        "spec: {tenants: {names: null, exclude: [orders]}}",
    );
    world.condition(STRATEGY, "RetentionApplied", "Unknown", "NoTenants");
    delete(&world);
    await_deleted(&world);
    world.settle();
    assert_eq!(left(&world), (true, 1));
    let logs = world.get("logbackup", "prod-t1002");
    assert_eq!(logs["spec"]["state"], "Running");
}

#[test]
fn a_strategy_goes_on_ending_after_the_operator_was_killed() {
    let mut world = stopping("removal-crash");
    world.kill_operator();
    delete(&world);
    world.start_operator();
    await_deleted(&world);
    assert_eq!(left(&world), (false, 0));
}

#[test]
fn a_dead_cluster_does_not_hold_up_a_deletion_for_ever() {
    let world = stopping_within("removal-dead", 10);
    world.inject(Fault::Node {
        is: NodeState::Refusing,
    });
    world.inject(Fault::KillConnections);
    delete(&world);
    await_deleted(&world);
    assert_eq!(left(&world), (true, 1));
    eventually(
        "an event that tells what is left",
        || reported(&world, "StopTimeout"),
        |reported| *reported,
    );
}

#[test]
fn the_finalizer_follows_the_policy_and_those_of_others_are_left() {
    let world = stopping("removal-edit");
    let change = format!("metadata: {{finalizers: ['{OURS}', 'example.com/mine']}}");
    world.edit(STRATEGY.0, STRATEGY.1, &change);
    world.edit(
        STRATEGY.0,
        STRATEGY.1,
        "spec: {deletionPolicy: Retain, deletionTimeoutSeconds: null}",
    );
    let mine = serde_json::json!(["example.com/mine"]);
    eventually("ours to be off", || finalizers(&world), |all| *all == mine);
    world.forget_statements();
    delete(&world);
    world.settle();
    assert_eq!(finalizers(&world), mine);
    world.edit(STRATEGY.0, STRATEGY.1, "metadata: {finalizers: []}");
    await_deleted(&world);
    assert_eq!(world.changing(), [""; 0]);
}
