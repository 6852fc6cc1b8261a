//! A user tenant.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::archive::Around;
use super::backup_scheduler::{Surroundings, settle};
use super::release::{AfterUpgrade, after_upgrade, checks_upgrade_mode};
use super::root_event::{RootEvent, record_full_instead, record_start};
use super::{
    Archive, ArchiveDest, BackupType, Backups, Cleanups, DataDest, DestId, Doom, Format, Health,
    Pace, Policy, Purpose, Request, Scn, Stage, Standby, Storage, StorageCheck, Table, TenantId,
    Uri,
};
use crate::error;
use crate::value::SqlError;
use crate::views::Version;

/// `TENANT_ROLE`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[allow(missing_docs)] // the engine's own words
pub enum Role {
    #[default]
    Primary,
    Standby,
    Restore,
}

/// `STATUS` of a tenant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[allow(missing_docs)] // the engine's own words
pub enum TenantStatus {
    #[default]
    Normal,
    Creating,
    Dropping,
    Restore,
}

/// `COMPATIBILITY_MODE`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[allow(missing_docs)] // the engine's own words
pub enum Mode {
    #[default]
    Mysql,
    Oracle,
}

/// A user tenant with its backup state.
#[derive(Clone, Debug)]
pub struct Tenant {
    /// `TENANT_ID`.
    pub id: TenantId,
    /// `TENANT_NAME`.
    pub name: String,
    /// `TENANT_ROLE`.
    pub role: Role,
    /// `STATUS`.
    pub status: TenantStatus,
    /// `LOCKED`.
    pub locked: bool,
    /// Whether a snapshot exists, which prevents log archiving from being opened.
    pub has_snapshots: bool,
    /// `COMPATIBILITY_MODE`.
    pub mode: Mode,
    /// `CREATE_TIME`.
    pub created_at: Scn,
    /// `COMPATIBLE`: the tenant's data version.
    pub compatible: Version,
    /// Bytes of log per second.
    pub log_bytes_per_second: u64,
    /// The size of a full backup.
    pub full_bytes: u64,
    /// The speed of a backup.
    pub backup_bytes_per_second: u64,
    /// `LOG_ARCHIVE_DEST`.
    pub archive_dest: Option<ArchiveDest>,
    /// Whether `LOG_ARCHIVE_DEST_STATE` is ENABLE, its default.
    pub archive_enabled: bool,
    /// `DATA_BACKUP_DEST`.
    pub data_dest: Option<DataDest>,
    /// Rows of `*_BACKUP_STORAGE_INFO`.
    pub checks: Vec<StorageCheck>,
    /// Rows of `*_BACKUP_STORAGE_INFO_HISTORY`: one for each successful check.
    pub past_checks: Vec<StorageCheck>,
    /// Log archiving.
    pub archive: Archive,
    /// Data backups.
    pub backups: Backups,
    /// Delete policies.
    pub policies: Vec<Policy>,
    /// Delete jobs.
    pub cleanup: Cleanups,
    /// Explicitly set parameters.
    pub parameters: BTreeMap<&'static str, String>,
    /// `LOG_RESTORE_SOURCE`.
    pub restore_source: Option<String>,
    /// Its standby state.
    pub standby: Standby,
    /// Its tables.
    pub tables: Vec<Table>,
    /// The stage at which backups are held, if any.
    pub(super) hold: Option<Stage>,
    pub(super) last_dest: DestId,
}

/// Inputs from the cluster for every tenant.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cluster<'a> {
    pub(super) id: u64,
    pub(super) version: Version,
    pub(super) upgrading: bool,
    pub(super) storage: &'a Storage,
    pub(super) pace: &'a Pace,
}

impl Tenant {
    pub(super) fn due(&self) -> Scn {
        self.archive
            .due()
            .min(self.backups.due())
            .min(self.standby.due())
            .min(self.cleanup_due())
    }

    /// Returns whether its status allows archiving and backups to begin.
    #[must_use]
    pub fn is_normal(&self) -> bool {
        self.status == TenantStatus::Normal
    }

    pub(super) fn advance(&mut self, now: Scn, cluster: Cluster<'_>) {
        while self.standby.due() <= now {
            self.step_standby(self.standby.due(), cluster.pace);
        }
        while self.due() <= now {
            let at = self.backups.due().min(self.cleanup_due()).min(now);
            let was_doing = self.archive.is_doing();
            self.run_archive_until(at, cluster);
            if was_doing && !self.archive.is_doing() {
                self.backups.look_soon(at, cluster.pace);
            }
            if self.backups.due() <= at {
                self.step_backups(at, cluster);
            }
            if self.cleanup_due() <= at {
                self.step_cleanup(at, cluster);
            }
        }
    }

    fn run_archive_until(&mut self, at: Scn, cluster: Cluster<'_>) {
        let to = self.archive.round.as_ref().map(|round| &round.uri);
        let to = to.or(self.archive_dest.as_ref().map(|dest| &dest.uri));
        let around = Around {
            dest: self.archive_dest.as_ref(),
            enabled: self.archive_enabled,
            normal: self.is_normal(),
            writable: to.is_none_or(|uri| cluster.storage.health(uri) == Health::Ok),
            bytes_per_second: self.log_bytes_per_second,
            pace: cluster.pace,
        };
        self.archive.run_until(at, around);
    }

    fn step_backups(&mut self, at: Scn, cluster: Cluster<'_>) {
        let round = self.archive.round.as_ref();
        self.backups.step(
            at,
            Surroundings {
                tenant: self.id,
                cluster: cluster.id,
                version: cluster.version,
                upgrading: cluster.upgrading,
                compatible: self.compatible,
                archive: self.archive.status(),
                checkpoint: round.map_or(Scn::ZERO, |round| round.checkpoint),
                storage: cluster.storage,
                pace: cluster.pace,
                full_bytes: self.full_bytes,
                bytes_per_second: self.log_bytes_per_second,
                backup_bytes_per_second: self.backup_bytes_per_second,
                hold: self.hold,
            },
        );
    }

    /// Runs the checks of a BACKUP in sys for each of its tenants, in the kernel's order. Upgrades,
    /// data versions and the storage are not checked.
    ///
    /// # Errors
    /// 9036 and 9040.
    pub(super) fn check_backup_of_sys(&self) -> Result<(), SqlError> {
        self.check_normal()?;
        self.check_archiving()?;
        self.check_alone(TenantId::SYS)?;
        if self.data_dest.is_none() {
            return Err(error::cannot_start_backup("backup dest is not set."));
        }
        Ok(())
    }

    /// Checks a tenant's job before it is recorded, in the kernel's order. The statement of the
    /// tenant and the job of sys both use this.
    fn check_backup(&self, request: &Request, cluster: Cluster<'_>) -> Result<&DataDest, SqlError> {
        let dest = self.data_dest.as_ref();
        let dest = dest.ok_or_else(error::cannot_start_backup_plain)?;
        self.check_normal()?;
        self.check_alone(request.initiator)?;
        self.check_archiving()?;
        if cluster.upgrading && checks_upgrade_mode(cluster.version) {
            return Err(error::cannot_start_backup("cluster upgrading"));
        }
        if let (Some(base), AfterUpgrade::Refused) = (
            self.base_of_other_version(request),
            after_upgrade(cluster.version),
        ) {
            return Err(error::cannot_start_backup(&format!(
                "cross compatible incremental backup is not supported, previous backup set \
                 compatible is {base}, current compatible is {}",
                self.compatible
            )));
        }
        Ok(dest)
    }

    fn check_normal(&self) -> Result<(), SqlError> {
        if self.is_normal() {
            Ok(())
        } else {
            Err(error::cannot_start_backup("tenant status is not normal."))
        }
    }

    fn check_archiving(&self) -> Result<(), SqlError> {
        if self.archive.is_doing() {
            Ok(())
        } else {
            Err(error::cannot_start_backup(
                "log archive status is not doing.",
            ))
        }
    }

    /// Checks that the initiator has no other job of the tenant.
    fn check_alone(&self, initiator: TenantId) -> Result<(), SqlError> {
        if self.backups.has_row_of(initiator) {
            Err(error::backup_in_progress())
        } else {
            Ok(())
        }
    }

    /// Returns the data version of an incremental's base, if the tenant was upgraded since.
    fn base_of_other_version(&self, request: &Request) -> Option<Version> {
        let base = self.backups.base(self.data_dest.as_ref()?)?.compatible;
        (request.backup_type == BackupType::Inc && base != self.compatible).then_some(base)
    }

    /// Records the job of a BACKUP, or refuses it.
    pub(super) fn start_backup(
        &mut self,
        request: Request,
        now: Scn,
        cluster: Cluster<'_>,
        events: &mut Vec<RootEvent>,
    ) -> Result<(), SqlError> {
        let outcome = self.record_backup(request, now, cluster, events);
        record_start(events, now, self.id, &outcome);
        outcome
    }

    fn record_backup(
        &mut self,
        mut request: Request,
        now: Scn,
        cluster: Cluster<'_>,
        events: &mut Vec<RootEvent>,
    ) -> Result<(), SqlError> {
        let dest = self.check_backup(&request, cluster)?.clone();
        if let (Some(base), AfterUpgrade::Full) = (
            self.base_of_other_version(&request),
            after_upgrade(cluster.version),
        ) {
            request.backup_type = BackupType::Full;
            record_full_instead(events, now, self.id, base, self.compatible);
        }
        let versions = (cluster.version, self.compatible);
        self.backups.insert(request, &dest, self.id, versions, now);
        if let Some(job) = self.backups.jobs.last_mut() {
            settle(job, now, cluster.pace, self.hold);
        }
        Ok(())
    }

    /// Cancels the backup (CANCEL BACKUP).
    pub(super) fn cancel_backup(&mut self, now: Scn, pace: &Pace) {
        self.backups.cancel(now, pace, self.hold);
    }

    /// Makes the running or next backup fail.
    pub(super) fn doom_backup(&mut self, doom: Doom, now: Scn, pace: &Pace) {
        self.backups.doom(doom, now, pace);
    }

    /// Registers a destination: checks the directory, writes the format file, assigns an id.
    ///
    /// # Errors
    /// The errors of [`Storage::check`].
    pub(super) fn register(
        &mut self,
        uri: &Uri,
        purpose: Purpose,
        (cluster, version): (u64, Version),
        storage: &mut Storage,
        now: Scn,
    ) -> Result<DestId, SqlError> {
        let known = storage
            .check(uri, cluster, self.id, purpose)
            .map_err(|refused| error::in_words_of(version, refused))?;
        let id = known.unwrap_or_else(|| {
            self.last_dest = self.last_dest.next();
            self.last_dest
        });
        storage.write_format(
            uri,
            Format {
                cluster,
                tenant: self.id,
                purpose,
                dest: id,
            },
        );
        let row = match self.checks.iter().find(|check| check.id == id) {
            // The limits of a destination are written once with its format file
            // (`write_format_file`).
            Some(known) => uri.with_limits_of(&known.uri),
            None => uri.clone(),
        };
        self.checks.retain(|check| check.id != id);
        self.checks.push(StorageCheck {
            uri: row,
            id,
            purpose,
            checked_at: now,
        });
        if storage.opens_for(uri) == Some(true) {
            self.enter_with(uri);
        }
        self.record_check(uri, now);
        Ok(id)
    }
}
