//! Slots in blackout windows, and slots whose tenants are spread.

use super::*;
use crate::api::schedule::{BlackoutAction, BlackoutWindow};
use crate::domain::time;

pub(super) fn window(start: &str, end: &str, action: BlackoutAction) -> BlackoutWindow {
    BlackoutWindow {
        start: start.to_owned(),
        end: end.to_owned(),
        days: Vec::new(),
        action,
    }
}

/// Returns a story with a window from 01:30 to 04:30, reconciled until shortly before the window.
fn story(tenants: &[i64], action: BlackoutAction) -> Story {
    let mut story = Story::of(tenants);
    story.spec.schedule.blackout_windows = vec![window("01:30", "04:30", action)];
    story.create(61);
    story.reconcile(62);
    story.events.clear();
    story
}

fn tasks(decision: StrategyDecision) -> Vec<BackupTaskSpec> {
    match decision.effect {
        Some(Effect::MakeTasks(tasks)) => tasks.into_iter().map(|(_, spec)| spec).collect(),
        _ => Vec::new(),
    }
}

#[test]
fn a_slot_in_a_window_that_postpones_stands_open_until_the_window_ends() {
    let mut story = story(&[1002], BlackoutAction::Postpone);
    let decision = story.reconcile(121);
    assert_eq!((decision.effect, decision.next), (None, Next::At(at(180))));
    let open = story.status.bookkeeping.open_slot.clone().unwrap();
    assert_eq!(open.type_, BackupType::Full);
    assert_eq!(open.start_time.unwrap().0, at(270));
    assert_eq!(story.status.next_full_time, Some(time(at(270))));
    let summary = story.status.summary.clone().unwrap();
    assert_eq!(summary.next.as_deref(), Some("2026-11-22T04:30:00+00:00"));
    assert_eq!(story.create(270), ["nightly-t1002-full-202611220200z"]);
    assert_eq!(story.history()[0], "02:00 full Started -");
    assert_eq!(story.events, [""; 0]);
}

#[test]
fn a_postponed_slot_is_looked_at_when_the_window_ends() {
    let mut story = story(&[1002], BlackoutAction::Postpone);
    assert_eq!(story.reconcile(250).next, Next::At(at(270)));
}

#[test]
fn of_postponed_incremental_slots_the_newest_runs_and_nobody_missed_the_others() {
    let mut story = story(&[1002], BlackoutAction::Postpone);
    story.spec.schedule.full = None;
    story.generation += 1;
    for minutes in [62, 120, 180, 240] {
        assert_eq!(story.create(minutes), [""; 0]);
    }
    assert_eq!(story.create(270), ["nightly-t1002-incr-202611220400z"]);
    assert_eq!(
        story.history()[..3],
        [
            "04:00 incr Started -",
            "03:00 incr Skipped BlackoutWindow",
            "02:00 incr Skipped BlackoutWindow",
        ]
    );
    assert_eq!(story.events, [""; 0]);
}

#[test]
fn slots_in_a_window_that_skips_are_closed_at_once() {
    let mut story = story(&[1002], BlackoutAction::Skip);
    assert_eq!(story.create(121), [""; 0]);
    assert_eq!(
        story.history()[..2],
        [
            "02:00 full Skipped BlackoutWindow",
            "02:00 incr Skipped BlackoutWindow"
        ]
    );
    assert_eq!(
        (
            story.status.bookkeeping.open_slot.clone(),
            story.events.len()
        ),
        (None, 0)
    );
    assert_eq!(story.create(301), ["nightly-t1002-incr-202611220500z"]);
}

#[test]
fn the_deadline_of_a_postponed_slot_counts_from_the_end_of_the_window() {
    let mut story = story(&[1002], BlackoutAction::Postpone);
    story.spec.schedule.starting_deadline_seconds = 600;
    story.spec.schedule.incremental = None;
    story.generation += 1;
    story.reconcile(62);
    story.unreachable().ok();
    story.reconcile(121);
    let decision = story.reconcile(270);
    assert_eq!(
        decision.next,
        Next::At(at(280) + jiff::SignedDuration::from_secs(1))
    );
    story.reconcile(281);
    assert_eq!(story.history()[0], "02:00 full Missed ClusterUnreachable");
}

#[test]
fn a_task_of_a_postponed_slot_keeps_its_slot_and_may_start_at_the_end_of_the_window() {
    let mut story = story(&[1002], BlackoutAction::Postpone);
    story.reconcile(121);
    let specs = tasks(story.reconcile(271));
    assert_eq!(specs[0].scheduled_time.as_ref().unwrap().0, at(120));
    assert_eq!(specs[0].not_before_time.as_ref().unwrap().0, at(270));
    assert_eq!(specs[0].starting_deadline_seconds, Some(21_600));
}

#[test]
fn a_window_after_the_slot_makes_the_deadline_longer_by_its_length() {
    let mut story = story(&[1002], BlackoutAction::Postpone);
    story.status = BackupStrategyStatus::default();
    story.observed.tasks.clear();
    let specs = tasks(story.reconcile(61));
    assert_eq!(specs[0].not_before_time, None);
    assert_eq!(specs[0].starting_deadline_seconds, Some(21_600 + 3 * 3_600));
}

#[test]
fn a_slot_that_is_late_does_not_start_in_a_window() {
    let mut story = Story::of(&[1002]);
    story.spec.schedule.blackout_windows = vec![window("01:30", "04:30", BlackoutAction::Postpone)];
    let tenants = story.unreachable();
    story.reconcile(61);
    story.observed.database = tenants;
    assert_eq!(story.create(95), [""; 0]);
    assert!(
        story.status.bookkeeping.open_slot.is_some(),
        "and is not closed either"
    );
}

#[test]
fn a_first_backup_waits_for_the_end_of_a_window() {
    let mut story = story(&[1002, 1004], BlackoutAction::Skip);
    story.spec.schedule.incremental = None;
    story.spec.first_backup = FirstBackup::Immediately;
    story.generation += 1;
    let decision = story.reconcile(100);
    assert_eq!((decision.effect, decision.next), (None, Next::At(at(120))));
    assert_eq!(story.reconcile(130).next, Next::At(at(270)));
    assert_eq!(story.create(270).len(), 2);
}

#[test]
fn the_conditions_tell_of_a_slot_that_a_window_holds_back() {
    let mut story = story(&[1002], BlackoutAction::Postpone);
    story.reconcile(121);
    let known = story.status.conditions.iter();
    let mut known = known.filter(|c| c.type_ == types::SCHEDULING);
    let scheduling = known.next().unwrap();
    assert_eq!(scheduling.reason, "BlackoutWindow");
    assert!(scheduling.message.contains("2026-11-22T04:30:00Z"));
}

#[test]
fn tenants_are_spread_over_the_time_after_their_slot() {
    let ids: Vec<i64> = (0..40).map(|i| 1002 + 2 * i).collect();
    let mut story = Story::of(&ids);
    story.spec.schedule.spread_seconds = 3_600;
    let specs = tasks(story.reconcile(61));
    let starts: BTreeSet<_> = specs
        .iter()
        .map(|spec| spec.not_before_time.as_ref().map(|at| at.0))
        .collect();
    assert!(starts.len() > 30, "{starts:?}");
    let range = Some(at(60))..Some(at(120));
    assert!(
        starts
            .iter()
            .flatten()
            .all(|start| range.contains(&Some(*start)))
    );
    let slots = specs
        .iter()
        .map(|spec| spec.scheduled_time.as_ref().unwrap().0);
    assert!(slots.into_iter().all(|slot| slot == at(60)));
    assert_eq!(specs[0].starting_deadline_seconds, Some(21_600));
}

#[test]
fn a_tenant_starts_as_long_after_each_slot() {
    let mut story = Story::of(&[1002]);
    story.spec.schedule.spread_seconds = 3_600;
    let mut shares = BTreeSet::new();
    for minutes in [61, 121, 181] {
        let spec = tasks(story.reconcile(minutes)).remove(0);
        let slot = spec.scheduled_time.unwrap().0;
        shares.insert(slot.duration_until(spec.not_before_time.unwrap().0));
        story.create(minutes);
        story.observed.tasks.clear();
    }
    assert_eq!(shares.len(), 1);
}

#[test]
fn a_spread_that_runs_into_a_window_goes_on_after_it() {
    let mut story = Story::of(&[1002]);
    story.spec.schedule.spread_seconds = 3_600;
    let plain = tasks(story.reconcile(61))
        .remove(0)
        .not_before_time
        .unwrap()
        .0;
    let mut story = Story::of(&[1002]);
    story.spec.schedule.spread_seconds = 3_600;
    story.spec.schedule.blackout_windows = vec![window("01:02", "05:00", BlackoutAction::Skip)];
    let spread = tasks(story.reconcile(61))
        .remove(0)
        .not_before_time
        .unwrap()
        .0;
    assert!(plain > at(62), "the window would not be met");
    assert_eq!(
        plain.duration_until(spread),
        jiff::SignedDuration::from_mins(238)
    );
}

#[test]
fn a_first_backup_is_not_spread() {
    let mut story = Story::of(&[1002]);
    story.spec.schedule.spread_seconds = 3_600;
    story.spec.first_backup = FirstBackup::Immediately;
    assert_eq!(tasks(story.reconcile(-30))[0].not_before_time, None);
}

#[test]
fn each_slot_of_a_day_of_windows_and_outages_ends_once_and_no_task_is_made_in_a_window() {
    let windows = vec![
        window("03:10", "06:20", BlackoutAction::Postpone),
        window("05:50", "06:40", BlackoutAction::Postpone),
        window("10:30", "13:10", BlackoutAction::Skip),
    ];
    let is_in_one = |minutes| (190..400).contains(&minutes) || (630..790).contains(&minutes);
    // The bits of the seed choose what is down in which two hours.
    for seed in (0..4_096_u32).step_by(131) {
        let mut story = Story::of(&[1002]);
        story.spec.schedule.blackout_windows.clone_from(&windows);
        story.spec.schedule.starting_deadline_seconds = 5_400;
        let mut closed = Vec::new();
        for step in 1..96 {
            let minutes = step * 15;
            let is_down = (seed >> (step / 8)) & 1 == 1;
            story.observed.database = if is_down {
                Err(Blocker::outage())
            } else {
                Ok(vec![tenant(1002)])
            };
            let before = story.status.schedule_history.clone();
            let created = story.create(minutes);
            assert!(
                created.is_empty() || !is_in_one(minutes),
                "seed {seed:b}: {created:?}"
            );
            let after = &story.status.schedule_history;
            let new = after.iter().filter(|record| !before.contains(record));
            closed.extend(new.map(|record| (record.scheduled_time.0, record.type_)));
            for task in &mut story.observed.tasks {
                task.outcome = Some("Completed".to_owned());
            }
        }
        let open = story.status.bookkeeping.open_slot.iter();
        closed.extend(open.map(|open| (open.scheduled_time.0, open.type_)));
        let count = closed.len();
        let distinct: BTreeSet<_> = closed.into_iter().collect();
        assert_eq!((count, distinct.len()), (25, 25), "seed {seed:b}");
    }
}

#[test]
fn windows_that_leave_out_every_slot_are_told() {
    let mut story = Story::of(&[1002]);
    let nightly = &mut story.spec.schedule;
    nightly.full = Some(CalendarSpec::cron("0 2 * * *"));
    nightly.incremental = None;
    let skip = window("01:30", "04:30", BlackoutAction::Skip);
    story.spec.schedule.blackout_windows = vec![skip];
    story.reconcile(1);
    assert_eq!(story.is(types::SCHEDULING), "False");
    story.spec.schedule.blackout_windows[0].action = BlackoutAction::Postpone;
    story.reconcile(2);
    assert_eq!(story.is(types::SCHEDULING), "True");
}
