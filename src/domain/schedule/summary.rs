//! Short description of a schedule, for a printer column.

use crate::api::schedule::{BackupType, CronSpec, MonthlySpec, Weekday, WeeklySpec};

const WEEK: [(Weekday, &str); 7] = [
    (Weekday::Monday, "Mon"),
    (Weekday::Tuesday, "Tue"),
    (Weekday::Wednesday, "Wed"),
    (Weekday::Thursday, "Thu"),
    (Weekday::Friday, "Fri"),
    (Weekday::Saturday, "Sat"),
    (Weekday::Sunday, "Sun"),
];

/// Returns text such as `weekly Sun full, Mon-Sat incr 02:00 Asia/Shanghai`.
pub(super) fn weekly(spec: &WeeklySpec, zone: &str) -> String {
    let days = |named: &[Weekday]| runs(&WEEK.map(|(day, name)| (name, named.contains(&day))));
    let days = both(&days(&spec.full), &days(&spec.incremental));
    format!("weekly {days} {} {zone}", spec.time)
}

/// Returns text such as `monthly 1 full, 11,21 incr 02:00 UTC`; the last day is called `last`.
pub(super) fn monthly(spec: &MonthlySpec, zone: &str) -> String {
    let days = |named: &[i32], ty: BackupType| {
        let numbers: Vec<(String, bool)> = (1..=31)
            .map(|day| (day.to_string(), named.contains(&day)))
            .collect();
        let last = (spec.last_day == Some(ty)).then(|| "last".to_owned());
        let numbers = Some(runs(&numbers)).filter(|days| !days.is_empty());
        numbers
            .into_iter()
            .chain(last)
            .collect::<Vec<_>>()
            .join(",")
    };
    let full = days(&spec.full, BackupType::Full);
    let incremental = days(&spec.incremental, BackupType::Incremental);
    format!("monthly {} {} {zone}", both(&full, &incremental), spec.time)
}

/// Returns text such as `cron full "0 2 * * SUN" incr "0 2 * * MON-SAT" Asia/Shanghai`.
pub(super) fn cron(spec: &CronSpec, zone: &str) -> String {
    let part = |name: &str, expression: &Option<String>| {
        let expression = expression.as_ref()?;
        let words: Vec<&str> = expression.split_ascii_whitespace().collect();
        Some(format!("{name} \"{}\" ", words.join(" ")))
    };
    let full = part("full", &spec.full).unwrap_or_default();
    let incremental = part("incr", &spec.incremental).unwrap_or_default();
    format!("cron {full}{incremental}{zone}")
}

fn both(full: &str, incremental: &str) -> String {
    match (full.is_empty(), incremental.is_empty()) {
        (false, false) => format!("{full} full, {incremental} incr"),
        (false, true) => format!("{full} full"),
        (true, false) => format!("{incremental} incr"),
        (true, true) => String::new(),
    }
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
