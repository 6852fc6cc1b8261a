//! RESTORE, or RECOVER TABLE: the intent, the statement, its answer, and the database's job.

use std::time::Duration;

use super::timing::{
    MAX_REFUSALS, RESTORE_ENDED_AFTER, SHORT_RETRY, STATEMENT_ARRIVES_WITHIN, STATEMENT_ENDED_AFTER,
};
use super::unanswered::unanswered;
use super::{Effect, Evaluation, Outcome, RecoveryDecision, State, Step, precheck};
use crate::api::RecoveryTaskStatus;
use crate::api::recovery_task::TargetRole;
use crate::domain::{Blocker, Next, cause, time};
use crate::oceanbase::capability::Capability;
use crate::oceanbase::model::{
    Answer, BackgroundAnswer, FailureClass, Restore, RestoreStatus, Scn,
};

/// OB_TENANT_NOT_EXIST.
const NO_TENANT: i32 = -5157;
/// Number of lookups of a known job after both views no longer show it.
const MIN_LOOKUPS: i32 = 5;

/// Returns a value that differs between intents; it exists while a RESTORE is or may be active.
#[must_use]
pub fn open_intent(status: &RecoveryTaskStatus) -> Option<String> {
    let is_restoring = status.step.as_deref() == Some(Step::Restoring.word());
    let key = status
        .key
        .as_ref()
        .filter(|_| is_restoring && status.job_id.is_none())?;
    Some(format!("{key}#{}", status.sends.unwrap_or_default()))
}

impl Evaluation<'_> {
    /// Records the intent and sends the statement.
    pub(super) fn intend(mut self) -> RecoveryDecision {
        if self.is_too_late() {
            return self.too_late();
        }
        if self
            .observed
            .target
            .as_ref()
            .is_ok_and(|target| target.is_upgrading)
        {
            return self.wait_for_upgrade();
        }
        if let Err(blocker) = self.is_still_recoverable() {
            return self.refuse(&blocker);
        }
        let Some((tenant, key)) = self.names() else {
            return self.fail(cause(
                "InvalidSpec",
                "`target.tenantName` is not allowed in a statement; create a new RecoveryTask",
            ));
        };
        let resources = &self.spec().target.resources;
        let pools = match resources.create {
            Some(_) => vec![self.resource_name()],
            None => resources.pools.clone(),
        };
        let until = self.status.restore_scn.as_deref();
        let until = until.and_then(|scn| scn.parse().ok()).map(Scn);
        let effect = if self.is_of_tables() {
            match self.recover_tables(tenant, key, until, pools) {
                Ok(effect) => effect,
                Err(blocker) => return self.refuse(&blocker),
            }
        } else {
            Effect::Restore {
                tenant,
                key,
                until,
                pools,
            }
        };
        let sends = self.status.sends.unwrap_or_default();
        if self.status.step.as_deref() != Some(Step::Restoring.word()) {
            self.enter(Step::Restoring);
        }
        self.status.sends = Some(sends.saturating_add(1));
        self.status.step_time = Some(time(self.now));
        self.status.retry_time = None;
        self.render(&State::Sending, Some(effect), SHORT_RETRY)
    }

    /// Checks the plan again. While resources are created and the database is busy, backups may be
    /// deleted, or the tenant's backups may get another location.
    fn is_still_recoverable(&self) -> Result<(), Blocker> {
        let until = self.status.restore_scn.as_deref();
        let until = until.and_then(|scn| scn.parse().ok()).map(Scn);
        match (&self.observed.source, until) {
            (Ok(source), Some(until)) => precheck::still(source, until),
            _ => Ok(()),
        }
    }

    /// Follows a statement that was sent, or may have been.
    pub(super) fn restore(self) -> RecoveryDecision {
        if let Some(job) = self.job() {
            return self.follow(job);
        }
        if let Err(blocker) = &self.observed.target {
            return self.unseen(blocker);
        }
        // Whatever happened to the statement: an observed job is never started again.
        let handed_over = self.observed.handed_over.as_ref();
        match handed_over.filter(|_| self.status.job_id.is_none()) {
            Some(BackgroundAnswer::Sending) => self.render(&State::Sending, None, SHORT_RETRY),
            Some(BackgroundAnswer::Answered(answer)) => self.on_restore_answer(answer),
            None => self.search(),
        }
    }

    pub(super) fn on_restore_answer(mut self, answer: &Answer) -> RecoveryDecision {
        match answer {
            Answer::HandedOver => self.render(&State::Sending, None, SHORT_RETRY),
            Answer::Restore(job) => self.found(job),
            Answer::Refused(failure) if failure.class == FailureClass::NotYet => {
                self.status.cause = Some(failure.into());
                self.send_again_later()
            }
            Answer::Refused(failure) => {
                if self.is_cancel_wanted() {
                    return self.cancel();
                }
                self.fail(failure.into())
            }
            Answer::Withheld(why) if self.is_of_tables() => self.retry_after_target_change(why),
            Answer::Withheld(why) => self.fail(cause("TenantExists", why)),
            Answer::NotSent(why) => {
                self.status.cause = Some(cause("NotSent", why));
                self.send_again_later()
            }
            // Accepted, or possibly: the job shows it.
            _ => self.search(),
        }
    }

    /// Retries a statement that the database has certainly not accepted.
    pub(super) fn send_again_later(mut self) -> RecoveryDecision {
        if self.is_cancel_wanted() {
            return self.cancel();
        }
        if let Some(pause) = self.pause() {
            return self.render(&State::Sending, None, Next::At(pause));
        }
        let sends = self.status.sends.unwrap_or_default();
        if sends >= MAX_REFUSALS {
            let refused = self.status.cause.take();
            let unknown = || cause("NotSent", "the statement could not be sent");
            return self.fail(refused.unwrap_or_else(unknown));
        }
        if self.status.tries.unwrap_or_default() < sends {
            let next = self.count_try();
            return self.render(&State::Sending, None, next);
        }
        self.intend()
    }

    /// Looks up a job that the last read does not show.
    fn search(self) -> RecoveryDecision {
        let age = self.observed.intent_age;
        let arrives = if self.is_of_tables() {
            STATEMENT_ENDED_AFTER
        } else {
            STATEMENT_ARRIVES_WITHIN
        };
        if self.status.job_id.is_none()
            && let Some(rest) = arrives.checked_sub(age)
            && !rest.is_zero()
        {
            return self.render(&State::Sending, None, Next::After(rest));
        }
        if let Some(pause) = self.pause() {
            let state = self.underway();
            return self.render(&state, None, Next::At(pause));
        }
        let Some((tenant, key)) = self.names() else {
            return self.unchanged();
        };
        let effect = self.find_job(tenant, key);
        // The status stays until the answer arrives: a job may be newer than the last read, and
        // each write triggers the next pass.
        RecoveryDecision {
            effect: Some(effect),
            next: SHORT_RETRY,
            ..self.unchanged()
        }
    }

    pub(super) fn on_find_answer(mut self, answer: &Answer) -> RecoveryDecision {
        match answer {
            Answer::Restore(job) => self.found(job),
            Answer::NotFound => self.not_found(),
            other => {
                self.status.cause = Some(unanswered("the database could not be read", other));
                let next = self.count_try();
                let state = self.underway();
                self.render(&state, None, next)
            }
        }
    }

    fn not_found(mut self) -> RecoveryDecision {
        self.status.cause = None;
        let is_gone = self
            .observed
            .target
            .as_ref()
            .is_ok_and(|target| target.tenant.is_none());
        if self.is_cancel_wanted() && is_gone && self.status.job_id.is_some() {
            return self.cancel();
        }
        let was_taken = matches!(
            &self.observed.handed_over,
            Some(BackgroundAnswer::Answered(Answer::Done))
        );
        if self.status.job_id.is_none() && !was_taken {
            if self.is_cancel_wanted() {
                return self.cancel_when_over();
            }
            let stay = self.spec().target.resources.create.is_none();
            if stay && !self.is_of_tables() && self.observed.intent_age < RESTORE_ENDED_AFTER {
                let next = self.count_try();
                return self.render(&State::Sending, None, next);
            }
            return self.send_after_lookup();
        }
        if self.status.tries.unwrap_or_default() < MIN_LOOKUPS {
            let next = self.count_try();
            let state = self.underway();
            return self.render(&state, None, next);
        }
        self.fail(cause(
            "RestoreLost",
            "the database accepted the statement but shows its job neither as running nor as \
             ended. Check DBA_OB_ROOTSERVICE_EVENT_HISTORY (MODULE = 'physical_restore'), then \
             create a new RecoveryTask",
        ))
    }

    /// Cancels after no job can appear any more. The job of a sent statement was not found yet: if
    /// it appeared later, it would continue without supervision.
    fn cancel_when_over(mut self) -> RecoveryDecision {
        let over = if self.is_of_tables() {
            STATEMENT_ENDED_AFTER
        } else {
            RESTORE_ENDED_AFTER
        };
        if self.observed.intent_age >= over {
            return self.cancel();
        }
        self.status.cause = Some(cause(
            "WaitingForJob",
            "it is not known whether the database accepted the statement. The operator cancels its \
             job or, after at most 11 minutes without a job, the recovery",
        ));
        let next = self.count_try();
        self.render(&State::Canceling, None, next)
    }

    /// Lets the next pass record a new intent: a pass that has already sent sends nothing more.
    fn send_after_lookup(mut self) -> RecoveryDecision {
        self.status.step = Some(Step::Preparing.word().to_owned());
        self.status.tries = None;
        self.status.retry_time = None;
        self.render(&State::Preparing, None, Next::After(Duration::ZERO))
    }

    fn underway(&self) -> State {
        if self.is_cancel_wanted() {
            return State::Canceling;
        }
        match self.status.job_id {
            Some(_) => State::Unobserved(Blocker::waiting(
                "WaitingForJob",
                "the database shows the job neither as running nor as ended",
            )),
            None => State::Sending,
        }
    }

    /// Follows the database's job.
    pub(super) fn follow(mut self, job: &Restore) -> RecoveryDecision {
        self.record_job(job);
        if let Some(mismatch) = self
            .mismatch(job)
            .filter(|_| job.status != RestoreStatus::Fail)
        {
            if job.status == RestoreStatus::Success {
                self.status.restored_time = Some(time(job.ended_at.unwrap_or(self.now)));
                return self.fail_restored(mismatch);
            }
            return self.clean_up_after(Outcome::Failed, mismatch);
        }
        match &job.status {
            RestoreStatus::Success if self.is_of_tables() => self.complete_import(job),
            RestoreStatus::Success => self.restored(job),
            RestoreStatus::Fail => self.failed(job),
            _ if self.is_canceling(job) => self.render(&State::Canceling, None, SHORT_RETRY),
            closing if self.is_cancel_wanted() && closing.is_closing() => {
                self.render(&State::Canceling, None, SHORT_RETRY)
            }
            _ if self.is_cancel_wanted() => self.stop_job(),
            running => {
                self.status.cause = None;
                let state = State::Running(running.clone());
                self.render(&state, None, SHORT_RETRY)
            }
        }
    }

    fn restored(mut self, job: &Restore) -> RecoveryDecision {
        self.status.restored_time = Some(time(job.ended_at.unwrap_or(self.now)));
        self.status.progress = Some("100%".to_owned());
        if self.is_verification() {
            return self.restored_to_verify();
        }
        if self.is_cancel_wanted() {
            return self.keep_canceled();
        }
        match self.spec().target.role {
            TargetRole::Standby => {
                self.status.cause = None;
                self.end(Outcome::Completed)
            }
            TargetRole::Primary => {
                self.enter(Step::Activating);
                // The read that showed the job's end may be older than the tenant's new role.
                self.render(&State::Activating, None, Next::After(Duration::ZERO))
            }
        }
    }

    fn failed(self, job: &Restore) -> RecoveryDecision {
        if self.is_cancel_wanted() {
            return self.cancel();
        }
        let of_tables = self.is_of_tables();
        let why = job.failure.as_ref().map_or_else(
            || {
                if of_tables {
                    return Self::unexplained_table_failure();
                }
                cause(
                    "RestoreFailed",
                    "the database's job failed without a cause: check \
                     DBA_OB_ROOTSERVICE_EVENT_HISTORY (MODULE = 'physical_restore'), then create a \
                     new RecoveryTask",
                )
            },
            |failure| self.with_resources(failure),
        );
        self.fail(why)
    }

    /// Cancels the job.
    fn stop_job(mut self) -> RecoveryDecision {
        if let Some(pause) = self.pause() {
            return self.render(&State::Canceling, None, Next::At(pause));
        }
        let can = |target: &super::ObservedTarget| target.version.can(Capability::CancelRestore);
        if !self.observed.target.as_ref().is_ok_and(can) {
            self.status.cause = Some(cause(
                "CancelNotSupported",
                "this version cannot cancel a recovery: `cancel` takes effect when it ends",
            ));
            return self.render(&State::Canceling, None, SHORT_RETRY);
        }
        let Some((tenant, key)) = self.names().filter(|_| self.is_settled()) else {
            return self.render(&State::Canceling, None, SHORT_RETRY);
        };
        let effect = self.cancel_job(tenant, key);
        self.render(&State::Canceling, Some(effect), SHORT_RETRY)
    }

    pub(super) fn on_cancel_answer(mut self, answer: &Answer) -> RecoveryDecision {
        if self.status.ending.is_some() {
            return self.on_drop_answer(answer);
        }
        self.status.cause = match answer {
            Answer::Done | Answer::AlreadySent => None,
            Answer::Refused(failure) if failure.code == NO_TENANT && !self.is_of_tables() => {
                // A small tenant is restored shortly after its creation: the delays stay short.
                self.status.tries = None;
                Some(cause(
                    "CancelPending",
                    "the tenant does not exist yet; the recovery is canceled when it exists",
                ))
            }
            other => Some(unanswered("the recovery could not be canceled", other)),
        };
        let next = self.count_try();
        self.render(&State::Canceling, None, next)
    }
}
