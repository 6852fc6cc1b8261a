//! Tests of the slot engine, and helpers that build schedules.

use super::*;
use crate::api::schedule::{CalendarSpec, MonthlySpec, Weekday, WeeklySpec};

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
        full: None,
        incremental: None,
        starting_deadline_seconds: 21_600,
        missed_run_policy: MissedRunPolicy::RunLatest,
        spread_seconds: 0,
        blackout_windows: Vec::new(),
    }
}

const NEVER: CalendarSpec = CalendarSpec {
    cron: None,
    weekly: None,
    monthly: None,
};

pub(super) fn weekly(time: &str, full: &[Weekday], incremental: &[Weekday]) -> ScheduleSpec {
    let on = |days: &[Weekday]| {
        let weekly = WeeklySpec {
            days: days.to_vec(),
            time: time.to_owned(),
        };
        (!days.is_empty()).then_some(CalendarSpec {
            weekly: Some(weekly),
            ..NEVER
        })
    };
    ScheduleSpec {
        full: on(full),
        incremental: on(incremental),
        ..spec("UTC")
    }
}

pub(super) fn monthly(
    time: &str,
    full: &[i32],
    incremental: &[i32],
    last_day: Option<BackupType>,
) -> ScheduleSpec {
    let on = |days: &[i32], ty| {
        let monthly = MonthlySpec {
            days: days.to_vec(),
            last_day: last_day == Some(ty),
            time: time.to_owned(),
        };
        (!days.is_empty() || monthly.last_day).then_some(CalendarSpec {
            monthly: Some(monthly),
            ..NEVER
        })
    };
    ScheduleSpec {
        full: on(full, BackupType::Full),
        incremental: on(incremental, BackupType::Incremental),
        ..spec("UTC")
    }
}

fn cron(full: Option<&str>, incremental: Option<&str>) -> ScheduleSpec {
    ScheduleSpec {
        full: full.map(CalendarSpec::cron),
        incremental: incremental.map(CalendarSpec::cron),
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
