//! Input of the decision about a strategy.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;

use super::external_jobs::ExternalJobs;
use super::{AskedCleanup, CompetingStrategy, DestinationContents, Directories, ObservedCleanup};
use crate::api::log_backup::StorageChangePolicy;
use crate::api::strategy::{Inherited, LogBackupSettings};
use crate::api::{BackupStrategySpec, BackupStrategyStatus, Cause, DesiredState, PinnedDatabase};
use crate::domain::Blocker;
use crate::oceanbase::model::{Identity, Tenant, TenantId};

/// Strategy that the decision is about.
#[derive(Clone, Copy, Debug)]
pub struct Strategy<'a> {
    /// Name of the object.
    pub name: &'a str,
    /// Its uid.
    pub uid: &'a str,
    /// Its generation.
    pub generation: i64,
    /// Its creation time.
    pub created_at: Timestamp,
    /// Desired configuration.
    pub spec: &'a BackupStrategySpec,
    /// State that earlier passes recorded.
    pub status: &'a BackupStrategyStatus,
}

/// State of the cluster and of other objects, as observed in this pass.
#[derive(Clone, Debug)]
pub struct Observation {
    /// Whether the references resolve.
    pub target: Result<(), Blocker>,
    /// The cluster's tenants, or the blocker while the database is not readable.
    pub database: Result<Vec<Arc<Tenant>>, Blocker>,
    /// Identity of the cluster; empty while the database is not readable.
    pub identity: Identity,
    /// Whether the cluster is being upgraded.
    pub is_upgrading: bool,
    /// Strategies of the same cluster, this one included.
    pub rivals: Vec<CompetingStrategy>,
    /// Log backups of the cluster, whatever created them.
    pub log_backups: Vec<ObservedLogBackup>,
    /// Names of log backups' BackupStorages at the same location as the strategy's own.
    pub same_storages: BTreeSet<String>,
    /// Tasks that this strategy created.
    pub tasks: Vec<ObservedTask>,
    /// Tenants for which the effect of the operator's last statement is not visible yet.
    pub unsettled: BTreeSet<TenantId>,
    /// Tenants that have an available full backup at this strategy's destination.
    pub with_full_backup: BTreeSet<TenantId>,
    /// Tenants whose logs go, or last went, to this strategy's destination.
    pub with_logs_here: BTreeSet<TenantId>,
    /// Jobs that other tools or users started.
    pub external: ExternalJobs,
    /// Tenants whose logs go neither to this strategy's destination nor to that of their LogBackup.
    pub logs_elsewhere: BTreeSet<TenantId>,
    /// Tenants whose data backups go to another destination than this strategy's, with that
    /// destination.
    pub data_elsewhere: BTreeMap<TenantId, String>,
    /// Tenants whose backup directories were derived from an earlier name of the cluster.
    pub directories: BTreeMap<TenantId, Directories>,
    /// Tenants that a RecoveryTask created.
    pub recovered: BTreeSet<TenantId>,
    /// Names of the RecoveryDrills of this strategy.
    pub drills: BTreeSet<String>,
    /// CleanupTasks that this strategy created.
    pub cleanups: Vec<ObservedCleanup>,
    /// CleanupTasks that users created for tenants of this database.
    pub asked_cleanups: Vec<AskedCleanup>,
    /// Storages and locations of the ledger, with the tenants' backups there.
    pub locations: Vec<DestinationContents>,
    /// Percentage of its capacity that the strategy's storage holds, if above the threshold.
    pub storage_over: Option<i32>,
    /// Smallest window that the operator sets, in days.
    pub least_window_days: i32,
}

impl Observation {
    /// Returns the number of the tenant of this name, if the database is readable.
    #[must_use]
    pub fn tenant_id(&self, name: &str) -> Option<TenantId> {
        let mut tenants = self.database.iter().flatten();
        tenants
            .find(|tenant| tenant.name == name)
            .map(|tenant| tenant.id)
    }
}

/// A log backup of the cluster.
#[derive(Clone, Debug)]
pub struct ObservedLogBackup {
    /// Its name.
    pub name: String,
    /// Its tenant's name.
    pub tenant_name: String,
    /// Its tenant's id, once known.
    pub tenant_id: Option<TenantId>,
    /// Database in which it observed its tenant, once it has.
    pub database: Option<PinnedDatabase>,
    /// Its resourceVersion.
    pub version: String,
    /// Name of its BackupStorage.
    pub storage: String,
    /// Its directory below the storage's own, if it names one.
    pub path: Option<String>,
    /// Its policy for an edit of its destination.
    pub storage_change_policy: StorageChangePolicy,
    /// Whether the tenant's logs go to another destination than requested, and it moves them.
    pub is_migrating: bool,
    /// Destination of data backups that its last move left permanently, without keys.
    pub data_left: Option<String>,
    /// Its current values of the settings that follow its strategy.
    pub settings: LogBackupSettings,
    /// Values that a strategy last wrote into it, if a strategy created it.
    pub inherited: Option<Inherited>,
    /// When it was created.
    pub created_at: Timestamp,
    /// State that the user requests.
    pub desired_state: DesiredState,
    /// Its phase.
    pub phase: Option<String>,
    /// Whether logs are archived only around data backups, so that it may be stopped between them.
    pub around_data_backup: bool,
    /// Since when it needs a full backup, because its round was interrupted.
    pub full_backup_wanted_since: Option<Timestamp>,
    /// Why it does not reach its desired state.
    pub cause: Option<Cause>,
}

/// A task that this strategy created.
#[derive(Clone, Debug)]
pub struct ObservedTask {
    /// Its name.
    pub name: String,
    /// Its uid and its resourceVersion.
    pub version: (String, String),
    /// Its tenant.
    pub tenant_name: String,
    /// Its tenant's id, once known.
    pub tenant_id: Option<TenantId>,
    /// Database in which it was accepted, once it was.
    pub database: Option<PinnedDatabase>,
    /// When it was created.
    pub created_at: Timestamp,
    /// Slot that it was created for.
    pub scheduled_at: Option<Timestamp>,
    /// Whether it requests a full backup.
    pub full: bool,
    /// Whether it mirrors a backup that another tool or a user started.
    pub external: bool,
    /// When that backup began.
    pub mirrored_since: Option<Timestamp>,
    /// Whether it is being deleted, and a finalizer holds it.
    pub deleting: bool,
    /// When the database started its job.
    pub started_at: Option<Timestamp>,
    /// Its outcome, once it has ended.
    pub outcome: Option<String>,
    /// When it ended.
    pub completed_at: Option<Timestamp>,
    /// Why it failed.
    pub cause: Option<Cause>,
}
