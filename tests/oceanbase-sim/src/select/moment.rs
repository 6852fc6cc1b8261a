//! Times: instants, the wall clock of a zone, and their text.
//!
//! A wall clock is counted in microseconds from 1970-01-01 00:00:00 of that same clock.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;

/// The two clocks of a session.
#[derive(Clone, Copy)]
pub(super) struct Zones<'a> {
    pub(super) session: &'a TimeZone,
    pub(super) server: &'a TimeZone,
}

/// Returns the wall clock of a zone at an instant; `None` beyond the year 9999.
pub(super) fn wall_clock(zone: &TimeZone, instant: i64) -> Option<i64> {
    let instant = Timestamp::from_microsecond(instant).ok()?;
    let shown = zone.to_datetime(instant);
    Some(TimeZone::UTC.to_timestamp(shown).ok()?.as_microsecond())
}

/// Returns the instant at which the wall clock of a zone shows this time.
pub(super) fn instant(zone: &TimeZone, clock: i64) -> Option<i64> {
    Some(zone.to_timestamp(civil(clock)?).ok()?.as_microsecond())
}

fn civil(clock: i64) -> Option<DateTime> {
    Some(TimeZone::UTC.to_datetime(Timestamp::from_microsecond(clock).ok()?))
}

/// Formats `2026-11-20 10:00:00.000000`, with this many digits of the second.
pub(super) fn format(clock: i64, digits: usize) -> Option<String> {
    let shown = civil(clock)?;
    let fraction = format!("{:06}", shown.subsec_nanosecond() / 1000);
    let point = if digits == 0 { "" } else { "." };
    Some(format!(
        "{:04}-{:02}-{:02} {:02}:{:02}:{:02}{point}{}",
        shown.year(),
        shown.month(),
        shown.day(),
        shown.hour(),
        shown.minute(),
        shown.second(),
        fraction.get(..digits).unwrap_or(&fraction),
    ))
}

/// Reads `2026-11-20`, `2026-11-20 10:00:00[.ffffff]` (or with `T`), `20261120[100000]`.
pub(super) fn parse(text: &str) -> Option<i64> {
    let text = text.trim();
    let (date, time) = match text.split_once([' ', 'T']) {
        Some((date, time)) => (date, time.trim_start()),
        None if text.len() == 14 && text.is_ascii() => text.split_at(8),
        None => (text, ""),
    };
    let shown = DateTime::from_parts(parse_date(date)?, parse_time(time)?);
    Some(TimeZone::UTC.to_timestamp(shown).ok()?.as_microsecond())
}

fn parse_date(text: &str) -> Option<Date> {
    let parts: Vec<&str> = if text.len() == 8 && text.bytes().all(|b| b.is_ascii_digit()) {
        vec![&text[..4], &text[4..6], &text[6..]]
    } else {
        text.split('-').collect()
    };
    let [year, month, day] = parts[..] else {
        return None;
    };
    Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()
}

fn parse_time(text: &str) -> Option<Time> {
    if text.is_empty() {
        return Some(Time::midnight());
    }
    let (clock, fraction) = text.split_once('.').unwrap_or((text, ""));
    let parts: Vec<&str> = if clock.len() == 6 && clock.bytes().all(|b| b.is_ascii_digit()) {
        vec![&clock[..2], &clock[2..4], &clock[4..]]
    } else {
        clock.split(':').collect()
    };
    let (hour, minute, second) = match parts[..] {
        [hour, minute, second] => (hour, minute, second),
        [hour, minute] => (hour, minute, "0"),
        _ => return None,
    };
    let micros: i32 = match fraction.get(..6.min(fraction.len()))? {
        "" => 0,
        digits => format!("{digits:0<6}").parse().ok()?,
    };
    Time::new(
        hour.parse().ok()?,
        minute.parse().ok()?,
        second.parse().ok()?,
        micros * 1000,
    )
    .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shanghai() -> TimeZone {
        TimeZone::get("Asia/Shanghai").unwrap()
    }

    #[test]
    fn a_wall_clock_in_china_is_eight_hours_ahead() {
        let clock = wall_clock(&shanghai(), 1_706_671_052_366_131).unwrap();
        assert_eq!(format(clock, 6).unwrap(), "2024-01-31 11:17:32.366131");
    }

    #[test]
    fn a_time_read_and_shown_is_the_same_text() {
        let text = "2026-11-20 10:00:00.000050";
        assert_eq!(format(parse(text).unwrap(), 6).unwrap(), text);
    }

    #[test]
    fn a_day_is_its_midnight() {
        assert_eq!(parse("20240131"), parse("2024-01-31 00:00:00"));
    }

    #[test]
    fn the_instant_of_a_wall_clock_is_found_again() {
        let micros = 1_706_671_052_366_131;
        assert_eq!(
            instant(&shanghai(), wall_clock(&shanghai(), micros).unwrap()),
            Some(micros)
        );
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "abc",
            "2024-13-01",
            "2024-01-31 25:00:00",
            "2024-01-31 10",
            "",
            "é-1-1",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
