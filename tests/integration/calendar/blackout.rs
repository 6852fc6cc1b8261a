//! Stories of slots in blackout windows.

use std::time::Duration;

use jiff::{Timestamp, ToSpan, Unit};
use serde_json::Value;

use crate::stories::TWO_TENANTS;
use crate::support::world::condition_of;
use crate::support::{World, within};

/// A slot, and the end of its window.
const PATIENCE: Duration = Duration::from_mins(4);

/// Returns a strategy with one slot a day in this minute. A window with this action covers `reach`
/// minutes around it.
fn strategy(tenant: &str, slot: Timestamp, reach: i64, action: &str) -> String {
    let clock = |at: Timestamp| at.strftime("%H:%M").to_string();
    format!(
        "
apiVersion: backup.oceanbase.io/v1alpha1
kind: BackupStrategy
metadata: {{name: for-{tenant}}}
spec:
  clusterRef: {{name: prod}}
  tenants: {{names: [{tenant}]}}
  storageRef: {{name: nfs}}
  schedule:
    timeZone: UTC
    full: {{cron: '{}'}}
    blackoutWindows: [{{start: '{}', end: '{}', action: {action}}}]
  retention: {{policy: Unmanaged}}
",
        slot.strftime("%-M %-H * * *"),
        clock(slot - reach.minutes()),
        clock(slot + reach.minutes()),
    )
}

fn history(strategy: &Value) -> Vec<(String, String)> {
    let records = strategy["status"]["scheduleHistory"].as_array();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let records = records.into_iter().flatten();
    records
        .map(|record| (text(&record["outcome"]), text(&record["reason"])))
        .collect()
}

#[test]
fn a_window_postpones_a_slot_to_its_end_or_leaves_it_out() {
    let world = World::started("blackout", TWO_TENANTS);
    let slot = (Timestamp::now() + 40.seconds())
        .round(Unit::Minute)
        .unwrap();
    let slot = if slot < Timestamp::now() + 10.seconds() {
        slot + 1.minute()
    } else {
        slot
    };
    // Long enough for a busy machine to notice it in time.
    let end = slot + 2.minutes();
    world.apply(&strategy("orders", slot, 2, "Postpone"));
    world.apply(&strategy("billing", slot, 2, "Skip"));

    let held = within(
        PATIENCE,
        "a slot that a window holds back",
        || world.get("backupstrategy", "for-orders"),
        |strategy| strategy["status"]["bookkeeping"]["openSlot"]["startTime"] == end.to_string(),
    );
    assert_eq!(
        held["status"]["bookkeeping"]["openSlot"]["scheduledTime"],
        slot.to_string()
    );
    let scheduling = condition_of(&held, "Scheduling");
    assert_eq!(scheduling["reason"], "BlackoutWindow");
    let left_out = within(
        PATIENCE,
        "a slot that a window leaves out",
        || world.get("backupstrategy", "for-billing"),
        |strategy| !history(strategy).is_empty(),
    );
    assert_eq!(
        history(&left_out),
        [("Skipped".to_owned(), "BlackoutWindow".to_owned())]
    );

    let name = format!("for-orders-t1002-full-{}z", slot.strftime("%Y%m%d%H%M"));
    let task = within(
        PATIENCE,
        &name,
        || world.get("backuptask", &name),
        |task| task["status"]["phase"] == "Completed",
    );
    assert_eq!(task["spec"]["scheduledTime"], slot.to_string());
    assert_eq!(task["spec"]["notBeforeTime"], end.to_string());
    let started: Timestamp = task["metadata"]["creationTimestamp"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!(started >= end, "made at {started}");
    assert_eq!(world.list("backuptask").len(), 1);
}

#[test]
fn in_a_window_a_task_of_the_strategy_waits_and_a_persons_runs() {
    let world = World::started("blackout-task", TWO_TENANTS);
    world.apply(&strategy("orders", Timestamp::now(), 120, "Postpone"));
    world.phase("logbackup", "prod-t1002", "InProgress");
    let known = world.get("backupstrategy", "for-orders");
    let task = |name: &str, owner: &str| {
        format!(
            "
apiVersion: backup.oceanbase.io/v1alpha1
kind: BackupTask
metadata: {{name: {name}{owner}}}
spec: {{strategyRef: {{name: for-orders}}, tenantName: orders, type: Full}}
"
        )
    };
    let owner = format!(
        ", ownerReferences: [{{apiVersion: backup.oceanbase.io/v1alpha1, kind: BackupStrategy, \
         name: for-orders, uid: {}, controller: true}}]",
        known["metadata"]["uid"].as_str().unwrap()
    );
    world.apply(&task("scheduled", &owner));
    let held = world.phase("backuptask", "scheduled", "Pending");
    assert_eq!(held["status"]["cause"]["reason"], "BlackoutWindow");
    world.apply(&task("by-hand", ""));
    world.phase("backuptask", "by-hand", "Completed");
    assert_eq!(
        world.get("backuptask", "scheduled")["status"]["phase"],
        "Pending"
    );
}

/// The same in every slot, and each tenant at its own time.
#[test]
fn tenants_of_a_slot_are_spread_over_the_time_that_the_strategy_gives() {
    let world = World::started("spread", TWO_TENANTS);
    world.apply(
        "
apiVersion: backup.oceanbase.io/v1alpha1
kind: BackupStrategy
metadata: {name: spread}
spec:
  clusterRef: {name: prod}
  storageRef: {name: nfs}
  schedule: {timeZone: UTC, full: {cron: '* * * * *'}, spreadSeconds: 86400}
  retention: {policy: Unmanaged}
",
    );
    let of_one_slot = |tasks: &[Value]| {
        let slot = |task: &Value| task["spec"]["scheduledTime"].clone();
        let first = tasks.first().map(slot);
        let tasks = tasks.iter().filter(|task| Some(slot(task)) == first);
        tasks.cloned().collect::<Vec<_>>()
    };
    let tasks = within(
        PATIENCE,
        "both tasks of a slot",
        || of_one_slot(&world.list("backuptask")),
        |tasks| tasks.len() == 2,
    );
    let delay = |task: &Value| {
        let at = |field: &str| -> Timestamp {
            let text = task["spec"][field].as_str().unwrap_or_default();
            text.parse().unwrap()
        };
        at("notBeforeTime").duration_since(at("scheduledTime"))
    };
    let delays: Vec<_> = tasks.iter().map(|task| delay(task).as_secs()).collect();
    assert!(
        delays.iter().all(|delay| (1..86_400).contains(delay)),
        "{delays:?}"
    );
    assert_ne!(delays[0], delays[1]);
    for task in &tasks {
        let name = task["metadata"]["name"].as_str().unwrap();
        let waits = ("backuptask", name);
        world.condition(waits, "Succeeded", "Unknown", "BeforeScheduledTime");
    }
}
