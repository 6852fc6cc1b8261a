//! Statements about a store that do not concern the round: how often one is tried, and what is told.

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::outcome::FOR_A_PERSON;
use crate::api::Cause;
use crate::api::log_backup::{PendingLocation, TenantKeys};
use crate::domain::backoff::Backoff;
use crate::domain::{cause, time};
use crate::oceanbase::model::{Failure, FailureClass};

/// The pauses after a try.
const BACKOFF: Backoff = Backoff::new(SignedDuration::from_secs(5), SignedDuration::from_mins(5));

/// How many times a statement can not be sent, or has no effect, before that is told.
pub(super) const REPORT_AFTER_ATTEMPTS: i32 = 3;

/// The tries of a statement, as they stand in the status.
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

    /// One more; how many there are now.
    pub(super) fn record(&mut self, now: Timestamp) -> i32 {
        let count = self.count.unwrap_or(0).saturating_add(1);
        *self.count = Some(count);
        *self.last = Some(time(now));
        count
    }

    /// One more, which was refused.
    pub(super) fn record_failure(&mut self, failure: &Failure, now: Timestamp) {
        let count = self.record(now);
        if failure.class == FailureClass::Permanent {
            *self.count = Some(count.max(FOR_A_PERSON));
        }
        self.report(Cause::from(failure));
    }

    /// One more, which could not be sent; `what` begins the sentence that is told of it.
    pub(super) fn record_unsent(&mut self, what: &str, why: &str, now: Timestamp) {
        if self.record(now) >= REPORT_AFTER_ATTEMPTS {
            let message = format!(
                "{what} could not be given to the database several times, and are tried again: {why}. \
                 Check the account of the tenant in `tenantCredentials` of the OceanBaseCluster"
            );
            self.report(cause("StatementNotSent", &message));
        }
    }

    /// Tells why.
    pub(super) fn report(&mut self, cause: Cause) {
        *self.cause = Some(cause);
    }

    pub(super) fn forget(&mut self) {
        (*self.count, *self.last, *self.cause) = (None, None, None);
    }

    pub(super) fn paused_until(&self, now: Timestamp) -> Option<Timestamp> {
        BACKOFF.until(self.last.as_ref()?.0, self.count.unwrap_or(1), now)
    }
}
