//! Slots that were not evaluated when due: the status was lost, or the schedule was edited while
//! the operator was down.

use super::blackout::window;
use super::*;
use crate::api::schedule::BlackoutAction;

const DAY: i64 = 24 * 60;

/// Returns a story with a full backup at 02:00 each day.
fn daily() -> Story {
    let mut story = Story::of(&[1002]);
    story.spec.schedule.full = Some(CalendarSpec::cron("0 2 * * *"));
    story.spec.schedule.incremental = None;
    story
}

/// Returns a daily story with a week of successes that then loses its status, at noon.
fn forgetful() -> Story {
    let mut story = daily();
    for day in 0..7 {
        for name in story.create(day * DAY + 121) {
            let mut tasks = story.observed.tasks.iter_mut();
            let task = tasks.find(|task| task.name == name).unwrap();
            task.outcome = Some("Completed".to_owned());
            task.completed_at = Some(at(day * DAY + 140));
            task.scheduled_at = Some(at(day * DAY + 120));
        }
    }
    assert_eq!(story.observed.tasks.len(), 7);
    story.status = BackupStrategyStatus::default();
    story.events.clear();
    story
}

#[test]
fn a_lost_status_makes_no_slot_missed_that_has_its_task() {
    let mut story = forgetful();
    let effect = story.reconcile(6 * DAY + 12 * 60).effect;
    assert_eq!(
        (effect, story.history()),
        (None, vec!["02:00 full Started -".to_owned()])
    );
    assert_eq!(story.status.schedule_history[0].started, 1);
    assert_eq!(story.is(types::BACKUP_HEALTHY), "True");
    assert_eq!(story.events, [""; 0]);
}

#[test]
fn a_slot_that_was_missed_is_told_also_after_the_status_was_lost() {
    let mut story = forgetful();
    story.reconcile(7 * DAY + 12 * 60);
    let history = [
        "02:00 full Missed StartingDeadlineExceeded",
        "02:00 full Started -",
    ];
    assert_eq!(story.history(), history);
    assert_eq!(story.events, ["BackupMissed"]);
}

#[test]
fn a_slot_that_had_got_only_some_of_its_tasks_gets_the_others_after_the_status_was_lost() {
    let mut story = forgetful();
    let tenants = [tenant(1002), tenant(1004)];
    story.observed.database = Ok(tenants.into());
    story.observed.log_backups.push(log_backup(1004));
    assert_eq!(
        story.create(6 * DAY + 125),
        ["nightly-t1004-full-202611280200z"]
    );
}

/// The slot of 02:00 becomes due while the operator is down, and a user edits the schedule at
/// 02:30.
fn edited(edit: impl Fn(&mut BackupStrategySpec)) -> Story {
    let mut story = daily();
    story.reconcile(60);
    edit(&mut story.spec);
    story.generation += 1;
    story
}

#[test]
fn an_edit_of_what_makes_no_slots_does_not_cost_the_one_that_nobody_saw() {
    let mut story = edited(|spec| spec.schedule.spread_seconds = 60);
    assert_eq!(story.create(180), ["nightly-t1002-full-202611220200z"]);
}

#[test]
fn a_slot_of_the_schedule_before_that_nobody_saw_does_not_end_in_silence() {
    let mut story = edited(|spec| {
        spec.schedule.full = Some(CalendarSpec::cron("0 4 * * *"));
    });
    assert_eq!(story.create(180), [""; 0]);
    assert_eq!(story.history(), ["02:00 full Skipped ScheduleChanged"]);
    assert_eq!(story.create(241), ["nightly-t1002-full-202611220400z"]);
}

#[test]
fn a_slot_of_before_a_suspension_that_nobody_saw_does_not_end_in_silence() {
    let mut story = edited(|spec| spec.suspend = true);
    story.reconcile(180);
    assert_eq!(story.history(), ["02:00 full Skipped Suspended"]);
    story.spec.suspend = false;
    story.reconcile(240);
    assert_eq!(story.history().len(), 1);
}

#[test]
fn an_edit_before_a_slot_falls_due_records_nothing() {
    let mut story = edited(|spec| spec.schedule.time_zone = "Asia/Shanghai".to_owned());
    story.reconcile(90);
    assert_eq!(story.history(), [""; 0]);
}

/// Returns a story with a window from 01:30 to 04:30, edited during it while the operator is down.
fn edited_in_a_window() -> Story {
    let mut story = daily();
    story.spec.schedule.blackout_windows = vec![window("01:30", "04:30", BlackoutAction::Postpone)];
    story.reconcile(60);
    story.spec.schedule.full = Some(CalendarSpec::cron("0 6 * * *"));
    story.generation += 1;
    story
}

#[test]
fn a_slot_of_the_schedule_before_does_not_end_in_silence_in_a_window_or_after_it() {
    for minutes in [180, 300] {
        let mut story = edited_in_a_window();
        assert_eq!(story.create(minutes), [""; 0]);
        assert_eq!(story.history(), ["02:00 full Skipped ScheduleChanged"]);
    }
}

/// An incremental slot is already held back, and the next becomes due while the operator is down.
#[test]
fn a_slot_behind_one_that_a_window_holds_back_does_not_end_in_silence() {
    let mut story = daily();
    story.spec.schedule.blackout_windows = vec![window("01:30", "04:30", BlackoutAction::Postpone)];
    story.spec.schedule.full = None;
    story.spec.schedule.incremental = Some(CalendarSpec::cron("0 * * * *"));
    story.create(61);
    story.reconcile(121);
    story.spec.schedule.incremental = Some(CalendarSpec::cron("0 12 * * *"));
    story.reconcile(190);
    assert_eq!(story.history()[0], "03:00 incr Skipped ScheduleChanged");
    assert_eq!(story.create(270), ["nightly-t1002-incr-202611220200z"]);
}

#[test]
fn an_edit_after_a_clock_jumped_back_records_no_slot_twice() {
    let mut story = edited(|_| {});
    story.create(130);
    story.reconcile(100);
    story.spec.schedule.full = Some(CalendarSpec::cron("0 4 * * *"));
    story.reconcile(125);
    assert_eq!(story.history(), ["02:00 full Started -"]);
}
