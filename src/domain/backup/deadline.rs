//! The deadline before which a backup may start.

use jiff::{SignedDuration, Timestamp};

use super::{BackupDecision, Evaluation};
use crate::domain::{Blocker, Next, cause};

/// Time that one of several tasks waits for its tenant and its log backup (6 hours).
const CHILD_TIMEOUT: SignedDuration = SignedDuration::from_hours(6);

impl Evaluation<'_> {
    pub(super) fn is_past_deadline(&self) -> bool {
        self.deadline().is_some_and(|at| self.now >= at)
    }

    /// Returns whether an attempt at this instant would be too late.
    pub(super) fn is_deadline_before(&self, at: Timestamp) -> bool {
        self.deadline().is_some_and(|deadline| deadline <= at)
    }

    fn deadline(&self) -> Option<Timestamp> {
        let seconds = self.task.spec.starting_deadline_seconds?;
        let from = self.starts_at().unwrap_or(self.task.created_at);
        from.checked_add(SignedDuration::from_secs(seconds)).ok()
    }

    /// Waits for a blocker. A child of a task for several tenants waits only for a limited time:
    /// otherwise that task would never end.
    pub(super) fn hold(mut self, blocker: Blocker) -> BackupDecision {
        match self.timeout() {
            Some(until) if self.now >= until => {
                self.status.cause = Some(cause(blocker.reason, &blocker.message));
                self.overdue()
            }
            Some(until) => self.wait(blocker, Next::At(until)),
            None => self.wait(blocker, Next::Await),
        }
    }

    /// Returns until when a task waits for its tenant and its log backup. The wait for a slot is
    /// not limited: every task gets its turn.
    fn timeout(&self) -> Option<Timestamp> {
        let is_one_of_several = self.task.owned && self.deadline().is_none();
        let until = self.task.created_at.checked_add(CHILD_TIMEOUT).ok();
        until.filter(|_| is_one_of_several)
    }

    /// Returns when the backup may start: at its slot, or later.
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
