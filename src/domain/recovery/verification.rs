//! A verification: the restored tenant stays a read-only standby tenant, runs its checks one after
//! the other, and is always dropped.

use std::time::Duration;

use jiff::SignedDuration;

use super::timing::SHORT_RETRY;
use super::{Effect, Evaluation, Outcome, RecoveryDecision, State, Step};
use crate::api::Cause;
use crate::api::verification::{Check, CheckOutcome, Verification, VerificationProgress};
use crate::domain::{Blocker, Next, cause, shortened, time};
use crate::oceanbase::model::{Answer, CheckQuery, CheckResult, FailureClass, Tenant};

/// Time within which a restored tenant should become readable.
const VERIFICATION_TIMEOUT: SignedDuration = SignedDuration::from_mins(10);
/// Maximum number of attempts of a check without an answer.
const MAX_CHECK_ATTEMPTS: i32 = 5;
/// Words for the outcome of a check.
const PASSED: &str = "Passed";
const FAILED: &str = "Failed";
const CANCELED: &str = "Canceled";
/// Longest message of a check's outcome that the schema accepts, in bytes.
const MESSAGE_LIMIT: usize = 1024;

/// Checks whether the checks can be run: an object may be older than the rules of its schema.
pub(super) fn check_queries(verification: Option<&Verification>) -> Result<(), Blocker> {
    let Some(verification) = verification else {
        return Ok(());
    };
    for (number, check) in verification.checks.iter().enumerate() {
        if let Err(problem) = CheckQuery::parse(&check.sql) {
            let number = number + 1;
            return Err(Blocker::permanent(
                "InvalidCheck",
                format!(
                    "`sql` of check {number} cannot be run: {problem}; correct it in the \
                     definition of the verification"
                ),
            ));
        }
    }
    Ok(())
}

impl Evaluation<'_> {
    /// Returns whether the tenant is restored temporarily.
    pub(super) fn is_verification(&self) -> bool {
        self.spec().verification.is_some()
    }

    fn checks(&self) -> &[Check] {
        let verification = self.spec().verification.as_ref();
        verification.map_or(&[], |verification| &verification.checks)
    }

    fn progress(&mut self) -> &mut VerificationProgress {
        self.status.verification.get_or_insert_default()
    }

    /// Records the start of the first step in the database.
    pub(super) fn record_start(&mut self) {
        if self.is_verification() {
            let now = self.now;
            self.progress().begin_time.get_or_insert_with(|| time(now));
        }
    }

    /// Starts the verification of a restored tenant, which can be read from now on.
    pub(super) fn restored_to_verify(mut self) -> RecoveryDecision {
        let restored = self.status.restored_time.as_ref().map(|at| at.0);
        let progress = self.progress();
        let begun = progress.begin_time.as_ref().map(|at| at.0);
        progress.rto_seconds = begun
            .zip(restored)
            .map(|(begun, restored)| begun.duration_until(restored).as_secs().max(0));
        self.enter(Step::Verifying);
        // The read that showed the job's end may be older than the tenant's new role.
        self.render(&State::Verifying, None, Next::After(Duration::ZERO))
    }

    pub(super) fn verify(self) -> RecoveryDecision {
        if self.is_cancel_wanted() {
            return self.cancel();
        }
        let tenant = match self.restored_tenant() {
            Ok(tenant) => tenant,
            Err(missing) => return self.without_tenant(missing, &State::Verifying),
        };
        if tenant.role != "STANDBY" || tenant.status != "NORMAL" {
            return self.unreadable(tenant);
        }
        let done = self.status.verification.as_ref();
        let done = done.map_or(0, |progress| progress.checks.len());
        if done >= self.checks().len() {
            return self.conclude();
        }
        if let Some(pause) = self.pause() {
            return self.render(&State::Verifying, None, Next::At(pause));
        }
        let effect = self.names().map(|(name, _)| Effect::Check {
            tenant: name,
            tenant_id: tenant.id,
            number: done,
        });
        self.render(&State::Verifying, effect, SHORT_RETRY)
    }

    /// Fails if the tenant cannot be read. A user may have locked it or made it a primary tenant;
    /// it was created to be dropped, and is dropped nevertheless.
    fn unreadable(self, tenant: &Tenant) -> RecoveryDecision {
        if tenant.role == "PRIMARY" || self.since_step() > VERIFICATION_TIMEOUT {
            let message = format!(
                "the tenant is restored but cannot be queried: its role is {} and its status {}, \
                 instead of STANDBY and NORMAL",
                tenant.role, tenant.status
            );
            return self.result(FAILED, cause("TenantNotReadable", &message));
        }
        self.render(&State::Verifying, None, Next::After(Duration::from_secs(5)))
    }

    pub(super) fn on_check_answer(mut self, number: usize, answer: &Answer) -> RecoveryDecision {
        let (reason, message, passed) = match answer {
            Answer::Checked(result) => match &**result {
                CheckResult::Refused(failure) if failure.class != FailureClass::Permanent => {
                    return self.ask_again(number, Cause::from(failure));
                }
                result => describe(result),
            },
            Answer::Refused(failure) if failure.class == FailureClass::Permanent => {
                (failure.reason.to_owned(), failure.message.clone(), false)
            }
            Answer::Refused(failure) => return self.ask_again(number, Cause::from(failure)),
            Answer::Withheld(why) | Answer::NotSent(why) | Answer::Unknown(why) => {
                let why = format!("the check could not be run ({why})");
                return self.ask_again(number, cause("NotQueried", &why));
            }
            _ => {
                return self.ask_again(
                    number,
                    cause("NotQueried", "the database did not answer the check"),
                );
            }
        };
        self.record_check(number, reason, message, passed);
        self.render(&State::Verifying, None, Next::After(Duration::ZERO))
    }

    fn ask_again(mut self, number: usize, cause: Cause) -> RecoveryDecision {
        if self.status.tries.unwrap_or_default() >= MAX_CHECK_ATTEMPTS {
            self.record_check(number, cause.reason, cause.message, false);
            return self.render(&State::Verifying, None, Next::After(Duration::ZERO));
        }
        self.status.cause = Some(cause);
        let next = self.count_try();
        self.render(&State::Verifying, None, next)
    }

    fn record_check(&mut self, number: usize, reason: String, message: String, passed: bool) {
        let name = self.checks().get(number).map(|check| check.name.clone());
        let outcome = CheckOutcome {
            name: shortened(name.unwrap_or_default(), 63),
            outcome: if passed { PASSED } else { FAILED }.to_owned(),
            reason,
            message: shortened(message, MESSAGE_LIMIT),
        };
        let checks = &mut self.progress().checks;
        // In order: a second answer for a check with an outcome adds nothing.
        if checks.len() == number {
            checks.push(outcome);
        }
        self.status.tries = None;
        self.status.retry_time = None;
        self.status.cause = None;
    }

    /// Concludes after all checks have an outcome.
    fn conclude(self) -> RecoveryDecision {
        let checks = self.status.verification.iter();
        let checks: Vec<_> = checks.flat_map(|progress| &progress.checks).collect();
        let failed: Vec<_> = checks
            .iter()
            .filter(|check| check.outcome != PASSED)
            .collect();
        let Some(first) = failed.first() else {
            let message = match checks.len() {
                0 => "the tenant was restored; no checks are defined".to_owned(),
                count => format!("the tenant was restored and has passed {count} check(s)"),
            };
            return self.result(PASSED, cause("Verified", &message));
        };
        let message = format!(
            "{} of {} checks failed, the first one is '{}': {}",
            failed.len(),
            checks.len(),
            first.name,
            first.message
        );
        self.result(FAILED, cause("CheckFailed", &message))
    }

    /// Records the result, and then drops the created objects.
    fn result(self, result: &str, cause: Cause) -> RecoveryDecision {
        let outcome = match result {
            PASSED => Outcome::Completed,
            _ => Outcome::Failed,
        };
        self.give_up(outcome, cause)
    }

    /// Records the result of a verification before anything is dropped; a recorded result is kept.
    pub(super) fn record_result(&mut self, outcome: Outcome) {
        if !self.is_verification() {
            return;
        }
        let result = match outcome {
            Outcome::Completed => PASSED,
            Outcome::Failed => FAILED,
            Outcome::Canceled => CANCELED,
        };
        let progress = self.progress();
        progress.result.get_or_insert_with(|| result.to_owned());
    }
}

/// Returns reason and message of an outcome, and whether the check has passed.
fn describe(result: &CheckResult) -> (String, String, bool) {
    let (reason, message) = match result {
        CheckResult::ExpectedValue => {
            let message = "the restored tenant returned the expected value".to_owned();
            return ("ExpectedValue".to_owned(), message, true);
        }
        CheckResult::UnexpectedValue => (
            "UnexpectedValue",
            "the restored tenant returned another value than `expectedValue`. The value is not shown, \
             because it is data of the tenant: query the tenant as of `status.restoreTime`, or \
             recover it",
        ),
        CheckResult::NoRow => (
            "NoRow",
            "the restored tenant returned no row: write a query that returns one row",
        ),
        CheckResult::MultipleRows => (
            "MultipleRows",
            "the restored tenant returned more than one row: write a query that returns one row, \
             such as a COUNT",
        ),
        CheckResult::MultipleColumns => (
            "MultipleColumns",
            "the statement of the check returns more than one column: select only one",
        ),
        CheckResult::Refused(failure) => (failure.reason, failure.message.as_str()),
    };
    (reason.to_owned(), message.to_owned(), false)
}
