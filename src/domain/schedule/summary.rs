//! Short description of a schedule, for a printer column.

use crate::api::schedule::{CalendarSpec, ScheduleSpec, Weekday};

const WEEK: [(Weekday, &str); 7] = [
    (Weekday::Monday, "Mon"),
    (Weekday::Tuesday, "Tue"),
    (Weekday::Wednesday, "Wed"),
    (Weekday::Thursday, "Thu"),
    (Weekday::Friday, "Fri"),
    (Weekday::Saturday, "Sat"),
    (Weekday::Sunday, "Sun"),
];

/// Returns text such as `full Sun 02:00, incr Mon-Sat 02:00 Asia/Shanghai`.
pub(super) fn of(spec: &ScheduleSpec, zone: &str) -> String {
    let named = [("full", &spec.full), ("incr", &spec.incremental)];
    let parts: Vec<_> = named
        .into_iter()
        .filter_map(|(name, spec)| Some(format!("{name} {}", calendar(spec.as_ref()?))))
        .collect();
    format!("{} {zone}", parts.join(", "))
}

/// Returns text such as `Mon-Sat 02:00`, `day 1,11,last 02:00` or `"0 2 * * SUN"`.
fn calendar(spec: &CalendarSpec) -> String {
    if let Some(weekly) = &spec.weekly {
        let days = runs(&WEEK.map(|(day, name)| (name, weekly.days.contains(&day))));
        return format!("{days} {}", weekly.time);
    }
    if let Some(monthly) = &spec.monthly {
        let numbers: Vec<(String, bool)> = (1..=31)
            .map(|day| (day.to_string(), monthly.days.contains(&day)))
            .collect();
        let days = [runs(&numbers)].into_iter().filter(|days| !days.is_empty());
        let last = monthly.last_day.then(|| "last".to_owned());
        let days: Vec<_> = days.chain(last).collect();
        return format!("day {} {}", days.join(","), monthly.time);
    }
    let words = spec
        .cron
        .iter()
        .flat_map(|cron| cron.split_ascii_whitespace());
    format!("\"{}\"", words.collect::<Vec<_>>().join(" "))
}

/// Returns the named days, with three or more in a row as a range: `Mon-Wed,Fri`.
fn runs<S: AsRef<str>>(days: &[(S, bool)]) -> String {
    let mut parts = Vec::new();
    for run in days.chunk_by(|(_, before), (_, after)| before == after) {
        match run {
            [(first, true), _, .., (last, _)] => {
                parts.push(format!("{}-{}", first.as_ref(), last.as_ref()));
            }
            [(_, true), ..] => parts.extend(run.iter().map(|(day, _)| day.as_ref().to_owned())),
            _ => {}
        }
    }
    parts.join(",")
}
