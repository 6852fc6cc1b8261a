//! Views of cleanup: policies, delete jobs and their tasks.

use super::cell::{int, signed, text, time, time_or_null};
use super::{Row, Sight};
use crate::model::{CleanJob, CleanTarget, CleanTask, JobStatus, Policy, TenantId};
use crate::value::Value;

/// Every tenant has a log stream for system tables and one for user tables.
const LOG_STREAMS: u64 = 2;

impl Sight<'_> {
    pub(super) fn cleanup_rows(&self, all: bool, stem: &str, view: &str) -> Option<Vec<Row<'_>>> {
        let tasks = |history| {
            let jobs = self.clean_jobs(all, view, history);
            jobs.flat_map(|(tenant, job)| {
                job.tasks
                    .iter()
                    .map(move |task| task_row(tenant, job, task))
            })
            .collect()
        };
        Some(match stem {
            "OB_BACKUP_DELETE_POLICY" => self
                .tenants(all)
                .flat_map(|tenant| tenant.policies.iter().map(|p| policy_row(tenant.id, p)))
                .collect(),
            "OB_BACKUP_DELETE_JOBS" => self.clean_jobs(all, view, false).map(job_row).collect(),
            "OB_BACKUP_DELETE_JOB_HISTORY" => {
                self.clean_jobs(all, view, true).map(job_row).collect()
            }
            "OB_BACKUP_DELETE_TASKS" => tasks(false),
            "OB_BACKUP_DELETE_TASK_HISTORY" => tasks(true),
            _ => return None,
        })
    }

    /// Returns the jobs: in `CDB_` views sys first, in `DBA_` views of sys only sys.
    fn clean_jobs(
        &self,
        all: bool,
        view: &str,
        history: bool,
    ) -> impl Iterator<Item = (TenantId, &CleanJob)> {
        let sys = (self.tenant == TenantId::SYS).then_some(&self.world.clean_parents);
        let parents = sys.into_iter().flat_map(move |parents| {
            if history {
                &parents.history
            } else {
                &parents.jobs
            }
        });
        let parents = parents.map(|job| (TenantId::SYS, job));
        let children = self.tenants(all).flat_map(move |tenant| {
            let cleanup = &tenant.cleanup;
            let jobs = if history {
                &cleanup.history
            } else {
                &cleanup.jobs
            };
            jobs.iter().map(move |job| (tenant.id, job))
        });
        let view = view.to_owned();
        parents
            .chain(children)
            .filter(move |(tenant, job)| self.shows(*tenant, &view, job.started_at))
    }
}

fn policy_row(tenant: TenantId, policy: &Policy) -> Row<'_> {
    Row::new(tenant, move |column| match column {
        "POLICY_NAME" => text(policy.name.clone()),
        "RECOVERY_WINDOW" => text(policy.recovery_window.clone()),
        _ => Value::Null,
    })
}

fn count(number: usize) -> Value {
    int(u64::try_from(number).unwrap_or(u64::MAX))
}

fn job_row((tenant, job): (TenantId, &CleanJob)) -> Row<'_> {
    Row::new(tenant, move |column| match column {
        "JOB_ID" => int(job.id.0),
        "INCARNATION" => int(1),
        "INITIATOR_TENANT_ID" => int(job.initiator.0),
        "INITIATOR_JOB_ID" => int(job.initiator_job.0),
        "EXECUTOR_TENANT_ID" => {
            let ids: Vec<_> = job.executors.iter().map(ToString::to_string).collect();
            text(ids.join(","))
        }
        "TYPE" => text(job.kind.name()),
        "PARAMETER" => time(job.kind.parameter()),
        "JOB_LEVEL" => text(job.level.name()),
        "START_TIMESTAMP" => time(job.started_at),
        "END_TIMESTAMP" => time_or_null(job.ended_at),
        "STATUS" => text(job.status.name()),
        "TASK_COUNT" => count(job.tasks.len()),
        "SUCCESS_TASK_COUNT" => count(job.succeeded()),
        "RESULT" => signed(job.result),
        "COMMENT" => text(job.comment.clone()),
        _ => Value::Null,
    })
}

fn task_row<'a>(tenant: TenantId, job: &'a CleanJob, task: &'a CleanTask) -> Row<'a> {
    let (kind, id, round) = match task.target {
        CleanTarget::Set(id) => ("BACKUP SET", id.0, 0),
        CleanTarget::Piece(round, id) => ("BACKUP PIECE", id.0, round.0),
    };
    let finished = if task.status == JobStatus::Completed {
        LOG_STREAMS
    } else {
        0
    };
    Row::new(tenant, move |column| match column {
        "TASK_ID" => int(task.id.0),
        "INCARNATION" => int(1),
        "JOB_ID" => int(job.id.0),
        "TASK_TYPE" => text(kind),
        "ID" => int(id),
        "ROUND_ID" => int(round),
        "DEST_ID" => int(task.dest.0),
        "START_TIMESTAMP" => time(task.started_at),
        "END_TIMESTAMP" => time_or_null(task.ended_at),
        "STATUS" => text(task.status.name()),
        "TOTAL_LS_COUNT" => int(LOG_STREAMS),
        "FINISH_LS_COUNT" => int(finished),
        "RESULT" => signed(task.result),
        "COMMENT" => text(task.comment.clone()),
        "PATH" => text(task.uri.path()),
        _ => Value::Null,
    })
}
