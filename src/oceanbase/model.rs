//! What OceanBase is made of: ids, states and rows, as values. No SQL and no I/O.

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

pub use answer::{Answer, BackgroundAnswer, Failure, FailureClass};
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
pub use server::{FreeCapacity, Server};
pub use storage::{LimitedLocation, StorageCheck, StorageLimits, StorageViews};
pub use table::{AuxiliaryTenant, Identifier, RemapQuoting, Renamed, TableName, Tables};

use super::version::Version;

/// All that the reader knows of a cluster at one moment.
#[derive(Debug)]
pub struct Snapshot {
    /// Counts the reads of one reader, from 1.
    pub sequence: u64,
    /// When the read began, by the operator's clock.
    pub read_at: Timestamp,
    /// Who the cluster says it is.
    pub identity: Identity,
    /// Version of the server.
    pub version: Version,
    /// Whether it is the community edition.
    pub community: bool,
    /// The user tenants.
    pub tenants: BTreeMap<TenantId, Arc<Tenant>>,
    /// Jobs of the sys tenant: the parents of those that sys started, running or recent.
    pub parents: Arc<Vec<Job>>,
    /// Whether the cluster is being upgraded (`enable_upgrade_mode`): it starts no backup and no
    /// restore meanwhile.
    pub is_upgrading: bool,
    /// The newest cleanup that sys has started, of whatever tenants; 0 for none.
    pub newest_cleanup: JobId,
    /// Where the destinations are, as of the last read of sets and pieces.
    pub storages: Arc<StorageViews>,
    /// What concerns restores; `None` where nobody has wanted it for a while.
    pub restores: Option<Arc<Restores>>,
}

impl Snapshot {
    /// The same without the tenants that are of no concern.
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

    /// The tenant of this name.
    #[must_use]
    pub fn tenant(&self, name: &str) -> Option<&Arc<Tenant>> {
        self.tenants.values().find(|tenant| tenant.name == name)
    }
}

/// One user tenant with all that concerns its backups.
#[derive(Clone, Debug, PartialEq)]
pub struct Tenant {
    /// Its number.
    pub id: TenantId,
    /// Its name.
    pub name: String,
    /// `DBA_OB_TENANTS.STATUS`: `NORMAL`, `CREATING`, `RESTORE` …
    pub status: String,
    /// `TENANT_ROLE`; before V4.1 there is no such column and every tenant is `PRIMARY`.
    pub role: String,
    /// `SWITCHOVER_STATUS`, from V4.1 on: `NORMAL` but while the role changes.
    pub switchover_status: Option<String>,
    /// `COMPATIBLE`, from V4.2 on: the version of its data, which an upgrade of the tenant moves on.
    pub compatible: Option<String>,
    /// Whether it is locked.
    pub locked: bool,
    /// Whether LOG_MODE is ARCHIVELOG; before V4.1 there is no such column.
    pub archive_log: Option<bool>,
    /// Where its logs go, once set.
    pub log_dest: Option<ArchiveDest>,
    /// Where its data backups go, once set: the text of `data_backup_dest`, keys encrypted.
    pub data_dest: Option<String>,
    /// By how much its archived logs may be behind before they are written: `archive_lag_target`, from
    /// V4.2 on. Read seldom.
    pub lag_target: Option<Duration>,
    /// Its places in stores that are limited; `None` while that is not known. Read seldom.
    pub limited: Option<Vec<LimitedLocation>>,
    /// When its backups may be deleted by the engine.
    pub policies: Vec<DeletePolicy>,
    /// The current round of log archiving; it stays after the archive was stopped.
    pub round: Option<Round>,
    /// Archive pieces that are not deleted.
    pub pieces: Arc<Vec<Piece>>,
    /// Backup sets that are not deleted.
    pub sets: Arc<Vec<BackupSet>>,
    /// Running jobs and the newest of those that ended.
    pub jobs: Vec<Job>,
    /// Backups that sys accepted and the database then did not start, of the last minutes.
    pub backup_refusals: Vec<BackupRefusal>,
    /// Running cleanups, and the newest of those that ended and had something to do.
    pub cleanups: Arc<Vec<CleanupJob>>,
}

impl Tenant {
    /// A primary tenant in normal state of which nothing else is known.
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

    /// The job with this key, if it is known.
    #[must_use]
    pub fn job_by_key(&self, key: &str) -> Option<&Job> {
        self.jobs.iter().find(|job| job.description == key)
    }

    /// The window of the policy [`DELETE_POLICY`], as it was typed; `None` without one.
    #[must_use]
    pub fn recovery_window(&self) -> Option<&str> {
        recovery_window(&self.policies)
    }

    /// By how much more than usual its archived logs are behind when all is well.
    #[must_use]
    pub fn extra_lag(&self) -> Duration {
        let target = self.lag_target.unwrap_or(USUAL_LAG_TARGET);
        target.saturating_sub(USUAL_LAG_TARGET)
    }

    /// Whether a cleanup runs that sys has started: no policy does that.
    #[must_use]
    pub fn is_cleaned_by_sys(&self) -> bool {
        let mut running = self.running_cleanups();
        running.any(|job| job.initiator_tenant_id == TenantId::SYS)
    }

    /// Cleanups that have not ended.
    pub fn running_cleanups(&self) -> impl Iterator<Item = &CleanupJob> {
        let cleanups = self.cleanups.iter();
        cleanups.filter(|job| !job.status.is_terminal())
    }

    /// Jobs that have not ended.
    pub fn running_jobs(&self) -> impl Iterator<Item = &Job> {
        self.jobs.iter().filter(|job| !job.status.is_terminal())
    }

    /// Backups that have completed and whose set is not seen: its row follows its job's, or it was
    /// deleted since.
    pub fn jobs_without_set(&self) -> impl Iterator<Item = &Job> {
        self.jobs.iter().filter(|job| {
            let has_set = self.sets.iter().any(|set| set.id == job.set_id);
            job.status == JobStatus::Completed && job.set_id.0 > 0 && !has_set
        })
    }
}

/// `archive_lag_target` where nobody has set it.
const USUAL_LAG_TARGET: Duration = Duration::from_mins(2);

/// A tenant's log archive destination (`CDB_OB_ARCHIVE_DEST`, one row per attribute).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ArchiveDest {
    /// The destination as the engine shows it: keys encrypted.
    pub path: String,
    /// `OPTIONAL` or `MANDATORY`.
    pub binding: String,
    /// Such as `1d`.
    pub piece_switch_interval: String,
    /// Whether its state is ENABLE, not DEFER.
    pub enabled: bool,
    /// Its number, by which its pieces are known.
    pub dest_id: Option<i64>,
}

/// Name of the policy that a tenant's backups are deleted by: the engine refuses any other, up to
/// V4.4.2, which adds `log_only`.
pub const DELETE_POLICY: &str = "default";

/// A policy by which the engine deletes backups by itself (`CDB_OB_BACKUP_DELETE_POLICY`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeletePolicy {
    /// `default`; from V4.4.2 on also `log_only`.
    pub name: String,
    /// How far back a tenant can be recovered for sure, as it was typed: such as `7d`.
    pub recovery_window: String,
}

/// The window of the policy [`DELETE_POLICY`] among a tenant's.
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
    /// The destination; each tenant counts its own.
    pub dest_id: i64,
    /// The round.
    pub round_id: i64,
    /// Number of the piece; it goes on across rounds.
    pub id: i64,
    /// Where it starts.
    pub start_scn: Scn,
    /// Up to where it is archived.
    pub checkpoint_scn: Scn,
    /// Where the next one starts.
    pub end_scn: Scn,
    /// Whether STATUS is FROZEN: it will not grow any more.
    pub frozen: bool,
    /// Whether FILE_STATUS is AVAILABLE.
    pub available: bool,
    /// Bytes in the store.
    pub output_bytes: i64,
}

/// One backup set (`CDB_OB_BACKUP_SET_FILES`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackupSet {
    /// Its number.
    pub id: BackupSetId,
    /// The destination; each tenant counts its own.
    pub dest_id: i64,
    /// Whether BACKUP_TYPE is FULL, not INC.
    pub full: bool,
    /// The full set that it stands on; 0 for none.
    pub prev_full_id: BackupSetId,
    /// The incremental set that it stands on; 0 for none.
    pub prev_inc_id: BackupSetId,
    /// Whether STATUS is SUCCESS.
    pub success: bool,
    /// Whether FILE_STATUS is AVAILABLE.
    pub available: bool,
    /// Whether it holds the logs that it needs.
    pub plus_archivelog: bool,
    /// Logs are needed from here on.
    pub start_replay_scn: Scn,
    /// The earliest instant it can be restored to.
    pub min_restore_scn: Scn,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// Bytes read.
    pub input_bytes: i64,
    /// Bytes written.
    pub output_bytes: i64,
    /// How it is encrypted; `NONE` mostly.
    pub encryption_mode: String,
    /// Version of the tenant's data.
    pub tenant_compatible: String,
    /// Root of the destination, without keys.
    pub path: String,
}
