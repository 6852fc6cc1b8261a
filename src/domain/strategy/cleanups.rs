//! Cleanups that the database starts by itself, or that users start there, shown as tasks. The
//! operator sends no statement for them. A cleanup that a CleanupTask requests appears only as that
//! task.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::{ApplyOutcome, Effect, Evaluation, MatchedTenants};
use crate::api::backup_task::ExternalJob;
use crate::api::{CleanupTaskSpec, LocalReference};
use crate::domain::{Next, naming, time};
use crate::oceanbase::model::{CleanupJob, JobStatus, Tenant, TenantId};

/// Maximum age of an ended job that is shown.
const MAX_ENDED_AGE: SignedDuration = SignedDuration::from_hours(24);
/// Delay before a retry of objects that could not be created or deleted.
const RETRY_INTERVAL: Next = Next::After(Duration::from_secs(10));
/// Maximum number of objects created or deleted per pass.
const BATCH: usize = 50;

/// A CleanupTask that this strategy created.
#[derive(Clone, Debug)]
pub struct ObservedCleanup {
    /// Its name.
    pub name: String,
    /// Its uid and its resourceVersion.
    pub version: (String, String),
    /// Its tenant.
    pub tenant_name: String,
    /// When the job that it mirrors began.
    pub mirrored_since: Option<Timestamp>,
    /// Whether it is being deleted, and a finalizer holds it.
    pub deleting: bool,
    /// Its outcome, once it has ended.
    pub outcome: Option<String>,
    /// When it ended.
    pub completed_at: Option<Timestamp>,
}

/// A CleanupTask that a user created for a tenant of the same database.
#[derive(Clone, Debug)]
pub struct AskedCleanup {
    /// Its tenant.
    pub tenant_name: String,
    /// Its job, once known.
    pub job_id: Option<i64>,
    /// Whether it has ended.
    pub is_over: bool,
}

/// Next step for cleanups.
pub(super) struct CleanupView {
    pub(super) effect: Option<Effect>,
    pub(super) next: Next,
}

impl Evaluation<'_> {
    /// Creates missing mirrors, and deletes those beyond the limits. The operator retries this
    /// pass's effect later if it is not visible by then.
    pub(super) fn cleanups(
        &self,
        matched: &MatchedTenants,
        created: Option<&ApplyOutcome>,
    ) -> CleanupView {
        let effect = self
            .create_cleanups(matched)
            .or_else(|| self.delete_cleanups());
        let next = match (&effect, created) {
            (Some(_), Some(_)) => RETRY_INTERVAL,
            _ => Next::Await,
        };
        CleanupView {
            effect: effect.filter(|_| created.is_none()),
            next,
        }
    }

    fn create_cleanups(&self, matched: &MatchedTenants) -> Option<Effect> {
        let mut lacking = Vec::new();
        for tenant in &matched.eligible {
            let shown = tenant.cleanups.iter();
            let shown = shown.filter(|job| self.is_cleanup_shown(tenant, job));
            lacking.extend(shown.map(|job| self.cleanup_of(tenant, job)));
        }
        lacking.retain(|(name, _)| !self.has_cleanup(name));
        lacking.truncate(BATCH);
        (!lacking.is_empty()).then_some(Effect::MakeCleanups(lacking))
    }

    fn has_cleanup(&self, name: &str) -> bool {
        self.observed
            .cleanups
            .iter()
            .any(|known| known.name == name)
    }

    fn is_cleanup_shown(&self, tenant: &Tenant, job: &CleanupJob) -> bool {
        let began_before = job.started_at < self.strategy.created_at;
        if began_before || job.is_idle() || self.is_asked_for(tenant, job) {
            return false;
        }
        let Some(ended_at) = job.ended_at.filter(|_| job.status.is_terminal()) else {
            // A running job without tasks so far may end as idle.
            return job.tasks > 0;
        };
        // Rounded as in a status.
        let ended_at = time(ended_at).0;
        let good = job.status == JobStatus::Completed;
        let name = self.cleanup_name(tenant, job);
        let newer = self.observed.cleanups.iter().filter(|known| {
            known.tenant_name == tenant.name
                && (known.outcome.as_deref() == Some("Completed")) == good
                && known
                    .completed_at
                    .is_some_and(|at| (at, &known.name) > (ended_at, &name))
        });
        // Without this, the history would delete the task again, and it would be recreated forever.
        ended_at.duration_until(self.now) < MAX_ENDED_AGE
            && newer.count() < self.cleanups_kept(good)
    }

    fn cleanups_kept(&self, good: bool) -> usize {
        let limits = &self.strategy.spec.task_history_limits;
        let kept = if good {
            limits.successful.max(1)
        } else {
            limits.failed
        };
        usize::try_from(kept).unwrap_or_default()
    }

    /// Returns whether a CleanupTask requested it, or may have. The task's status names its job
    /// only shortly after the job exists.
    fn is_asked_for(&self, tenant: &Tenant, job: &CleanupJob) -> bool {
        job.initiator_tenant_id == TenantId::SYS
            && self.observed.asked_cleanups.iter().any(|asked| {
                let is_it = asked.job_id == Some(job.id.0);
                asked.tenant_name == tenant.name
                    && (is_it || (asked.job_id.is_none() && !asked.is_over))
            })
    }

    fn cleanup_of(&self, tenant: &Tenant, job: &CleanupJob) -> (String, CleanupTaskSpec) {
        let spec = CleanupTaskSpec {
            cluster_ref: LocalReference::new(&self.strategy.spec.cluster_ref.name),
            tenant_name: tenant.name.clone(),
            external_job: Some(ExternalJob {
                job_id: job.id.0,
                start_time: time(job.started_at),
            }),
            ..CleanupTaskSpec::default()
        };
        (self.cleanup_name(tenant, job), spec)
    }

    /// Returns the name of a job's task. A recreated database restarts its job numbers, so a task
    /// of the previous database may have the name. The name then includes the job's start.
    fn cleanup_name(&self, tenant: &Tenant, job: &CleanupJob) -> String {
        let (strategy, started_at) = (self.strategy.name, time(job.started_at).0);
        let name = naming::cleanup(strategy, tenant.id, job.id);
        let dated = naming::cleanup_since(strategy, tenant.id, job.id, started_at);
        let known = self
            .observed
            .cleanups
            .iter()
            .find(|known| known.name == name);
        let known = known.and_then(|known| known.mirrored_since);
        if known.is_some_and(|known| known != started_at) || self.has_cleanup(&dated) {
            dated
        } else {
            name
        }
    }

    /// Deletes ended cleanups beyond the limits of their tenant.
    fn delete_cleanups(&self) -> Option<Effect> {
        let mut groups = BTreeMap::<_, Vec<&ObservedCleanup>>::new();
        for known in &self.observed.cleanups {
            if let Some(outcome) = &known.outcome {
                let group = (known.tenant_name.as_str(), outcome == "Completed");
                groups.entry(group).or_default().push(known);
            }
        }
        let mut outdated = Vec::new();
        for ((_, good), mut tasks) in groups {
            tasks.sort_by_key(|task| std::cmp::Reverse((task.completed_at, &task.name)));
            let beyond = tasks.into_iter().skip(self.cleanups_kept(good));
            outdated.extend(beyond.filter(|task| !task.deleting));
        }
        outdated.truncate(BATCH);
        let outdated: Vec<_> = outdated
            .into_iter()
            .map(|task| (task.name.clone(), task.version.clone()))
            .collect();
        (!outdated.is_empty()).then_some(Effect::DeleteCleanups(outdated))
    }
}
