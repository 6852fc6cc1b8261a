//! An external backup, which the operator did not start. The operator follows it to its end and
//! sends nothing for it.

use std::time::Duration;

use jiff::SignedDuration;

use super::job::TENANT_DROPPED;
use super::{BackupDecision, Evaluation, State};
use crate::api::backup_task::ExternalJob;
use crate::domain::{Blocker, Next, cause, time};

/// Time for which a missing job is looked up. The database always shows running jobs, and the
/// reader keeps the newest ended jobs.
const EXTERNAL_JOB_TIMEOUT: SignedDuration = SignedDuration::from_hours(24);
/// Interval between these lookups.
const LOOKUP_INTERVAL: Duration = Duration::from_mins(10);

impl Evaluation<'_> {
    pub(super) fn mirror(self, mirror: &ExternalJob) -> BackupDecision {
        if !self.task.owned {
            return self.fail(cause(
                "InvalidSpec",
                "`externalJob` is written only by the operator, for a backup that a user started in the \
                 database; leave it out to start a backup",
            ));
        }
        if let Err(blocker) = &self.observed.database {
            let waiting = blocker.as_waiting();
            return self.render(&State::Unobserved(waiting), None, Next::Await);
        }
        let Some(tenant) = self.tenant().filter(|_| !self.is_tenant_gone()) else {
            return self.fail(cause(
                TENANT_DROPPED,
                "the tenant was dropped, and the database no longer shows its jobs; do not rely on \
                 a backup that was running",
            ));
        };
        let mut jobs = tenant.jobs.iter();
        let is_it = |job: &&crate::oceanbase::model::Job| {
            job.id.0 == mirror.job_id && time(job.started_at) == mirror.start_time
        };
        match jobs.find(is_it) {
            Some(job) => self.follow(job),
            None => self.find_external(mirror),
        }
    }

    fn find_external(self, mirror: &ExternalJob) -> BackupDecision {
        if mirror.start_time.0.duration_until(self.now) > EXTERNAL_JOB_TIMEOUT {
            return self.fail(cause(
                "JobNotFound",
                "the database no longer shows this job; its outcome is not known",
            ));
        }
        let waiting = Blocker::waiting(
            "JobNotVisible",
            format!(
                "the database does not show job {}; the operator looks it up",
                mirror.job_id
            ),
        );
        self.render(
            &State::Unobserved(waiting),
            None,
            Next::After(LOOKUP_INTERVAL),
        )
    }
}
