//! Objects of OceanBase as values: IDs, states and rows. No SQL and no I/O.

mod answer;
mod check;
mod cleanup;
mod destinations;
mod id;
mod job;
mod privilege;
mod progress;
mod resource;
mod restore;
mod restore_key;
mod round;
mod server;
mod storage;
mod table;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

pub use answer::{Acceptance, Answer, BackgroundAnswer, Failure, FailureClass};
pub use check::{CheckQuery, CheckResult};
pub use cleanup::{CleanedItem, CleanupJob, CleanupKind, Deletion};
pub use destinations::Destinations;
pub use id::{
    BackupSetId, DatabaseId, Identity, JobId, JobKey, Scn, ScnError, TenantId, TenantName,
};
pub use job::{BackupRefusal, Job, JobStatus};
pub use privilege::{Privilege, Privileges};
pub use resource::{Cpu, Locality, Pool, PrimaryZone, ResourceName, Unit, ZoneName};
pub use restore::{PreviewRow, Restore, RestoreStatus, Restores};
pub use restore_key::RestoreKey;
pub use round::{Round, RoundStatus};
pub use server::{Capacity, Server};
pub use storage::{LimitedLocation, StorageCheck, StorageLimits, StorageViews};
pub use table::{AuxiliaryTenant, Identifier, RemapQuoting, Renamed, TableName, Tables};

use super::version::Version;

/// Everything that a read found out about a cluster.
#[derive(Debug)]
pub struct Snapshot {
    /// Number of the read, counted from 1 per database.
    pub sequence: u64,
    /// Start of the read by the operator's clock.
    pub read_at: Timestamp,
    /// Identity of the cluster.
    pub identity: Identity,
    /// Version of the server.
    pub version: Version,
    /// Whether the server is the community edition.
    pub community: bool,
    /// User tenants.
    pub tenants: BTreeMap<TenantId, Arc<Tenant>>,
    /// Jobs of the sys tenant: the parents of jobs that sys started, running or recent.
    pub parents: Arc<Vec<Job>>,
    /// Whether the cluster is being upgraded (`enable_upgrade_mode`). It starts no backup and no
    /// restore during an upgrade.
    pub is_upgrading: bool,
    /// Newest cleanup that sys has started, for any tenant; 0 if there is none.
    pub newest_cleanup: JobId,
    /// Locations of the destinations, as of the last read of sets and pieces.
    pub storages: Arc<StorageViews>,
    /// State of restores; `None` if not requested for a while.
    pub restores: Option<Arc<Restores>>,
}

impl Snapshot {
    /// Returns a snapshot that contains only the relevant tenants.
    #[must_use]
    pub fn narrowed(&self, is_relevant: impl Fn(&Tenant) -> bool) -> Self {
        let tenants = self.tenants.iter();
        let kept = tenants.filter(|(_, tenant)| is_relevant(tenant));
        Self {
            sequence: self.sequence,
            read_at: self.read_at,
            identity: self.identity.clone(),
            version: self.version,
            community: self.community,
            tenants: kept.map(|(id, tenant)| (*id, Arc::clone(tenant))).collect(),
            parents: Arc::clone(&self.parents),
            is_upgrading: self.is_upgrading,
            newest_cleanup: self.newest_cleanup,
            storages: Arc::clone(&self.storages),
            restores: self.restores.clone(),
        }
    }

    /// Returns the tenant with this name.
    #[must_use]
    pub fn tenant(&self, name: &str) -> Option<&Arc<Tenant>> {
        self.tenants.values().find(|tenant| tenant.name == name)
    }
}

/// One user tenant and everything about its backups.
#[derive(Clone, Debug, PartialEq)]
pub struct Tenant {
    /// Number of the tenant.
    pub id: TenantId,
    /// Name of the tenant.
    pub name: String,
    /// `DBA_OB_TENANTS.STATUS`: `NORMAL`, `CREATING`, `RESTORE` …
    pub status: String,
    /// `TENANT_ROLE`. Releases before V4.1 have no such column, and every tenant is `PRIMARY`.
    pub role: String,
    /// `SWITCHOVER_STATUS`, from V4.1 on: `NORMAL` unless the role is changing.
    pub switchover_status: Option<String>,
    /// `COMPATIBLE`, from V4.2 on: version of the tenant's data, which an upgrade of the tenant
    /// raises.
    pub compatible: Option<String>,
    /// Whether the tenant is locked.
    pub locked: bool,
    /// Whether LOG_MODE is ARCHIVELOG. Releases before V4.1 have no such column.
    pub archive_log: Option<bool>,
    /// Destination of the logs, if set.
    pub log_dest: Option<ArchiveDest>,
    /// Destination of data backups, if set: the text of `data_backup_dest` with encrypted keys.
    pub data_dest: Option<String>,
    /// Time by which archived logs may lag behind: `archive_lag_target`, from V4.2 on. Read at long
    /// intervals.
    pub lag_target: Option<Duration>,
    /// Locations of the tenant with limits; `None` while they are not known. Read at long
    /// intervals.
    pub limited: Option<Vec<LimitedLocation>>,
    /// Policies by which the database deletes backups.
    pub policies: Vec<DeletePolicy>,
    /// Current round of log archiving. It remains after the archive was stopped.
    pub round: Option<Round>,
    /// Archive pieces that are not deleted.
    pub pieces: Arc<Vec<Piece>>,
    /// Backup sets that are not deleted.
    pub sets: Arc<Vec<BackupSet>>,
    /// Running jobs, and the newest of the ended jobs.
    pub jobs: Vec<Job>,
    /// Recent backups that sys accepted but the database did not start.
    pub backup_refusals: Vec<BackupRefusal>,
    /// Running cleanups, and the newest of the ended cleanups that had work.
    pub cleanups: Arc<Vec<CleanupJob>>,
}

impl Tenant {
    /// Returns a primary tenant in normal state about which nothing else is known.
    #[cfg(test)]
    pub(crate) fn plain(id: i64, name: &str) -> Self {
        Self {
            id: TenantId(id),
            name: name.to_owned(),
            status: "NORMAL".to_owned(),
            role: "PRIMARY".to_owned(),
            switchover_status: None,
            compatible: None,
            locked: false,
            archive_log: Some(true),
            log_dest: None,
            data_dest: None,
            lag_target: None,
            limited: None,
            policies: Vec::new(),
            round: None,
            pieces: Arc::default(),
            sets: Arc::default(),
            jobs: Vec::new(),
            backup_refusals: Vec::new(),
            cleanups: Arc::default(),
        }
    }

    /// Returns the job with this key, if known.
    #[must_use]
    pub fn job_by_key(&self, key: &str) -> Option<&Job> {
        self.jobs.iter().find(|job| job.description == key)
    }

    /// Returns the window of the policy [`DELETE_POLICY`] as entered; `None` without such a policy.
    #[must_use]
    pub fn recovery_window(&self) -> Option<&str> {
        recovery_window(&self.policies)
    }

    /// Returns by how much the normal lag of the archived logs exceeds the default.
    #[must_use]
    pub fn extra_lag(&self) -> Duration {
        let target = self.lag_target.unwrap_or(USUAL_LAG_TARGET);
        target.saturating_sub(USUAL_LAG_TARGET)
    }

    /// Returns whether a cleanup runs that sys has started. A policy never starts one through sys.
    #[must_use]
    pub fn is_cleaned_by_sys(&self) -> bool {
        let mut running = self.running_cleanups();
        running.any(|job| job.initiator_tenant_id == TenantId::SYS)
    }

    /// Returns the cleanups that have not ended.
    pub fn running_cleanups(&self) -> impl Iterator<Item = &CleanupJob> {
        let cleanups = self.cleanups.iter();
        cleanups.filter(|job| !job.status.is_terminal())
    }

    /// Returns the jobs that have not ended.
    pub fn running_jobs(&self) -> impl Iterator<Item = &Job> {
        self.jobs.iter().filter(|job| !job.status.is_terminal())
    }

    /// Returns completed backups without a visible set. The row of the set follows that of the job,
    /// or the set was deleted.
    pub fn jobs_without_set(&self) -> impl Iterator<Item = &Job> {
        self.jobs.iter().filter(|job| {
            let has_set = self.sets.iter().any(|set| set.id == job.set_id);
            job.status == JobStatus::Completed && job.set_id.0 > 0 && !has_set
        })
    }
}

/// Default of `archive_lag_target`.
const USUAL_LAG_TARGET: Duration = Duration::from_mins(2);

/// Log archive destination of a tenant (`CDB_OB_ARCHIVE_DEST`, one row per attribute).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ArchiveDest {
    /// Destination as the database shows it, with encrypted keys.
    pub path: String,
    /// `OPTIONAL` or `MANDATORY`.
    pub binding: String,
    /// Interval such as `1d`.
    pub piece_switch_interval: String,
    /// Whether the state is ENABLE, not DEFER.
    pub enabled: bool,
    /// Number of the destination, which its pieces refer to.
    pub dest_id: Option<i64>,
}

/// Name of the delete policy of a tenant. The database rejects any other name, up to V4.4.2, which
/// adds `log_only`.
pub const DELETE_POLICY: &str = "default";

/// Policy by which the database deletes backups automatically (`CDB_OB_BACKUP_DELETE_POLICY`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeletePolicy {
    /// `default`, or `log_only` from V4.4.2 on.
    pub name: String,
    /// Window within which the tenant stays recoverable, as entered: such as `7d`.
    pub recovery_window: String,
}

/// Returns the window of the policy [`DELETE_POLICY`] among these policies.
#[must_use]
pub fn recovery_window(policies: &[DeletePolicy]) -> Option<&str> {
    let policy = policies
        .iter()
        .find(|policy| policy.name == DELETE_POLICY)?;
    Some(&policy.recovery_window)
}

/// One archive piece (`CDB_OB_ARCHIVELOG_PIECE_FILES`). It covers `[start, end)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Number of the destination; each tenant has its own numbering.
    pub dest_id: i64,
    /// Number of the archive round.
    pub round_id: i64,
    /// Number of the piece, which continues across rounds.
    pub id: i64,
    /// Start of the piece.
    pub start_scn: Scn,
    /// SCN up to which the piece is archived.
    pub checkpoint_scn: Scn,
    /// Start of the next piece.
    pub end_scn: Scn,
    /// Whether STATUS is FROZEN: the piece no longer grows.
    pub frozen: bool,
    /// Whether FILE_STATUS is AVAILABLE.
    pub available: bool,
    /// Bytes in the storage.
    pub output_bytes: i64,
}

/// One backup set (`CDB_OB_BACKUP_SET_FILES`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackupSet {
    /// Number of the set.
    pub id: BackupSetId,
    /// Number of the destination; each tenant has its own numbering.
    pub dest_id: i64,
    /// Whether BACKUP_TYPE is FULL, not INC.
    pub full: bool,
    /// Full set that this set depends on; 0 if there is none.
    pub prev_full_id: BackupSetId,
    /// Incremental set that this set depends on; 0 if there is none.
    pub prev_inc_id: BackupSetId,
    /// Whether STATUS is SUCCESS.
    pub success: bool,
    /// Whether FILE_STATUS is AVAILABLE.
    pub available: bool,
    /// Whether the set contains the logs that it needs.
    pub plus_archivelog: bool,
    /// SCN from which logs are needed.
    pub start_replay_scn: Scn,
    /// Earliest SCN that the set can be restored to.
    pub min_restore_scn: Scn,
    /// End of the backup.
    pub ended_at: Option<Timestamp>,
    /// Bytes read.
    pub input_bytes: i64,
    /// Bytes written.
    pub output_bytes: i64,
    /// Encryption mode; usually `NONE`.
    pub encryption_mode: String,
    /// Version of the tenant's data.
    pub tenant_compatible: String,
    /// Root of the destination, without keys.
    pub path: String,
}
