//! Conversion of civil minutes to instants: the single rule for gaps and overlaps.
//!
//! A minute falls at *the first instant at which the zone's clock shows it or a later minute*.
//! Normally that is the minute itself; in a gap it is the first instant after the gap; in an
//! overlap it is the first occurrence. So a minute has at most one instant, and a later minute
//! never falls earlier.

use jiff::civil::{DateTime, Time};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{SignedDuration, Timestamp};

/// Upper bound for a clock set back: offsets lie within 26 hours of UTC.
const LONGEST_OVERLAP: SignedDuration = SignedDuration::from_hours(52);

const MINUTE: SignedDuration = SignedDuration::from_mins(1);
const NANOSECOND: SignedDuration = SignedDuration::from_nanos(1);

/// Returns the instant at which the minute `civil` falls; `None` outside the supported range.
pub(super) fn instant_of(zone: &TimeZone, civil: DateTime) -> Option<Timestamp> {
    let moment = zone.to_ambiguous_timestamp(civil);
    match moment.offset() {
        // In an overlap, the earlier of the two.
        AmbiguousOffset::Unambiguous { .. } | AmbiguousOffset::Fold { .. } => moment.earlier().ok(),
        AmbiguousOffset::Gap { after, .. } => {
            // No clock shows this minute. With the offset after the gap, it lies before the gap.
            let before_gap = moment.earlier().ok()?;
            let mut transitions = zone.following(before_gap);
            transitions
                .find(|transition| transition.offset() == after)
                .map(|end| end.timestamp())
        }
    }
}

/// Returns the first whole minute that the zone's clock has neither shown nor passed at `at`. Every
/// earlier minute has its instant at or before `at`, every other minute a later one.
pub(super) fn first_minute_after(zone: &TimeZone, at: Timestamp) -> Option<DateTime> {
    let shown = zone.to_datetime(at);
    let minute = floor_to_minute(shown)?.checked_add(MINUTE).ok()?;
    // Right after the clock was set back, the minutes that it repeats have been shown before. The
    // search runs forwards: after a zone's last listed change, jiff 0.2 returns a wrong preceding
    // one, derived from the yearly rule (`America/Ciudad_Juarez`, November 2022).
    let horizon = at.saturating_sub(LONGEST_OVERLAP).unwrap_or(Timestamp::MIN);
    let shown_before = zone
        .following(horizon)
        .take_while(|transition| transition.timestamp() <= at)
        .filter_map(|transition| {
            let end = transition.timestamp();
            let last = end.checked_sub(NANOSECOND).ok()?;
            ceil_to_minute(zone.to_offset(last).to_datetime(end))
        })
        .max();
    Some(shown_before.map_or(minute, |before| before.max(minute)))
}

fn floor_to_minute(civil: DateTime) -> Option<DateTime> {
    let time = Time::new(civil.hour(), civil.minute(), 0, 0).ok()?;
    Some(civil.date().to_datetime(time))
}

fn ceil_to_minute(civil: DateTime) -> Option<DateTime> {
    let floor = floor_to_minute(civil)?;
    if floor == civil {
        Some(civil)
    } else {
        floor.checked_add(MINUTE).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn instant(zone: &str, civil: &str) -> String {
        let zone = TimeZone::get(zone).unwrap();
        instant_of(&zone, civil.parse().unwrap())
            .unwrap()
            .to_string()
    }

    fn unseen(zone: &str, at: &str) -> String {
        let zone = TimeZone::get(zone).unwrap();
        first_minute_after(&zone, at.parse().unwrap())
            .unwrap()
            .to_string()
    }

    #[test]
    fn a_minute_in_a_gap_falls_at_its_end() {
        assert_eq!(
            instant("America/New_York", "2025-03-09T02:30"),
            "2025-03-09T07:00:00Z"
        );
    }

    #[test]
    fn a_minute_in_an_overlap_falls_at_its_first_occurrence() {
        assert_eq!(
            instant("America/New_York", "2025-11-02T01:30"),
            "2025-11-02T05:30:00Z"
        );
    }

    #[test]
    fn a_minute_on_the_day_that_samoa_left_out_falls_on_the_midnight_after_it() {
        assert_eq!(
            instant("Pacific/Apia", "2011-12-30T02:00"),
            "2011-12-30T10:00:00Z"
        );
    }

    #[test]
    fn lord_howe_moves_its_clocks_by_half_an_hour() {
        assert_eq!(
            instant("Australia/Lord_Howe", "2025-10-05T02:15"),
            "2025-10-04T15:30:00Z"
        );
        assert_eq!(
            instant("Australia/Lord_Howe", "2025-04-06T01:45"),
            "2025-04-05T14:45:00Z"
        );
    }

    #[test]
    fn troll_moves_its_clocks_by_two_hours() {
        assert_eq!(
            instant("Antarctica/Troll", "2025-03-30T02:59"),
            "2025-03-30T01:00:00Z"
        );
        assert_eq!(
            instant("Antarctica/Troll", "2025-10-26T01:30"),
            "2025-10-25T23:30:00Z"
        );
    }

    #[test]
    fn monrovia_left_an_offset_with_seconds() {
        assert_eq!(
            instant("Africa/Monrovia", "1972-01-06T00:00"),
            "1972-01-06T00:44:30Z"
        );
        assert_eq!(
            instant("Africa/Monrovia", "1972-01-07T00:30"),
            "1972-01-07T00:44:30Z"
        );
    }

    #[test]
    fn what_the_clock_shows_a_second_time_counts_as_shown() {
        let new_york = "America/New_York";
        assert_eq!(
            unseen(new_york, "2025-11-02T05:59:59Z"),
            "2025-11-02T02:00:00"
        );
        assert_eq!(
            unseen(new_york, "2025-11-02T06:00:00Z"),
            "2025-11-02T02:00:00"
        );
        assert_eq!(
            unseen(new_york, "2025-11-02T06:59:59Z"),
            "2025-11-02T02:00:00"
        );
        assert_eq!(
            unseen(new_york, "2025-11-02T07:00:00Z"),
            "2025-11-02T02:01:00"
        );
    }

    #[test]
    fn a_minute_that_was_shown_but_for_some_seconds_counts_as_shown() {
        // Local mean time ended with 12:03:58, and the clock was set back to 12:00:00.
        assert_eq!(
            instant("America/New_York", "1883-11-18T12:03"),
            "1883-11-18T16:59:02Z"
        );
        assert_eq!(
            unseen("America/New_York", "1883-11-18T17:00:00Z"),
            "1883-11-18T12:04:00"
        );
    }

    #[test]
    fn a_last_change_before_a_yearly_rule_takes_over_is_not_overlooked() {
        assert_eq!(
            unseen("America/Ciudad_Juarez", "2022-11-30T06:00:00Z"),
            "2022-11-30T00:00:00"
        );
    }

    #[test]
    fn the_ends_of_time_have_no_next_minute_but_do_no_harm() {
        for name in ["UTC", "Pacific/Kiritimati", "America/New_York"] {
            let zone = TimeZone::get(name).unwrap();
            let _ = first_minute_after(&zone, Timestamp::MAX);
            let _ = first_minute_after(&zone, Timestamp::MIN);
            let _ = instant_of(&zone, DateTime::MAX);
            let _ = instant_of(&zone, DateTime::MIN);
        }
    }
}
