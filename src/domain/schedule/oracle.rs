//! Comparison of the engine with a slow oracle, in every zone and around every change of its clock.
//!
//! The oracle shares only the zone's list of changes with the engine. It evaluates plain closures
//! for each day and walks every civil minute they name. It finds the minute's instant by arithmetic
//! on the stretches between two changes.

use super::Schedule;
use super::tests::{cron_both, monthly, weekly};
use crate::api::schedule::{BackupType, ScheduleSpec, Weekday};
use jiff::Timestamp;
use jiff::civil::{Date, date};
use jiff::tz::{TimeZone, db};
use std::collections::{BTreeSet, HashMap};
use std::thread;

pub(super) const DAY: i64 = 86_400;
/// Seconds from a clock change at which the engine is queried, slot or not.
const PROBES: [i64; 8] = [-1, 0, 1, 1_740, 1_801, 3_540, 3_601, 7_320];
const TYPES: [BackupType; 2] = [BackupType::Full, BackupType::Incremental];

/// A schedule and an independent definition of its meaning.
struct Story {
    spec: ScheduleSpec,
    /// Seconds before and after a clock change that are compared.
    reach: i64,
    full: Naive,
    incremental: Naive,
}

/// Days and times of day of one type of backup.
struct Naive {
    day: fn(Date) -> bool,
    time: fn(i64, i64) -> bool,
}

/// Returns the day of the week: Monday is 1, Sunday is 7.
pub(super) fn weekday(date: Date) -> i8 {
    date.weekday().to_monday_one_offset()
}

fn stories() -> Vec<Story> {
    use Weekday::{Friday, Monday, Saturday, Sunday, Wednesday};
    let every_day: fn(Date) -> bool = |_| true;
    vec![
        Story {
            spec: cron_both("*/15 * * * *", "7-59/20 0-5 * * *"),
            reach: DAY + DAY / 2,
            full: Naive {
                day: every_day,
                time: |_, minute| minute % 15 == 0,
            },
            incremental: Naive {
                day: every_day,
                time: |hour, minute| hour <= 5 && [7, 27, 47].contains(&minute),
            },
        },
        Story {
            spec: cron_both("30 2 * * *", "15,45 2,3 * * *"),
            reach: 3 * DAY,
            full: Naive {
                day: every_day,
                time: |hour, minute| (hour, minute) == (2, 30),
            },
            incremental: Naive {
                day: every_day,
                time: |hour, minute| [2, 3].contains(&hour) && [15, 45].contains(&minute),
            },
        },
        Story {
            spec: weekly("00:30", &[Sunday, Friday], &[Monday, Wednesday, Saturday]),
            reach: 3 * DAY,
            full: Naive {
                day: |day| [5, 7].contains(&weekday(day)),
                time: |hour, minute| (hour, minute) == (0, 30),
            },
            incremental: Naive {
                day: |day| [1, 3, 6].contains(&weekday(day)),
                time: |hour, minute| (hour, minute) == (0, 30),
            },
        },
        Story {
            spec: monthly("01:59", &[1, 29, 30], &[5, 31], Some(BackupType::Full)),
            reach: 3 * DAY,
            full: Naive {
                day: |day| [1, 29, 30].contains(&day.day()) || day.tomorrow().unwrap().day() == 1,
                time: |hour, minute| (hour, minute) == (1, 59),
            },
            incremental: Naive {
                day: |day| [5, 31].contains(&day.day()),
                time: |hour, minute| (hour, minute) == (1, 59),
            },
        },
        Story {
            spec: cron_both("0 0,3 1-7 * SUN", "59 23 * 2-4,9-11 */2"),
            reach: 3 * DAY,
            full: Naive {
                day: |day| day.day() <= 7 || weekday(day) == 7,
                time: |hour, minute| [0, 3].contains(&hour) && minute == 0,
            },
            incremental: Naive {
                day: |day| {
                    [2, 3, 4, 9, 10, 11].contains(&day.month())
                        && [2, 4, 6, 7].contains(&weekday(day))
                },
                time: |hour, minute| (hour, minute) == (23, 59),
            },
        },
    ]
}

/// A stretch of time with a single offset from UTC, in seconds.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Stretch {
    pub(super) start: i64,
    pub(super) end: i64,
    pub(super) offset: i64,
}

pub(super) fn second(date: Date) -> i64 {
    date.to_zoned(TimeZone::UTC)
        .unwrap()
        .timestamp()
        .as_second()
}

pub(super) fn timestamp(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn stretches(zone: &TimeZone, from: i64, until: i64) -> Vec<Stretch> {
    let first = i64::from(zone.to_offset(timestamp(from)).seconds());
    let mut stretches = vec![Stretch {
        start: from,
        end: until,
        offset: first,
    }];
    for change in zone.following(timestamp(from)) {
        let at = change.timestamp().as_second();
        if at >= until {
            break;
        }
        let offset = i64::from(change.offset().seconds());
        let last = stretches.last_mut().unwrap();
        if offset != last.offset {
            last.end = at;
            stretches.push(Stretch {
                start: at,
                end: until,
                offset,
            });
        }
    }
    stretches
}

/// Returns the first instant at which a clock shows the civil second `civil` or a later one.
fn first_shown(stretches: &[Stretch], civil: i64) -> i64 {
    let shown = |stretch: &Stretch| stretch.start.max(civil - stretch.offset);
    let stretch = stretches
        .iter()
        .find(|stretch| shown(stretch) < stretch.end)
        .unwrap();
    shown(stretch)
}

/// Returns all slots in `(from, until]`, by walking the civil minutes of each day.
fn walk(naive: &Naive, stretches: &[Stretch], from: i64, until: i64) -> Vec<i64> {
    let times: Vec<i64> = (0..24 * 60)
        .filter(|minute| (naive.time)(minute / 60, minute % 60))
        .map(|minute| minute * 60)
        .collect();
    let mut slots = BTreeSet::new();
    // Two more days on either side: a zone's date differs from UTC's, and Samoa skipped a day.
    for midnight in (from / DAY - 2..=until / DAY + 2).map(|day| day * DAY) {
        let day = TimeZone::UTC.to_datetime(timestamp(midnight)).date();
        if (naive.day)(day) {
            slots.extend(
                times
                    .iter()
                    .map(|time| first_shown(stretches, midnight + time)),
            );
        }
    }
    slots.retain(|slot| (from + 1..=until).contains(slot));
    slots.into_iter().collect()
}

fn ask_next(schedule: &Schedule, ty: BackupType, after: i64) -> Option<i64> {
    schedule
        .next_after(ty, timestamp(after))
        .map(|slot| slot.at.as_second())
}

fn ask_last(schedule: &Schedule, ty: BackupType, until: i64) -> Option<i64> {
    schedule
        .last_until(ty, timestamp(until))
        .map(|slot| slot.at.as_second())
}

/// Returns what the engine finds in `(from, until]`, forwards and backwards.
fn ask(schedule: &Schedule, ty: BackupType, from: i64, until: i64) -> (Vec<i64>, Vec<i64>) {
    let forwards = std::iter::successors(ask_next(schedule, ty, from), |at| {
        ask_next(schedule, ty, *at)
    });
    let backwards = std::iter::successors(ask_last(schedule, ty, until), |at| {
        ask_last(schedule, ty, *at - 1)
    });
    let mut back: Vec<i64> = backwards.take_while(|at| *at > from).collect();
    back.reverse();
    (forwards.take_while(|at| *at <= until).collect(), back)
}

/// Compares one span of time and returns how many slots it held.
fn compare(
    zone: &str,
    story: &Story,
    schedule: &Schedule,
    stretches: &[Stretch],
    span: (i64, i64),
) -> usize {
    let mut checked = 0;
    for (ty, naive) in TYPES.into_iter().zip([&story.full, &story.incremental]) {
        let (from, until) = span;
        let expected = walk(naive, stretches, from, until);
        let (forwards, backwards) = ask(schedule, ty, from, until);
        let location = || {
            format!(
                "{zone}, {ty:?} of {}, from {}",
                schedule.summary(),
                timestamp(from)
            )
        };
        assert_eq!(forwards, expected, "forwards: {}", location());
        assert_eq!(backwards, expected, "backwards: {}", location());
        // Queries between slots too, above all right after a change.
        for at in stretches
            .iter()
            .flat_map(|stretch| PROBES.map(|probe| stretch.start + probe))
        {
            if (from..until).contains(&at) {
                let passed = expected.partition_point(|slot| *slot <= at);
                let answers = (ask_next(schedule, ty, at), ask_last(schedule, ty, at));
                if let Some(next) = expected.get(passed) {
                    assert_eq!(
                        answers.0,
                        Some(*next),
                        "after {}: {}",
                        timestamp(at),
                        location()
                    );
                }
                if let Some(last) = expected[..passed].last() {
                    assert_eq!(
                        answers.1,
                        Some(*last),
                        "until {}: {}",
                        timestamp(at),
                        location()
                    );
                }
            }
        }
        checked += expected.len();
    }
    checked
}

/// Returns one name per set of rules: most of the 600 names share theirs with another.
pub(super) fn distinct_zones(from: i64, until: i64) -> Vec<(String, Vec<Stretch>)> {
    let mut names: Vec<String> = db()
        .available()
        .map(|name| name.as_str().to_owned())
        .collect();
    names.sort();
    let mut by_rules = HashMap::new();
    for name in names {
        let zone = TimeZone::get(&name).unwrap();
        let stretches = stretches(&zone, from, until);
        for stretch in &stretches {
            for at in [
                stretch.start,
                i64::midpoint(stretch.start, stretch.end),
                stretch.end - 1,
            ] {
                let offset = i64::from(zone.to_offset(timestamp(at)).seconds());
                assert_eq!(offset, stretch.offset, "{name} at {}", timestamp(at));
            }
        }
        by_rules.entry(stretches).or_insert(name);
    }
    let mut zones: Vec<_> = by_rules
        .into_iter()
        .map(|(rules, name)| (name, rules))
        .collect();
    zones.sort_by(|a, b| a.0.cmp(&b.0));
    zones
}

#[derive(Default)]
struct Scanned {
    zones: usize,
    changes: usize,
    slots: usize,
}

fn scan_changes(zones: &[(String, Vec<Stretch>)]) -> Scanned {
    let stories = stories();
    let mut scanned = Scanned {
        zones: zones.len(),
        ..Scanned::default()
    };
    for (zone, rules) in zones {
        scanned.changes += rules.len() - 1;
        for story in &stories {
            let spec = ScheduleSpec {
                time_zone: zone.clone(),
                ..story.spec.clone()
            };
            let schedule = Schedule::parse(&spec).unwrap();
            for at in rules.iter().skip(1).map(|stretch| stretch.start) {
                let (from, until) = (at - story.reach, at + story.reach);
                let near = |stretch: &&Stretch| {
                    stretch.start < until + 5 * DAY && stretch.end > from - 5 * DAY
                };
                let near: Vec<Stretch> = rules.iter().filter(near).copied().collect();
                scanned.slots += compare(zone, story, &schedule, &near, (from, until));
            }
        }
    }
    scanned
}

#[test]
fn every_slot_around_every_change_of_every_zone_is_where_a_slow_walk_finds_it() {
    let (from, until) = (second(date(2000, 1, 1)), second(date(2041, 1, 1)));
    let zones = distinct_zones(from, until);
    let scans: Vec<Scanned> = thread::scope(|scope| {
        let parts = zones.chunks(zones.len().div_ceil(2));
        let scans: Vec<_> = parts
            .map(|part| scope.spawn(|| scan_changes(part)))
            .collect();
        scans.into_iter().map(|scan| scan.join().unwrap()).collect()
    });
    let sum = |part: fn(&Scanned) -> usize| scans.iter().map(part).sum::<usize>();
    let (rules, changes) = (sum(|scan| scan.zones), sum(|scan| scan.changes));
    let (names, slots) = (db().available().count(), sum(|scan| scan.slots));
    println!("{names} zones with {rules} sets of rules, {changes} changes, {slots} slots compared");
    // Guards against a scan that checks nothing; the numbers vary with the time zone database.
    assert!(names > 500 && rules > 150 && changes > 5_000 && slots > 2_000_000);
}

#[test]
fn every_slot_of_a_whole_year_is_where_a_slow_walk_finds_it() {
    let years = [
        ("America/New_York", 2025),
        ("Australia/Lord_Howe", 2025),
        ("Africa/Casablanca", 2025),
        ("Asia/Shanghai", 2024),
        ("Pacific/Apia", 2011),
    ];
    let mut slots = 0;
    for (name, year) in years {
        let span = (second(date(year, 1, 1)), second(date(year + 1, 1, 1)));
        let zone = TimeZone::get(name).unwrap();
        let rules = stretches(&zone, span.0 - 30 * DAY, span.1 + 30 * DAY);
        for story in &stories() {
            let spec = ScheduleSpec {
                time_zone: name.to_owned(),
                ..story.spec.clone()
            };
            slots += compare(name, story, &Schedule::parse(&spec).unwrap(), &rules, span);
        }
    }
    println!("{} years, {slots} slots compared", years.len());
    assert!(slots > 200_000);
}

#[test]
fn samoa_left_out_a_day_and_its_slots_fall_together_at_the_next_midnight() {
    let rules = stretches(
        &TimeZone::get("Pacific/Apia").unwrap(),
        second(date(2011, 12, 1)),
        second(date(2012, 1, 31)),
    );
    let midnight = second(date(2011, 12, 30)) + 10 * 3_600;
    assert_eq!(
        first_shown(&rules, second(date(2011, 12, 30)) + 2 * 3_600),
        midnight
    );
}
