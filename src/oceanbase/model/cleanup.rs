//! Cleanup jobs, by which the database deletes backups.

use jiff::Timestamp;

use super::{Failure, JobId, JobStatus, TenantId};

/// One cleanup (`CDB_OB_BACKUP_DELETE_JOBS`, `CDB_OB_BACKUP_DELETE_JOB_HISTORY`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CleanupJob {
    /// Tenant of the cleanup, or [`TenantId::SYS`] for a parent.
    pub tenant_id: TenantId,
    /// Number of the cleanup; each tenant has its own numbering.
    pub id: JobId,
    /// Tenant that ran the statement, or the tenant itself if its policy started the cleanup.
    pub initiator_tenant_id: TenantId,
    /// Parent in that tenant; 0 if there is none.
    pub initiator_job_id: JobId,
    /// Tenants of the cleanup, as the view lists them: `1002,1004`.
    pub executors: String,
    /// Kind of the deleted backups.
    pub kind: CleanupKind,
    /// State of the cleanup.
    pub status: JobStatus,
    /// Start of the cleanup.
    pub started_at: Timestamp,
    /// End of the cleanup.
    pub ended_at: Option<Timestamp>,
    /// Number of sets and pieces to delete.
    pub tasks: i64,
    /// Number of sets and pieces that are deleted.
    pub done: i64,
    /// Reason of the failure.
    pub failure: Option<Failure>,
    /// Sets and pieces that it deletes, as far as they were read.
    pub items: Vec<CleanedItem>,
}

impl CleanupJob {
    /// Returns whether the cleanup has completed and had nothing to do.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.status == JobStatus::Completed && self.tasks == 0
    }

    /// Returns whether the cleanup is for this tenant.
    #[must_use]
    pub fn is_for(&self, tenant: TenantId) -> bool {
        let tenant = tenant.to_string();
        let mut executors = self.executors.split(',');
        executors.any(|executor| executor.trim() == tenant)
    }
}

/// One set or piece that a cleanup deletes (`CDB_OB_BACKUP_DELETE_TASKS`, `…_TASK_HISTORY`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CleanedItem {
    /// Whether the item is a set, not a piece.
    pub is_set: bool,
    /// Number of the set or piece.
    pub id: i64,
    /// Whether the item is deleted.
    pub is_deleted: bool,
    /// Bytes that the item had in the storage, if known.
    pub bytes: Option<i64>,
}

/// Kind of backups that a cleanup deletes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CleanupKind {
    /// Backups that the policy does not need.
    Obsolete,
    /// Sets.
    Sets,
    /// Pieces.
    Pieces,
    /// A word that this operator does not know.
    Other(String),
}

impl CleanupKind {
    /// Parses `TYPE`.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        match text {
            "DELETE OBSOLETE BACKUP" => Self::Obsolete,
            "DELETE BACKUP SET" => Self::Sets,
            "DELETE BACKUP PIECE" => Self::Pieces,
            other => Self::Other(other.to_owned()),
        }
    }
}

/// Deletion that a user requests, from V4.4.2 on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deletion {
    /// Backups that the policy does not need.
    Obsolete,
    /// Sets with these numbers.
    Sets(Vec<i64>),
    /// Pieces with these numbers.
    Pieces(Vec<i64>),
}

impl Deletion {
    /// Returns the database's word for the deletion.
    #[must_use]
    pub fn kind(&self) -> CleanupKind {
        match self {
            Self::Obsolete => CleanupKind::Obsolete,
            Self::Sets(_) => CleanupKind::Sets,
            Self::Pieces(_) => CleanupKind::Pieces,
        }
    }
}
