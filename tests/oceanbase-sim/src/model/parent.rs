//! Backups that sys starts: one row in sys, one child row per tenant.

use serde::Deserialize;

use super::backup_scheduler::settle;
use super::release::leaves_out_failed_children;
use super::root_event::{record_left_out, record_start};
use super::tenant::Cluster;
use super::world::Parts;
use super::{
    Job, JobId, JobLevel, JobStatus, Pace, Request, RootEvent, Scn, SetId, Tenant, TenantId, World,
};
use crate::error;
use crate::value::SqlError;

/// When the rows of the tenants appear. The checks of the statement are the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub enum ChildRows {
    /// Together with the row of sys, which no release does.
    AtOnce,
    /// Some time after the statement was answered with OK, as in the kernel. Since 4.2.0 a tenant's
    /// failure to start is ignored, and the row of sys may end COMPLETED without a child.
    #[default]
    Later,
}

/// The job table of sys.
#[derive(Clone, Debug, Default)]
pub struct Parents {
    /// Running jobs, and finished ones for a short time.
    pub jobs: Vec<Job>,
    /// Job history.
    pub history: Vec<Job>,
    last_job: JobId,
}

/// A BACKUP sent in sys.
#[derive(Clone, Debug)]
pub struct SysRequest {
    /// The tenants of the list; `None` for DATABASE, which means all eligible tenants.
    pub tenants: Option<Vec<TenantId>>,
    /// The rest of it.
    pub request: Request,
}

impl Parents {
    /// Returns the next number of a job of sys; backups and delete jobs share the numbers.
    pub(super) fn next_job(&mut self) -> JobId {
        self.last_job = self.last_job.next();
        self.last_job
    }

    pub(super) fn due(&self) -> Scn {
        self.jobs
            .iter()
            .map(|job| job.due)
            .min()
            .unwrap_or(Scn::NEVER)
    }

    /// Records the job of a BACKUP of sys, or refuses it.
    fn start(
        &mut self,
        asked: SysRequest,
        tenants: &[Tenant],
        now: Scn,
        pace: &Pace,
    ) -> Result<&mut Job, SqlError> {
        let executors = match asked.tenants {
            Some(named) => {
                for id in &named {
                    let tenant = tenants.iter().find(|tenant| tenant.id == *id);
                    tenant.map_or(Ok(()), Tenant::check_backup_of_sys)?;
                }
                named
            }
            None => eligible(tenants)?,
        };
        let mut job = row(self.next_job(), executors, &asked.request, now);
        settle(&mut job, now, pace, None);
        let last = self.jobs.len();
        self.jobs.push(job);
        self.jobs.get_mut(last).ok_or_else(error::internal)
    }

    /// Cancels the rows of sys as well, for CANCEL BACKUP without a list.
    ///
    /// # Errors
    /// 4016 for more than two running rows of one tenant, which sys can have.
    pub(super) fn cancel(&mut self, now: Scn, pace: &Pace) -> Result<(), SqlError> {
        const MAX_RUNNING: usize = 2;
        let running = |job: &&mut Job| matches!(job.status, JobStatus::Init | JobStatus::Doing);
        if self.jobs.iter_mut().filter(running).count() > MAX_RUNNING {
            return Err(error::internal());
        }
        for job in self.jobs.iter_mut().filter(running) {
            job.status = JobStatus::Canceling;
            settle(job, now, pace, None);
        }
        Ok(())
    }
}

impl World {
    /// Starts a BACKUP sent in sys.
    pub(crate) fn start_sys_backup(&mut self, asked: SysRequest) -> Result<(), SqlError> {
        let (rows, now) = (self.child_rows, self.now());
        let Parts {
            cluster,
            tenants,
            parents,
            events,
        } = self.parts();
        let outcome = parents.start(asked, tenants, now, cluster.pace);
        let recorded = outcome.as_ref().map(|_| ()).map_err(Clone::clone);
        record_start(events, now, TenantId::SYS, &recorded);
        let job = outcome?;
        if rows == ChildRows::AtOnce {
            // A failure now is retried together with the row of sys.
            let _ = start_children(job, tenants, now, cluster, events);
        }
        Ok(())
    }

    /// Advances the jobs of sys that are due.
    pub(super) fn step_sys_backups(&mut self, at: Scn) {
        let Parts {
            cluster,
            tenants,
            parents,
            events,
        } = self.parts();
        let moved = |job: &mut Job| job.status.is_terminal() && job.due <= at;
        parents.history.extend(parents.jobs.extract_if(.., moved));
        for job in parents.jobs.iter_mut().filter(|job| job.due <= at) {
            match job.status {
                JobStatus::Init => {
                    let started = start_children(job, tenants, at, cluster, events);
                    job.status = started.map_or(JobStatus::Init, |()| JobStatus::Doing);
                }
                JobStatus::Doing => work(job, tenants, at),
                JobStatus::Canceling if !has_children(job, tenants) => {
                    job.result = -4072;
                    job.ended_at = Some(at);
                    job.status = JobStatus::Canceled;
                }
                JobStatus::Canceling => {
                    for tenant in tenants.iter_mut().filter(|t| has_child(job, t)) {
                        tenant.cancel_backup(at, cluster.pace);
                    }
                }
                _ => {}
            }
            settle(job, at, cluster.pace, None);
        }
    }
}

/// Sets RESULT of the job of sys to that of the first failed child; the others continue.
fn work(job: &mut Job, tenants: &[Tenant], at: Scn) {
    if job.result == 0 {
        job.result = first_failure(job, tenants);
    }
    if has_children(job, tenants) {
        return;
    }
    job.ended_at = Some(at);
    job.status = if job.result == 0 {
        JobStatus::Completed
    } else {
        JobStatus::Failed
    };
}

/// Returns every tenant that can be backed up now, for DATABASE in sys; none is an error.
fn eligible(tenants: &[Tenant]) -> Result<Vec<TenantId>, SqlError> {
    let able: Vec<_> = tenants
        .iter()
        .filter(|tenant| tenant.check_backup_of_sys().is_ok())
        .map(|tenant| tenant.id)
        .collect();
    if able.is_empty() {
        return Err(error::cannot_start_backup(
            "no tenant meets the backup condition, please check the tenant status, log archive \
             status, backup data dest, and backup status for each tenant",
        ));
    }
    Ok(able)
}

/// Starts the jobs of the tenants. Since 4.2.0 a tenant that cannot start is left out; before, the
/// job of sys stays in INIT and retries.
fn start_children(
    parent: &Job,
    tenants: &mut [Tenant],
    now: Scn,
    cluster: Cluster<'_>,
    events: &mut Vec<RootEvent>,
) -> Result<(), SqlError> {
    let named = tenants
        .iter_mut()
        .filter(|tenant| parent.executors.contains(&tenant.id));
    for tenant in named {
        if has_child(parent, tenant) || child_in_history(parent, tenant).is_some() {
            continue;
        }
        let request = Request {
            initiator: TenantId::SYS,
            initiator_job: parent.id,
            backup_type: parent.backup_type,
            plus_archivelog: parent.plus_archivelog,
            passwd: parent.passwd.clone(),
            description: parent.description.clone(),
        };
        if let Err(error) = tenant.start_backup(request, now, cluster, events) {
            if !leaves_out_failed_children(cluster.version) {
                return Err(error);
            }
            record_left_out(events, now, tenant.id, &error);
        }
    }
    Ok(())
}

fn has_child(parent: &Job, tenant: &Tenant) -> bool {
    let child = |job: &Job| job.initiator == TenantId::SYS && job.initiator_job == parent.id;
    tenant.backups.jobs.iter().any(child)
}

fn has_children(parent: &Job, tenants: &[Tenant]) -> bool {
    tenants.iter().any(|tenant| has_child(parent, tenant))
}

fn child_in_history<'a>(parent: &Job, tenant: &'a Tenant) -> Option<&'a Job> {
    let mut history = tenant.backups.history.iter();
    history.find(|job| job.initiator == TenantId::SYS && job.initiator_job == parent.id)
}

/// Returns the result of the child that failed first, or 0.
fn first_failure(parent: &Job, tenants: &[Tenant]) -> i64 {
    let children = tenants
        .iter()
        .filter_map(|tenant| child_in_history(parent, tenant));
    let failed = children.filter(|job| job.result != 0);
    failed
        .min_by_key(|job| job.ended_at)
        .map_or(0, |job| job.result)
}

/// Creates the row; `JOB_LEVEL` is CLUSTER for a list of tenants as well.
fn row(id: JobId, executors: Vec<TenantId>, request: &Request, now: Scn) -> Job {
    Job {
        id,
        set: SetId(0),
        initiator: TenantId::SYS,
        initiator_job: id,
        executors,
        plus_archivelog: request.plus_archivelog,
        backup_type: request.backup_type,
        level: JobLevel::Cluster,
        passwd: request.passwd.clone(),
        started_at: now,
        ended_at: None,
        status: JobStatus::Init,
        result: 0,
        comment: String::new(),
        description: request.description.clone(),
        dest: None,
        task: None,
        due: now,
        held_at: None,
        failure: None,
        retries: 0,
        versions: None,
    }
}
