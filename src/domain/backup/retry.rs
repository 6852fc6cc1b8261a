//! Retries after a backup failed for a passing cause: another attempt follows, with its own key.
//! The module also limits how long an attempt may run.

use jiff::{SignedDuration, Timestamp};

use super::{BackupDecision, Evaluation, Outcome, State, ended_job_cause};
use crate::api::backup_task::Attempt;
use crate::api::{Cause, RetrySettings};
use crate::domain::attempt::FAILED;
use crate::domain::backoff::Backoff;
use crate::domain::{Event, Next, cause, time};
use crate::oceanbase::model::{Job, JobStatus};

/// Longest delay between two attempts.
const MAX_RETRY_DELAY: SignedDuration = SignedDuration::from_hours(24);
/// Reason of a backup that an upgrade of the cluster ended (-4109, -4143) or prevented.
pub(super) const INTERRUPTED_BY_UPGRADE: &str = "InterruptedByUpgrade";
/// Reason of a backup that the database rejected (9040), also after sys had accepted the statement.
const BACKUP_CANNOT_START: &str = "BackupCannotStart";
/// Number of uncounted attempts after which a task fails.
const MAX_UNCOUNTED_ATTEMPTS: i32 = 3;
/// Number of attempts that the status keeps.
const MAX_ATTEMPTS_SHOWN: usize = 10;

/// Returns the delay between the failure of this attempt and the next attempt.
fn pause_after(retry: &RetrySettings, attempt: i32) -> SignedDuration {
    let shortest = SignedDuration::from_secs(retry.backoff_seconds);
    Backoff::new(shortest, MAX_RETRY_DELAY).pause(attempt)
}

/// Returns whether an attempt does not count against `retry.limit`: an upgrade of the cluster ended
/// it, or the database rejected it before a job of the tenant started.
fn is_uncounted(cause: &Cause, job_id: Option<i64>) -> bool {
    let is_rejected = cause.reason == BACKUP_CANNOT_START && job_id.is_none();
    cause.reason == INTERRUPTED_BY_UPGRADE || is_rejected
}

impl Evaluation<'_> {
    fn retry(&self) -> RetrySettings {
        let settings = self.status.data_backup.as_ref();
        settings.map_or_else(RetrySettings::never, |settings| settings.retry.clone())
    }

    /// Handles a job that ended without a backup.
    pub(super) fn fail_attempt(
        mut self,
        why: Cause,
        passing: bool,
        at: Option<Timestamp>,
    ) -> BackupDecision {
        if !passing || self.is_cancel_due() {
            self.status.cause = Some(why);
            return self.end(Outcome::Failed, at);
        }
        let number = self.status.attempts.last().map_or(1, |last| last.number);
        let retry = self.retry();
        let uncounted = self.uncounted_attempts(&why);
        let again_at = self.now.saturating_add(pause_after(&retry, number));
        let again_at = time(again_at.unwrap_or(self.now));
        let failures = number.saturating_sub(uncounted);
        let is_limit_reached = failures > retry.limit || uncounted > MAX_UNCOUNTED_ATTEMPTS;
        if is_limit_reached || self.is_deadline_before(again_at.0) {
            self.status.cause = Some(why);
            return self.end(Outcome::Failed, at);
        }
        self.set_attempt(FAILED, Some(why.clone()));
        self.forget_job();
        let message = format!(
            "attempt {number} failed ({}); attempt {} of {} starts at {}",
            why.message,
            number.saturating_add(1),
            retry.limit.saturating_add(uncounted).saturating_add(1),
            again_at.0,
        );
        let mut waits = cause(&why.reason, &message);
        waits.code = why.code;
        self.status.cause = Some(waits);
        self.status.retry_time = Some(again_at.clone());
        let tenant = &self.task.spec.tenant_name;
        let event = Event {
            warning: true,
            reason: "BackupAttemptFailed",
            message: format!("backup of tenant {tenant}: {message}"),
        };
        let next = self.sooner_than_deadline(Next::At(again_at.0));
        let mut decision = self.render(&State::Refused, None, next);
        decision.event = Some(event);
        decision
    }

    /// Returns the number of failed attempts that do not count against `retry.limit`, including
    /// this one.
    fn uncounted_attempts(&self, why: &Cause) -> i32 {
        let is_uncounted_before = |attempt: &&Attempt| {
            let cause = attempt.cause.as_ref();
            attempt.outcome == FAILED && cause.is_some_and(|why| is_uncounted(why, attempt.job_id))
        };
        let before = self.status.attempts.iter().filter(is_uncounted_before);
        let count = before.count() + usize::from(is_uncounted(why, self.status.job_id));
        i32::try_from(count).unwrap_or(i32::MAX)
    }

    /// Clears the job of the failed attempt; the next attempt has another job.
    fn forget_job(&mut self) {
        let status = &mut self.status;
        status.job_id = None;
        status.backup_set_id = None;
        status.start_time = None;
        status.progress = None;
    }

    /// Returns whether the last attempt's backup failed and no other attempt was sent since.
    pub(super) fn is_between_attempts(&self) -> bool {
        let last = self.status.attempts.last();
        last.is_some_and(|last| last.outcome == FAILED)
    }

    /// Returns why the last attempt that ran failed.
    pub(super) fn last_failure(&self) -> Option<Cause> {
        let mut attempts = self.status.attempts.iter().rev();
        let failed = attempts.find(|attempt| attempt.outcome == FAILED)?;
        failed.cause.clone()
    }

    /// Returns the longest delay that the status may record now.
    pub(super) fn longest_retry_pause(&self) -> Option<SignedDuration> {
        let last = self.status.attempts.last()?;
        (last.outcome == FAILED).then(|| pause_after(&self.retry(), last.number))
    }

    /// Returns the number of the next attempt.
    pub(super) fn next_number(&self) -> i32 {
        match self.status.attempts.last() {
            None => 1,
            Some(last) if last.outcome == FAILED => last.number.saturating_add(1),
            Some(last) => last.number,
        }
    }

    /// Adds the attempt with this number if it is missing.
    pub(super) fn begin_attempt(&mut self, number: i32) {
        let attempts = &mut self.status.attempts;
        if attempts.last().is_none_or(|last| last.number != number) {
            let surplus = (attempts.len() + 1).saturating_sub(MAX_ATTEMPTS_SHOWN);
            attempts.drain(..surplus);
            attempts.push(Attempt {
                number,
                ..Attempt::default()
            });
        }
    }

    /// Returns until when the running backup may run. The operator's clock counts from the send:
    /// the database's clock may differ.
    pub(super) fn expires_at(&self) -> Option<Timestamp> {
        let seconds = self.active_deadline_seconds()?;
        let sent = self.status.attempts.last()?.sent_time.as_ref()?.0;
        sent.checked_add(SignedDuration::from_secs(seconds)).ok()
    }

    /// Returns the limit on the run time: that of the spec, which may change while the backup runs,
    /// or the one that the strategy had when the backup began.
    fn active_deadline_seconds(&self) -> Option<i64> {
        let begun_with = self.status.data_backup.as_ref();
        let spec = self.task.spec.active_deadline_seconds;
        spec.or_else(|| begun_with?.active_deadline_seconds)
    }

    /// Marks a running job that has run too long; the operator then cancels it.
    pub(super) fn record_expiry(&mut self, running: &JobStatus) {
        let is_over = self.expires_at().is_some_and(|at| self.now >= at);
        if is_over
            && !matches!(running, JobStatus::Canceling)
            && let Some(attempt) = self.status.attempts.last_mut()
            && attempt.expired_time.is_none()
        {
            attempt.expired_time = Some(time(self.now));
        }
    }

    fn is_expired(&self) -> bool {
        let last = self.status.attempts.last();
        last.is_some_and(|last| last.expired_time.is_some())
    }

    /// Returns whether the running job must be canceled, for any reason.
    pub(super) fn is_cancel_due(&self) -> bool {
        self.is_cancel_wanted() || self.is_expired()
    }

    /// Ends a canceled job: canceled by the operator at its deadline, by the spec, or by another
    /// tool.
    pub(super) fn end_canceled(mut self, at: Option<Timestamp>) -> BackupDecision {
        if self.is_expired() && !self.is_cancel_wanted() {
            let seconds = self.active_deadline_seconds();
            let message = format!(
                "the backup ran longer than activeDeadlineSeconds ({}) and was canceled: increase \
                 that value, or find out what slows the backup down",
                seconds.unwrap_or_default()
            );
            self.status.cause = Some(cause("ActiveDeadlineExceeded", &message));
            return self.end(Outcome::Failed, at);
        }
        self.status.cause = Some(super::canceled_cause(self.task.spec));
        self.end(Outcome::Canceled, at)
    }

    /// Ends a job that failed by itself.
    pub(super) fn end_failed(self, job: &Job) -> BackupDecision {
        let passing = job.failure.as_ref().is_some_and(|failure| failure.passing);
        self.fail_attempt(ended_job_cause(job), passing, job.ended_at)
    }
}
