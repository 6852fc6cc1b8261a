//! Cleanup jobs: what the database deletes of its backups.

use jiff::Timestamp;

use super::{Failure, JobId, JobStatus, TenantId};

/// One cleanup (`CDB_OB_BACKUP_DELETE_JOBS`, `CDB_OB_BACKUP_DELETE_JOB_HISTORY`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CleanupJob {
    /// The tenant: [`TenantId::SYS`] for a parent.
    pub tenant_id: TenantId,
    /// Its number; each tenant counts its own.
    pub id: JobId,
    /// The tenant that typed the statement, or the tenant itself where its policy did.
    pub initiator_tenant_id: TenantId,
    /// The parent in that tenant; 0 where there is none.
    pub initiator_job_id: JobId,
    /// The tenants that it is for, as the view lists them: `1002,1004`.
    pub executors: String,
    /// What is deleted.
    pub kind: CleanupKind,
    /// Its state.
    pub status: JobStatus,
    /// When it started.
    pub started_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// How many sets and pieces there are to delete.
    pub tasks: i64,
    /// How many of them are deleted.
    pub done: i64,
    /// Why it failed.
    pub failure: Option<Failure>,
    /// What it deletes, as far as that was read.
    pub items: Vec<CleanedItem>,
}

impl CleanupJob {
    /// Whether it has ended well and had nothing to do.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.status == JobStatus::Completed && self.tasks == 0
    }

    /// Whether it is for this tenant.
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
    /// Whether it is a set, not a piece.
    pub is_set: bool,
    /// Its number.
    pub id: i64,
    /// Whether it is deleted.
    pub is_deleted: bool,
    /// Bytes that it had in the store, where that is known.
    pub bytes: Option<i64>,
}

/// What a cleanup deletes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CleanupKind {
    /// What the policy does not need.
    Obsolete,
    /// Sets.
    Sets,
    /// Pieces.
    Pieces,
    /// A word that this operator does not know.
    Other(String),
}

impl CleanupKind {
    /// Reads `TYPE`.
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

/// What somebody asks to be deleted, from V4.4.2 on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deletion {
    /// What the policy does not need.
    Obsolete,
    /// Sets of these numbers.
    Sets(Vec<i64>),
    /// Pieces of these numbers.
    Pieces(Vec<i64>),
}

impl Deletion {
    /// How the database calls it.
    #[must_use]
    pub fn kind(&self) -> CleanupKind {
        match self {
            Self::Obsolete => CleanupKind::Obsolete,
            Self::Sets(_) => CleanupKind::Sets,
            Self::Pieces(_) => CleanupKind::Pieces,
        }
    }
}
