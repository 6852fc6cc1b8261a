//! Jobs that other tools or users started for a strategy's tenants (the console, a DBA), shown as
//! tasks. The operator never sends a statement for them.

use std::collections::BTreeMap;

use jiff::SignedDuration;

use super::{Evaluation, MatchedTenants, ObservedTask};
use crate::api::backup_task::ExternalJob;
use crate::api::{BackupTaskSpec, BackupType, LocalReference};
use crate::domain::{naming, time};
use crate::oceanbase::model::{Job, JobKey, JobStatus, Snapshot, Tenant, TenantId};

/// Maximum age of an ended job that is shown. It covers jobs that ran while the operator was down.
const MAX_ENDED_AGE: SignedDuration = SignedDuration::from_hours(1);

/// Jobs that other tools or users started, by tenant.
pub type ExternalJobs = BTreeMap<TenantId, Vec<Job>>;

/// Returns the jobs that other tools or users started. It skips jobs of sys whose parent is not
/// visible: they may be the operator's own.
#[must_use]
pub fn external(snapshot: &Snapshot) -> ExternalJobs {
    let is_ours = |job: &Job| job.description.starts_with(JobKey::PREFIX);
    let by_others = |job: &&Job| {
        let mut parents = snapshot.parents.iter();
        let parent = parents.find(|parent| parent.id == job.initiator_job_id);
        let is_known = job.initiator_tenant_id != TenantId::SYS || parent.is_some();
        is_known && !is_ours(job) && !parent.is_some_and(is_ours)
    };
    let tenants = snapshot.tenants.values();
    tenants
        .map(|tenant| {
            let jobs = tenant.jobs.iter().filter(by_others);
            (tenant.id, jobs.cloned().collect::<Vec<_>>())
        })
        .filter(|(_, jobs)| !jobs.is_empty())
        .collect()
}

impl Evaluation<'_> {
    /// Returns a task for each of these jobs, whether it exists or not.
    pub(super) fn mirrors(&self, matched: &MatchedTenants) -> Vec<(String, BackupTaskSpec)> {
        let mut mirrors = Vec::new();
        for tenant in &matched.eligible {
            let jobs = self.observed.external.get(&tenant.id).into_iter().flatten();
            let shown = jobs.filter(|job| self.is_shown(tenant, job));
            mirrors.extend(shown.map(|job| self.mirror_of(tenant, job)));
        }
        mirrors
    }

    fn is_shown(&self, tenant: &Tenant, job: &Job) -> bool {
        if job.started_at < self.strategy.created_at {
            return false;
        }
        let Some(ended_at) = job.ended_at.filter(|_| job.status.is_terminal()) else {
            return true;
        };
        // Rounded as in a status.
        let ended_at = time(ended_at).0;
        let good = job.status == JobStatus::Completed;
        let name = self.mirror_name(tenant, job);
        let is_newer = |task: &&ObservedTask| {
            task.tenant_name == tenant.name
                && task.full == job.full
                && (task.outcome.as_deref() == Some("Completed")) == good
                && task
                    .completed_at
                    .is_some_and(|at| (at, &task.name) > (ended_at, &name))
        };
        let newer = self.observed.tasks.iter().filter(is_newer).count();
        // Without this, the history would delete the task again, and it would be recreated forever.
        let limits = &self.strategy.spec.task_history_limits;
        let kept = if good {
            limits.successful.max(1)
        } else {
            limits.failed
        };
        ended_at.duration_until(self.now) < MAX_ENDED_AGE
            && newer < usize::try_from(kept).unwrap_or_default()
    }

    fn mirror_of(&self, tenant: &Tenant, job: &Job) -> (String, BackupTaskSpec) {
        let spec = BackupTaskSpec {
            strategy_ref: Some(LocalReference::new(self.strategy.name)),
            tenant_name: tenant.name.clone(),
            type_: if job.full {
                BackupType::Full
            } else {
                BackupType::Incremental
            },
            external_job: Some(ExternalJob {
                job_id: job.id.0,
                start_time: time(job.started_at),
            }),
            ..BackupTaskSpec::default()
        };
        (self.mirror_name(tenant, job), spec)
    }

    /// Returns the name of a job's task. A recreated database restarts its job numbers, so a task
    /// of the previous database may have the name. The name then includes the job's start, even
    /// after that task is deleted.
    fn mirror_name(&self, tenant: &Tenant, job: &Job) -> String {
        let (strategy, started_at) = (self.strategy.name, time(job.started_at).0);
        let name = naming::external(strategy, tenant.id, job.id);
        let dated = naming::external_since(strategy, tenant.id, job.id, started_at);
        let known = self.index.task(&name).and_then(|task| task.mirrored_since);
        let is_taken = known.is_some_and(|known| known != started_at);
        if is_taken || self.index.has_task(&dated) {
            dated
        } else {
            name
        }
    }
}
