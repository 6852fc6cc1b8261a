//! Backups that sys starts: one row in sys, one child row per tenant.

use serde::Deserialize;

use super::backup_scheduler::settle;
use super::{Job, JobId, JobLevel, JobStatus, Pace, Request, Scn, SetId, Tenant, TenantId};
use crate::error;
use crate::value::SqlError;

/// When the rows of the tenants appear. Two readings of the engine's sources; both are played.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub enum ChildRows {
    /// With the row of sys: refusals (9036, 9040) are answered by the statement.
    #[default]
    AtOnce,
    /// Some ticks after the statement was answered OK. Refusals are swallowed, and a parent may
    /// end COMPLETED without a child. The 4.2 source also checks within the statement; that it
    /// does not is the least convenient reading.
    Later,
}

/// The job table of sys.
#[derive(Clone, Debug, Default)]
pub struct Parents {
    /// Running jobs, and finished ones for a moment.
    pub jobs: Vec<Job>,
    /// Job history.
    pub history: Vec<Job>,
    last_job: JobId,
}

/// A BACKUP typed in sys.
#[derive(Clone, Debug)]
pub struct SysRequest {
    /// The tenants of the list; `None` for DATABASE, which means all that can.
    pub tenants: Option<Vec<TenantId>>,
    /// The rest of it.
    pub request: Request,
}

impl Parents {
    /// The next number of a job of sys; backups and delete jobs are counted together.
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

    pub(super) fn start(
        &mut self,
        asked: SysRequest,
        child_rows: ChildRows,
        tenants: &mut [Tenant],
        now: Scn,
        pace: &Pace,
    ) -> Result<(), SqlError> {
        let SysRequest {
            tenants: named,
            request,
        } = asked;
        let level = if named.is_some() {
            JobLevel::SysTenant
        } else {
            JobLevel::Cluster
        };
        let executors = match (named, child_rows) {
            (Some(named), ChildRows::Later) => named,
            (Some(named), ChildRows::AtOnce) => {
                for tenant in tenants.iter().filter(|tenant| named.contains(&tenant.id)) {
                    tenant.check_backup(&request)?;
                }
                named
            }
            (None, _) => eligible(tenants, &request)?,
        };
        let mut job = row(self.next_job(), level, executors, &request, now);
        settle(&mut job, now, pace, None);
        match child_rows {
            ChildRows::AtOnce => insert_children(&job, tenants, now, pace),
            ChildRows::Later => job.due = job.due.plus(pace.backup_step()),
        }
        self.jobs.push(job);
        Ok(())
    }

    /// CANCEL BACKUP without a list hits the rows of sys as well.
    pub(super) fn cancel(&mut self, now: Scn, pace: &Pace) {
        for job in &mut self.jobs {
            if matches!(job.status, JobStatus::Init | JobStatus::Doing) {
                job.status = JobStatus::Canceling;
                settle(job, now, pace, None);
            }
        }
    }

    pub(super) fn step(&mut self, at: Scn, tenants: &mut [Tenant], pace: &Pace) {
        let moved = |job: &mut Job| job.status.is_terminal() && job.due <= at;
        self.history.extend(self.jobs.extract_if(.., moved));
        for job in self.jobs.iter_mut().filter(|job| job.due <= at) {
            match job.status {
                JobStatus::Init => {
                    insert_children(job, tenants, at, pace);
                    job.status = JobStatus::Doing;
                }
                JobStatus::Doing if !has_children(job, tenants) => {
                    job.result = first_failure(job, tenants);
                    job.ended_at = Some(at);
                    job.status = if job.result == 0 {
                        JobStatus::Completed
                    } else {
                        JobStatus::Failed
                    };
                }
                JobStatus::Canceling if !has_children(job, tenants) => {
                    job.result = -4072;
                    job.ended_at = Some(at);
                    job.status = JobStatus::Canceled;
                }
                JobStatus::Canceling => {
                    for tenant in tenants.iter_mut().filter(|t| has_child(job, t)) {
                        tenant.cancel_backup(at, pace);
                    }
                }
                _ => {}
            }
            settle(job, at, pace, None);
        }
    }
}

/// DATABASE in sys means every tenant that can be backed up now; none at all is a refusal.
fn eligible(tenants: &[Tenant], request: &Request) -> Result<Vec<TenantId>, SqlError> {
    let able: Vec<_> = tenants
        .iter()
        .filter(|tenant| tenant.check_backup(request).is_ok())
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

fn insert_children(parent: &Job, tenants: &mut [Tenant], now: Scn, pace: &Pace) {
    for tenant in tenants
        .iter_mut()
        .filter(|tenant| parent.executors.contains(&tenant.id))
    {
        if has_child(parent, tenant) {
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
        // A tenant that can not start is passed over; only an event of the root service tells.
        let _ = tenant.start_backup(request, now, pace);
    }
}

fn has_child(parent: &Job, tenant: &Tenant) -> bool {
    let child = |job: &Job| job.initiator == TenantId::SYS && job.initiator_job == parent.id;
    tenant.backups.jobs.iter().any(child)
}

fn has_children(parent: &Job, tenants: &[Tenant]) -> bool {
    tenants.iter().any(|tenant| has_child(parent, tenant))
}

fn first_failure(parent: &Job, tenants: &[Tenant]) -> i64 {
    let child = |job: &&Job| job.initiator == TenantId::SYS && job.initiator_job == parent.id;
    let of_tenant = |tenant: &Tenant| tenant.backups.history.iter().find(child).map(|j| j.result);
    tenants
        .iter()
        .filter_map(of_tenant)
        .find(|result| *result != 0)
        .unwrap_or(0)
}

fn row(id: JobId, level: JobLevel, executors: Vec<TenantId>, request: &Request, now: Scn) -> Job {
    Job {
        id,
        set: SetId(0),
        initiator: TenantId::SYS,
        initiator_job: id,
        executors,
        plus_archivelog: request.plus_archivelog,
        backup_type: request.backup_type,
        level,
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
    }
}
