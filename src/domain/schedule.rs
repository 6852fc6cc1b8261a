//! The slot engine: when backups are due, from a schedule, its zone and an anchor alone.
//!
//! A slot is a type of backup and an instant. The engine has no clock, does no I/O and remembers
//! nothing: asked twice it answers the same, so a slot can be found again after any crash.
//!
//! ```text
//! ScheduleSpec ── parse ──> Schedule ── next_after, due ──> Slot
//!                           calendar: which civil minutes   (what a clock on the wall shows)
//!                           zone:     at which instants they fall
//! ```
//!
//! A minute that the zone's clock leaves out falls at the first instant after the gap, one that it
//! shows twice falls at the first occurrence, and each instant is one slot: a job at 02:30 runs
//! once in each night of a change, and one every fifteen minutes rests while an hour repeats.

mod blackout;
mod calendar;
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

/// How many days `longest_gap_days` looks at.
const GAP_SAMPLE: usize = 1_000;

/// Why a schedule was refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ScheduleError {
    /// The time zone is not in the database.
    #[error(
        "schedule.timeZone `{name}` is not in the time zone database; use an IANA name such as \
         `Asia/Shanghai` or `UTC`"
    )]
    UnknownTimeZone {
        /// The zone as it was written.
        name: String,
    },
    /// A cron expression can not be read, or never comes due.
    #[error("schedule.cron.{field} `{expression}`: {problem}")]
    InvalidCron {
        /// `full` or `incremental`.
        field: &'static str,
        /// The expression as it was written.
        expression: String,
        /// What is wrong with it.
        problem: CronError,
    },
    /// The days or the time of day do not make a schedule.
    #[error("{field}: {problem}")]
    InvalidCalendar {
        /// Where, as a path in the object's spec.
        field: &'static str,
        /// What is wrong and what to do.
        problem: String,
    },
    /// A blackout window can not be read, or they leave no time.
    #[error("{field}: {problem}")]
    InvalidBlackout {
        /// Where, as a path in the object's spec.
        field: &'static str,
        /// What is wrong and what to do.
        problem: String,
    },
}

impl ScheduleError {
    /// The stable word for conditions, events and metric labels.
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

/// One planned backup. Slots sort by time; at the same instant the full one comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slot {
    /// When it is due.
    pub at: Timestamp,
    /// What is due.
    pub ty: BackupType,
}

impl Slot {
    /// The minute in UTC as `yyyymmddhhmm`, for names of children: UTC has no hour that comes
    /// twice.
    #[must_use]
    pub fn stamp(&self) -> String {
        self.at.strftime("%Y%m%d%H%M").to_string()
    }
}

/// A schedule that was read and found sound.
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
    /// Reads the `schedule` block of a strategy.
    pub fn parse(spec: &ScheduleSpec) -> Result<Self, ScheduleError> {
        spec::parse(spec)
    }

    /// The first slot of this type after the instant `after`; `None` when the schedule has none of
    /// this type. It may stand beside a full one: see [`Self::next_run_after`].
    #[must_use]
    pub fn next_after(&self, ty: BackupType, after: Timestamp) -> Option<Slot> {
        let unseen = time_zone::first_minute_after(&self.zone, after)?;
        let minute = self.calendar(ty)?.at_or_after(unseen)?;
        let at = time_zone::instant_of(&self.zone, minute)?;
        Some(Slot { at, ty })
    }

    /// The first slot of this type after `after` that no full slot at the same instant supersedes
    /// and no blackout window leaves out; what to show as the next time. `None` also when the next
    /// 1,000 slots are all superseded or left out.
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

    /// Whether a blackout window leaves the slot out.
    #[must_use]
    pub fn is_left_out(&self, slot: &Slot) -> bool {
        let blackout = self.blackout(slot.at);
        blackout.is_some_and(|blackout| blackout.action == BlackoutAction::Skip)
    }

    /// The first slot of any type after `after`; at the same instant the full one.
    #[must_use]
    pub fn next(&self, after: Timestamp) -> Option<Slot> {
        let full = self.next_after(BackupType::Full, after);
        let incremental = self.next_after(BackupType::Incremental, after);
        full.into_iter().chain(incremental).min()
    }

    /// The last slot of this type at or before the instant `until`.
    #[must_use]
    pub fn last_until(&self, ty: BackupType, until: Timestamp) -> Option<Slot> {
        let unseen = time_zone::first_minute_after(&self.zone, until)?;
        let observed = unseen.checked_sub(SignedDuration::from_mins(1)).ok()?;
        let minute = self.calendar(ty)?.at_or_before(observed)?;
        let at = time_zone::instant_of(&self.zone, minute)?;
        Some(Slot { at, ty })
    }

    /// The longest time between two days with a backup of any type, in days: 1 for a daily
    /// schedule, 7 for a weekly one. Looked for among the first 1,000 such days since the year
    /// 2000, at most through the 400 years after which the calendar repeats.
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

    /// How late a slot may start (`startingDeadlineSeconds`).
    #[must_use]
    pub fn starting_deadline(&self) -> SignedDuration {
        self.starting_deadline
    }

    /// Over how long a slot's tenants are spread (`spreadSeconds`).
    #[must_use]
    pub fn spread(&self) -> SignedDuration {
        self.spread
    }

    /// The last instant at which a slot at `at` may start: blackouts do not count.
    #[must_use]
    pub fn deadline_of(&self, at: Timestamp) -> Timestamp {
        self.after(at, self.starting_deadline)
    }

    /// The schedule in a few words, such as `weekly Sun full, Mon-Sat incr 02:00 Asia/Shanghai`.
    #[must_use]
    pub fn summary(&self) -> &str {
        &self.summary
    }

    /// The instant as RFC 3339 in whole seconds, with the offset that the schedule's zone has then.
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
