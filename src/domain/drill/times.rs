//! Times at which tenants are verified.

use jiff::{SignedDuration, Timestamp};

use crate::api::BackupType;
use crate::api::recovery_drill::{DrillSchedule, RecoveryDrillStatus};
use crate::api::schedule::{CalendarSpec, MissedRunPolicy, ScheduleSpec};
use crate::domain::naming::fingerprint;
use crate::domain::schedule::Schedule;
use crate::domain::{Blocker, time};

/// How late a slot of `cron` may still start.
const DEADLINE: SignedDuration = SignedDuration::from_hours(6);

/// Slots of verifications.
pub(super) enum Times {
    /// One tenant per slot.
    Cron(Schedule),
    /// As many tenants per day as fit into the range.
    Daily { start: Schedule, end: Schedule },
}

/// A due slot.
pub(super) struct DueSlot {
    /// When it became due.
    pub(super) slot: Timestamp,
    /// After this instant, no verification starts for the slot.
    pub(super) until: Timestamp,
    /// Whether the slot lapses while another verification runs. In a range, the next tenant can
    /// wait.
    pub(super) is_left_out_while_busy: bool,
}

impl Times {
    pub(super) fn parse(schedule: &DrillSchedule) -> Result<Self, Blocker> {
        let of = |cron: &str| {
            Schedule::parse(&spec(cron, &schedule.time_zone))
                .map_err(|error| Blocker::permanent(error.reason(), error.to_string()))
        };
        match (&schedule.cron, &schedule.daily_range) {
            (_, Some(range)) => Ok(Self::Daily {
                start: of(&daily(&range.start)?)?,
                end: of(&daily(&range.end)?)?,
            }),
            (cron, None) => Ok(Self::Cron(of(cron.as_deref().unwrap_or_default())?)),
        }
    }

    /// Formats the instant in the schedule's zone.
    pub(super) fn format(&self, at: Timestamp) -> String {
        let (Self::Cron(schedule)
        | Self::Daily {
            start: schedule, ..
        }) = self;
        schedule.format_in_zone(at)
    }

    /// Excludes slots from before the schedule was written. A range that is still open counts.
    pub(super) fn anchor(
        &self,
        known: &mut RecoveryDrillStatus,
        schedule: &DrillSchedule,
        now: Timestamp,
    ) {
        let print = fingerprint(&serde_json::to_string(schedule).unwrap_or_default());
        let last = known.last_slot_time.as_ref();
        // A clock that was briefly wrong must not stop the schedule for years.
        let is_ahead = last.is_some_and(|last| now.duration_until(last.0) > DEADLINE);
        if known.schedule_fingerprint.as_ref() == Some(&print) && !is_ahead {
            return;
        }
        known.schedule_fingerprint = Some(print);
        known.slot_tenants = None;
        known.last_slot_time = match self {
            Self::Cron(_) => Some(time(now)),
            Self::Daily { .. } => None,
        };
    }

    /// Returns when the next slot is due.
    pub(super) fn next_after(&self, now: Timestamp) -> Option<Timestamp> {
        let (Self::Cron(schedule)
        | Self::Daily {
            start: schedule, ..
        }) = self;
        Some(schedule.next_after(BackupType::Full, now)?.at)
    }

    /// Returns the slot that is due, for this number of tenants.
    pub(super) fn due(
        &self,
        known: &RecoveryDrillStatus,
        tenants: usize,
        now: Timestamp,
    ) -> Option<DueSlot> {
        let last = known.last_slot_time.as_ref().map(|at| at.0);
        match self {
            Self::Cron(schedule) => {
                let slot = schedule.last_until(BackupType::Full, now)?.at;
                let until = slot.saturating_add(DEADLINE).unwrap_or(Timestamp::MAX);
                let is_due = last.is_none_or(|last| slot > last) && now <= until;
                is_due.then_some(DueSlot {
                    slot,
                    until,
                    is_left_out_while_busy: true,
                })
            }
            Self::Daily { start, end } => {
                let slot = start.last_until(BackupType::Full, now)?.at;
                let until = end.next_after(BackupType::Full, slot)?.at;
                let had = usize::try_from(known.slot_tenants.unwrap_or_default()).unwrap_or(0);
                let is_open = last.is_none_or(|last| slot > last)
                    || last == Some(time(slot).0) && had < tenants;
                (is_open && now < until).then_some(DueSlot {
                    slot,
                    until,
                    is_left_out_while_busy: false,
                })
            }
        }
    }
}

/// Returns the cron expression for each day at `HH:MM`.
fn daily(time_of_day: &str) -> Result<String, Blocker> {
    let parts = time_of_day.split_once(':');
    let number = |text: &str| text.parse::<u8>().ok().filter(|_| text.len() == 2);
    let parts = parts.and_then(|(hour, minute)| number(hour).zip(number(minute)));
    match parts {
        Some((hour @ 0..24, minute @ 0..60)) => Ok(format!("{minute} {hour} * * *")),
        _ => Err(Blocker::permanent(
            "InvalidCalendar",
            "`schedule.dailyRange` must start and end at a time of day, `HH:MM`",
        )),
    }
}

fn spec(cron: &str, time_zone: &str) -> ScheduleSpec {
    ScheduleSpec {
        time_zone: time_zone.to_owned(),
        full: Some(CalendarSpec::cron(cron)),
        incremental: None,
        starting_deadline_seconds: DEADLINE.as_secs(),
        missed_run_policy: MissedRunPolicy::RunLatest,
        spread_seconds: 0,
        blackout_windows: Vec::new(),
    }
}
