//! Full backups outside the schedule that do not start.

use super::*;
use crate::api::schedule::BlackoutAction;

/// Returns a story with a full backup on the first of the month, and a good backup. Its log backup
/// was healed at minute -10; the resulting full backup is created at minute -5.
fn healed() -> Story {
    let mut story = Story::of(&[1002]);
    story.spec.schedule.full = Some(CalendarSpec::cron("0 2 1 * *"));
    story.spec.schedule.incremental = None;
    let mut before = task("nightly-t1002-full-202611010200z", 1002, Some("Completed"));
    before.completed_at = Some(at(-30));
    story.observed.tasks.push(before);
    story.reconcile(-20);
    story.observed.log_backups[0].full_backup_wanted_since = Some(at(-10));
    assert_eq!(story.create(-5), ["nightly-t1002-full-202611212350z"]);
    story
}

/// How late a slot may start, in minutes.
const DEADLINE: i64 = 360;
const LATE: i64 = DEADLINE - 5;

#[test]
fn one_that_does_not_start_in_time_is_told() {
    let mut story = healed();
    story.reconcile(LATE - 1);
    assert_eq!(story.is(types::BACKUP_HEALTHY), "True");
    assert_eq!(story.status.alert_count, Some(0));
    story.reconcile(LATE);
    assert_eq!(story.is(types::BACKUP_HEALTHY), "False");
    assert_eq!(story.status.phase.as_deref(), Some("Abnormal"));
    assert_eq!(story.failing(), [("t1002", "BackupNotStarted")]);
    assert_eq!(story.status.alerts[0].type_, "base_backup_fail");
}

#[test]
fn one_that_does_not_start_is_told_whatever_goes_well_meanwhile() {
    let mut story = healed();
    let mut after = task("nightly-t1002-incr-202611220100z", 1002, Some("Completed"));
    after.completed_at = Some(at(LATE + 1));
    story.observed.tasks.push(after);
    story.reconcile(LATE + 2);
    assert_eq!(story.is(types::BACKUP_HEALTHY), "False");
}

#[test]
fn one_that_does_not_start_is_told_also_while_the_database_is_silent() {
    let mut story = healed();
    let _ = story.unreachable();
    story.reconcile(LATE);
    assert_eq!(story.is(types::BACKUP_HEALTHY), "False");
    assert_eq!(story.status.alert_count, Some(1));
}

#[test]
fn that_one_is_late_is_seen_without_anybody_waking_the_strategy() {
    let mut story = healed();
    assert_eq!(story.reconcile(0).next, Next::At(at(LATE)));
}

#[test]
fn the_reason_of_the_last_refusal_is_told() {
    let mut story = healed();
    let waiting = story.observed.tasks.last_mut().unwrap();
    waiting.cause = Some(crate::domain::cause("SecretNotBound", "annotate it"));
    story.reconcile(LATE);
    assert_eq!(story.failing(), [("t1002", "SecretNotBound")]);
}

/// Returns the same story, with an incremental backup every five minutes from then on.
fn healed_with_slots_after(minutes: i64) -> Story {
    let mut story = healed();
    story.spec.schedule.incremental = Some(CalendarSpec::cron("*/5 * * * *"));
    story.reconcile(minutes);
    story
}

#[test]
fn it_holds_incremental_slots_back_until_it_is_late() {
    let mut story = healed_with_slots_after(LATE - 11);
    let created = [LATE - 10, LATE - 5, LATE].map(|minutes| story.create(minutes).len());
    assert_eq!(created, [0, 0, 1]);
}

#[test]
fn one_that_starts_late_after_all_is_told_no_longer_and_holds_them_back_again() {
    let mut story = healed_with_slots_after(LATE - 1);
    story.create(LATE);
    story.observed.tasks[1].started_at = Some(at(LATE + 1));
    assert_eq!(story.create(LATE + 5), [""; 0]);
    assert_eq!(story.history()[0], "06:00 incr Skipped FullBackupPending");
    assert_eq!(story.is(types::BACKUP_HEALTHY), "True");
}

/// After an outage, the backup is two days past its request when it is created.
#[test]
fn one_that_was_made_long_after_it_was_wanted_is_not_late_at_once() {
    let mut story = healed();
    story.observed.tasks.truncate(1);
    assert_eq!(story.create(2 * 24 * 60 + 1).len(), 1);
    story.reconcile(2 * 24 * 60 + 1);
    assert_eq!(story.is(types::BACKUP_HEALTHY), "True");
}

#[test]
fn the_time_in_a_blackout_window_does_not_count() {
    let mut story = healed();
    let window = blackout::window("01:00", "02:00", BlackoutAction::Postpone);
    story.spec.schedule.blackout_windows = vec![window];
    story.reconcile(LATE + 59);
    assert_eq!(story.is(types::BACKUP_HEALTHY), "True");
    story.reconcile(LATE + 60);
    assert_eq!(story.is(types::BACKUP_HEALTHY), "False");
}

/// The failure is reported. The next incremental backup can be recovered.
#[test]
fn one_that_failed_holds_no_incremental_slot_back() {
    let mut story = healed_with_slots_after(0);
    story.observed.tasks[1].outcome = Some("Failed".to_owned());
    story.observed.tasks[1].completed_at = Some(at(1));
    assert_eq!(story.create(5), ["nightly-t1002-incr-202611220005z"]);
}
