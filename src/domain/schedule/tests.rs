//! Tests of the slot engine, and helpers that build schedules.

use super::*;
use crate::api::schedule::{CronSpec, MonthlySpec, Weekday, WeeklySpec};

mod blackout;
mod blackout_oracle;
mod missed_slots;
mod next_slot;
mod parsing;
mod properties;

const WORKDAYS: [Weekday; 6] = [
    Weekday::Monday,
    Weekday::Tuesday,
    Weekday::Wednesday,
    Weekday::Thursday,
    Weekday::Friday,
    Weekday::Saturday,
];

fn spec(zone: &str) -> ScheduleSpec {
    ScheduleSpec {
        time_zone: zone.to_owned(),
        weekly: None,
        monthly: None,
        cron: None,
        starting_deadline_seconds: 21_600,
        missed_run_policy: MissedRunPolicy::RunLatest,
        spread_seconds: 0,
        blackout_windows: Vec::new(),
    }
}

pub(super) fn weekly(time: &str, full: &[Weekday], incremental: &[Weekday]) -> ScheduleSpec {
    let (full, incremental) = (full.to_vec(), incremental.to_vec());
    ScheduleSpec {
        weekly: Some(WeeklySpec {
            time: time.to_owned(),
            full,
            incremental,
        }),
        ..spec("UTC")
    }
}

pub(super) fn monthly(
    time: &str,
    full: &[i32],
    incremental: &[i32],
    last_day: Option<BackupType>,
) -> ScheduleSpec {
    let (full, incremental) = (full.to_vec(), incremental.to_vec());
    ScheduleSpec {
        monthly: Some(MonthlySpec {
            time: time.to_owned(),
            full,
            incremental,
            last_day,
        }),
        ..spec("UTC")
    }
}

fn cron(full: Option<&str>, incremental: Option<&str>) -> ScheduleSpec {
    let (full, incremental) = (full.map(str::to_owned), incremental.map(str::to_owned));
    ScheduleSpec {
        cron: Some(CronSpec { full, incremental }),
        ..spec("UTC")
    }
}

pub(super) fn cron_both(full: &str, incremental: &str) -> ScheduleSpec {
    cron(Some(full), Some(incremental))
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn in_zone(zone: &str, spec: ScheduleSpec) -> Schedule {
    Schedule::parse(&ScheduleSpec {
        time_zone: zone.to_owned(),
        ..spec
    })
    .unwrap()
}

fn full(schedule: &Schedule, after: &str, count: usize) -> Vec<String> {
    let next = |after| {
        schedule
            .next_after(BackupType::Full, after)
            .map(|slot| slot.at)
    };
    let slots = std::iter::successors(next(at(after)), |after| next(*after));
    slots.take(count).map(|slot| slot.to_string()).collect()
}

fn refusal(spec: &ScheduleSpec) -> String {
    Schedule::parse(spec).unwrap_err().to_string()
}
