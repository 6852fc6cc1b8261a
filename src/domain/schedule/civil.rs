//! Times of day and days of the week, as a strategy writes them.

use jiff::civil::Time;

use crate::api::schedule::Weekday;

/// Parses `HH:MM`, 00:00 to 23:59.
pub(super) fn parse_time(text: &str) -> Option<Time> {
    let two_digits = |text: &str| {
        let digits = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| text.parse::<i8>().ok()).flatten()
    };
    let (hour, minute) = text.split_once(':')?;
    Time::new(two_digits(hour)?, two_digits(minute)?, 0, 0).ok()
}

/// Returns the minutes from midnight to `HH:MM`.
pub(super) fn minute_of_day(text: &str) -> Option<i64> {
    let time = parse_time(text)?;
    Some(i64::from(time.hour()) * 60 + i64::from(time.minute()))
}

/// Returns the number of a day of the week: 0 is Sunday.
pub(super) fn sunday_zero(day: Weekday) -> i8 {
    match day {
        Weekday::Sunday => 0,
        Weekday::Monday => 1,
        Weekday::Tuesday => 2,
        Weekday::Wednesday => 3,
        Weekday::Thursday => 4,
        Weekday::Friday => 5,
        Weekday::Saturday => 6,
    }
}
