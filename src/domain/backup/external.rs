//! A backup that somebody else started: it is followed to its end, and nothing is sent for it.

use std::time::Duration;

use jiff::SignedDuration;

use super::job::TENANT_DROPPED;
use super::{BackupDecision, Evaluation, State};
use crate::api::backup_task::Mirror;
use crate::domain::{Blocker, Next, cause, time};

/// How long a job that is not shown is looked for: the database shows running ones always, and the
/// reader keeps the newest of the ended ones.
const EXTERNAL_JOB_TIMEOUT: SignedDuration = SignedDuration::from_hours(24);
/// How often it is looked for.
const LOOKUP_INTERVAL: Duration = Duration::from_mins(10);

impl Evaluation<'_> {
    pub(super) fn mirror(self, mirror: &Mirror) -> BackupDecision {
        if !self.task.owned {
            return self.fail(cause(
                "InvalidSpec",
                "`mirror` is written only by the operator, for a backup that somebody started in \
                 the database; leave it out to start one",
            ));
        }
        if let Err(blocker) = &self.observed.database {
            let waiting = blocker.as_waiting();
            return self.render(&State::Unobserved(waiting), None, Next::Await);
        }
        let Some(tenant) = self.tenant().filter(|_| !self.is_tenant_gone()) else {
            return self.fail(cause(
                TENANT_DROPPED,
                "the tenant was dropped, and the database does not show its jobs any more; a backup \
                 that ran can not be relied on",
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

    fn find_external(self, mirror: &Mirror) -> BackupDecision {
        if mirror.start_time.0.duration_until(self.now) > EXTERNAL_JOB_TIMEOUT {
            return self.fail(cause(
                "JobNotFound",
                "the database does not show this job any more; how it ended is not known",
            ));
        }
        let waiting = Blocker::waiting(
            "JobNotVisible",
            format!(
                "the database does not show job {}; it is looked for",
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
