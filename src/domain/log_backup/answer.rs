//! What became of a statement, and how long to pause after one that failed.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::{Draft, STEP_PATIENCE, State, Verdict, archive};
use crate::api::Cause;
use crate::domain::{Next, time};
use crate::oceanbase::model::{Answer, Failure, FailureClass, Tenant};

/// The shortest and the longest pause after a statement that failed.
const PAUSES: (SignedDuration, SignedDuration) =
    (SignedDuration::from_secs(5), SignedDuration::from_mins(5));

impl Draft<'_> {
    /// Takes in what became of this pass's statement.
    pub(super) fn hear(mut self, tenant: &Tenant, answer: &Answer) -> Verdict {
        let archive = archive(tenant);
        match answer {
            Answer::Done | Answer::AlreadySent => {
                self.forget_failures();
                // Also where nothing will change, as after an answer that it is so already.
                self.render(Some(tenant), &State::Moving(archive), None, STEP_PATIENCE)
            }
            Answer::Refused(failure) => {
                self.note_failure(failure);
                let next = self.paused_until().map_or(Next::Await, Next::At);
                self.render(Some(tenant), &State::Failed(archive), None, next)
            }
            // Sent again after a look: these statements are idempotent.
            Answer::Unknown(_) | Answer::NotSent(_) | Answer::Withheld(_) => {
                let next = Next::After(Duration::from_secs(5));
                let state = self.under_way(archive);
                self.render(Some(tenant), &state, None, next)
            }
        }
    }

    fn note_failure(&mut self, failure: &Failure) {
        self.status.cause = Some(Cause::from(failure));
        let failures = self.status.failures.unwrap_or(0).saturating_add(1);
        // What only a person can mend is tried rarely.
        let least = if failure.class == FailureClass::Permanent {
            5
        } else {
            1
        };
        self.status.failures = Some(failures.max(least));
        self.status.last_failure_time = Some(time(self.now));
    }

    /// Until when nothing is sent, because the last statement failed.
    pub(super) fn paused_until(&self) -> Option<Timestamp> {
        let failed_at = self.status.last_failure_time.as_ref()?.0;
        let doublings = u32::try_from(self.status.failures.unwrap_or(1).clamp(1, 7)).ok()? - 1;
        let (shortest, longest) = PAUSES;
        let pause = shortest.saturating_mul(1 << doublings).min(longest);
        let until = failed_at.saturating_add(pause).ok()?;
        // A failure in the future was written by another clock.
        (failed_at <= self.now && self.now < until).then_some(until)
    }
}
