//! Data backup jobs.

use jiff::Timestamp;

use super::{BackupSetId, Failure, JobId, TenantId};

/// One data backup job (`CDB_OB_BACKUP_JOBS`, `CDB_OB_BACKUP_JOB_HISTORY`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// The tenant: [`TenantId::SYS`] for a parent.
    pub tenant_id: TenantId,
    /// Its number.
    pub id: JobId,
    /// Its set; 0 in a parent.
    pub set_id: BackupSetId,
    /// The tenant that typed the statement.
    pub initiator_tenant_id: TenantId,
    /// The parent in that tenant; 0 when the tenant itself started it.
    pub initiator_job_id: JobId,
    /// Whether BACKUP_TYPE is FULL, not INC.
    pub full: bool,
    /// Its state.
    pub status: JobStatus,
    /// When it started.
    pub started_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// Why it failed.
    pub failure: Option<Failure>,
    /// The text given with the statement.
    pub description: String,
    /// Directory, without keys.
    pub path: String,
    /// Parts done of 100, while it runs and says so.
    pub percent: Option<u8>,
}

/// A backup that sys accepted and that the database then did not start for a tenant. No row of the
/// tenant ever appears, and the job of sys ends COMPLETED (`DBA_OB_ROOTSERVICE_EVENT_HISTORY`, event
/// `handle_user_tenant_backup_failed`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackupRefusal {
    /// When the database refused it.
    pub at: Timestamp,
    /// Why.
    pub failure: Failure,
}

/// State of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JobStatus {
    /// Taken, nothing read yet.
    Init,
    /// Working; the name of the stage where it is not plain `DOING`.
    Doing,
    /// Done.
    Completed,
    /// Ended with an error.
    Failed,
    /// Asked to stop.
    Canceling,
    /// Stopped.
    Canceled,
    /// A word that this operator does not know; taken for a running state, never for an end.
    Unknown(String),
}

impl JobStatus {
    /// Reads `STATUS`.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        match text {
            "INIT" => Self::Init,
            "DOING" => Self::Doing,
            "COMPLETED" => Self::Completed,
            "FAILED" => Self::Failed,
            "CANCELING" => Self::Canceling,
            "CANCELED" => Self::Canceled,
            other => Self::Unknown(other.to_owned()),
        }
    }

    /// Whether it will not change any more.
    #[must_use]
    pub fn is_terminal(&self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Canceled)
    }
}
