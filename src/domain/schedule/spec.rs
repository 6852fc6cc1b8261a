//! Parser from the `schedule` block of a strategy to a [`Schedule`]: the only code that reads its
//! text.
//!
//! The API server has already checked most of this. An object that was stored before a rule
//! existed, or by a server without it, is rejected here with the same message.

use super::calendar::{Calendar, Days, Times, mask};
use super::civil::{parse_time, sunday_zero};
use super::{Schedule, ScheduleError, blackout, cron, summary};
use crate::api::schedule::{CalendarSpec, MonthlySpec, ScheduleSpec, WeeklySpec};
use jiff::SignedDuration;
use jiff::tz::TimeZone;

pub(super) fn parse(spec: &ScheduleSpec) -> Result<Schedule, ScheduleError> {
    let zone = time_zone(&spec.time_zone)?;
    let zone_name = zone.iana_name().unwrap_or(&spec.time_zone);
    let calendar = |field, spec: &Option<CalendarSpec>| {
        let calendar = spec.as_ref().map(|spec| calendar(field, spec));
        calendar.transpose()
    };
    let full = calendar("schedule.full", &spec.full)?;
    let incremental = calendar("schedule.incremental", &spec.incremental)?;
    if full.is_none() && incremental.is_none() {
        return Err(invalid("schedule", "set `full`, `incremental` or both"));
    }
    Ok(Schedule {
        full,
        incremental,
        missed_runs: spec.missed_run_policy,
        starting_deadline: SignedDuration::from_secs(spec.starting_deadline_seconds),
        spread: SignedDuration::from_secs(spec.spread_seconds.max(0)),
        windows: blackout::parse(&spec.blackout_windows)?,
        summary: summary::of(spec, zone_name),
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

fn calendar(field: &str, spec: &CalendarSpec) -> Result<Calendar, ScheduleError> {
    match (&spec.cron, &spec.weekly, &spec.monthly) {
        (Some(expression), None, None) => {
            cron::parse(expression).map_err(|problem| ScheduleError::InvalidCron {
                field: format!("{field}.cron"),
                expression: expression.clone(),
                problem,
            })
        }
        (None, Some(spec), None) => weekly(&format!("{field}.weekly"), spec),
        (None, None, Some(spec)) => monthly(&format!("{field}.monthly"), spec),
        _ => {
            let problem = "set exactly one of `cron`, `weekly` and `monthly`";
            Err(invalid(field, problem))
        }
    }
}

fn weekly(field: &str, spec: &WeeklySpec) -> Result<Calendar, ScheduleError> {
    let times = time_of_day(field, &spec.time)?;
    if spec.days.is_empty() {
        return Err(invalid(field, "name at least one day in `days`"));
    }
    let of_week = mask(spec.days.iter().map(|day| sunday_zero(*day)));
    let days = Days {
        of_week,
        ..Days::ALL
    };
    Ok(Calendar { days, times })
}

fn monthly(field: &str, spec: &MonthlySpec) -> Result<Calendar, ScheduleError> {
    let times = time_of_day(field, &spec.time)?;
    if spec.days.is_empty() && !spec.last_day {
        let problem = "name at least one day in `days`, or set `lastDay`";
        return Err(invalid(field, problem));
    }
    let days = Days {
        of_month: mask(days_of_month(field, &spec.days)?),
        last_of_month: spec.last_day,
        ..Days::ALL
    };
    Ok(Calendar { days, times })
}

fn time_of_day(field: &str, text: &str) -> Result<Times, ScheduleError> {
    let time = parse_time(text);
    let problem = || format!("`{text}` is not a time of day; write HH:MM, such as 02:00");
    let refused = || invalid(&format!("{field}.time"), problem());
    time.map(Times::at).ok_or_else(refused)
}

fn days_of_month(field: &str, named: &[i32]) -> Result<Vec<i8>, ScheduleError> {
    let day = |day: &i32| {
        let number = i8::try_from(*day).ok().filter(|day| (1..=31).contains(day));
        let problem = || format!("`{day}` is not a day of the month; write 1 to 31, or `lastDay`");
        number.ok_or_else(|| invalid(&format!("{field}.days"), problem()))
    };
    named.iter().map(day).collect()
}

fn invalid(field: &str, problem: impl Into<String>) -> ScheduleError {
    ScheduleError::InvalidCalendar {
        field: field.to_owned(),
        problem: problem.into(),
    }
}
