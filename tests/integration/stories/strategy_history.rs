//! Stories of the number of ended tasks that a strategy keeps.

use jiff::Timestamp;

use super::{ONE_TENANT, nightly_without_first_backup};
use crate::support::{World, eventually};

/// Returns a task that is overdue at its first check.
fn old_task(name: &str, owner: &str) -> String {
    format!(
        "
apiVersion: backup.oceanbase.io/v1alpha1
kind: BackupTask
metadata: {{name: {name}{owner}}}
spec:
  strategyRef: {{name: nightly}}
  tenantName: orders
  type: Full
  scheduledTime: '2026-01-01T00:00:00Z'
  startingDeadlineSeconds: 3600
"
    )
}

/// Returns the owner reference that marks objects of the strategy.
fn owner(world: &World) -> String {
    let strategy = world.phase("backupstrategy", "nightly", "PendingBackupScheduling");
    format!(
        ", ownerReferences: [{{apiVersion: backup.oceanbase.io/v1alpha1, kind: BackupStrategy, \
         name: nightly, uid: {}, controller: true}}]",
        strategy["metadata"]["uid"].as_str().unwrap()
    )
}

/// Deletes its object a second after its end.
const TTL: &str = "spec: {ttlSecondsAfterFinished: 1}";

#[test]
fn a_strategy_s_newest_task_outlives_its_time_until_there_is_a_newer_one() {
    let world = World::started("history-ttl", ONE_TENANT);
    world.apply(&nightly_without_first_backup());
    let owner = owner(&world);
    world.apply(&old_task("nightly-1", &owner));
    let ended = |name| -> Timestamp {
        let task = world.phase("backuptask", name, "Overdue");
        let at = task["status"]["completionTime"].as_str().unwrap();
        at.parse().unwrap()
    };
    let first = ended("nightly-1");
    world.edit("backuptask", "nightly-1", TTL);
    eventually("another second", Timestamp::now, |now| {
        now.as_second() > first.as_second() + 1
    });
    world.settle();
    assert!(world.get("backuptask", "nightly-1").is_object());
    world.apply(&old_task("nightly-2", &owner));
    assert!(ended("nightly-2") > first);
    world.edit("backuptask", "nightly-2", TTL);
    world.edit(
        "backuptask",
        "nightly-1",
        "metadata: {labels: {look: again}}",
    );
    eventually(
        "the older one to go",
        || world.list("backuptask"),
        |tasks| tasks.len() == 1 && tasks[0]["metadata"]["name"] == "nightly-2",
    );
}

#[test]
fn old_tasks_of_a_strategy_are_deleted_and_those_of_people_are_not() {
    let world = World::started("history", ONE_TENANT);
    world.apply(&nightly_without_first_backup().replace(
        "spec:",
        "spec:
  taskHistoryLimits: {successful: 1, failed: 2}",
    ));
    let owner = owner(&world);
    for name in ["by-hand-1", "by-hand-2", "by-hand-3"] {
        world.apply(&old_task(name, ""));
        world.phase("backuptask", name, "Overdue");
    }
    for name in ["nightly-1", "nightly-2", "nightly-3", "nightly-4"] {
        world.apply(&old_task(name, &owner));
    }
    let tasks = eventually(
        "two tasks of the strategy's and three of a person's",
        || world.list("backuptask"),
        |tasks| {
            let ended = tasks.iter();
            tasks.len() == 5
                && ended
                    .filter(|task| task["status"]["phase"] == "Overdue")
                    .count()
                    == 5
        },
    );
    let by_hand = tasks.iter().filter(|task| {
        let name = task["metadata"]["name"].as_str();
        name.is_some_and(|name| name.starts_with("by-hand"))
    });
    assert_eq!(by_hand.count(), 3);
    let strategy = world.get("backupstrategy", "nightly");
    assert!(strategy["status"]["lastFailureTime"].is_string());
}
