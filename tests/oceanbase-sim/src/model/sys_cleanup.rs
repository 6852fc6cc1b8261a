//! Delete jobs that sys starts: one row in sys, one child row per tenant (V4.4.2).

use super::cleanup::CANCELED;
use super::{
    CleanJob, CleanKind, CleanRequest, Doom, Hold, JobId, JobLevel, JobStatus, Policy, Scn,
    TenantId, World,
};
use crate::error::result_text;

/// The delete jobs of sys.
#[derive(Clone, Debug, Default)]
pub struct CleanParents {
    /// Running jobs, and finished ones for a short time.
    pub jobs: Vec<CleanJob>,
    /// Job history.
    pub history: Vec<CleanJob>,
}

impl CleanParents {
    pub(super) fn due(&self) -> Scn {
        let due = self.jobs.iter().map(|job| job.due).min();
        due.unwrap_or(Scn::NEVER)
    }
}

impl World {
    /// Starts a DELETE sent in a user tenant.
    pub(crate) fn start_cleanup(&mut self, id: TenantId, kind: CleanKind) {
        let (now, version) = (self.now(), self.version);
        let request = CleanRequest {
            initiator: id,
            initiator_job: JobId(0),
            kind,
        };
        if let Some((tenant, pace)) = self.tenant_with_pace(id) {
            tenant.start_cleanup(request, version, now, pace);
        }
    }

    /// Starts a DELETE sent in sys, for these tenants.
    pub(crate) fn start_sys_cleanup(
        &mut self,
        tenants: Vec<TenantId>,
        level: JobLevel,
        kind: CleanKind,
    ) {
        let now = self.now();
        let id = self.parents.next_job();
        let mut job = CleanJob {
            id,
            initiator: TenantId::SYS,
            initiator_job: id,
            executors: tenants,
            kind,
            level,
            started_at: now,
            ended_at: None,
            status: JobStatus::Init,
            result: 0,
            comment: String::new(),
            tasks: Vec::new(),
            due: now,
            held: false,
            failure: None,
            retries: 0,
        };
        job.settle(now, &self.pace, None);
        self.clean_parents.jobs.push(job);
    }

    /// Cancels deletions of these tenants, or all deletions (CANCEL DELETE BACKUP).
    pub(crate) fn cancel_cleanups(&mut self, ids: Option<&[TenantId]>) {
        let now = self.now();
        for tenant in &mut self.tenants {
            if ids.is_none_or(|ids| ids.contains(&tenant.id)) {
                tenant.cleanup.cancel(now, &self.pace);
            }
        }
        if ids.is_none() {
            for job in &mut self.clean_parents.jobs {
                job.cancel(now, &self.pace, None);
            }
        }
    }

    /// Adds a policy (ADD DELETE BACKUP POLICY).
    pub(crate) fn add_policy(&mut self, id: TenantId, policy: Policy) {
        let now = self.now();
        if let Some((tenant, pace)) = self.tenant_with_pace(id) {
            tenant.add_policy(policy, now, pace);
        }
    }

    /// Holds delete jobs of a tenant, or releases them.
    pub(crate) fn hold_cleanup(&mut self, name: &str, hold: Hold) -> bool {
        let now = self.now();
        let Some((tenant, pace)) = self.named_with_pace(name) else {
            return false;
        };
        match hold {
            Hold::At(stage) => tenant.cleanup.hold(stage),
            Hold::Released => tenant.cleanup.release(now, pace),
        }
        true
    }

    /// Makes the running or next delete job of a tenant fail.
    pub(crate) fn doom_cleanup(&mut self, name: &str, doom: Doom) -> bool {
        let now = self.now();
        let tenant = self.named_with_pace(name);
        tenant
            .map(|(tenant, pace)| tenant.cleanup.doom(doom, now, pace))
            .is_some()
    }

    pub(super) fn step_sys_cleanups(&mut self, at: Scn) {
        let moved = |job: &mut CleanJob| job.status.is_terminal() && job.due <= at;
        let finished = self.clean_parents.jobs.extract_if(.., moved);
        self.clean_parents.history.extend(finished);
        for index in 0..self.clean_parents.jobs.len() {
            let due = |job: &&CleanJob| job.due <= at;
            let jobs = &self.clean_parents.jobs;
            let Some(mut job) = jobs.get(index).filter(due).cloned() else {
                continue;
            };
            self.step_sys_cleanup(&mut job, at);
            job.settle(at, &self.pace, None);
            if let Some(slot) = self.clean_parents.jobs.get_mut(index) {
                *slot = job;
            }
        }
    }

    fn step_sys_cleanup(&mut self, job: &mut CleanJob, at: Scn) {
        match job.status {
            // The job begins only after all its tenants have no delete job of their own.
            JobStatus::Init if !self.have_delete_jobs(&job.executors) => {
                self.hand_on(job, at);
                job.status = JobStatus::Doing;
            }
            JobStatus::Doing if !self.has_clean_children(job) => {
                let result = self.clean_failure(job);
                let status = match result {
                    0 => JobStatus::Completed,
                    _ => JobStatus::Failed,
                };
                job.end(status, result, result_text(result), at);
            }
            JobStatus::Canceling => {
                if !self.has_clean_children(job) {
                    job.end(JobStatus::Canceled, CANCELED, result_text(CANCELED), at);
                }
                for tenant in &mut self.tenants {
                    let hold = tenant.cleanup.hold;
                    let jobs = tenant.cleanup.jobs.iter_mut();
                    let children = jobs.filter(|child| child.is_child_of(job.id));
                    children.for_each(|child| child.cancel(at, &self.pace, hold));
                }
            }
            _ => {}
        }
    }

    fn have_delete_jobs(&self, ids: &[TenantId]) -> bool {
        let mut tenants = self.tenants.iter().filter(|t| ids.contains(&t.id));
        tenants.any(|tenant| !tenant.cleanup.jobs.is_empty())
    }

    /// Creates the children: each tenant uses its own window, and a tenant without a policy is
    /// skipped.
    fn hand_on(&mut self, parent: &CleanJob, at: Scn) {
        let version = self.version;
        for tenant in &mut self.tenants {
            if !parent.executors.contains(&tenant.id) || !tenant.is_normal() {
                continue;
            }
            let kind = match &parent.kind {
                CleanKind::Obsolete(asked_at) => {
                    tenant.expired_at(*asked_at).map(CleanKind::Obsolete)
                }
                other => Some(other.clone()),
            };
            if let Some(kind) = kind {
                let request = CleanRequest {
                    initiator: TenantId::SYS,
                    initiator_job: parent.id,
                    kind,
                };
                tenant.start_cleanup(request, version, at, &self.pace);
            }
        }
    }

    fn has_clean_children(&self, parent: &CleanJob) -> bool {
        let mut jobs = self.tenants.iter().flat_map(|tenant| &tenant.cleanup.jobs);
        jobs.any(|job| job.is_child_of(parent.id))
    }

    fn clean_failure(&self, parent: &CleanJob) -> i64 {
        let history = self.tenants.iter().flat_map(|t| &t.cleanup.history);
        let mut children = history.filter(|job| job.is_child_of(parent.id));
        let failed = children.find(|job| job.result != 0);
        failed.map_or(0, |job| job.result)
    }
}
