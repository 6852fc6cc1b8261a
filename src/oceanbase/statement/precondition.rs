//! Preconditions of statements.

use super::Command;
use crate::oceanbase::destination::Location;
use crate::oceanbase::model::{
    AuxiliaryTenant, CleanupKind, Destinations, JobId, JobKey, ResourceName, RestoreKey, TenantId,
    TenantName,
};

/// Condition that must hold right before a statement is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Precondition {
    /// No condition.
    None,
    /// No job with this key exists, running or ended.
    NoJobWithKey(JobKey),
    /// As [`Precondition::NoJobWithKey`]. In addition, the tenant has no running backup of the
    /// operator, and the number of such backups in the cluster is below the limit.
    ConcurrencySlot {
        /// The tenant.
        tenant_id: TenantId,
        /// The job's key.
        key: JobKey,
        /// Number of backups that may run concurrently.
        slots: usize,
    },
    /// The tenant has no destination of logs. Another tool may have set one since the last read.
    NoLogDestination(TenantId),
    /// The tenant's logs go to this location, or are configured to.
    SameLogDestination {
        /// The tenant.
        tenant_id: TenantId,
        /// Location of the logs.
        location: Location,
    },
    /// As [`Precondition::SameLogDestination`]. In addition, no data backup of the tenant runs.
    QuietLogDestination {
        /// The tenant.
        tenant_id: TenantId,
        /// Location of the logs.
        location: Location,
    },
    /// The tenant's data backups go to this location.
    SameDataDestination {
        /// The tenant.
        tenant_id: TenantId,
        /// Location of the data backups.
        location: Location,
    },
    /// The tenant has no destination of data backups.
    NoDataDestination(TenantId),
    /// The tenant's backups still go to the observed destinations.
    DestinationsAre {
        /// The tenant.
        tenant_id: TenantId,
        /// Observed destinations.
        observed: Destinations,
    },
    /// The tenant's policy still has this window. Another tool may have replaced it since the last
    /// read.
    PolicyIs {
        /// The tenant.
        tenant_id: TenantId,
        /// Window, as the view shows it.
        recovery_window: String,
    },
    /// The job with this key is the tenant's only running one.
    OnlyRunningJob {
        /// The tenant.
        tenant_id: TenantId,
        /// Key of the job.
        key: JobKey,
    },
    /// No restore with this key exists, running or ended at any time, and no tenant has this name.
    /// An object that is applied again must never restore twice.
    NeverRestored {
        /// Tenant to create.
        tenant: TenantName,
        /// Key of the restore.
        key: RestoreKey,
    },
    /// No restore with this key exists, running or ended.
    NoRestoreWithKey(RestoreKey),
    /// The restore with this key is creating this tenant.
    RestoreRuns {
        /// The tenant.
        tenant: TenantName,
        /// Key of the restore.
        key: RestoreKey,
    },
    /// The restore with this key has failed and has left this tenant. Before V4.2.0, which cannot
    /// cancel, it may also be running.
    RestoreFailed {
        /// Whether the restore may also have succeeded.
        or_succeeded: bool,
        /// The tenant.
        tenant: TenantName,
        /// Number of the tenant.
        tenant_id: TenantId,
        /// Key of the restore.
        key: RestoreKey,
    },
    /// No recovery of tables with this key exists, running or ended at any time. The tenant with
    /// this name has this number, is primary, and receives no other tables.
    NeverRecovered {
        /// Tenant that receives the tables.
        tenant: TenantName,
        /// Number of the tenant.
        tenant_id: TenantId,
        /// Key of the recovery.
        key: RestoreKey,
    },
    /// No recovery of tables with this key exists, running or ended.
    NoTablesWithKey(RestoreKey),
    /// The recovery with this key is the only one that brings tables into the tenant.
    OnlyTables {
        /// The tenant.
        tenant: TenantName,
        /// Key of the recovery.
        key: RestoreKey,
    },
    /// The recovery with this key has failed and has left this tenant.
    AuxiliaryLeft {
        /// The auxiliary tenant.
        auxiliary: AuxiliaryTenant,
        /// Number of the auxiliary tenant.
        auxiliary_id: TenantId,
        /// Key of the recovery.
        key: RestoreKey,
    },
    /// No tenant owns the pool.
    PoolIsFree(ResourceName),
    /// No pool uses the unit.
    UnitIsUnused(ResourceName),
    /// The tenant with this name has this number and this role.
    TenantIs {
        /// The tenant.
        tenant: TenantName,
        /// Number of the tenant.
        tenant_id: TenantId,
        /// `STANDBY` or `PRIMARY`.
        role: &'static str,
    },
    /// Sys has started no cleanup of the tenant after this one, and no cleanup or backup of the
    /// tenant runs.
    NoCleanup {
        /// The tenant.
        tenant_id: TenantId,
        /// Kind of the deleted backups.
        kind: CleanupKind,
        /// Newest cleanup that sys had started before.
        after: JobId,
        /// Whether the statement may have been sent before. A found cleanup of its kind is then its
        /// own.
        again: bool,
    },
    /// This is the tenant's only running cleanup.
    OnlyCleanup {
        /// The tenant.
        tenant_id: TenantId,
        /// The cleanup.
        job_id: JobId,
    },
}

impl Command {
    /// Returns the precondition of the command.
    #[must_use]
    pub fn precondition(&self) -> Precondition {
        match self {
            Self::Backup {
                tenant_id,
                key,
                slots,
                ..
            } => Precondition::ConcurrencySlot {
                tenant_id: *tenant_id,
                key: key.clone(),
                slots: *slots,
            },
            Self::FindBackup { key, .. } => Precondition::NoJobWithKey(key.clone()),
            Self::CancelBackup { tenant_id, key, .. } => Precondition::OnlyRunningJob {
                tenant_id: *tenant_id,
                key: key.clone(),
            },
            Self::SetLogArchiveDest {
                tenant_id,
                replaces: Some(location),
                ..
            }
            | Self::ArchiveLog {
                tenant_id,
                location,
                ..
            } => Precondition::SameLogDestination {
                tenant_id: *tenant_id,
                location: location.clone(),
            },
            Self::LeaveLogDest {
                tenant_id,
                location,
                ..
            } => Precondition::QuietLogDestination {
                tenant_id: *tenant_id,
                location: location.clone(),
            },
            Self::SetLogArchiveDest { tenant_id, .. } => Precondition::NoLogDestination(*tenant_id),
            Self::SetDataBackupDest {
                tenant_id,
                replaces: Some(location),
                ..
            } => Precondition::SameDataDestination {
                tenant_id: *tenant_id,
                location: location.clone(),
            },
            Self::SetDataBackupDest { tenant_id, .. } => {
                Precondition::NoDataDestination(*tenant_id)
            }
            Self::AddDeletePolicy {
                tenant_id,
                observed,
                ..
            } => Precondition::DestinationsAre {
                tenant_id: *tenant_id,
                observed: observed.clone(),
            },
            Self::DropDeletePolicy {
                tenant_id,
                recovery_window,
                ..
            } => Precondition::PolicyIs {
                tenant_id: *tenant_id,
                recovery_window: recovery_window.clone(),
            },
            Self::Recovery(recovery) => recovery.precondition(),
            Self::Cleanup(cleanup) => cleanup.precondition(),
            _ => Precondition::None,
        }
    }
}
