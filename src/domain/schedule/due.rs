//! What became of the slots since the anchor: one runs, the others are missed or superseded.
//!
//! A full backup goes before newer incremental ones while it may still start: an hour in which
//! nobody was there must not cost the backup of the week.

use super::{Schedule, Slot};
use crate::api::schedule::{BackupType, MissedRunPolicy};
use jiff::{SignedDuration, Timestamp};

/// How late a slot still counts as punctual under `missedRunPolicy: Skip`; a new leader needs a
/// moment to begin.
pub const SKIP_GRACE: SignedDuration = SignedDuration::from_mins(5);

/// At most this many slots are looked at, newest first, however long nobody was there.
pub const MAX_COUNTED: u32 = 1_000;

/// At most this many slots are listed one by one.
pub const MAX_LISTED: usize = 20;

/// Slots that shared a fate: all are counted, the newest are listed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SlotGroup {
    /// How many.
    pub count: u32,
    /// The newest of them, newest first, at most [`MAX_LISTED`].
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

/// What became of the slots after an anchor, up to now. Each is in exactly one of the four, but
/// those older than the newest 1,000.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Due {
    /// The one to start.
    pub run: Option<Slot>,
    /// Too late, or overtaken by a newer slot.
    pub missed: SlotGroup,
    /// Incremental ones at the instant of a full one, whether that ran or not, and those after
    /// the full one that runs.
    pub superseded: SlotGroup,
    /// Those that a blackout window leaves out, or postpones to the start of the one that runs.
    pub left_out: SlotGroup,
    /// There are still older slots, neither counted nor listed.
    pub truncated: bool,
}

impl Schedule {
    /// Judges the slots after the anchor `after`, up to and including `now`.
    ///
    /// A slot may run that is not later than `deadline`; with `Skip` it must besides be within
    /// [`SKIP_GRACE`]. Blackouts do not count: one that postpones a slot makes it no later. Of those the newest full one runs, or, where there is none, the newest
    /// incremental one. Slots are walked backwards from now, at most [`MAX_COUNTED`], so that an
    /// anchor decades ago costs no more than one of last week.
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

    /// The newest slot that is not too late, of those that no blackout leaves out.
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
