//! Stories of a strategy that is suspended, and resumed.

use std::time::Duration;

use jiff::{Timestamp, ToSpan, Unit};

use crate::stories::ONE_TENANT;
use crate::support::{World, within};

const EVERY_MINUTE: &str = "
apiVersion: backup.oceanbase.io/v1alpha1
kind: BackupStrategy
metadata: {name: nightly}
spec:
  clusterRef: {name: prod}
  storageRef: {name: nfs}
  suspend: true
  firstBackup: Immediately
  schedule: {timeZone: UTC, full: {cron: '* * * * *'}}
  retention: {policy: Unmanaged}
";

#[test]
fn a_suspended_strategy_starts_nothing_and_goes_on_with_later_slots_only() {
    let world = World::started("suspend", ONE_TENANT);
    world.apply(EVERY_MINUTE);
    // Suspending pauses the schedule only: log backup continues.
    world.phase("logbackup", "prod-t1002", "InProgress");
    let strategy = world.phase("backupstrategy", "nightly", "Paused");
    assert_eq!(
        strategy["status"]["consoleLabel"],
        "Suspend Backup Scheduling Task"
    );
    assert!(strategy["status"]["nextFullTime"].is_null());
    world.forget_statements();

    let slot = Timestamp::now().round(Unit::Minute).unwrap() + 1.minute();
    let patience = Duration::from_mins(3);
    within(patience, "a slot to pass", Timestamp::now, |now| {
        *now > slot + 1.second()
    });
    world.settle();
    assert_eq!(world.changing(), [""; 0]);
    assert_eq!(world.list("backuptask").len(), 0);

    let resumed_at = Timestamp::now();
    world.edit(
        "backupstrategy",
        "nightly",
        "spec: {suspend: false, firstBackup: OnSchedule}",
    );
    let tasks = within(
        patience,
        "a backup after the strategy goes on",
        || world.list("backuptask"),
        |tasks| !tasks.is_empty(),
    );
    let slots: Vec<Timestamp> = tasks
        .iter()
        .map(|task| {
            task["spec"]["scheduledTime"]
                .as_str()
                .unwrap()
                .parse()
                .unwrap()
        })
        .collect();
    assert!(slots.iter().all(|at| *at > resumed_at), "{slots:?}");
}
