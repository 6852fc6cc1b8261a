//! Which schedules are accepted, what they mean, and how others are rejected.

use super::*;

fn minutes(expression: &str) -> Vec<String> {
    let schedule = Schedule::parse(&cron(Some(expression), None)).unwrap();
    // 1 February 2026 is a Sunday.
    full(&schedule, "2026-01-31T23:59:00Z", 4)
}

#[test]
fn zero_and_seven_and_sun_are_all_sunday() {
    let sundays = minutes("0 0 * * 0");
    assert_eq!(
        sundays[..2],
        ["2026-02-01T00:00:00Z", "2026-02-08T00:00:00Z"]
    );
    assert_eq!(minutes("0 0 * * 7"), sundays);
    assert_eq!(minutes("0 0 * * sun"), sundays);
    assert_eq!(minutes("0 0 * * */7"), sundays);
}

#[test]
fn a_range_of_weekdays_may_end_on_sunday() {
    assert_eq!(minutes("0 0 * * SAT-SUN"), minutes("0 0 * * 0,6"));
    assert_eq!(minutes("0 0 * * 5-7"), minutes("0 0 * * FRI,SAT,SUN"));
    assert_eq!(minutes("0 0 * * SUN-TUE"), minutes("0 0 * * 0,1,2"));
    assert_eq!(minutes("0 0 * * SUN-SUN"), minutes("0 0 * * 0"));
}

#[test]
fn lists_ranges_and_steps_combine() {
    let expected = ["00:05", "00:10", "00:20", "00:40"];
    let expected = expected.map(|time| format!("2026-02-01T{time}:00Z"));
    assert_eq!(minutes("5,10-40/10 0 * FEB *")[..3], expected[..3]);
    assert_eq!(minutes("05,10,20,40 00 * 2 *"), expected);
}

#[test]
fn of_two_restricted_day_fields_either_counts() {
    let days = ["2026-02-02", "2026-02-09", "2026-02-13", "2026-02-16"];
    assert_eq!(
        minutes("0 0 13 * MON"),
        days.map(|day| format!("{day}T00:00:00Z"))
    );
}

#[test]
fn a_day_field_that_starts_with_a_star_restricts_the_other() {
    // Odd days that are Mondays, not odd days plus Mondays.
    let days = ["2026-02-09", "2026-02-23", "2026-03-09", "2026-03-23"];
    assert_eq!(
        minutes("0 0 */2 * MON"),
        days.map(|day| format!("{day}T00:00:00Z"))
    );
}

#[test]
fn what_is_not_understood_is_refused_with_the_way_out() {
    let table = [
        (
            "@daily",
            "macros such as `@daily` are not supported; write five fields",
        ),
        ("TZ=UTC 0 2 * * *", "name the time zone in `timeZone`"),
        ("CRON_TZ=UTC 0 2 * * *", "name the time zone in `timeZone`"),
        ("", "it has 0 fields instead of five"),
        ("0 2 * *", "it has 4 fields instead of five"),
        ("0 0 2 * * *", "it has 6 fields instead of five"),
        (
            "0 2 ? * MON",
            "day of month field `?`: `?` is not supported; write `*`",
        ),
        ("0 2 L * *", "use the schedule `monthly` with `lastDay`"),
        ("0 2 L-3 * *", "use the schedule `monthly` with `lastDay`"),
        ("0 2 15W * *", "`L` and `W` are not supported"),
        ("0 2 * * 5L", "`L` and `W` are not supported"),
        ("0 2 * * 5#3", "`#` is not supported"),
        ("0 2 * * MON#1", "`#` is not supported"),
        (
            "60 2 * * *",
            "minute field `60`: `60` is not within 0 to 59",
        ),
        ("0 24 * * *", "hour field `24`: `24` is not within 0 to 23"),
        (
            "0 2 0 * *",
            "day of month field `0`: `0` is not within 1 to 31",
        ),
        ("0 2 * 13 *", "month field `13`: `13` is not within 1 to 12"),
        (
            "0 2 * * 8",
            "day of week field `8`: `8` is not within 0 to 7",
        ),
        ("0 2 * * MONDAY", "nor one of SUN, MON"),
        ("0 2 * JANUARY *", "nor one of JAN, FEB"),
        ("0 TWO * * *", "`TWO` is not a number from 0 to 23"),
        ("+5 2 * * *", "`+5` is not a number from 0 to 59"),
        ("-5 2 * * *", "a value is missing"),
        ("1,,2 2 * * *", "a value is missing"),
        ("*-5 2 * * *", "`*` must be alone or before a step"),
        (
            "99999999999999999999 2 * * *",
            "is not a number from 0 to 59",
        ),
        ("5/15 2 * * *", "a step needs a range; write `5-59/15`"),
        ("*/0 2 * * *", "the step `0` must be a number from 1 to 59"),
        (
            "*/90 2 * * *",
            "the step `90` must be a number from 1 to 59",
        ),
        ("0/ 2 * * *", "a step needs a range"),
        ("0-9/ 2 * * *", "the step `` must be a number"),
        (
            "0 22-2 * * *",
            "the start of the range is after its end; write `22-23,0-2`",
        ),
        (
            "0 2 * * FRI-MON",
            "the start of the range is after its end; write `FRI-6,0-MON`",
        ),
        ("0 0 31 2 *", "it never occurs"),
        ("0 0 31 FEB,APR,JUN,SEP,NOV *", "it never occurs"),
        ("0 2 * * 月", "nor one of SUN"),
    ];
    for (expression, words) in table {
        let text = refusal(&cron(Some(expression), None));
        assert!(
            text.contains(words),
            "`{expression}` was refused with: {text}"
        );
    }
}

#[test]
fn the_hints_of_refused_ranges_are_accepted() {
    for hint in [
        "0 22-23,0-2 * * *",
        "0 2 * * FRI-6,0-MON",
        "5-59/15 2 * * *",
    ] {
        assert!(Schedule::parse(&cron(None, Some(hint))).is_ok(), "{hint}");
    }
}

#[test]
fn a_refusal_names_the_field_of_the_object() {
    let text = refusal(&cron_both("0 2 * * *", "0 0 30 2 *"));
    assert!(
        text.starts_with("schedule.incremental.cron `0 0 30 2 *`: it never"),
        "{text}"
    );
}

#[test]
fn a_leap_day_is_rare_but_comes() {
    let schedule = Schedule::parse(&cron(Some("0 0 29 2 *"), None)).unwrap();
    let leap_days = ["2096-02-29T00:00:00Z", "2104-02-29T00:00:00Z"];
    assert_eq!(full(&schedule, "2092-03-01T00:00:00Z", 2), leap_days);
}

#[test]
fn an_unknown_zone_is_refused_by_name() {
    for zone in ["Asia/Shangai", "Etc/Unknown", "", "../etc/passwd"] {
        let spec = ScheduleSpec {
            time_zone: zone.to_owned(),
            ..cron(Some("0 2 * * *"), None)
        };
        let error = Schedule::parse(&spec).unwrap_err();
        assert_eq!(error.reason(), "UnknownTimeZone", "{zone}");
        assert!(error.to_string().contains(&format!("`{zone}`")), "{error}");
    }
}

#[test]
fn a_schedule_without_meaning_is_an_invalid_calendar() {
    let sunday = [Weekday::Sunday];
    let with_full = |full| ScheduleSpec {
        full: Some(full),
        ..spec("UTC")
    };
    let no_day_of_week = WeeklySpec {
        days: Vec::new(),
        time: "02:00".to_owned(),
    };
    let no_day_of_month = MonthlySpec {
        days: Vec::new(),
        last_day: false,
        time: "02:00".to_owned(),
    };
    let cases = [
        (spec("UTC"), "set `full`, `incremental` or both"),
        (with_full(NEVER), "schedule.full: set exactly one of"),
        (
            with_full(CalendarSpec {
                weekly: Some(no_day_of_week.clone()),
                ..CalendarSpec::cron("0 2 * * *")
            }),
            "set exactly one of",
        ),
        (
            with_full(CalendarSpec {
                weekly: Some(no_day_of_week),
                ..NEVER
            }),
            "name at least one day",
        ),
        (
            with_full(CalendarSpec {
                monthly: Some(no_day_of_month),
                ..NEVER
            }),
            "name at least one day",
        ),
        (
            weekly("24:00", &sunday, &[]),
            "schedule.full.weekly.time: `24:00` is not a time of day",
        ),
        (
            weekly("2:00", &sunday, &[]),
            "`2:00` is not a time of day; write HH:MM",
        ),
        (
            weekly("+2:00", &sunday, &[]),
            "`+2:00` is not a time of day",
        ),
        (weekly("02:00:00", &sunday, &[]), "is not a time of day"),
        (weekly("", &sunday, &[]), "`` is not a time of day"),
        (
            monthly("02:00", &[32], &[], None),
            "schedule.full.monthly.days: `32` is not a day",
        ),
        (
            monthly("02:00", &[], &[0], None),
            "schedule.incremental.monthly.days: `0` is not a day",
        ),
        (
            monthly("02:00", &[-1], &[], None),
            "`-1` is not a day of the month",
        ),
        (
            monthly("02:00", &[1_000], &[], None),
            "`1000` is not a day of the month",
        ),
    ];
    for (spec, words) in cases {
        let error = Schedule::parse(&spec).unwrap_err();
        assert_eq!(error.reason(), "InvalidCalendar", "{error}");
        assert!(error.to_string().contains(words), "{error}");
    }
}

#[test]
fn the_summary_is_what_people_would_say() {
    let sunday = [Weekday::Sunday];
    let shanghai = |spec| in_zone("asia/shanghai", spec).summary().to_owned();
    assert_eq!(
        shanghai(weekly("02:00", &sunday, &WORKDAYS)),
        "full Sun 02:00, incr Mon-Sat 02:00 Asia/Shanghai"
    );
    assert_eq!(
        shanghai(monthly("02:00", &[1], &[21, 11], None)),
        "full day 1 02:00, incr day 11,21 02:00 Asia/Shanghai"
    );
    assert_eq!(
        shanghai(cron_both("0 2  * * SUN", "0 2 * * MON-SAT")),
        "full \"0 2 * * SUN\", incr \"0 2 * * MON-SAT\" Asia/Shanghai"
    );
    let parts = [
        (
            weekly("02:00", &[], &WORKDAYS[1..3]),
            "incr Tue,Wed 02:00 UTC",
        ),
        (
            monthly("23:59", &[1, 2, 3, 5], &[], Some(BackupType::Full)),
            "full day 1-3,5,last 23:59 UTC",
        ),
        (
            monthly("02:00", &[1], &[], Some(BackupType::Incremental)),
            "full day 1 02:00, incr day last 02:00 UTC",
        ),
        (cron(None, Some("0 2 * * *")), "incr \"0 2 * * *\" UTC"),
    ];
    for (spec, words) in parts {
        assert_eq!(in_zone("UTC", spec).summary(), words);
    }
}
