//! A strategy that only a user can fix reports this in an event, once per reason.

use super::*;

fn edit(story: &mut Story, cron: &str) {
    story.spec.schedule.full = Some(CalendarSpec::cron(cron));
    story.generation += 1;
}

#[test]
fn a_schedule_that_can_not_be_kept_is_told_once() {
    let mut story = Story::of(&[1002]);
    story.reconcile(1);
    edit(&mut story, "0 2 * * L");
    for minutes in 2..5 {
        story.reconcile(minutes);
    }
    assert_eq!(story.is(types::STALLED), "True");
    assert_eq!(story.events, ["ScheduleInvalid"]);
}

/// Its phase stays Paused, so only the event reports the problem to the user.
#[test]
fn of_a_suspended_strategy_it_is_told_too() {
    let mut story = Story::of(&[1002]);
    story.spec.suspend = true;
    story.reconcile(1);
    edit(&mut story, "0 2 * * L");
    story.reconcile(2);
    assert_eq!(story.status.phase.as_deref(), Some("Paused"));
    assert_eq!(story.events, ["ScheduleInvalid"]);
}

#[test]
fn another_reason_is_told_anew() {
    let mut story = Story::of(&[1002]);
    edit(&mut story, "0 2 * * L");
    story.reconcile(1);
    story.spec.schedule.time_zone = "Europe/Atlantis".to_owned();
    story.generation += 1;
    story.reconcile(2);
    assert_eq!(story.events, ["ScheduleInvalid", "ScheduleInvalid"]);
    story.spec.schedule.time_zone = "UTC".to_owned();
    edit(&mut story, "0 2 * * SUN");
    story.reconcile(3);
    assert_eq!(story.is(types::STALLED), "False");
    assert_eq!(story.events[2..], ["StrategyPending"]);
}
