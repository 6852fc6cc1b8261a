//! Stories of a strategy that is suspended while its backup runs.

use std::time::Duration;

use jiff::{Timestamp, ToSpan, Unit};
use oceanbase_sim::model::Stage;

use crate::stories::ONE_TENANT;
use crate::support::{World, within};

/// A slot, the wait for the next, and its backup.
const PATIENCE: Duration = Duration::from_mins(4);

const EVERY_MINUTE: &str = "
apiVersion: backup.oceanbase.io/v1alpha1
kind: BackupStrategy
metadata: {name: nightly}
spec:
  clusterRef: {name: prod}
  storageRef: {name: nfs}
  schedule: {timeZone: UTC, full: {cron: '* * * * *'}}
  retention: {policy: Unmanaged}
";

/// Returns the slots of the tasks.
fn slots(world: &World) -> Vec<Timestamp> {
    let tasks = world.list("backuptask");
    let slot = |task: &serde_json::Value| {
        let text = task["spec"]["scheduledTime"].as_str().unwrap();
        text.parse().unwrap()
    };
    tasks.iter().map(slot).collect()
}

#[test]
fn a_strategy_suspended_midway_ends_its_backup_starts_none_and_goes_on_when_it_is_resumed() {
    let world = World::started("midway", ONE_TENANT);
    world.hold("orders", Stage::Doing);
    world.apply(EVERY_MINUTE);
    within(
        PATIENCE,
        "a backup that runs",
        || world.list("backuptask"),
        |tasks| {
            tasks
                .iter()
                .any(|task| task["status"]["phase"] == "InProgress")
        },
    );
    world.edit("backupstrategy", "nightly", "spec: {suspend: true}");
    world.phase("backupstrategy", "nightly", "Paused");
    let before = slots(&world);
    world.forget_statements();

    // A running backup finishes; one that has not begun waits.
    world.release("orders");
    within(
        PATIENCE,
        "the end of the backup that runs",
        || world.list("backuptask"),
        |tasks| {
            tasks.iter().all(|task| {
                let status = &task["status"];
                status["phase"] == "Completed" || status["cause"]["reason"] == "StrategySuspended"
            })
        },
    );
    let slot = Timestamp::now().round(Unit::Minute).unwrap() + 1.minute();
    within(PATIENCE, "a slot to pass", Timestamp::now, |now| {
        *now > slot + 1.second()
    });
    world.settle();
    assert_eq!(slots(&world), before);
    assert_eq!(world.changing(), [""; 0]);
    let logs = world.get("logbackup", "prod-t1002");
    assert_eq!(logs["status"]["phase"], "InProgress");

    let resumed_at = Timestamp::now();
    world.edit("backupstrategy", "nightly", "spec: {suspend: false}");
    let after = within(
        PATIENCE,
        "a backup of a later slot",
        || slots(&world),
        |slots| slots.len() > before.len(),
    );
    let new: Vec<_> = after.iter().filter(|at| !before.contains(at)).collect();
    assert!(new.iter().all(|at| **at > resumed_at), "{new:?}");
}
