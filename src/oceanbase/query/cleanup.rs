//! Queries on cleanups.

use jiff::Timestamp;

use super::{Query, second};
use crate::oceanbase::model::{JobId, TenantId};

/// Columns of cleanups, in both views, without the tenant.
const COLUMNS: &str = "JOB_ID, INITIATOR_TENANT_ID, INITIATOR_JOB_ID, EXECUTOR_TENANT_ID, TYPE, \
    START_TIMESTAMP, END_TIMESTAMP, STATUS, TASK_COUNT, SUCCESS_TASK_COUNT, RESULT, COMMENT";

/// Columns of the items of cleanups, in both views.
const ITEM_COLUMNS: &str = "TENANT_ID, JOB_ID, TASK_TYPE, ID, STATUS";

/// A query on cleanups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CleanupQuery {
    /// Cleanups that run or have just ended.
    Jobs,
    /// Cleanups that have ended, and started at this instant or later. Cleanups without work are
    /// included only on request: there is one per hour and tenant.
    History {
        /// Earliest start.
        since: Timestamp,
        /// Whether cleanups without work are included.
        idle: bool,
    },
    /// Items of running cleanups that started at this instant or later.
    Items(Timestamp),
    /// Items of ended cleanups that started at this instant or later.
    ItemHistory(Timestamp),
    /// Running cleanups that sys has started after this one, from its own table.
    OwnJobsAfter(JobId),
    /// Ended cleanups that sys has started after this one, from its own table.
    OwnHistoryAfter(JobId),
    /// Running cleanups of a tenant.
    JobsOf(TenantId),
}

impl CleanupQuery {
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Jobs => "cleanup_jobs",
            Self::History { .. } => "cleanup_history",
            Self::Items(_) => "cleanup_items",
            Self::ItemHistory(_) => "cleanup_item_history",
            Self::OwnJobsAfter(_) => "own_cleanup_jobs_after",
            Self::OwnHistoryAfter(_) => "own_cleanup_history_after",
            Self::JobsOf(_) => "cleanup_jobs_of",
        }
    }

    pub(super) fn text(&self) -> String {
        let jobs = |which: &str| {
            format!("SELECT TENANT_ID, {COLUMNS} FROM oceanbase.CDB_OB_BACKUP_DELETE_{which}")
        };
        let items = |which: &str, since: &Timestamp| {
            format!(
                "SELECT {ITEM_COLUMNS} FROM oceanbase.CDB_OB_BACKUP_DELETE_{which} \
                 WHERE START_TIMESTAMP >= '{}'",
                second(*since)
            )
        };
        // Without TENANT_ID: these rows belong to the session's own tenant.
        let own = |which: &str, after: &JobId| {
            format!(
                "SELECT {COLUMNS} FROM oceanbase.DBA_OB_BACKUP_DELETE_{which} WHERE JOB_ID > {after}"
            )
        };
        match self {
            Self::Jobs => jobs("JOBS"),
            Self::JobsOf(tenant) => format!("{} WHERE TENANT_ID = {tenant}", jobs("JOBS")),
            Self::History { since, idle } => {
                let busy = if *idle {
                    ""
                } else {
                    " AND (TASK_COUNT > 0 OR STATUS <> 'COMPLETED')"
                };
                format!(
                    "{} WHERE START_TIMESTAMP >= '{}'{busy}",
                    jobs("JOB_HISTORY"),
                    second(*since)
                )
            }
            Self::Items(since) => items("TASKS", since),
            Self::ItemHistory(since) => items("TASK_HISTORY", since),
            Self::OwnJobsAfter(after) => own("JOBS", after),
            Self::OwnHistoryAfter(after) => own("JOB_HISTORY", after),
        }
    }
}

impl From<CleanupQuery> for Query {
    fn from(query: CleanupQuery) -> Self {
        Self::Cleanup(query)
    }
}
