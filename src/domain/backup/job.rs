//! Lookup and observation of the database's job for a backup.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::incremental::INCREMENTAL_NOT_POSSIBLE;
use super::{BackupDecision, Effect, Evaluation, Outcome, State, status};
use crate::api::BackupType;
use crate::api::backup_task::Attempt;
use crate::domain::attempt::{ACCEPTED, MAX_RETRY_DELAY, SentOnce};
use crate::domain::backoff::Backoff;
use crate::domain::{Next, cause, time};
use crate::oceanbase::model::{
    Acceptance, Answer, BackupSet, Job, JobStatus, TenantId, TenantName,
};

/// Time within which related rows of a job appear: children after their parent, sets after their
/// job.
const ROWS_SETTLE: SignedDuration = SignedDuration::from_secs(30);
/// Time within which the row of a child may appear after its parent completed. Views lag. If a
/// started backup were taken for one that never started, the task would create a second backup.
const CHILD_TIMEOUT: SignedDuration = SignedDuration::from_mins(5);
/// Time within which a set may appear after its job if a password should protect it.
const PROTECTED_SET_TIMEOUT: SignedDuration = SignedDuration::from_mins(10);
/// Interval between lookups of late rows.
const ROWS_PAUSE: Duration = Duration::from_secs(5);
/// First delay before a CANCEL without effect is repeated; it doubles.
const CANCEL_PAUSE: SignedDuration = SignedDuration::from_secs(5);
/// Reason of a backup that ended because its tenant was dropped.
pub(super) const TENANT_DROPPED: &str = "TenantDropped";
/// Number of CANCEL statements without effect after which the operator reports them.
const CANCELS_TOLD_FROM: i32 = 4;

impl Evaluation<'_> {
    /// Returns the attempt that can have a job; a failed attempt has had its own.
    fn open_attempt(&self) -> Option<&Attempt> {
        let last = self.status.attempts.last();
        last.filter(|_| !self.is_between_attempts())
    }

    /// Returns the database's job for the attempt: by its number if known, otherwise by its key or
    /// by its parent's.
    pub(super) fn find_job(&self) -> Option<Job> {
        let tenant = self.tenant()?;
        // The job numbers of another tenant with the same name start again from 1.
        if self
            .status
            .tenant_id()
            .is_some_and(|known| known != tenant.id.0)
        {
            return None;
        }
        if let Some(known) = self.status.job_id {
            return tenant.jobs.iter().find(|job| job.id.0 == known).cloned();
        }
        let by_key = tenant.job_by_key(&self.open_attempt()?.key);
        let parent = self.find_parent();
        let by_parent = parent.and_then(|parent| {
            let is_child = |job: &&Job| {
                (job.initiator_tenant_id, job.initiator_job_id) == (parent.tenant_id, parent.id)
            };
            tenant.jobs.iter().find(is_child)
        });
        by_key.or(by_parent).cloned()
    }

    pub(super) fn find_parent(&self) -> Option<Job> {
        let parents = &self.observed.database.as_ref().ok()?.parents;
        let key = &self.open_attempt()?.key;
        parents.iter().find(|job| &job.description == key).cloned()
    }

    /// Follows the job that performs the backup.
    pub(super) fn follow(mut self, job: &Job) -> BackupDecision {
        self.record_job(job);
        match &job.status {
            JobStatus::Completed => self.complete(job.ended_at),
            JobStatus::Canceled => self.end_canceled(job.ended_at),
            JobStatus::Failed => self.end_failed(job),
            running => {
                self.record_expiry(running);
                let held_until = self.paused_until();
                let effect = self.cancel_effect(running);
                let effect = effect.filter(|_| held_until.is_none());
                let is_waiting = effect.is_some() || held_until.is_some();
                if !self.is_cancel_due() || (!is_waiting && self.is_settled()) {
                    self.status.cause = None;
                }
                let next = match (&effect, held_until, self.expires_at()) {
                    (Some(_), ..) => Next::After(CANCEL_PAUSE.unsigned_abs()),
                    (None, Some(until), _) => Next::At(until),
                    (None, None, Some(at)) if !self.is_cancel_due() => Next::At(at),
                    (None, None, _) => Next::Await,
                };
                self.render(&State::Running(running.clone()), effect, next)
            }
        }
    }

    fn record_job(&mut self, job: &Job) {
        self.status.job_id = Some(job.id.0);
        self.status.start_time = Some(time(job.started_at));
        self.status.type_ = Some(status::full_word(job.full).to_owned());
        let is_replaced = job.full && self.task.spec.type_ == BackupType::Incremental;
        if is_replaced && self.status.type_change.is_none() {
            self.status.type_change = Some(cause(
                INCREMENTAL_NOT_POSSIBLE,
                "the database took a full backup: it found no backup set that an incremental one \
                 could follow, or the tenant's data version has changed since that set",
            ));
        }
        self.status.storage_directory = Some(job.path.clone());
        if !self.is_cancel_repeated(&job.status) {
            self.status.retry_time = None;
        }
        if job.set_id.0 > 0 {
            self.status.backup_set_id = Some(job.set_id.0);
        }
        if let Some(percent) = job.percent {
            // In steps, because each new value is a write to the API server.
            self.status.progress = Some(format!("{}%", percent / 5 * 5));
        }
        self.set_attempt(ACCEPTED, None);
        if let Some(attempt) = self.status.attempts.last_mut() {
            attempt.job_id = Some(job.id.0);
            attempt.start_time = Some(time(job.started_at));
        }
    }

    /// Returns whether a password should protect the set.
    fn is_password_wanted(&self) -> bool {
        let settings = self.status.data_backup.as_ref();
        settings.is_some_and(|settings| settings.restore_password_secret_ref.is_some())
    }

    /// Returns whether a set that a password should protect can be restored without one.
    fn is_unprotected(&self, set: &BackupSet) -> bool {
        self.is_password_wanted() && set.encryption_mode.eq_ignore_ascii_case("NONE")
    }

    fn end_unobserved(mut self, at: Option<Timestamp>) -> BackupDecision {
        let set = self.status.backup_set_id;
        let set = set.map_or_else(|| "its set".to_owned(), |id| format!("set {id}"));
        let message = format!(
            "the backup is complete, but the database does not show {set}: it is not known whether \
             a password protects it. Check ENCRYPTION_MODE in CDB_OB_BACKUP_SET_FILES, or back up \
             again"
        );
        self.status.cause = Some(cause("SetNotVisible", &message));
        self.end(Outcome::Failed, at)
    }

    fn end_unprotected(mut self, set: &BackupSet, at: Option<Timestamp>) -> BackupDecision {
        let message = format!(
            "no password protects backup set {}, although one was set before the statement. Check \
             whether a proxy shares sessions, delete the set, and back up again",
            set.id
        );
        self.status.cause = Some(cause("RestorePasswordNotApplied", &message));
        self.end(Outcome::Failed, at)
    }

    /// Completes a backup whose job completed, once its set can be read.
    fn complete(mut self, at: Option<Timestamp>) -> BackupDecision {
        let known = self.status.backup_set_id;
        let set = self
            .tenant()
            .and_then(|tenant| tenant.sets.iter().find(|set| Some(set.id.0) == known));
        match set {
            Some(set) => {
                status::record_set(&mut self.status, set);
                if self.is_unprotected(set) {
                    return self.end_unprotected(set, at);
                }
            }
            None if self.is_within(self.set_timeout(), at) => {
                return self.render(
                    &State::Running(JobStatus::Doing),
                    None,
                    Next::After(Duration::from_secs(2)),
                );
            }
            None if self.is_password_wanted() => return self.end_unobserved(at),
            // The set was deleted since; the backup succeeded nevertheless.
            None => {}
        }
        self.status.progress = Some("100%".to_owned());
        self.status.cause = None;
        self.end(Outcome::Completed, at)
    }

    /// Returns whether rows may still appear. The database's clock sets the instant: a clock that
    /// runs ahead must not delay a task for hours.
    fn is_within(&self, duration: SignedDuration, at: Option<Timestamp>) -> bool {
        at.is_some_and(|at| at.duration_until(self.now).abs() < duration)
    }

    /// Returns how long a set may take to appear after its job. The protection of a set must be
    /// verified; sets are read again every few minutes at the latest.
    fn set_timeout(&self) -> SignedDuration {
        if self.is_password_wanted() {
            PROTECTED_SET_TIMEOUT
        } else {
            ROWS_SETTLE
        }
    }

    /// Follows a backup of which only the parent exists. The child appears later or never, or it
    /// disappeared with its tenant.
    pub(super) fn follow_parent(mut self, parent: &Job) -> BackupDecision {
        self.set_attempt(ACCEPTED, None);
        self.status.retry_time = None;
        let ended_at = parent.ended_at.or(Some(parent.started_at));
        if let Some(refusal) = self.refusal_after(parent) {
            return self.end_refused(&refusal, ended_at);
        }
        if let Some(stuck) = self.stuck_parent(parent) {
            self.status.cause = Some(stuck);
            return self.render(&State::Accepted, None, Next::After(ROWS_PAUSE));
        }
        let timeout = match parent.status {
            JobStatus::Completed if self.status.job_id.is_none() && !self.is_tenant_gone() => {
                CHILD_TIMEOUT
            }
            _ => ROWS_SETTLE,
        };
        if !parent.status.is_terminal() || self.is_within(timeout, ended_at) {
            self.status.cause = None;
            let state = self.unobserved_state();
            return self.render_state(state, None, Next::After(ROWS_PAUSE));
        }
        match parent.status {
            JobStatus::Canceled => self.end_canceled(parent.ended_at),
            // A parent also completes if the tenant of a child was dropped.
            JobStatus::Completed if self.status.job_id.is_some() && self.is_tenant_gone() => {
                let dropped = cause(
                    TENANT_DROPPED,
                    "the tenant was dropped while its backup was running: no backup set can be \
                     relied on. Create a new BackupTask for the tenant that you want to back up",
                );
                self.fail_attempt(dropped, false, parent.ended_at)
            }
            // A parent completes after all its children; this child was observed to start.
            JobStatus::Completed if self.status.job_id.is_some() => self.complete(parent.ended_at),
            JobStatus::Completed => {
                let skipped = self.skipped_cause();
                self.fail_attempt(skipped, true, parent.ended_at)
            }
            _ => self.end_failed(parent),
        }
    }

    /// Returns whether the tenant that the backup belongs to no longer exists under its number.
    pub(super) fn is_tenant_gone(&self) -> bool {
        let pinned = self.status.tenant_id().map(TenantId);
        pinned.is_some() && self.tenant().map(|tenant| tenant.id) != pinned
    }

    /// Returns whether a job that was already canceled must be canceled again.
    fn is_cancel_repeated(&self, status: &JobStatus) -> bool {
        let last = self.status.attempts.last();
        let was_canceled = last.is_some_and(|last| last.cancels.is_some());
        was_canceled && self.is_cancel_due() && can_be_canceled(status)
    }

    fn cancel_effect(&self, status: &JobStatus) -> Option<Effect> {
        if !self.is_cancel_due() || !can_be_canceled(status) || !self.is_settled() {
            return None;
        }
        let tenant = self.tenant()?;
        Some(Effect::Cancel {
            // The current name: the old name may belong to another tenant.
            tenant: TenantName::parse(&tenant.name)?,
            tenant_id: tenant.id,
            key: self.key()?,
        })
    }

    pub(super) fn on_cancel_answer(mut self, answer: &Answer) -> BackupDecision {
        self.status.cause = match answer.acceptance() {
            Acceptance::Accepted => None,
            Acceptance::Refused(failure) => Some(failure.into()),
            Acceptance::Withheld(why) | Acceptance::NotSent(why) | Acceptance::Unknown(why) => {
                let message =
                    format!("the backup could not be canceled ({why}); the operator retries");
                Some(cause("CancelNotSent", &message))
            }
        };
        // The status records the delay: each answer triggers the next pass, which must not cancel
        // at once.
        let pause = self.cancel_pause();
        let until = time(self.now.saturating_add(pause).unwrap_or(self.now));
        if self.status.cause.is_none() && self.cancels() >= CANCELS_TOLD_FROM {
            self.status.cause = Some(cause(
                "CancelIneffective",
                "the database accepted CANCEL BACKUP several times, but the job continues; the \
                 operator repeats it periodically. Check DBA_OB_ROOTSERVICE_EVENT_HISTORY (MODULE \
                 = 'backup_data')",
            ));
        }
        self.status.retry_time = Some(until.clone());
        let state = match self.find_job() {
            Some(job) => State::Running(job.status),
            None => self.unobserved_state().into(),
        };
        self.render(&state, None, Next::At(until.0))
    }

    fn cancels(&self) -> i32 {
        let last = self.status.attempts.last();
        last.and_then(|last| last.cancels).unwrap_or_default()
    }

    /// Counts a CANCEL, and returns the delay before it may be repeated.
    fn cancel_pause(&mut self) -> SignedDuration {
        let Some(attempt) = self.status.attempts.last_mut() else {
            return CANCEL_PAUSE;
        };
        let times = attempt.cancels.unwrap_or_default().saturating_add(1);
        attempt.cancels = Some(times);
        Backoff::new(CANCEL_PAUSE, MAX_RETRY_DELAY).pause(times)
    }
}

fn can_be_canceled(status: &JobStatus) -> bool {
    matches!(
        status,
        JobStatus::Init | JobStatus::Doing | JobStatus::Unknown(_)
    )
}
