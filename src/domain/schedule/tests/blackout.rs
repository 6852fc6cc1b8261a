//! Blackout windows, in which no backup starts.

use super::*;
use crate::api::schedule::{BlackoutAction, BlackoutWindow};

pub(super) fn window(
    (start, end): (&str, &str),
    days: &[Weekday],
    action: BlackoutAction,
) -> BlackoutWindow {
    BlackoutWindow {
        start: start.to_owned(),
        end: end.to_owned(),
        days: days.to_vec(),
        action,
    }
}

fn postpone(start: &str, end: &str) -> BlackoutWindow {
    window((start, end), &[], BlackoutAction::Postpone)
}

fn skip(start: &str, end: &str) -> BlackoutWindow {
    window((start, end), &[], BlackoutAction::Skip)
}

fn with(zone: &str, windows: &[BlackoutWindow]) -> ScheduleSpec {
    ScheduleSpec {
        time_zone: zone.to_owned(),
        blackout_windows: windows.to_vec(),
        ..cron_both("0 2 * * *", "0 * * * *")
    }
}

fn schedule(zone: &str, windows: &[BlackoutWindow]) -> Schedule {
    Schedule::parse(&with(zone, windows)).unwrap()
}

/// Returns until when the blackout at this instant lasts.
fn until(schedule: &Schedule, now: &str) -> Option<String> {
    let blackout = schedule.blackout(at(now))?;
    Some(blackout.until.to_string())
}

#[test]
fn a_window_lasts_from_its_start_to_just_before_its_end() {
    let schedule = schedule("Asia/Shanghai", &[postpone("08:00", "20:00")]);
    let times = [
        "2026-11-22T23:59:59Z",
        "2026-11-23T00:00:00Z",
        "2026-11-23T11:59:59Z",
        "2026-11-23T12:00:00Z",
    ];
    let end = Some("2026-11-23T12:00:00Z".to_owned());
    assert_eq!(
        times.map(|now| until(&schedule, now)),
        [None, end.clone(), end, None]
    );
}

#[test]
fn a_window_that_passes_midnight_belongs_to_the_day_on_which_it_starts() {
    let friday = window(("22:00", "06:00"), &[Weekday::Friday], BlackoutAction::Skip);
    let schedule = schedule("UTC", &[friday]);
    assert_eq!(
        until(&schedule, "2026-11-28T03:00:00Z").as_deref(),
        Some("2026-11-28T06:00:00Z"),
        "the night after Friday"
    );
    assert_eq!(
        until(&schedule, "2026-11-27T03:00:00Z"),
        None,
        "the one before"
    );
}

#[test]
fn windows_that_overlap_or_touch_are_one_blackout() {
    let windows = [
        postpone("08:00", "12:00"),
        postpone("11:00", "18:00"),
        postpone("18:00", "20:00"),
    ];
    assert_eq!(
        until(&schedule("UTC", &windows), "2026-11-23T08:00:00Z").as_deref(),
        Some("2026-11-23T20:00:00Z")
    );
}

#[test]
fn where_windows_overlap_skipping_goes_before_postponing() {
    let schedule = schedule("UTC", &[postpone("08:00", "20:00"), skip("12:00", "13:00")]);
    let action = |now| schedule.blackout(at(now)).unwrap().action;
    assert_eq!(action("2026-11-23T11:00:00Z"), BlackoutAction::Postpone);
    assert_eq!(action("2026-11-23T12:00:00Z"), BlackoutAction::Skip);
}

#[test]
fn an_hour_that_is_shown_twice_belongs_to_the_window_twice() {
    let schedule = schedule("America/New_York", &[postpone("00:30", "01:30")]);
    assert_eq!(
        until(&schedule, "2025-11-02T04:30:00Z").as_deref(),
        Some("2025-11-02T06:30:00Z"),
        "it ends at the second 01:30"
    );
}

#[test]
fn a_window_that_ends_where_the_clock_is_set_back_to_ends_the_first_time() {
    let schedule = schedule("America/New_York", &[postpone("00:30", "01:00")]);
    assert_eq!(
        until(&schedule, "2025-11-02T04:30:00Z").as_deref(),
        Some("2025-11-02T05:00:00Z")
    );
}

#[test]
fn a_window_in_an_hour_that_is_left_out_does_not_last() {
    let schedule = schedule("America/New_York", &[postpone("02:10", "02:50")]);
    assert_eq!(until(&schedule, "2025-03-09T07:00:00Z"), None);
}

#[test]
fn time_does_not_count_while_a_window_lasts() {
    let schedule = schedule("UTC", &[postpone("08:00", "20:00")]);
    let hours = SignedDuration::from_hours;
    let after = |from, open| schedule.after(at(from), open).to_string();
    assert_eq!(
        after("2026-11-23T06:00:00Z", hours(1)),
        "2026-11-23T07:00:00Z"
    );
    assert_eq!(
        after("2026-11-23T06:00:00Z", hours(3)),
        "2026-11-23T21:00:00Z"
    );
    assert_eq!(
        after("2026-11-23T09:00:00Z", hours(0)),
        "2026-11-23T20:00:00Z"
    );
    assert_eq!(
        after("2026-11-23T07:00:00Z", hours(30)),
        "2026-11-26T01:00:00Z"
    );
}

#[test]
fn of_slots_that_a_window_leaves_out_none_runs() {
    let schedule = schedule("UTC", &[skip("01:30", "04:30")]);
    let due = schedule.due(
        at("2026-11-23T00:30:00Z"),
        at("2026-11-23T04:10:00Z"),
        SignedDuration::from_hours(6),
    );
    let left_out: Vec<String> = due.left_out.newest.iter().map(Slot::stamp).collect();
    // Both types, at 02:00.
    assert_eq!(
        left_out,
        [
            "202611230400",
            "202611230300",
            "202611230200",
            "202611230200"
        ]
    );
    assert_eq!(due.run.unwrap().stamp(), "202611230100");
}

#[test]
fn a_postponed_slot_is_as_punctual_as_if_it_were_due_at_the_end_of_the_window() {
    let spec = ScheduleSpec {
        missed_run_policy: MissedRunPolicy::Skip,
        ..with("UTC", &[postpone("01:30", "08:30")])
    };
    let schedule = Schedule::parse(&spec).unwrap();
    let run = |now| {
        let due = schedule.due(
            at("2026-11-23T01:30:00Z"),
            at(now),
            schedule.starting_deadline(),
        );
        due.run.map(|slot| slot.stamp())
    };
    assert_eq!(run("2026-11-23T08:35:00Z").as_deref(), Some("202611230200"));
    assert_eq!(run("2026-11-23T08:35:01Z"), None);
}

#[test]
fn the_next_slot_is_none_that_a_window_leaves_out() {
    let schedule = schedule("UTC", &[skip("01:30", "04:30")]);
    let next = schedule.next_run_after(BackupType::Incremental, at("2026-11-23T01:10:00Z"));
    assert_eq!(next.unwrap().stamp(), "202611230500");
}

#[test]
fn windows_that_leave_no_time_are_refused() {
    let windows = [postpone("00:00", "12:00"), skip("12:00", "24:00")];
    assert_eq!(
        refusal(&with("UTC", &windows)),
        "schedule.blackoutWindows: they leave no minute of the week in which a backup can start; \
         shorten one"
    );
}

#[test]
fn one_minute_of_the_week_is_enough() {
    use Weekday::{Friday, Monday, Saturday, Sunday, Thursday, Tuesday, Wednesday};
    let days = [Monday, Tuesday, Wednesday, Thursday, Friday, Saturday];
    let windows = [
        window(("00:00", "24:00"), &days, BlackoutAction::Postpone),
        window(("00:00", "23:59"), &[Sunday], BlackoutAction::Postpone),
    ];
    assert_eq!(
        until(&schedule("UTC", &windows), "2026-11-23T00:00:00Z").as_deref(),
        Some("2026-11-29T23:59:00Z")
    );
}

#[test]
fn a_window_of_no_length_and_a_bad_time_are_refused() {
    let equal = refusal(&with("UTC", &[postpone("08:00", "08:00")]));
    assert!(
        equal.contains("for a whole day write 00:00 and 24:00"),
        "{equal}"
    );
    let bad = refusal(&with("UTC", &[postpone("8:00", "09:00")]));
    assert_eq!(
        bad,
        "schedule.blackoutWindows.start: `8:00` is not a time of day; write HH:MM, such as 08:00"
    );
}

#[test]
fn the_ends_of_time_do_no_harm() {
    let schedule = schedule("America/New_York", &[postpone("00:00", "23:00")]);
    for now in [Timestamp::MIN, Timestamp::MAX] {
        let _ = schedule.blackout(now);
        let _ = schedule.after(now, SignedDuration::from_hours(500));
    }
}
