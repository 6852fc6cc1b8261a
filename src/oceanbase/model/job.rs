//! Data backup jobs.

use jiff::Timestamp;

use super::{BackupSetId, Failure, JobId, TenantId};

/// One data backup job (`CDB_OB_BACKUP_JOBS`, `CDB_OB_BACKUP_JOB_HISTORY`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// Tenant of the job, or [`TenantId::SYS`] for a parent.
    pub tenant_id: TenantId,
    /// Number of the job.
    pub id: JobId,
    /// Set of the job; 0 in a parent.
    pub set_id: BackupSetId,
    /// Tenant that ran the statement.
    pub initiator_tenant_id: TenantId,
    /// Parent in that tenant; 0 if the tenant itself started the job.
    pub initiator_job_id: JobId,
    /// Whether BACKUP_TYPE is FULL, not INC.
    pub full: bool,
    /// State of the job.
    pub status: JobStatus,
    /// Start of the job.
    pub started_at: Timestamp,
    /// End of the job.
    pub ended_at: Option<Timestamp>,
    /// Reason of the failure.
    pub failure: Option<Failure>,
    /// Text that the statement contained.
    pub description: String,
    /// Directory of the set, without keys.
    pub path: String,
    /// Progress in percent, while the job runs and reports it.
    pub percent: Option<u8>,
}

/// Backup that sys accepted but the database did not start for a tenant. The tenant gets no row,
/// and the job of sys ends COMPLETED (`DBA_OB_ROOTSERVICE_EVENT_HISTORY`, event
/// `handle_user_tenant_backup_failed`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackupRefusal {
    /// Time at which the database rejected it.
    pub at: Timestamp,
    /// Reason of the rejection.
    pub failure: Failure,
}

/// State of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JobStatus {
    /// Accepted; nothing has been read yet.
    Init,
    /// Running; the name of the stage unless it is plain `DOING`.
    Doing,
    /// Completed.
    Completed,
    /// Ended with an error.
    Failed,
    /// Being canceled.
    Canceling,
    /// Canceled.
    Canceled,
    /// A word that this operator does not know. It counts as a running state, never as an end.
    Unknown(String),
}

impl JobStatus {
    /// Parses `STATUS`.
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

    /// Returns whether the state is final.
    #[must_use]
    pub fn is_terminal(&self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Canceled)
    }
}
