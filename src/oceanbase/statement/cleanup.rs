//! Statements that delete backups, from V4.4.2 on.

use super::Precondition;
use crate::oceanbase::capability::Capability;
use crate::oceanbase::model::{Deletion, JobId, TenantId, TenantName};

/// Deletion of backups of a tenant, or its cancellation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cleanup {
    /// Deletes backups. The database checks the named items only after it has accepted the
    /// statement.
    Delete {
        /// The tenant.
        tenant: TenantName,
        /// Number of the tenant.
        tenant_id: TenantId,
        /// Backups to delete.
        what: Deletion,
        /// Newest cleanup that sys had started at the time of the decision.
        after: JobId,
        /// Whether the statement may have been sent before. A found cleanup is then its own.
        again: bool,
    },
    /// Searches for such a cleanup; sends nothing.
    Find {
        /// The tenant.
        tenant: TenantName,
        /// Number of the tenant.
        tenant_id: TenantId,
        /// Backups to delete.
        what: Deletion,
        /// Newest cleanup that sys had started before.
        after: JobId,
    },
    /// Cancels a running cleanup, if it is the tenant's only one.
    Cancel {
        /// The tenant.
        tenant: TenantName,
        /// Number of the tenant.
        tenant_id: TenantId,
        /// The cleanup.
        job_id: JobId,
    },
}

/// Returns the text between DELETE and TENANT.
fn text(what: &Deletion) -> String {
    let list = |ids: &[i64]| {
        let ids: Vec<_> = ids.iter().map(i64::to_string).collect();
        ids.join(",")
    };
    match what {
        Deletion::Obsolete => "OBSOLETE BACKUP".to_owned(),
        Deletion::Sets(ids) => format!("BACKUPSET {}", list(ids)),
        Deletion::Pieces(ids) => format!("ARCHIVELOG_PIECE {}", list(ids)),
    }
}

impl Cleanup {
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Delete {
                what: Deletion::Obsolete,
                ..
            } => "delete_obsolete_backup",
            Self::Delete {
                what: Deletion::Sets(_),
                ..
            } => "delete_backupset",
            Self::Delete {
                what: Deletion::Pieces(_),
                ..
            } => "delete_archivelog_piece",
            Self::Find { .. } => "find_cleanup",
            Self::Cancel { .. } => "cancel_delete_backup",
        }
    }

    pub(super) fn tenant(&self) -> &TenantName {
        match self {
            Self::Delete { tenant, .. }
            | Self::Find { tenant, .. }
            | Self::Cancel { tenant, .. } => tenant,
        }
    }

    /// Returns the capability that a release needs for the statement.
    pub(super) fn needs(&self) -> Option<Capability> {
        match self {
            Self::Delete { .. } | Self::Find { .. } => Some(Capability::ManualCleanup),
            Self::Cancel { .. } => None,
        }
    }

    pub(super) fn precondition(&self) -> Precondition {
        match self {
            Self::Delete {
                tenant_id,
                what,
                after,
                again,
                ..
            } => Precondition::NoCleanup {
                tenant_id: *tenant_id,
                kind: what.kind(),
                after: *after,
                again: *again,
            },
            Self::Find {
                tenant_id,
                what,
                after,
                ..
            } => Precondition::NoCleanup {
                tenant_id: *tenant_id,
                kind: what.kind(),
                after: *after,
                again: true,
            },
            Self::Cancel {
                tenant_id, job_id, ..
            } => Precondition::OnlyCleanup {
                tenant_id: *tenant_id,
                job_id: *job_id,
            },
        }
    }

    pub(super) fn text(&self) -> Option<String> {
        match self {
            Self::Find { .. } => None,
            Self::Delete { tenant, what, .. } => Some(format!(
                "ALTER SYSTEM DELETE {} TENANT = '{tenant}'",
                text(what)
            )),
            Self::Cancel { tenant, .. } => Some(format!(
                "ALTER SYSTEM CANCEL DELETE BACKUP TENANT = '{tenant}'"
            )),
        }
    }
}
