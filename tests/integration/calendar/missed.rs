//! Stories of slots and tasks that are too late.

use std::time::Duration;

use jiff::{Timestamp, ToSpan, Unit};
use oceanbase_sim::statement::Kind;
use serde_json::Value;

use crate::stories::{ONE_TENANT, TWO_TENANTS, nightly_without_first_backup, task};
use crate::support::{World, within};

fn slot_of(record: &Value) -> Timestamp {
    record["scheduledTime"].as_str().unwrap().parse().unwrap()
}

/// Two minutes to the slot, its deadline, and the wait for the next.
const PATIENCE: Duration = Duration::from_mins(5);

#[test]
fn a_slot_that_passes_while_the_operator_is_down_is_missed_and_the_next_one_runs() {
    let mut world = World::started("missed", ONE_TENANT);
    world.apply(
        "
apiVersion: backup.oceanbase.io/v1alpha1
kind: BackupStrategy
metadata: {name: nightly}
spec:
  clusterRef: {name: prod}
  storageRef: {name: nfs}
  schedule: {timeZone: UTC, full: {cron: '* * * * *'}, startingDeadlineSeconds: 60}
  retention: {policy: Unmanaged}
",
    );
    world.phase("logbackup", "prod-t1002", "InProgress");
    world.kill_operator();
    let missed = (Timestamp::now() + 30.seconds())
        .round(Unit::Minute)
        .unwrap()
        + 1.minute();
    within(PATIENCE, "the deadline", Timestamp::now, |now| {
        *now > missed + 62.seconds()
    });
    world.start_operator();
    let strategy = within(
        PATIENCE,
        "a later slot that runs",
        || world.get("backupstrategy", "nightly"),
        |strategy| {
            let history = strategy["status"]["scheduleHistory"].as_array();
            history
                .into_iter()
                .flatten()
                .any(|record| slot_of(record) > missed && record["outcome"] == "Started")
        },
    );
    let history = strategy["status"]["scheduleHistory"].as_array().unwrap();
    let of_slot: Vec<_> = history
        .iter()
        .filter(|record| slot_of(record) == missed)
        .map(|record| (&record["outcome"], &record["reason"]))
        .collect();
    assert_eq!(
        of_slot,
        [(&"Missed".into(), &"StartingDeadlineExceeded".into())]
    );
    let stamp = missed.strftime("%Y%m%d%H%M");
    let task = world.get("backuptask", &format!("nightly-t1002-full-{stamp}z"));
    assert!(task.is_null(), "{task:#}");
}

/// Returns a strategy with one slot a day, in the minute of this time.
fn daily(name: &str, tenant: &str, policy: &str, slot: Timestamp) -> String {
    let cron = slot.strftime("%-M %-H * * *");
    format!(
        "
apiVersion: backup.oceanbase.io/v1alpha1
kind: BackupStrategy
metadata: {{name: {name}}}
spec:
  clusterRef: {{name: prod}}
  storageRef: {{name: nfs}}
  tenants: {{names: [{tenant}]}}
  schedule: {{timeZone: UTC, full: {{cron: '{cron}'}}, missedRunPolicy: {policy}}}
  retention: {{policy: Unmanaged}}
"
    )
}

#[test]
fn six_minutes_late_a_slot_is_left_out_under_skip_and_made_up_for_under_run_latest() {
    let mut world = World::started("missed-policy", TWO_TENANTS);
    let minute = Timestamp::now().round(Unit::Minute).unwrap();
    let missed = minute - 7.minutes();
    world.apply(&daily("punctual", "orders", "Skip", missed));
    world.apply(&daily("patient", "billing", "RunLatest", missed));
    world.phase("logbackup", "prod-t1002", "InProgress");
    world.phase("logbackup", "prod-t1004", "InProgress");
    world.kill_operator();
    // The last known statuses of strategies before the slot.
    let seen = missed - 1.minutes();
    let status = format!(
        "status: {{bookkeeping: {{anchorTime: '{}'}}}}",
        seen.strftime("%Y-%m-%dT%H:%M:%SZ")
    );
    for strategy in ["punctual", "patient"] {
        let patch = ["patch", "backupstrategy", strategy, "--subresource=status"];
        let patch = [&patch[..], &["--type=merge", "--patch", &status]].concat();
        world.kubectl(&patch).unwrap();
    }
    world.start_operator();
    let stamp = missed.strftime("%Y%m%d%H%M");
    let made_up_for = format!("patient-t1004-full-{stamp}z");
    world.phase("backuptask", &made_up_for, "Completed");
    let punctual = within(
        PATIENCE,
        "the slot in the history",
        || world.get("backupstrategy", "punctual"),
        |strategy| strategy["status"]["scheduleHistory"].is_array(),
    );
    let record = &punctual["status"]["scheduleHistory"][0];
    assert_eq!(slot_of(record), missed);
    assert_eq!(record["outcome"], "Missed");
    assert_eq!(record["reason"], "StartingDeadlineExceeded");
    world.settle();
    assert_eq!(world.count(Kind::Backup), 1);
}

#[test]
fn a_task_of_a_slot_long_ago_is_overdue_and_nothing_is_sent() {
    let world = World::started("overdue", ONE_TENANT);
    world.apply(&nightly_without_first_backup());
    world.phase("logbackup", "prod-t1002", "InProgress");
    let old = Timestamp::now() - 48.hours();
    let old = old.strftime("%Y-%m-%dT%H:%M:%SZ");
    // As the strategy writes it.
    let spec = format!("spec: {{scheduledTime: '{old}', startingDeadlineSeconds: 21600, ");
    world.apply(&task("restored", "Full").replace("spec: {", &spec));
    let task = world.phase("backuptask", "restored", "Overdue");
    let cause = &task["status"]["cause"];
    assert_eq!(cause["reason"], "StartingDeadlineExceeded");
    world.settle();
    assert_eq!(world.count(Kind::Backup), 0);
}
