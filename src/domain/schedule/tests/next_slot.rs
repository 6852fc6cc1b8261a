//! Instants at which slots fall.

use super::*;

#[test]
fn a_nightly_slot_keeps_the_wall_clock_through_the_year() {
    let schedule = in_zone("America/New_York", cron(Some("0 2 * * *"), None));
    assert_eq!(
        full(&schedule, "2025-01-01T12:00:00Z", 1),
        ["2025-01-02T07:00:00Z"]
    );
    assert_eq!(
        full(&schedule, "2025-07-01T12:00:00Z", 1),
        ["2025-07-02T06:00:00Z"]
    );
}

#[test]
fn several_minutes_in_one_gap_are_one_slot() {
    let schedule = in_zone("America/New_York", cron(Some("*/15 2 * * *"), None));
    let night = [
        "2025-03-08T07:45:00Z",
        "2025-03-09T07:00:00Z",
        "2025-03-10T06:00:00Z",
    ];
    assert_eq!(full(&schedule, "2025-03-08T07:30:00Z", 3), night);
}

#[test]
fn steps_rest_while_an_hour_repeats() {
    let schedule = in_zone("America/New_York", cron(Some("*/30 * * * *"), None));
    let night = [
        "2025-11-02T05:00:00Z",
        "2025-11-02T05:30:00Z",
        "2025-11-02T07:00:00Z",
    ];
    assert_eq!(full(&schedule, "2025-11-02T04:30:00Z", 3), night);
}

#[test]
fn days_that_a_month_does_not_have_are_skipped() {
    let schedule = in_zone("UTC", monthly("02:00", &[31], &[], None));
    let days = [
        "2026-01-31T02:00:00Z",
        "2026-03-31T02:00:00Z",
        "2026-05-31T02:00:00Z",
    ];
    assert_eq!(full(&schedule, "2026-01-01T00:00:00Z", 3), days);
}

#[test]
fn the_full_slot_comes_first_at_the_same_instant() {
    let schedule = in_zone("UTC", cron_both("0 2 * * SUN", "0 2 * * *"));
    let saturday = at("2026-01-31T02:00:00Z");
    let next = schedule.next(saturday).unwrap();
    assert_eq!(
        (next.at, next.ty),
        (at("2026-02-01T02:00:00Z"), BackupType::Full)
    );
}

#[test]
fn the_next_run_leaves_out_superseded_slots() {
    let schedule = in_zone("UTC", cron_both("0 2 * * SUN", "0 2 * * *"));
    let saturday = at("2026-01-31T02:00:00Z");
    let next = schedule
        .next_run_after(BackupType::Incremental, saturday)
        .unwrap();
    assert_eq!(next.at, at("2026-02-02T02:00:00Z"));
    let always = in_zone("UTC", cron_both("0 2 * * *", "0 2 * * *"));
    assert_eq!(
        always.next_run_after(BackupType::Incremental, saturday),
        None
    );
}

#[test]
fn a_type_that_is_not_planned_has_no_slot() {
    let schedule = in_zone("UTC", cron(Some("0 2 * * *"), None));
    assert_eq!(
        schedule.next_after(BackupType::Incremental, Timestamp::UNIX_EPOCH),
        None
    );
}

#[test]
fn the_stamp_is_the_minute_in_utc() {
    let slot = Slot {
        at: at("2026-02-01T02:05:00+08:00"),
        ty: BackupType::Full,
    };
    assert_eq!(slot.stamp(), "202601311805");
}

#[test]
fn times_are_shown_with_the_offset_of_the_zone() {
    let show = |zone, time| in_zone(zone, cron(Some("0 2 * * *"), None)).format_in_zone(at(time));
    assert_eq!(
        show("Asia/Shanghai", "2026-01-31T18:00:00.9Z"),
        "2026-02-01T02:00:00+08:00"
    );
    assert_eq!(
        show("America/New_York", "2026-07-01T06:00:00Z"),
        "2026-07-01T02:00:00-04:00"
    );
    assert_eq!(
        show("UTC", "2026-07-01T06:00:00Z"),
        "2026-07-01T06:00:00+00:00"
    );
}

#[test]
fn the_longest_gap_counts_days_of_either_type() {
    let gap = |spec| in_zone("UTC", spec).longest_gap_days();
    assert_eq!(gap(weekly("02:00", &[Weekday::Sunday], &WORKDAYS)), 1);
    assert_eq!(gap(weekly("02:00", &[Weekday::Sunday], &[])), 7);
    assert_eq!(
        gap(weekly("02:00", &[Weekday::Sunday], &[Weekday::Wednesday])),
        4
    );
    assert_eq!(gap(monthly("02:00", &[1], &[], None)), 31);
    assert_eq!(gap(monthly("02:00", &[31], &[], None)), 61);
    assert_eq!(gap(cron(Some("*/5 * * * *"), None)), 1);
    assert_eq!(gap(cron(Some("0 0 * 1-11 *"), None)), 32);
    assert_eq!(gap(cron(Some("0 0 29 2 *"), None)), 2_921);
}

#[test]
fn nothing_breaks_at_the_ends_of_time() {
    for zone in ["UTC", "Pacific/Kiritimati", "America/New_York"] {
        let schedule = in_zone(zone, cron_both("* * * * *", "0 0 29 2 *"));
        for instant in [Timestamp::MIN, Timestamp::MAX] {
            let _ = schedule.next(instant);
            let _ = schedule.last_until(BackupType::Full, instant);
            let _ = schedule.format_in_zone(instant);
            let _ = Slot {
                at: instant,
                ty: BackupType::Full,
            }
            .stamp();
        }
        let due = schedule.due(Timestamp::MIN, Timestamp::MAX, SignedDuration::MAX);
        assert!(due.missed.count <= MAX_COUNTED);
    }
}
