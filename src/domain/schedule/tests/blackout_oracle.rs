//! Blackout windows compared with a slow oracle. It checks each day's window every five minutes
//! around changes of each zone's clock.

use super::super::oracle::{DAY, Stretch, distinct_zones, second, timestamp, weekday};
use super::blackout::window;
use super::{Schedule, cron_both};
use crate::api::schedule::{BlackoutAction, BlackoutWindow, ScheduleSpec, Weekday};
use jiff::SignedDuration;
use jiff::civil::{Date, date};
use jiff::tz::TimeZone;
use std::thread;

/// Range around a change, and the step: windows begin and end every five minutes.
const REACH: i64 = 26 * 3_600;
const STEP: usize = 300;
/// Additional probes, in seconds from a change.
const PROBES: [i64; 4] = [-1, 1, 1_801, 3_599];

/// Blackout windows and an independent definition: first and last minute of days that a closure
/// selects.
struct Story {
    windows: Vec<BlackoutWindow>,
    naive: Vec<Naive>,
}

struct Naive {
    day: fn(Date) -> bool,
    start: i64,
    end: i64,
    skip: bool,
}

fn stories() -> Vec<Story> {
    use BlackoutAction::{Postpone, Skip};
    let every_day: fn(Date) -> bool = |_| true;
    let naive = |day, start, end, skip| Naive {
        day,
        start,
        end,
        skip,
    };
    vec![
        Story {
            windows: vec![
                window(("23:30", "01:15"), &[], Postpone),
                window(("02:15", "02:45"), &[], Skip),
                window(("02:45", "03:00"), &[], Postpone),
            ],
            naive: vec![
                naive(every_day, 1_410, 1_515, false),
                naive(every_day, 135, 165, true),
                naive(every_day, 165, 180, false),
            ],
        },
        Story {
            windows: vec![
                window(("08:00", "02:00"), &[Weekday::Saturday], Skip),
                window(("01:00", "24:00"), &[Weekday::Sunday], Postpone),
            ],
            naive: vec![
                naive(|day| weekday(day) == 6, 480, 1_560, true),
                naive(|day| weekday(day) == 7, 60, 1_440, false),
            ],
        },
    ]
}

/// Returns whether the window of this midnight covers `at`. By then the clock has shown at least
/// its start, and it still shows less than its end then or later.
fn lasts(stretches: &[Stretch], midnight: i64, naive: &Naive, at: i64) -> bool {
    let (start, end) = (midnight + naive.start * 60, midnight + naive.end * 60);
    let has_begun = stretches.iter().any(|stretch| {
        let last = at.min(stretch.end - 1);
        stretch.start <= last && last + stretch.offset >= start
    });
    let is_to_end = stretches.iter().any(|stretch| {
        let first = at.max(stretch.start);
        first < stretch.end && first + stretch.offset < end
    });
    has_begun && is_to_end
}

/// Returns whether a window covers `at`, and whether one that skips does.
fn naive(story: &Story, stretches: &[Stretch], at: i64) -> Option<bool> {
    let mut answer = None;
    for midnight in (at / DAY - 4..=at / DAY + 3).map(|day| day * DAY) {
        let day = TimeZone::UTC.to_datetime(timestamp(midnight)).date();
        for naive in story.naive.iter().filter(|naive| (naive.day)(day)) {
            if lasts(stretches, midnight, naive, at) {
                answer = Some(answer.unwrap_or(false) | naive.skip);
            }
        }
    }
    answer
}

/// Compares from the last instant to the first; returns how many were in a window.
fn compare(zone: &str, story: &Story, rules: &[Stretch], change: i64) -> usize {
    let spec = ScheduleSpec {
        time_zone: zone.to_owned(),
        blackout_windows: story.windows.clone(),
        ..cron_both("0 2 * * *", "0 * * * *")
    };
    let schedule = Schedule::parse(&spec).unwrap();
    let near = |stretch: &&Stretch| {
        stretch.start < change + REACH + 6 * DAY && stretch.end > change - REACH - 6 * DAY
    };
    let near: Vec<Stretch> = rules.iter().filter(near).copied().collect();
    let mut seconds: Vec<i64> = (-REACH..=REACH).step_by(STEP).chain(PROBES).collect();
    seconds.sort_unstable();
    let (mut count, mut open_again) = (0, None);
    for at in seconds.into_iter().rev().map(|second| change + second) {
        let location = || format!("{zone} at {}", timestamp(at));
        let blackout = schedule.blackout(timestamp(at));
        let found = blackout.map(|blackout| blackout.action == BlackoutAction::Skip);
        let expected = naive(story, &near, at);
        assert_eq!(found, expected, "{}", location());
        let Some(blackout) = blackout else {
            open_again = Some(at);
            let start = schedule.after(timestamp(at), SignedDuration::ZERO);
            assert_eq!(start, timestamp(at));
            continue;
        };
        count += 1;
        if let Some(open_again) = open_again {
            let until = blackout.until.as_second();
            let is_between = (at + 1..=open_again).contains(&until);
            assert!(
                is_between && naive(story, &near, until).is_none(),
                "{}",
                location()
            );
        }
    }
    count
}

#[test]
fn a_blackout_around_a_change_of_any_zone_is_where_a_slow_look_finds_it() {
    let (from, until) = (second(date(2016, 1, 1)), second(date(2027, 1, 1)));
    let zones = distinct_zones(from, until);
    let stories = stories();
    let counts: Vec<usize> = thread::scope(|scope| {
        let parts = zones.chunks(zones.len().div_ceil(2));
        let scans: Vec<_> = parts
            .map(|part| {
                let stories = &stories;
                scope.spawn(move || {
                    let mut count = 0;
                    for (zone, rules) in part {
                        // The newest changes of each set of rules: the scan of slots covers all.
                        let changes = rules.iter().skip(1).rev().take(2);
                        for change in changes.map(|stretch| stretch.start) {
                            let looks = stories.iter();
                            count += looks
                                .map(|story| compare(zone, story, rules, change))
                                .sum::<usize>();
                        }
                    }
                    count
                })
            })
            .collect();
        scans.into_iter().map(|scan| scan.join().unwrap()).collect()
    });
    let count: usize = counts.into_iter().sum();
    println!("{} sets of rules, {count} instants in windows", zones.len());
    // Guards against a scan that checks nothing.
    assert!(count > 20_000);
}
