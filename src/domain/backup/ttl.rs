//! Deletion of the object of an ended task.

use std::time::Duration;

use jiff::SignedDuration;

use super::state::{Outcome, State};
use super::{BackupDecision, Effect, Evaluation};
use crate::domain::Next;

/// Delay before checking whether a newer task has replaced one that is kept.
const LOOK_AGAIN: Next = Next::After(Duration::from_mins(10));

impl Evaluation<'_> {
    /// Returns the unchanged status of an ended task until its object is deleted.
    pub(super) fn ended(self, outcome: Outcome) -> BackupDecision {
        let ttl = self.task.spec.ttl_seconds_after_finished;
        let ttl = ttl.map(i64::from);
        let ended_at = self.status.completion_time.as_ref().map(|at| at.0);
        let due = ended_at
            .zip(ttl)
            .and_then(|(at, seconds)| at.checked_add(SignedDuration::from_secs(seconds)).ok());
        let (now, kept) = (self.now, self.observed.kept);
        let mut decision = self.render(&State::Ended(outcome), None, Next::Await);
        match due {
            Some(due) if now < due => decision.next = Next::At(due),
            Some(_) if kept => decision.next = LOOK_AGAIN,
            Some(_) => decision.effect = Some(Effect::Delete),
            None => {}
        }
        decision
    }
}
