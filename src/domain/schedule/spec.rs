//! Parser from the `schedule` block of a strategy to a [`Schedule`]: the only code that reads its
//! text.
//!
//! The API server has already checked most of this. An object that was stored before a rule
//! existed, or by a server without it, is rejected here with the same message.

use super::calendar::{Calendar, Days, Times, mask};
use super::civil::{parse_time, sunday_zero};
use super::{Schedule, ScheduleError, blackout, cron, summary};
use crate::api::schedule::{BackupType, CronSpec, MonthlySpec, ScheduleSpec, Weekday, WeeklySpec};
use jiff::SignedDuration;
use jiff::tz::TimeZone;

/// Calendars of the full and of the incremental backups.
type Calendars = (Option<Calendar>, Option<Calendar>);

pub(super) fn parse(spec: &ScheduleSpec) -> Result<Schedule, ScheduleError> {
    let zone = time_zone(&spec.time_zone)?;
    let zone_name = zone.iana_name().unwrap_or(&spec.time_zone);
    let ((full, incremental), summary) = match (&spec.weekly, &spec.monthly, &spec.cron) {
        (Some(days), None, None) => (weekly(days)?, summary::weekly(days, zone_name)),
        (None, Some(days), None) => (monthly(days)?, summary::monthly(days, zone_name)),
        (None, None, Some(expressions)) => (
            both_crons(expressions)?,
            summary::cron(expressions, zone_name),
        ),
        _ => {
            return Err(invalid(
                "schedule",
                "set exactly one of `weekly`, `monthly` and `cron`",
            ));
        }
    };
    Ok(Schedule {
        full,
        incremental,
        missed_runs: spec.missed_run_policy,
        starting_deadline: SignedDuration::from_secs(spec.starting_deadline_seconds),
        spread: SignedDuration::from_secs(spec.spread_seconds.max(0)),
        windows: blackout::parse(&spec.blackout_windows)?,
        summary,
        zone,
    })
}

fn time_zone(name: &str) -> Result<TimeZone, ScheduleError> {
    // `Etc/Unknown` resolves, but means an unknown zone.
    let zone = TimeZone::get(name).ok().filter(|zone| !zone.is_unknown());
    zone.ok_or_else(|| ScheduleError::UnknownTimeZone {
        name: name.to_owned(),
    })
}

fn weekly(spec: &WeeklySpec) -> Result<Calendars, ScheduleError> {
    let times = time_of_day("schedule.weekly.time", &spec.time)?;
    if spec.full.is_empty() && spec.incremental.is_empty() {
        return Err(invalid(
            "schedule.weekly",
            "name at least one day in `full` or `incremental`",
        ));
    }
    if let Some(day) = spec.full.iter().find(|day| spec.incremental.contains(day)) {
        return Err(twice("schedule.weekly", &format!("{day:?}")));
    }
    let calendar = |named: &[Weekday]| {
        let of_week = mask(named.iter().map(|day| sunday_zero(*day)));
        let days = Days {
            of_week,
            ..Days::ALL
        };
        (of_week != 0).then(|| Calendar {
            days,
            times: times.clone(),
        })
    };
    Ok((calendar(&spec.full), calendar(&spec.incremental)))
}

fn monthly(spec: &MonthlySpec) -> Result<Calendars, ScheduleError> {
    let times = time_of_day("schedule.monthly.time", &spec.time)?;
    if spec.full.is_empty() && spec.incremental.is_empty() && spec.last_day.is_none() {
        let problem = "name at least one day in `full` or `incremental`, or set `lastDay`";
        return Err(invalid("schedule.monthly", problem));
    }
    if let Some(day) = spec.full.iter().find(|day| spec.incremental.contains(day)) {
        return Err(twice("schedule.monthly", &day.to_string()));
    }
    let calendar = |field, named: &[i32], ty| {
        let of_month = mask(days_of_month(field, named)?);
        let last_of_month = spec.last_day == Some(ty);
        let days = Days {
            of_month,
            last_of_month,
            ..Days::ALL
        };
        let named = of_month != 0 || last_of_month;
        Ok(named.then(|| Calendar {
            days,
            times: times.clone(),
        }))
    };
    let full = calendar("schedule.monthly.full", &spec.full, BackupType::Full)?;
    let field = "schedule.monthly.incremental";
    let incremental = calendar(field, &spec.incremental, BackupType::Incremental)?;
    Ok((full, incremental))
}

fn both_crons(spec: &CronSpec) -> Result<Calendars, ScheduleError> {
    let calendar = |field, expression: &Option<String>| {
        let Some(expression) = expression else {
            return Ok(None);
        };
        let refused = |problem| ScheduleError::InvalidCron {
            field,
            expression: expression.clone(),
            problem,
        };
        cron::parse(expression).map(Some).map_err(refused)
    };
    let full = calendar("full", &spec.full)?;
    let incremental = calendar("incremental", &spec.incremental)?;
    if full.is_none() && incremental.is_none() {
        return Err(invalid(
            "schedule.cron",
            "set `full`, `incremental` or both",
        ));
    }
    Ok((full, incremental))
}

fn time_of_day(field: &'static str, text: &str) -> Result<Times, ScheduleError> {
    let time = parse_time(text);
    let problem = || format!("`{text}` is not a time of day; write HH:MM, such as 02:00");
    time.map(Times::at).ok_or_else(|| invalid(field, problem()))
}

fn days_of_month(field: &'static str, named: &[i32]) -> Result<Vec<i8>, ScheduleError> {
    let day = |day: &i32| {
        let number = i8::try_from(*day).ok().filter(|day| (1..=31).contains(day));
        let problem = || format!("`{day}` is not a day of the month; write 1 to 31, or `lastDay`");
        number.ok_or_else(|| invalid(field, problem()))
    };
    named.iter().map(day).collect()
}

fn invalid(field: &'static str, problem: impl Into<String>) -> ScheduleError {
    ScheduleError::InvalidCalendar {
        field,
        problem: problem.into(),
    }
}

fn twice(field: &'static str, day: &str) -> ScheduleError {
    let problem = format!("{day} is named both in `full` and in `incremental`; keep one");
    invalid(field, problem)
}
