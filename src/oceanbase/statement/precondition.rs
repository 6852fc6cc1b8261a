//! What is looked for before a statement is sent.

use super::Command;
use crate::oceanbase::destination::Location;
use crate::oceanbase::model::{
    AuxiliaryTenant, CleanupKind, Destinations, JobId, JobKey, ResourceName, RestoreKey, TenantId,
    TenantName,
};

/// A look at the database before a statement is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Precondition {
    /// Nothing to look for.
    None,
    /// The statement is not sent when a job with this key exists, running or ended.
    NoJobWithKey(JobKey),
    /// As [`Precondition::NoJobWithKey`], and it is sent only when fewer backups of ours run, and none of
    /// the tenant.
    ConcurrencySlot {
        /// The tenant.
        tenant_id: TenantId,
        /// The job's key.
        key: JobKey,
        /// How many may run at once.
        locations: usize,
    },
    /// The statement is sent only when the tenant has no destination of logs: somebody may have
    /// set one since the cluster was last read.
    NoLogDestination(TenantId),
    /// The statement is sent only when the tenant's logs go to this place, or are to go there.
    SameLogDestination {
        /// The tenant.
        tenant_id: TenantId,
        /// Where its logs go.
        location: Location,
    },
    /// As [`Precondition::SameLogDestination`], and only while no data backup of the tenant runs.
    QuietLogDestination {
        /// The tenant.
        tenant_id: TenantId,
        /// Where its logs go.
        location: Location,
    },
    /// The statement is sent only when the tenant's data backups go to this place.
    SameDataDestination {
        /// The tenant.
        tenant_id: TenantId,
        /// Where they go.
        location: Location,
    },
    /// The statement is sent only when the tenant has no destination of data backups.
    NoDataDestination(TenantId),
    /// The statement is sent only while the tenant's backups go where they were seen to.
    DestinationsAre {
        /// The tenant.
        tenant_id: TenantId,
        /// Where.
        observed: Destinations,
    },
    /// The statement is sent only while the tenant's policy has this window: somebody may have
    /// replaced it since the cluster was last read.
    PolicyIs {
        /// The tenant.
        tenant_id: TenantId,
        /// The window, as the view shows it.
        recovery_window: String,
    },
    /// The statement is sent only when the job with this key is the tenant's only running one.
    OnlyRunningJob {
        /// The tenant.
        tenant_id: TenantId,
        /// The job's key.
        key: JobKey,
    },
    /// The statement is not sent when a restore with this key exists, running or ended at any time,
    /// nor when there is a tenant of this name: an object that is applied again must never restore
    /// twice.
    NeverRestored {
        /// The tenant that is made.
        tenant: TenantName,
        /// The restore's key.
        key: RestoreKey,
    },
    /// The statement is not sent when a restore with this key exists, running or ended.
    NoRestoreWithKey(RestoreKey),
    /// The statement is sent only while the restore with this key makes this tenant.
    RestoreRuns {
        /// The tenant.
        tenant: TenantName,
        /// The restore's key.
        key: RestoreKey,
    },
    /// The statement is sent only when the restore with this key has failed and has left this tenant;
    /// before V4.2.0, which can not cancel, also while it runs.
    RestoreFailed {
        /// Whether it is sent as well when the restore went well.
        or_succeeded: bool,
        /// The tenant.
        tenant: TenantName,
        /// Its number.
        tenant_id: TenantId,
        /// The restore's key.
        key: RestoreKey,
    },
    /// The statement is not sent when a recovery of tables with this key exists, running or ended at
    /// any time, nor unless the tenant of this name has this number, is a primary one, and gets no
    /// other tables.
    NeverRecovered {
        /// The tenant that gets the tables.
        tenant: TenantName,
        /// Its number.
        tenant_id: TenantId,
        /// The recovery's key.
        key: RestoreKey,
    },
    /// The statement is not sent when a recovery of tables with this key exists, running or ended.
    NoTablesWithKey(RestoreKey),
    /// The statement is sent only when the recovery with this key is the only one that brings tables
    /// into the tenant.
    OnlyTables {
        /// The tenant.
        tenant: TenantName,
        /// The recovery's key.
        key: RestoreKey,
    },
    /// The statement is sent only when the recovery with this key has failed and has left this tenant.
    AuxiliaryLeft {
        /// The auxiliary tenant.
        auxiliary: AuxiliaryTenant,
        /// Its number.
        auxiliary_id: TenantId,
        /// The recovery's key.
        key: RestoreKey,
    },
    /// The statement is sent only when no tenant holds the pool.
    PoolIsFree(ResourceName),
    /// The statement is sent only when no pool uses the unit.
    UnitIsUnused(ResourceName),
    /// The statement is sent only when the tenant of this name has this number and this role.
    TenantIs {
        /// The tenant.
        tenant: TenantName,
        /// Its number.
        tenant_id: TenantId,
        /// `STANDBY` or `PRIMARY`.
        role: &'static str,
    },
    /// The statement is not sent when sys has started a cleanup of the tenant after this one, nor
    /// while one of the tenant or a backup of it runs.
    NoCleanup {
        /// The tenant.
        tenant_id: TenantId,
        /// What the statement deletes.
        kind: CleanupKind,
        /// The newest cleanup that sys had started before.
        after: JobId,
        /// Whether it was about to be sent before: one of its kind that is found is then its own.
        again: bool,
    },
    /// The statement is sent only when this is the tenant's only running cleanup.
    OnlyCleanup {
        /// The tenant.
        tenant_id: TenantId,
        /// The cleanup.
        job_id: JobId,
    },
}

impl Command {
    /// What is looked for before it is sent.
    #[must_use]
    pub fn precondition(&self) -> Precondition {
        match self {
            Self::Backup {
                tenant_id,
                key,
                locations,
                ..
            } => Precondition::ConcurrencySlot {
                tenant_id: *tenant_id,
                key: key.clone(),
                locations: *locations,
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
