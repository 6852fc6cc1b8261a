//! Civil minutes that a schedule names, and the search for the next and the previous one.
//!
//! Civil means: as a local clock shows it. Zones and instants come later (`time_zone`), so
//! everything here is plain arithmetic on bit masks.

use jiff::civil::{Date, DateTime, Time};

/// The Gregorian calendar, weekdays included, repeats after 400 years (20,871 weeks exactly).
const CYCLE_MONTHS: i64 = 400 * 12;

/// Returns whether the bit of `value` is set in `mask`.
fn has(mask: u64, value: i8) -> bool {
    u32::try_from(value).is_ok_and(|bit| mask.checked_shr(bit).unwrap_or(0) & 1 == 1)
}

/// Returns a mask with the bits of `values`; values outside 0 to 63 are ignored.
pub(super) fn mask(values: impl IntoIterator<Item = i8>) -> u64 {
    let bit = |value| {
        u32::try_from(value)
            .ok()
            .and_then(|bit| 1_u64.checked_shl(bit))
    };
    values
        .into_iter()
        .filter_map(bit)
        .fold(0, |mask, bit| mask | bit)
}

/// Whether two restricted day fields must both match, or only one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DayRule {
    /// Day of month and day of week must both match.
    Both,
    /// One of them is enough: cron's rule for two restricted day fields.
    Either,
}

/// Days that a schedule names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Days {
    /// Bits 1 to 12.
    pub(super) months: u64,
    /// Bits 1 to 31.
    pub(super) of_month: u64,
    /// Whether the last day of each month is included, whatever its number.
    pub(super) last_of_month: bool,
    /// Bits 0 (Sunday) to 6 (Saturday).
    pub(super) of_week: u64,
    pub(super) rule: DayRule,
}

impl Days {
    /// Every day.
    pub(super) const ALL: Self = Self {
        months: 0x1FFE,
        of_month: 0xFFFF_FFFE,
        last_of_month: false,
        of_week: 0x7F,
        rule: DayRule::Both,
    };

    fn includes(&self, date: Date) -> bool {
        let month = has(self.of_month, date.day())
            || (self.last_of_month && date.day() == date.days_in_month());
        let week = has(self.of_week, date.weekday().to_sunday_zero_offset());
        let day = match self.rule {
            DayRule::Both => month && week,
            DayRule::Either => month || week,
        };
        day && has(self.months, date.month())
    }

    /// Returns the first such day not before `from`. It is `None` if a whole calendar cycle has
    /// none, which means never, or if the supported range ends.
    fn at_or_after(&self, from: Date) -> Option<Date> {
        let mut day = from;
        for _ in 0..=CYCLE_MONTHS {
            if has(self.months, day.month()) {
                loop {
                    if self.includes(day) {
                        return Some(day);
                    }
                    if day == day.last_of_month() {
                        break;
                    }
                    day = day.tomorrow().ok()?;
                }
            }
            day = day.last_of_month().tomorrow().ok()?;
        }
        None
    }

    /// Returns the last such day not after `from`; `None` as in `at_or_after`.
    fn at_or_before(&self, from: Date) -> Option<Date> {
        let mut day = from;
        for _ in 0..=CYCLE_MONTHS {
            if has(self.months, day.month()) {
                loop {
                    if self.includes(day) {
                        return Some(day);
                    }
                    if day.day() == 1 {
                        break;
                    }
                    day = day.yesterday().ok()?;
                }
            }
            day = day.first_of_month().yesterday().ok()?;
        }
        None
    }
}

/// Minutes of a day that a schedule names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Times {
    /// Bits 0 to 23.
    pub(super) hours: u64,
    /// Bits 0 to 59.
    pub(super) minutes: u64,
}

impl Times {
    /// Returns a single time of day.
    pub(super) fn at(time: Time) -> Self {
        Self {
            hours: mask([time.hour()]),
            minutes: mask([time.minute()]),
        }
    }

    fn at_or_after(&self, from: Time) -> Option<Time> {
        if has(self.hours, from.hour())
            && let Some(minute) = (from.minute()..60).find(|minute| has(self.minutes, *minute))
        {
            return Time::new(from.hour(), minute, 0, 0).ok();
        }
        let hour = (from.hour() + 1..24).find(|hour| has(self.hours, *hour))?;
        let minute = (0..60).find(|minute| has(self.minutes, *minute))?;
        Time::new(hour, minute, 0, 0).ok()
    }

    fn at_or_before(&self, from: Time) -> Option<Time> {
        if has(self.hours, from.hour())
            && let Some(minute) = (0..=from.minute())
                .rev()
                .find(|minute| has(self.minutes, *minute))
        {
            return Time::new(from.hour(), minute, 0, 0).ok();
        }
        let hour = (0..from.hour()).rev().find(|hour| has(self.hours, *hour))?;
        let minute = (0..60).rev().find(|minute| has(self.minutes, *minute))?;
        Time::new(hour, minute, 0, 0).ok()
    }
}

/// Civil minutes that a schedule names for one type of backup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Calendar {
    pub(super) days: Days,
    pub(super) times: Times,
}

impl Calendar {
    /// Returns the first named minute not before the minute `from`.
    pub(super) fn at_or_after(&self, from: DateTime) -> Option<DateTime> {
        if self.days.includes(from.date())
            && let Some(time) = self.times.at_or_after(from.time())
        {
            return Some(from.date().to_datetime(time));
        }
        let day = self.days.at_or_after(from.date().tomorrow().ok()?)?;
        Some(day.to_datetime(self.times.at_or_after(Time::midnight())?))
    }

    /// Returns the last named minute not after the minute `from`.
    pub(super) fn at_or_before(&self, from: DateTime) -> Option<DateTime> {
        if self.days.includes(from.date())
            && let Some(time) = self.times.at_or_before(from.time())
        {
            return Some(from.date().to_datetime(time));
        }
        let day = self.days.at_or_before(from.date().yesterday().ok()?)?;
        Some(day.to_datetime(self.times.at_or_before(Time::MAX)?))
    }

    /// Returns whether no minute is ever named, as with 31 February.
    pub(super) fn is_empty(&self) -> bool {
        self.times.hours == 0
            || self.times.minutes == 0
            || self.days.at_or_after(Date::constant(2000, 1, 1)).is_none()
    }

    /// Returns the first named day after `day`.
    pub(super) fn day_after(&self, day: Date) -> Option<Date> {
        self.days.at_or_after(day.tomorrow().ok()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::{date, time};

    #[test]
    fn a_leap_day_that_is_a_sunday_is_found_across_the_year_2100() {
        let days = Days {
            months: mask([2]),
            of_month: mask([29]),
            of_week: mask([0]),
            ..Days::ALL
        };
        assert_eq!(days.at_or_after(date(2088, 3, 1)), Some(date(2128, 2, 29)));
        assert_eq!(
            days.at_or_before(date(2128, 2, 28)),
            Some(date(2088, 2, 29))
        );
    }

    #[test]
    fn the_thirty_first_of_february_never_comes() {
        let days = Days {
            months: mask([2]),
            of_month: mask([30, 31]),
            ..Days::ALL
        };
        assert_eq!(days.at_or_after(date(2000, 1, 1)), None);
        assert_eq!(days.at_or_before(date(2000, 1, 1)), None);
    }

    #[test]
    fn the_last_day_of_a_month_follows_its_length() {
        let days = Days {
            of_month: 0,
            last_of_month: true,
            ..Days::ALL
        };
        let mut day = date(2024, 1, 1);
        let found: Vec<Date> = (0..4)
            .filter_map(|_| {
                let last = days.at_or_after(day)?;
                day = last.tomorrow().ok()?;
                Some(last)
            })
            .collect();
        let lengths = [
            date(2024, 1, 31),
            date(2024, 2, 29),
            date(2024, 3, 31),
            date(2024, 4, 30),
        ];
        assert_eq!(found, lengths);
    }

    #[test]
    fn the_search_ends_quietly_at_both_ends_of_the_calendar() {
        let times = Times::at(time(2, 0, 0, 0));
        let calendar = Calendar {
            days: Days::ALL,
            times,
        };
        assert_eq!(calendar.at_or_after(DateTime::MAX), None);
        assert_eq!(calendar.at_or_before(DateTime::MIN), None);
    }
}
