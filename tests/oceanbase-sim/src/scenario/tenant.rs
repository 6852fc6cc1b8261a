//! A tenant of a scenario and its past.

use std::time::Duration;

use serde::Deserialize;

use super::units;
use crate::model::{BackupType, Mode, Role, TenantStatus};

/// A tenant and its past.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TenantSpec {
    /// Its name.
    pub name: String,
    /// Its id; even, from 1002. The next free id by default.
    #[serde(default)]
    pub id: Option<u64>,
    /// Its role.
    #[serde(default)]
    pub role: Role,
    /// Its status.
    #[serde(default)]
    pub status: TenantStatus,
    /// Whether it is locked.
    #[serde(default)]
    pub locked: bool,
    /// Its mode.
    #[serde(default)]
    pub mode: Mode,
    /// The password of its root; new tenants have none.
    #[serde(default)]
    pub password: String,
    /// Its data version; the cluster's version by default.
    #[serde(default)]
    pub compatible: Option<String>,
    /// How long it has existed.
    #[serde(default = "a_year", deserialize_with = "units::duration")]
    pub age: Duration,
    /// The size of a full backup.
    #[serde(default = "ten_gigabytes", deserialize_with = "units::bytes")]
    pub full_backup_size: u64,
    /// Bytes of log per second.
    #[serde(default = "some_log", deserialize_with = "units::bytes")]
    pub log_per_second: u64,
    /// How much a backup reads per second.
    #[serde(default = "disk", deserialize_with = "units::bytes")]
    pub backup_per_second: u64,
    /// Log archiving.
    #[serde(default)]
    pub archive: Option<ArchiveSpec>,
    /// `DATA_BACKUP_DEST`.
    #[serde(default)]
    pub data_dest: Option<String>,
    /// Backups of the past, oldest first.
    #[serde(default)]
    pub backups: Vec<BackupSpec>,
    /// The recovery window of the delete policy `default`.
    #[serde(default)]
    pub recovery_window: Option<String>,
    /// Its tables.
    #[serde(default)]
    pub tables: Vec<TableSpec>,
}

/// A table and its rows.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TableSpec {
    /// Its database and its name, `shop.orders`.
    pub name: String,
    /// How many rows it has when the scenario starts.
    pub rows: u64,
    /// New rows per hour, before and after the start.
    #[serde(default)]
    pub rows_per_hour: u64,
    /// How long ago it was dropped; by default it exists.
    #[serde(default, deserialize_with = "units::maybe_duration")]
    pub dropped: Option<Duration>,
}

fn a_year() -> Duration {
    Duration::from_hours(8760)
}

fn ten_gigabytes() -> u64 {
    10 << 30
}

fn some_log() -> u64 {
    256 << 10
}

fn disk() -> u64 {
    200 << 20
}

/// `LOG_ARCHIVE_DEST` and rounds of the past.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ArchiveSpec {
    /// The text of `LOG_ARCHIVE_DEST`, `LOCATION=…` and further attributes.
    pub dest: String,
    /// Rounds, oldest first; only the last may still run.
    #[serde(default)]
    pub rounds: Vec<RoundSpec>,
    /// Pieces that ended this long ago or earlier are deleted.
    #[serde(default, deserialize_with = "units::maybe_duration")]
    pub deleted_before: Option<Duration>,
}

/// A round of the past.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RoundSpec {
    /// How long ago it began.
    #[serde(deserialize_with = "units::duration")]
    pub from: Duration,
    /// How long ago it ended; by default it still runs.
    #[serde(default, deserialize_with = "units::maybe_duration")]
    pub until: Option<Duration>,
    /// Whether it broke, and still is INTERRUPTED.
    #[serde(default)]
    pub interrupted: bool,
}

/// A backup of the past.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BackupSpec {
    /// How long ago it began.
    #[serde(deserialize_with = "units::duration")]
    pub ago: Duration,
    /// Full or incremental.
    #[serde(rename = "type", default = "full")]
    pub backup_type: BackupType,
    /// Its duration.
    #[serde(default = "ten_minutes", deserialize_with = "units::duration")]
    pub took: Duration,
    /// Its size; by default the tenant's full size, or a tenth of it.
    #[serde(default, deserialize_with = "units::maybe_bytes")]
    pub size: Option<u64>,
    /// Its negative error code, 0 on success.
    #[serde(default)]
    pub result: i64,
    /// Whether its files were deleted later.
    #[serde(default)]
    pub deleted: bool,
    /// `DESCRIPTION`.
    #[serde(default)]
    pub description: String,
    /// The password of `SET ENCRYPTION`, if any.
    #[serde(default)]
    pub password: String,
    /// Whether it contains the log that it needs, `PLUS ARCHIVELOG`.
    #[serde(default)]
    pub plus_archivelog: bool,
}

fn full() -> BackupType {
    BackupType::Full
}

fn ten_minutes() -> Duration {
    Duration::from_mins(10)
}

impl TenantSpec {
    /// Creates a tenant with nothing configured.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            id: None,
            role: Role::default(),
            status: TenantStatus::default(),
            locked: false,
            mode: Mode::default(),
            password: String::new(),
            compatible: None,
            age: a_year(),
            full_backup_size: ten_gigabytes(),
            log_per_second: some_log(),
            backup_per_second: disk(),
            archive: None,
            data_dest: None,
            backups: Vec::new(),
            recovery_window: None,
            tables: Vec::new(),
        }
    }

    /// Adds a table, `shop.orders`, with its present rows and its new rows per hour.
    #[must_use]
    pub fn table(mut self, name: &str, rows: u64, rows_per_hour: u64) -> Self {
        self.tables.push(TableSpec {
            name: name.to_owned(),
            rows,
            rows_per_hour,
            dropped: None,
        });
        self
    }

    /// Adds archiving since this time and a data destination, so that a backup can start at once.
    #[must_use]
    pub fn ready(mut self, since: Duration) -> Self {
        let name = &self.name;
        self.archive = Some(ArchiveSpec {
            dest: format!("LOCATION=file:///ob-backup/{name}/log"),
            rounds: vec![RoundSpec {
                from: since,
                until: None,
                interrupted: false,
            }],
            deleted_before: None,
        });
        self.data_dest = Some(format!("file:///ob-backup/{name}/data"));
        self
    }

    /// Adds a backup of the past.
    #[must_use]
    pub fn backup(mut self, backup_type: BackupType, ago: Duration) -> Self {
        self.backups.push(BackupSpec {
            ago,
            backup_type,
            took: ten_minutes(),
            size: None,
            result: 0,
            deleted: false,
            description: String::new(),
            password: String::new(),
            plus_archivelog: false,
        });
        self
    }
}
