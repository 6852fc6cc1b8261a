//! Results of statements, and delays after failures.

use jiff::Timestamp;

use super::{Effect, Evaluation, LogBackupDecision, STEP_TIMEOUT, State, archive};
use crate::api::Cause;
use crate::domain::backoff::AFTER_FAILURE;
use crate::domain::{Next, cause, time};
use crate::oceanbase::model::{Acceptance, Answer, Failure, FailureClass, Tenant};

/// Number of times that a statement cannot be sent before this counts as a failure.
const REPORT_AFTER_ATTEMPTS: i32 = 3;

/// Number of failures after which a user probably has to intervene; retries are then rare.
pub(super) const FOR_A_PERSON: i32 = 5;

impl Evaluation<'_> {
    /// Records the result of this pass's statement.
    pub(super) fn on_answer(
        mut self,
        tenant: &Tenant,
        effect: &Effect,
        answer: &Answer,
    ) -> LogBackupDecision {
        if let Effect::Rotate {
            location, version, ..
        } = effect
        {
            return self.on_rotation_answer(tenant, (location, version), answer);
        }
        if let Effect::Limit { location, .. } = effect {
            return self.on_limit_answer(tenant, location, answer);
        }
        let archive = archive(tenant);
        match answer.acceptance() {
            Acceptance::Accepted => {
                if matches!(effect, Effect::SetDestination(_) | Effect::Switch { .. }) {
                    self.record_keys();
                }
                self.forget_failures();
                self.record_accepted(effect);
                let state = self.in_progress(archive);
                // Also needed if no change follows, as after an answer that the state is already
                // set.
                self.render(Some(tenant), &state, None, STEP_TIMEOUT)
            }
            Acceptance::Refused(failure) => {
                self.record_failure(failure);
                let next = self.paused_until().map_or(Next::Await, Next::At);
                self.render(Some(tenant), &State::Failed(archive), None, next)
            }
            // Sent again after the next observation: these statements are idempotent.
            Acceptance::Unknown(why) | Acceptance::NotSent(why) | Acceptance::Withheld(why) => {
                self.record_unsent(why);
                let next = self.paused_until().map_or(Next::Await, Next::At);
                let state = self.in_progress(archive);
                self.render(Some(tenant), &state, None, next)
            }
        }
    }

    fn record_failure(&mut self, failure: &Failure) {
        self.status.cause = Some(Cause::from(failure));
        let failures = self.status.failures.unwrap_or(0).saturating_add(1);
        let least = if failure.class == FailureClass::Permanent {
            FOR_A_PERSON
        } else {
            1
        };
        self.status.failures = Some(failures.max(least));
        self.status.last_failure_time = Some(time(self.now));
    }

    /// Records a statement that could not be sent and is retried; after several attempts it is
    /// reported.
    fn record_unsent(&mut self, why: &str) {
        let times = self.status.unsent.unwrap_or(0).saturating_add(1);
        self.status.unsent = Some(times);
        self.status.last_failure_time = Some(time(self.now));
        if times >= REPORT_AFTER_ATTEMPTS {
            let message = format!(
                "a statement could not be sent several times; the operator retries: {why}. Check \
                 that the account can open new sessions in the database"
            );
            self.status.cause = Some(cause("StatementNotSent", &message));
            self.status.failures = Some(times);
        }
    }

    /// Returns the instant before which nothing is sent, because the last statement failed.
    pub(super) fn paused_until(&self) -> Option<Timestamp> {
        let failed_at = self.status.last_failure_time.as_ref()?.0;
        let times = self.status.failures.max(self.status.unsent).unwrap_or(1);
        AFTER_FAILURE.until(failed_at, times, self.now)
    }
}
