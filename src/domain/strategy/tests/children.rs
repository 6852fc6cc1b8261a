//! Log backups and first backups.

use jiff::SignedDuration;

use super::*;
use crate::api::{Binding, DesiredState};
use crate::oceanbase::model::{Round, RoundStatus, Scn};

pub(super) fn pending_log_backup(tenants: &[i64], without: i64) -> Story {
    let mut story = Story::of(tenants);
    story
        .observed
        .log_backups
        .retain(|known| known.name != format!("prod-t{without}"));
    story
}

#[test]
fn a_tenant_without_log_backup_gets_one() {
    assert_eq!(pending_log_backup(&[1002], 1002).create(1), ["prod-t1002"]);
}

/// Returns the desired state for the log backup of a tenant whose round, if at the strategy's
/// destination, has this status.
fn found(status: RoundStatus, mode: StrategyLogBackupMode, here: bool) -> DesiredState {
    found_archived_until(status, mode, here, at(-30))
}

/// Does the same for a round that reached this instant; the strategy was created at minute -60.
fn found_archived_until(
    status: RoundStatus,
    mode: StrategyLogBackupMode,
    here: bool,
    until: Timestamp,
) -> DesiredState {
    let mut story = pending_log_backup(&[1002], 1002);
    story.spec.log_backup.mode = mode;
    let archived = with_round(1002, status, until);
    if here {
        story.observed.with_logs_here.insert(archived.id);
    }
    story.observed.database = Ok(vec![Arc::new(archived)]);
    let Some(Effect::MakeLogBackups(new)) = story.reconcile(1).effect else {
        panic!("no log backup")
    };
    new[0].1.state
}

fn with_round(id: i64, status: RoundStatus, until: Timestamp) -> Tenant {
    Tenant {
        archive_log: Some(false),
        round: Some(Round {
            id: 1,
            status,
            start_scn: Scn(1),
            checkpoint_scn: Scn(u64::try_from(until.as_nanosecond()).unwrap()),
            piece_id: 1,
            input_bytes: 0,
            output_bytes: 0,
            comment: String::new(),
            path: "file:///log".to_owned(),
        }),
        ..Tenant::clone(&tenant(id))
    }
}

/// Otherwise deleting a LogBackup would start archiving.
#[test]
fn a_log_backup_that_is_made_anew_asks_for_what_the_database_does() {
    let cases = [
        (RoundStatus::Doing, DesiredState::Running),
        (RoundStatus::Interrupted, DesiredState::Running),
        (RoundStatus::Suspending, DesiredState::Paused),
        (RoundStatus::Suspend, DesiredState::Paused),
        (RoundStatus::Stopping, DesiredState::Stopped),
        (RoundStatus::Stop, DesiredState::Stopped),
    ];
    for (status, desired) in cases {
        let word = format!("{status:?}");
        let found = found(status, StrategyLogBackupMode::Continuous, true);
        assert_eq!(found, desired, "{word}");
    }
}

/// A user who applies a strategy requests log backup. An earlier stop may come from the operator
/// itself, after a "Back up Now".
#[test]
fn log_backup_that_stopped_before_there_was_the_strategy_begins() {
    let mode = StrategyLogBackupMode::Continuous;
    for status in [RoundStatus::Stopping, RoundStatus::Stop] {
        let found = |minutes| found_archived_until(status.clone(), mode, true, at(minutes));
        assert_eq!(found(-61), DesiredState::Running, "{status:?}");
        assert_eq!(found(-60), DesiredState::Running, "{status:?}");
        assert_eq!(found(-59), DesiredState::Stopped, "{status:?}");
    }
}

/// Only users pause log backup, so only users end the pause; the status reports it.
#[test]
fn a_pause_is_kept_though_it_is_older_than_the_strategy() {
    let mode = StrategyLogBackupMode::Continuous;
    let found = found_archived_until(RoundStatus::Suspend, mode, true, at(-600));
    assert_eq!(found, DesiredState::Paused);
}

#[test]
fn log_backup_that_was_stopped_at_another_place_begins_at_this_one() {
    let mode = StrategyLogBackupMode::Continuous;
    assert_eq!(found(RoundStatus::Stop, mode, false), DesiredState::Running);
}

#[test]
fn log_backup_around_data_backups_is_stopped_between_them_without_anybody_meaning_it() {
    let mode = StrategyLogBackupMode::AroundDataBackup;
    assert_eq!(found(RoundStatus::Stop, mode, true), DesiredState::Running);
}

#[test]
fn log_backup_that_stays_stopped_is_told_with_what_to_do() {
    let mut story = Story::of(&[1002]);
    story.observed.log_backups[0].phase = Some("Stopped".to_owned());
    story.observed.log_backups[0].desired_state = DesiredState::Stopped;
    story.reconcile(1);
    let known = story.status.conditions.iter();
    let mut healthy = known.filter(|known| known.type_ == types::LOG_BACKUP_HEALTHY);
    let message = &healthy.next().unwrap().message;
    assert!(message.contains("`spec.state` to Running"), "{message}");
}

/// Returns a story with the log backup of `t1002` in this phase; `t1004` is healthy.
fn in_phase(phase: &str, desired: DesiredState) -> Story {
    let mut story = Story::of(&[1002, 1004]);
    story.observed.log_backups[0].phase = Some(phase.to_owned());
    story.observed.log_backups[0].desired_state = desired;
    story.reconcile(1);
    story
}

#[test]
fn a_tenant_whose_logs_are_not_archived_is_listed_and_not_healthy() {
    for (phase, desired, reason) in [
        ("Stopped", DesiredState::Stopped, "LogBackupStopped"),
        ("Stopped", DesiredState::Running, "LogBackupStopped"),
        ("Paused", DesiredState::Paused, "LogBackupPaused"),
        ("Interrupted", DesiredState::Running, "LogBackupInterrupted"),
        ("Failed", DesiredState::Running, "LogBackupFailed"),
    ] {
        let story = in_phase(phase, desired);
        assert_eq!(story.failing(), [("t1002", reason)]);
        let tenants = story.status.tenants.unwrap();
        assert_eq!((tenants.healthy, tenants.matched), (1, 2), "{reason}");
    }
}

#[test]
fn a_pause_is_told_with_what_to_do() {
    let story = in_phase("Paused", DesiredState::Paused);
    let message = &story.status.tenants.unwrap().failing[0].message;
    assert!(message.contains("`spec.state` to Running"), "{message}");
}

#[test]
fn a_stop_that_nobody_asked_for_is_told_as_somebody_elses_doing() {
    let story = in_phase("Stopped", DesiredState::Running);
    let message = &story.status.tenants.unwrap().failing[0].message;
    assert!(message.contains("in the database"), "{message}");
}

/// Returns the advice for a log backup with these settings that was paused in the database.
fn advice_for_a_pause(mode: StrategyLogBackupMode, binding: Binding) -> String {
    let mut story = Story::of(&[1002]);
    let known = &mut story.observed.log_backups[0];
    known.phase = Some("Paused".to_owned());
    known.settings.mode = mode;
    known.settings.binding = binding;
    story.reconcile(1);
    story.status.tenants.unwrap().failing.remove(0).message
}

#[test]
fn the_advice_for_a_pause_that_nobody_asked_for_costs_no_hole() {
    let message = advice_for_a_pause(StrategyLogBackupMode::Continuous, Binding::Optional);
    let advice = "set its `spec.state` to Paused and then to Running";
    assert!(message.contains(advice), "{message}");
}

#[test]
fn the_advice_for_a_pause_is_one_that_the_schema_takes() {
    for (mode, binding) in [
        (StrategyLogBackupMode::AroundDataBackup, Binding::Optional),
        (StrategyLogBackupMode::Continuous, Binding::Mandatory),
    ] {
        let message = advice_for_a_pause(mode, binding);
        assert!(message.contains("= 'ENABLE' TENANT = 't1002'"), "{message}");
        assert!(!message.contains("to Paused"), "{message}");
    }
}

#[test]
fn a_log_backup_of_another_store_is_left_as_it_is() {
    let mut story = Story::of(&[1002]);
    story.observed.log_backups[0].storage = "other".to_owned();
    story.observed.log_backups[0].inherited = None;
    story.reconcile(61);
    assert_eq!(story.failing(), [("t1002", "DestinationChangeRefused")]);
    assert_eq!(
        story.history()[0],
        "01:00 incr Skipped DestinationChangeRefused"
    );
}

#[test]
fn of_two_log_backups_of_a_tenant_the_older_counts_in_whatever_order_they_come() {
    let mut story = Story::of(&[1002]);
    let newer = ObservedLogBackup {
        name: "by-hand".to_owned(),
        storage: "other".to_owned(),
        created_at: at(0),
        ..log_backup(1002)
    };
    story.observed.log_backups.insert(0, newer);
    story.reconcile(1);
    let before = story.status.clone();
    story.observed.log_backups.reverse();
    story.reconcile(1);
    assert_eq!((story.failing().len(), &story.status), (0, &before));
}

#[test]
fn a_first_backup_is_made_where_no_full_one_is() {
    let mut story = Story::of(&[1002, 1004]);
    story.spec.first_backup = FirstBackup::Immediately;
    story.observed.with_full_backup.insert(TenantId(1004));
    assert_eq!(story.create(-30), ["nightly-t1002-full-202611212330z"]);
    assert!(story.create(-29).is_empty());
}

#[test]
fn a_first_backup_that_is_asked_for_late_is_not_overdue_when_it_is_made() {
    let mut story = Story::of(&[1002]);
    story.observed.log_backups[0].created_at = at(-100_000);
    story.spec.first_backup = FirstBackup::Immediately;
    let Some(Effect::MakeTasks(tasks)) = story.reconcile(-30).effect else {
        panic!("no first backup")
    };
    assert_eq!(tasks[0].1.scheduled_time.as_ref().unwrap().0, at(-30));
}

/// A month, in minutes.
const MONTH: i64 = 30 * 24 * 60;

/// Returns a story whose log backup of `t1002` was healed at this minute.
fn healed(minutes: i64) -> Story {
    let mut story = Story::of(&[1002, 1004]);
    story.observed.log_backups[0].full_backup_wanted_since = Some(at(minutes));
    story
}

#[test]
fn a_tenant_whose_log_backup_was_healed_gets_a_full_backup_once() {
    let mut story = healed(-60);
    let created = story.create(-50);
    assert_eq!(created.len(), 1);
    assert!(created[0].starts_with("nightly-t1002-full-"), "{created:?}");
    assert_eq!(story.create(-49), [""; 0]);
}

/// A move ends in the same minute in which the full backup after the previous move was created.
#[test]
fn a_full_backup_is_made_though_one_of_the_same_minute_had_ended_before_it_was_wanted() {
    let mut story = healed(-60);
    let first = story.create(-60);
    let wanted = at(-60) + jiff::SignedDuration::from_secs(40);
    let task = story
        .observed
        .tasks
        .iter_mut()
        .find(|task| task.name == first[0]);
    let task = task.unwrap();
    task.outcome = Some("Completed".to_owned());
    task.completed_at = Some(at(-60) + jiff::SignedDuration::from_secs(20));
    story.observed.log_backups[0].full_backup_wanted_since = Some(wanted);
    let second = story.create(-59);
    assert_eq!(second.len(), 1);
    assert_ne!(second, first);
    assert_eq!(story.create(-58), [""; 0]);
}

#[test]
fn a_suspended_strategy_makes_no_full_backup_after_a_heal() {
    let mut story = healed(-60);
    story.spec.suspend = true;
    assert_eq!(story.create(-50), [""; 0]);
}

/// A blackout, a suspension or an outage came between. Without this backup, nothing can be
/// recovered beyond the interruption.
#[test]
fn a_full_backup_after_a_heal_is_wanted_for_a_month() {
    assert_eq!(overdue_at(&mut healed(-6000), 0), at(-6000 + MONTH));
}

#[test]
fn a_full_backup_after_a_heal_of_more_than_a_month_ago_waits_for_its_slot() {
    let mut story = healed(-100 - MONTH);
    assert_eq!(story.create(-50), [""; 0]);
}

/// Returns when the task that is created at this minute becomes overdue.
fn overdue_at(story: &mut Story, minutes: i64) -> Timestamp {
    let Some(Effect::MakeTasks(tasks)) = story.reconcile(minutes).effect else {
        panic!("no task")
    };
    let task = &tasks[0].1;
    let starts = task
        .not_before_time
        .as_ref()
        .or(task.scheduled_time.as_ref());
    let deadline = task.starting_deadline_seconds.unwrap();
    starts.unwrap().0 + SignedDuration::from_secs(deadline)
}

#[test]
fn a_first_backup_of_a_tenant_that_could_not_be_backed_up_for_a_day_is_not_overdue_when_made() {
    let mut story = Story::of(&[1002]);
    story.spec.first_backup = FirstBackup::Immediately;
    let later = std::mem::replace(&mut story.observed.database, Ok(Vec::new()));
    story.reconcile(-30);
    story.observed.database = later;
    assert_eq!(overdue_at(&mut story, 1440 - 30), at(-30 + MONTH));
}

#[test]
fn a_first_backup_is_wanted_from_when_a_suspended_strategy_goes_on() {
    let mut story = Story::of(&[1002]);
    story.spec.first_backup = FirstBackup::Immediately;
    story.spec.suspend = true;
    assert_eq!(story.create(-3000), [""; 0]);
    story.spec.suspend = false;
    assert_eq!(story.create(-30), ["nightly-t1002-full-202611212330z"]);
}

fn unmanaged() -> Story {
    let mut story = Story::of(&[1002]);
    story.spec.log_backup.mode = StrategyLogBackupMode::Unmanaged;
    story.observed.log_backups.clear();
    story
}

#[test]
fn no_log_backup_is_made_where_somebody_else_sees_to_it() {
    let mut story = unmanaged();
    assert_eq!(story.create(1), ["nightly-t1002-incr-202611220000z"]);
}

#[test]
fn logs_that_nobody_archives_are_told_where_somebody_else_sees_to_it() {
    let mut story = unmanaged();
    story.reconcile(1);
    assert_eq!(story.is(types::LOG_BACKUP_HEALTHY), "False");
    assert_eq!(story.failing(), [("t1002", "LogBackupStopped")]);
}

#[test]
fn log_backup_that_rests_between_two_data_backups_is_healthy() {
    let mut story = Story::of(&[1002]);
    story.observed.log_backups[0].phase = Some("Stopped".to_owned());
    story.reconcile(1);
    assert_eq!(story.is(types::LOG_BACKUP_HEALTHY), "False");
    story.observed.log_backups[0].around_data_backup = true;
    story.reconcile(2);
    assert_eq!(story.is(types::LOG_BACKUP_HEALTHY), "True");
    assert_eq!(story.status.tenants.unwrap().healthy, 1);
}

#[test]
fn a_slot_without_any_tenant_says_that_there_is_none() {
    let mut story = Story::of(&[1002]);
    story.observed.database = Ok(Vec::new());
    story.reconcile(61);
    assert_eq!(story.history()[0], "01:00 incr Skipped NoTenants");
}

#[test]
fn a_slot_whose_named_tenant_is_locked_says_so() {
    let mut story = Story::of(&[1002]);
    story.observed.rivals[0].tenants = Some(TenantSelection {
        names: vec!["t1002".to_owned()],
        exclude: Vec::new(),
    });
    let mut locked = Tenant::clone(&tenant(1002));
    locked.locked = true;
    story.observed.database = Ok(vec![Arc::new(locked)]);
    story.reconcile(61);
    assert_eq!(story.history()[0], "01:00 incr Skipped TenantLocked");
}
