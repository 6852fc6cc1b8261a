//! The database's job of a cleanup: started by the operator, or mirrored only.

use std::time::Duration;

use jiff::SignedDuration;

use super::{CleanupDecision, Effect, Evaluation, Outcome, State};
use crate::api::Cause;
use crate::api::backup_task::ExternalJob;
use crate::api::cleanup_task::PlanEntry;
use crate::domain::{Blocker, Next, cause, time};
use crate::oceanbase::model::{CleanedItem, CleanupJob, Deletion, JobStatus, TenantId};

/// Time for which a missing job is looked up.
const EXTERNAL_JOB_TIMEOUT: SignedDuration = SignedDuration::from_hours(24);
/// Interval between these lookups.
const LOOKUP_INTERVAL: Duration = Duration::from_mins(10);
/// Delay before the job is checked after a cancel.
const CANCEL_PAUSE: Duration = Duration::from_secs(30);
/// Maximum number of listed items of a job.
const MAX_LISTED: usize = 200;

impl Evaluation<'_> {
    /// Returns the job of the statement: the first of its kind that sys started after the recorded
    /// cleanups.
    pub(super) fn find_job(&self, what: &Deletion) -> Option<CleanupJob> {
        let statement = self.status.statement.as_ref()?;
        let tenant = self.tenant()?;
        if self.status.tenant_id() != Some(tenant.id.0) {
            return None;
        }
        let mut jobs = tenant.cleanups.iter();
        if let Some(id) = self.status.job_id {
            return jobs.find(|job| job.id.0 == id).cloned();
        }
        let kind = what.kind();
        let own = jobs.filter(|job| {
            job.id.0 > statement.after_job_id
                && job.kind == kind
                && job.initiator_tenant_id == TenantId::SYS
                && (job.initiator_job_id.0 == 0
                    || job.initiator_job_id.0 > statement.after_parent_job_id)
        });
        own.min_by_key(|job| job.id).cloned()
    }

    /// Mirrors a job that the operator did not start.
    pub(super) fn mirror(mut self, mirror: &ExternalJob) -> CleanupDecision {
        if !self.task.owned {
            return self.fail(cause(
                "InvalidSpec",
                "`externalJob` is written only by the operator, for a cleanup of the database; set \
                 `mode` and `target` to start a cleanup",
            ));
        }
        if let Err(blocker) = &self.observed.database {
            let unobserved = blocker.as_waiting();
            return self.render(&State::Unobserved(unobserved), None, Next::Await);
        }
        let found = self.tenant().and_then(|tenant| {
            let mut jobs = tenant.cleanups.iter();
            jobs.find(|job| job.id.0 == mirror.job_id && time(job.started_at) == mirror.start_time)
        });
        if let Some(job) = found {
            let by_sys = job.initiator_tenant_id == TenantId::SYS;
            let source = if by_sys { "External" } else { "Database" };
            self.status.source = Some(source.to_owned());
            let job = job.clone();
            return self.follow(&job);
        }
        if mirror.start_time.0.duration_until(self.now) > EXTERNAL_JOB_TIMEOUT {
            return self.fail(cause(
                "JobNotFound",
                "the database no longer shows this job; its outcome is not known",
            ));
        }
        let unobserved = Blocker::waiting(
            "JobNotVisible",
            format!(
                "the database does not show job {}; the operator looks it up",
                mirror.job_id
            ),
        );
        self.render(
            &State::Unobserved(unobserved),
            None,
            Next::After(LOOKUP_INTERVAL),
        )
    }

    pub(super) fn follow(mut self, job: &CleanupJob) -> CleanupDecision {
        self.status.job_id = Some(job.id.0);
        self.status.start_time = Some(time(job.started_at));
        self.record_deleted(&job.items);
        if self.task.spec.external_job.is_some() {
            let listed = job.items.iter().rev().take(MAX_LISTED);
            self.status.plan = listed.map(entry).collect();
        }
        let outcome = match &job.status {
            JobStatus::Completed => Outcome::Completed,
            JobStatus::Failed => Outcome::Failed,
            JobStatus::Canceled => Outcome::Canceled,
            JobStatus::Init | JobStatus::Doing | JobStatus::Canceling | JobStatus::Unknown(_) => {
                return self.follow_running(job);
            }
        };
        // The deleted items are read shortly after the job ends.
        let is_read = i64::try_from(job.items.len()).is_ok_and(|known| known >= job.tasks);
        let ended_at = job.ended_at.unwrap_or(self.now);
        if !is_read && ended_at.duration_until(self.now) < SignedDuration::from_mins(1) {
            let state = State::Running(JobStatus::Doing);
            return self.render(&state, None, Next::After(Duration::from_secs(10)));
        }
        self.status.cause = match outcome {
            Outcome::Completed => None,
            Outcome::Failed => Some(why(job)),
            Outcome::Canceled if self.is_cancel_wanted() => {
                Some(cause("Canceled", "`spec.cancel` is set"))
            }
            Outcome::Canceled => Some(cause(
                "CanceledExternally",
                "a user canceled the cleanup in the database",
            )),
        };
        self.end(outcome, job.ended_at)
    }

    fn follow_running(mut self, job: &CleanupJob) -> CleanupDecision {
        self.status.cause = None;
        let state = State::Running(job.status.clone());
        let is_cancelable = matches!(job.status, JobStatus::Init | JobStatus::Doing);
        let settled = self
            .observed
            .database
            .as_ref()
            .is_ok_and(|observed| observed.settled);
        if self.is_cancel_wanted()
            && is_cancelable
            && settled
            && self.task.spec.external_job.is_none()
        {
            let effect = self.tenant_name().map(|tenant| Effect::Cancel {
                tenant,
                tenant_id: job.tenant_id,
                job_id: job.id,
            });
            return self.render(&state, effect, Next::After(CANCEL_PAUSE));
        }
        self.render(&state, None, Next::Await)
    }

    /// Records what was deleted and how many bytes it occupied.
    pub(super) fn record_deleted(&mut self, items: &[CleanedItem]) {
        let deleted = || items.iter().filter(|item| item.is_deleted);
        let count = |is_set| {
            let of_kind = deleted().filter(|item| item.is_set == is_set);
            i64::try_from(of_kind.count()).ok()
        };
        self.status.deleted_sets = count(true);
        self.status.deleted_pieces = count(false);
        let known = deleted().map(|item| item.bytes);
        let freed = known.sum::<Option<i64>>();
        self.status.freed_bytes = freed.or(self.status.freed_bytes);
    }
}

fn why(job: &CleanupJob) -> Cause {
    job.failure.as_ref().map_or_else(
        || {
            cause(
                "DatabaseError",
                "the database's job failed without a cause: check \
                 CDB_OB_BACKUP_DELETE_TASK_HISTORY",
            )
        },
        Cause::from,
    )
}

fn entry(item: &CleanedItem) -> PlanEntry {
    let (action, reason, message) = if item.is_deleted {
        ("Delete", "Deleted", "deleted")
    } else {
        ("Keep", "NotDeleted", "not deleted by this job")
    };
    PlanEntry {
        kind: if item.is_set { "BackupSet" } else { "Piece" }.to_owned(),
        id: item.id,
        bytes: item.bytes,
        action: action.to_owned(),
        reason: reason.to_owned(),
        message: message.to_owned(),
    }
}
