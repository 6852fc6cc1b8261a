//! Effects that a data backup requests.

use crate::api::{BackupTaskSpec, DataBackupSettings, LogBackupSpec};
use crate::oceanbase::model::{JobKey, TenantId, TenantName};

/// Request to the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Set the tenant's `DATA_BACKUP_DEST`.
    SetDestination(TenantName),
    /// Send BACKUP. Sent only in a pass whose own status write succeeded.
    Backup {
        /// The tenant.
        tenant: TenantName,
        /// Whether only changes are backed up.
        incremental: bool,
        /// Key of the attempt.
        key: JobKey,
        /// Settings of the backup.
        settings: DataBackupSettings,
    },
    /// Check whether the database knows the attempt.
    Find {
        /// The tenant.
        tenant: TenantName,
        /// Key of the attempt.
        key: JobKey,
    },
    /// Cancel the job.
    Cancel {
        /// The tenant.
        tenant: TenantName,
        /// Number of the tenant.
        tenant_id: TenantId,
        /// Key of the attempt.
        key: JobKey,
    },
    /// Create a log backup of this name, because no object manages the tenant's log backup.
    MakeLogBackup(String, Box<LogBackupSpec>),
    /// Create one task for each tenant, with these names.
    MakeChildren(Vec<(String, BackupTaskSpec)>),
    /// Cancel tasks that this task created, by name and uid.
    CancelChildren(Vec<(String, String)>),
}
