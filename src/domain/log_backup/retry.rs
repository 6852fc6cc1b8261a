//! Retries of statements that concern storage and not the round, and their reports.

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::outcome::FOR_A_PERSON;
use crate::api::Cause;
use crate::api::log_backup::{PendingLocation, TenantKeys};
use crate::domain::backoff::AFTER_FAILURE;
use crate::domain::{cause, time};
use crate::oceanbase::model::{Failure, FailureClass};

/// Number of attempts that fail or have no effect before the operator reports them.
pub(super) const REPORT_AFTER_ATTEMPTS: i32 = 3;

/// Attempts of a statement, as recorded in the status.
pub(super) struct RetryState<'a> {
    count: &'a mut Option<i32>,
    last: &'a mut Option<Time>,
    cause: &'a mut Option<Cause>,
}

impl<'a> RetryState<'a> {
    pub(super) fn of_keys(known: &'a mut TenantKeys) -> Self {
        Self {
            count: &mut known.failures,
            last: &mut known.last_failure_time,
            cause: &mut known.cause,
        }
    }

    pub(super) fn of_limits(known: &'a mut PendingLocation) -> Self {
        Self {
            count: &mut known.tries,
            last: &mut known.last_try_time,
            cause: &mut known.cause,
        }
    }

    /// Records another attempt and returns the number of attempts.
    pub(super) fn record(&mut self, now: Timestamp) -> i32 {
        let count = self.count.unwrap_or(0).saturating_add(1);
        *self.count = Some(count);
        *self.last = Some(time(now));
        count
    }

    /// Records another attempt, which was refused.
    pub(super) fn record_failure(&mut self, failure: &Failure, now: Timestamp) {
        let count = self.record(now);
        if failure.class == FailureClass::Permanent {
            *self.count = Some(count.max(FOR_A_PERSON));
        }
        self.report(Cause::from(failure));
    }

    /// Records another attempt, which could not be sent; `what` starts the reported sentence.
    pub(super) fn record_unsent(&mut self, what: &str, why: &str, now: Timestamp) {
        if self.record(now) >= REPORT_AFTER_ATTEMPTS {
            let message = format!(
                "{what} could not be sent to the database several times; the operator retries: \
                 {why}. Check the account of the tenant in `tenantCredentials` of the \
                 OceanBaseCluster"
            );
            self.report(cause("StatementNotSent", &message));
        }
    }

    /// Reports the cause.
    pub(super) fn report(&mut self, cause: Cause) {
        *self.cause = Some(cause);
    }

    pub(super) fn forget(&mut self) {
        (*self.count, *self.last, *self.cause) = (None, None, None);
    }

    pub(super) fn paused_until(&self, now: Timestamp) -> Option<Timestamp> {
        AFTER_FAILURE.until(self.last.as_ref()?.0, self.count.unwrap_or(1), now)
    }
}
