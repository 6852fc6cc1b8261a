//! Slot engine: computes when backups are due, from only a schedule, its zone and an anchor.
//!
//! A slot is a type of backup and an instant. The engine has no clock, no I/O and no state: it is
//! deterministic, so a slot can be recomputed after any crash.
//!
//! ```text
//! ScheduleSpec ── parse ──> Schedule ── next_after, due ──> Slot
//!                           calendar: which civil minutes   (as a local clock shows them)
//!                           zone:     at which instants they occur
//! ```
//!
//! A minute that the zone's clock skips falls at the first instant after the gap. A repeated minute
//! falls at its first occurrence. Each instant is one slot. A job at 02:30 runs once in each night
//! of a change, and a job every fifteen minutes pauses while an hour repeats.

mod blackout;
mod calendar;
mod civil;
mod cron;
mod due;
#[cfg(test)]
mod oracle;
mod spec;
mod summary;
mod time_zone;

use crate::api::schedule::{BackupType, BlackoutAction, MissedRunPolicy, ScheduleSpec};
use calendar::Calendar;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use thiserror::Error;

pub use blackout::Blackout;
pub use cron::CronError;
pub use due::{Due, MAX_COUNTED, MAX_LISTED, SKIP_GRACE, SlotGroup};

/// Number of days that `longest_gap_days` examines.
const GAP_SAMPLE: usize = 1_000;

/// Why a schedule was rejected.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ScheduleError {
    /// The time zone is not in the database.
    #[error(
        "schedule.timeZone `{name}` is not in the time zone database; use an IANA name such as \
         `Asia/Shanghai` or `UTC`"
    )]
    UnknownTimeZone {
        /// Zone as written.
        name: String,
    },
    /// A cron expression cannot be parsed, or never becomes due.
    #[error("{field} `{expression}`: {problem}")]
    InvalidCron {
        /// Field, as a path in the object's spec.
        field: String,
        /// Expression as written.
        expression: String,
        /// Its problem.
        problem: CronError,
    },
    /// The days or the time of day are not a valid schedule.
    #[error("{field}: {problem}")]
    InvalidCalendar {
        /// Field, as a path in the object's spec.
        field: String,
        /// The problem and what to do.
        problem: String,
    },
    /// A blackout window cannot be parsed, or the windows leave no time.
    #[error("{field}: {problem}")]
    InvalidBlackout {
        /// Field, as a path in the object's spec.
        field: &'static str,
        /// The problem and what to do.
        problem: String,
    },
}

impl ScheduleError {
    /// Returns the stable reason for conditions, events and metric labels.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        match self {
            Self::UnknownTimeZone { .. } => "UnknownTimeZone",
            Self::InvalidCron { .. } => "InvalidCron",
            Self::InvalidCalendar { .. } => "InvalidCalendar",
            Self::InvalidBlackout { .. } => "InvalidBlackoutWindow",
        }
    }
}

/// A planned backup. Slots sort by time; at the same instant the full slot comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slot {
    /// When it is due.
    pub at: Timestamp,
    /// Type of the backup.
    pub ty: BackupType,
}

impl Slot {
    /// Returns the minute in UTC as `yyyymmddhhmm`, for names of child objects. UTC has no repeated
    /// hour.
    #[must_use]
    pub fn stamp(&self) -> String {
        self.at.strftime("%Y%m%d%H%M").to_string()
    }
}

/// A parsed and validated schedule.
#[derive(Clone, Debug)]
pub struct Schedule {
    zone: TimeZone,
    full: Option<Calendar>,
    incremental: Option<Calendar>,
    missed_runs: MissedRunPolicy,
    starting_deadline: SignedDuration,
    spread: SignedDuration,
    windows: Vec<blackout::Window>,
    summary: String,
}

impl Schedule {
    /// Parses the `schedule` block of a strategy.
    pub fn parse(spec: &ScheduleSpec) -> Result<Self, ScheduleError> {
        spec::parse(spec)
    }

    /// Returns the first slot of this type after the instant `after`; `None` if the schedule has
    /// none. It may coincide with a full slot: see [`Self::next_run_after`].
    #[must_use]
    pub fn next_after(&self, ty: BackupType, after: Timestamp) -> Option<Slot> {
        let unseen = time_zone::first_minute_after(&self.zone, after)?;
        let minute = self.calendar(ty)?.at_or_after(unseen)?;
        let at = time_zone::instant_of(&self.zone, minute)?;
        Some(Slot { at, ty })
    }

    /// Returns the first slot of this type after `after` that no full slot at the same instant
    /// supersedes and no blackout window skips. It is the next time to show. It is also `None` if
    /// the next 1,000 slots are all superseded or skipped.
    #[must_use]
    pub fn next_run_after(&self, ty: BackupType, after: Timestamp) -> Option<Slot> {
        let mut slot = self.next_after(ty, after)?;
        for _ in 0..MAX_COUNTED {
            if !self.is_left_out(&slot)
                && (ty == BackupType::Full || !self.falls_at(BackupType::Full, slot.at))
            {
                return Some(slot);
            }
            slot = self.next_after(ty, slot.at)?;
        }
        None
    }

    /// Returns whether a blackout window skips the slot.
    #[must_use]
    pub fn is_left_out(&self, slot: &Slot) -> bool {
        let blackout = self.blackout(slot.at);
        blackout.is_some_and(|blackout| blackout.action == BlackoutAction::Skip)
    }

    /// Returns the first slot of any type after `after`; at the same instant, the full one.
    #[must_use]
    pub fn next(&self, after: Timestamp) -> Option<Slot> {
        let full = self.next_after(BackupType::Full, after);
        let incremental = self.next_after(BackupType::Incremental, after);
        full.into_iter().chain(incremental).min()
    }

    /// Returns the last slot of this type at or before the instant `until`.
    #[must_use]
    pub fn last_until(&self, ty: BackupType, until: Timestamp) -> Option<Slot> {
        let unseen = time_zone::first_minute_after(&self.zone, until)?;
        let observed = unseen.checked_sub(SignedDuration::from_mins(1)).ok()?;
        let minute = self.calendar(ty)?.at_or_before(observed)?;
        let at = time_zone::instant_of(&self.zone, minute)?;
        Some(Slot { at, ty })
    }

    /// Returns the longest time between two days with a backup of any type, in days: 1 for a daily
    /// schedule, 7 for a weekly one. It examines the first 1,000 such days since the year 2000,
    /// within the 400 years after which the calendar repeats.
    #[must_use]
    pub fn longest_gap_days(&self) -> i32 {
        let next_day = |day: Date| {
            let calendars = self.full.iter().chain(&self.incremental);
            calendars
                .filter_map(|calendar| calendar.day_after(day))
                .min()
        };
        let start = next_day(Date::constant(1999, 12, 31));
        let days = std::iter::successors(start, |day| next_day(*day));
        let mut days = days.take_while(|day| day.year() < 2400).take(GAP_SAMPLE);
        let Some(mut previous) = days.next() else {
            return 0;
        };
        let mut longest = 0;
        for day in days {
            longest = longest.max(previous.until(day).map_or(0, |gap| gap.get_days()));
            previous = day;
        }
        longest
    }

    /// Returns how late a slot may start (`startingDeadlineSeconds`).
    #[must_use]
    pub fn starting_deadline(&self) -> SignedDuration {
        self.starting_deadline
    }

    /// Returns the time over which a slot's tenants are spread (`spreadSeconds`).
    #[must_use]
    pub fn spread(&self) -> SignedDuration {
        self.spread
    }

    /// Returns the last instant at which a slot at `at` may start: blackouts do not count.
    #[must_use]
    pub fn deadline_of(&self, at: Timestamp) -> Timestamp {
        self.after(at, self.starting_deadline)
    }

    /// Returns a short description, such as `full Sun 02:00, incr Mon-Sat 02:00 Asia/Shanghai`.
    #[must_use]
    pub fn summary(&self) -> &str {
        &self.summary
    }

    /// Formats the instant as RFC 3339 in whole seconds, with the offset of the schedule's zone.
    #[must_use]
    pub fn format_in_zone(&self, at: Timestamp) -> String {
        let seconds = Timestamp::from_second(at.as_second()).unwrap_or(at);
        seconds
            .display_with_offset(self.zone.to_offset(seconds))
            .to_string()
    }

    fn calendar(&self, ty: BackupType) -> Option<&Calendar> {
        match ty {
            BackupType::Full => self.full.as_ref(),
            BackupType::Incremental => self.incremental.as_ref(),
        }
    }

    fn falls_at(&self, ty: BackupType, at: Timestamp) -> bool {
        self.last_until(ty, at).is_some_and(|slot| slot.at == at)
    }
}

#[cfg(test)]
mod tests;
