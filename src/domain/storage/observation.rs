//! Observed state of a storage.

use jiff::Timestamp;

use super::{AppliedCredentials, Capacity, Figures};
use crate::api::Cause;
use crate::api::log_backup::TenantLimits;
use crate::domain::Blocker;
use crate::oceanbase::model::StorageLimits;

/// Observed state.
#[derive(Clone, Debug)]
pub struct Observation {
    /// Location without keys, or why the database could not receive it.
    pub location: Result<String, Blocker>,
    /// Limits of the storage.
    pub limits: StorageLimits,
    /// `resourceVersion` of the Secret with the storage's keys, if it could be read.
    pub secret_version: Option<String>,
    /// Number of log backups, strategies and active tasks that name the storage.
    pub users: i32,
    /// Log backups that use the storage.
    pub log_backups: Vec<LogBackupUse>,
    /// Newest data backup that says something about the storage.
    pub data_backup: Option<DataBackupUse>,
    /// When the database last tested the storage successfully by itself.
    pub tried_at: Option<Timestamp>,
    /// Size of the contents; `None` while unknown.
    pub figures: Option<Figures>,
    /// Capacity of the storage, if the spec sets one.
    pub capacity: Option<Capacity>,
}

/// Data backup to the storage.
#[derive(Clone, Debug)]
pub struct DataBackupUse {
    /// Name of its task.
    pub name: String,
    /// When it ended, or failed and was retried.
    pub at: Timestamp,
    /// Problem of the storage; `None` if the backup succeeded.
    pub cause: Option<Cause>,
}

/// Log backup that uses the storage.
#[derive(Clone, Debug)]
pub struct LogBackupUse {
    /// Name of the log backup.
    pub name: String,
    /// Whether it archives now.
    pub archiving: bool,
    /// Why it does not have its desired state.
    pub cause: Option<Cause>,
    /// Keys of the storage that its tenant has; `None` without keys.
    pub keys: Option<AppliedCredentials>,
    /// Limits of the storage that its tenant has; `None` without limits.
    pub limits: Option<TenantLimits>,
}
