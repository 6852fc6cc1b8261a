//! The maximum run time of a recovery, and cancels.

use jiff::{SignedDuration, Timestamp};

use super::{Evaluation, Outcome, RecoveryDecision};
use crate::api::Cause;
use crate::domain::{cause, time};

impl Evaluation<'_> {
    /// Returns whether the recovery is to be canceled: a user requested it, the object is being
    /// deleted, or the recovery ran too long.
    pub(super) fn is_cancel_wanted(&self) -> bool {
        self.is_leaving || self.spec().cancel == Some(true) || self.status.expired_time.is_some()
    }

    /// Records that the recovery has run too long. A recovery that is being given up has its cause.
    pub(super) fn record_expiry(&mut self) {
        let is_over = self.expires_at().is_some_and(|at| self.now >= at);
        let status = &mut self.status;
        if is_over && status.expired_time.is_none() && status.ending.is_none() {
            status.expired_time = Some(time(self.now));
        }
    }

    fn expires_at(&self) -> Option<Timestamp> {
        let seconds = self.spec().active_deadline_seconds?;
        let started = self.status.start_time.as_ref()?.0;
        started.checked_add(SignedDuration::from_secs(seconds)).ok()
    }

    /// Cancels. The objects of the recovery are dropped first, whatever `failurePolicy` says.
    pub(super) fn cancel(mut self) -> RecoveryDecision {
        let (outcome, cause) = self.canceled();
        self.record_result(outcome);
        if self.status.step.is_none() {
            return self.end_with(outcome, cause);
        }
        self.clean_up_after(outcome, cause)
    }

    fn canceled(&self) -> (Outcome, Cause) {
        let canceled = |why| (Outcome::Canceled, cause("Canceled", why));
        if self.is_leaving {
            return canceled("the RecoveryTask is being deleted");
        }
        let is_expired = self.status.expired_time.is_some();
        if self.spec().cancel == Some(true) || !is_expired {
            return canceled("`spec.cancel` is set");
        }
        let message = "the recovery ran longer than `activeDeadlineSeconds` and was canceled; \
                       raise the deadline in a new RecoveryTask";
        (Outcome::Failed, cause("ActiveDeadlineExceeded", message))
    }

    /// Ends a recovery whose tenant was restored before it could be canceled.
    pub(super) fn keep_canceled(mut self) -> RecoveryDecision {
        let (outcome, cause) = self.canceled();
        let (reason, why) = match outcome {
            Outcome::Failed => (
                cause.reason,
                "the recovery ran longer than `activeDeadlineSeconds`, and ",
            ),
            Outcome::Completed | Outcome::Canceled => ("CanceledAfterRestore".to_owned(), ""),
        };
        let role = match self.status.activated_time {
            Some(_) => "primary",
            None => "standby",
        };
        self.status.cause = Some(Cause {
            reason,
            message: format!(
                "{why}the tenant was restored before the recovery could be canceled. It is kept as a \
                 {role} tenant. Drop it manually if it is not needed"
            ),
            ..cause
        });
        self.end(outcome)
    }
}
