//! Until when a backup may start.

use jiff::{SignedDuration, Timestamp};

use super::Draft;
use crate::domain::Next;

/// How late a task with a slot may start where nothing is said, as a strategy's own (6 hours).
const SLOT_DEADLINE_SECONDS: i64 = 21_600;

impl Draft<'_> {
    pub(super) fn is_past_deadline(&self) -> bool {
        self.deadline().is_some_and(|at| self.now >= at)
    }

    fn deadline(&self) -> Option<Timestamp> {
        let spec = self.task.spec;
        let slot = self.starts_at();
        // A slot has a deadline even where nobody wrote one: an old object that is applied again
        // must not run.
        let default = slot.map(|_| SLOT_DEADLINE_SECONDS);
        let seconds = spec.starting_deadline_seconds.or(default)?;
        let from = slot.unwrap_or(self.task.created_at);
        from.checked_add(SignedDuration::from_secs(seconds)).ok()
    }

    /// When the backup may start: its slot, or later.
    pub(super) fn starts_at(&self) -> Option<Timestamp> {
        let spec = self.task.spec;
        let times = spec.scheduled_time.iter().chain(&spec.not_before_time);
        times.map(|time| time.0).max()
    }

    pub(super) fn sooner_than_deadline(&self, next: Next) -> Next {
        match self.deadline() {
            Some(deadline) => next.sooner(Next::At(deadline), self.now),
            None => next,
        }
    }
}
