//! Evaluation of the slots since the anchor: one runs, the others are missed, superseded or left
//! out.
//!
//! A full backup takes precedence over newer incremental ones while it may still start. Otherwise
//! an hour of operator downtime could cost the weekly backup.

use super::{Schedule, Slot};
use crate::api::schedule::{BackupType, MissedRunPolicy};
use jiff::{SignedDuration, Timestamp};

/// How late a slot still counts as on time under `missedRunPolicy: Skip`; a new leader needs some
/// time to start.
pub const SKIP_GRACE: SignedDuration = SignedDuration::from_mins(5);

/// Maximum number of slots that are evaluated, newest first, however long the operator was down.
pub const MAX_COUNTED: u32 = 1_000;

/// Maximum number of slots that are listed individually.
pub const MAX_LISTED: usize = 20;

/// Slots with the same result: all are counted, the newest are listed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SlotGroup {
    /// Number of slots.
    pub count: u32,
    /// The newest slots, newest first, at most [`MAX_LISTED`].
    pub newest: Vec<Slot>,
}

impl SlotGroup {
    fn add(&mut self, slot: Slot) {
        self.count = self.count.saturating_add(1);
        if self.newest.len() < MAX_LISTED {
            self.newest.push(slot);
        }
    }
}

/// Results of the slots after an anchor, up to now. Each slot is in exactly one of the four, except
/// those older than the newest 1,000.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Due {
    /// The slot to start.
    pub run: Option<Slot>,
    /// Slots that are too late, or overtaken by a newer slot.
    pub missed: SlotGroup,
    /// Incremental slots at the instant of a full one, whether that one ran or not, and those after
    /// the full slot that runs.
    pub superseded: SlotGroup,
    /// Slots that a blackout window skips, or postpones to the start of the slot that runs.
    pub left_out: SlotGroup,
    /// Whether there are older slots that are neither counted nor listed.
    pub truncated: bool,
}

impl Schedule {
    /// Evaluates the slots after the anchor `after`, up to and including `now`.
    ///
    /// A slot may run if it is not later than `deadline`; with `Skip` it must also be within
    /// [`SKIP_GRACE`]. Blackouts do not count: a postponed slot is not later. The newest such full
    /// slot runs, or, without one, the newest incremental slot. Slots are walked backwards from
    /// now, at most [`MAX_COUNTED`]. An anchor decades ago therefore costs no more than one of last
    /// week.
    #[must_use]
    pub fn due(&self, after: Timestamp, now: Timestamp, deadline: SignedDuration) -> Due {
        let allowed = match self.missed_runs {
            MissedRunPolicy::RunLatest => deadline,
            MissedRunPolicy::Skip => deadline.min(SKIP_GRACE),
        };
        let running = self.newest_in_time(BackupType::Full, after, now, allowed);
        let mut due = Due {
            run: running
                .or_else(|| self.newest_in_time(BackupType::Incremental, after, now, allowed)),
            ..Due::default()
        };
        let mut full = self.fallen(BackupType::Full, after, now);
        let mut incremental = self.fallen(BackupType::Incremental, after, now);
        let start = |slot: Slot| self.after(slot.at, SignedDuration::ZERO);
        let run_start = due.run.map(start);
        for _ in 0..MAX_COUNTED {
            let Some(slot) = full.max(incremental) else {
                return due;
            };
            let is_superseded = slot.ty == BackupType::Incremental
                && (full.is_some_and(|full| full.at == slot.at)
                    || running.is_some_and(|running| running.at < slot.at));
            if due.run != Some(slot) {
                let tally = if self.is_left_out(&slot) {
                    &mut due.left_out
                } else if is_superseded {
                    &mut due.superseded
                } else if Some(start(slot)) == run_start {
                    &mut due.left_out
                } else {
                    &mut due.missed
                };
                tally.add(slot);
            }
            match slot.ty {
                BackupType::Full => full = self.fallen_before(slot, after),
                BackupType::Incremental => incremental = self.fallen_before(slot, after),
            }
        }
        due.truncated = full.max(incremental).is_some();
        due
    }

    /// Returns the newest slot that is not too late and that no blackout skips.
    fn newest_in_time(
        &self,
        ty: BackupType,
        after: Timestamp,
        now: Timestamp,
        allowed: SignedDuration,
    ) -> Option<Slot> {
        let newest = self.fallen(ty, after, now);
        std::iter::successors(newest, |slot| self.fallen_before(*slot, after))
            .take(MAX_COUNTED as usize)
            .take_while(|slot| now <= self.after(slot.at, allowed))
            .find(|slot| !self.is_left_out(slot))
    }

    fn fallen(&self, ty: BackupType, after: Timestamp, until: Timestamp) -> Option<Slot> {
        self.last_until(ty, until).filter(|slot| slot.at > after)
    }

    fn fallen_before(&self, slot: Slot, after: Timestamp) -> Option<Slot> {
        let until = slot.at.checked_sub(SignedDuration::from_nanos(1)).ok()?;
        self.fallen(slot.ty, after, until)
    }
}
