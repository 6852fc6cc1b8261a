//! Effects that a strategy requests.

use super::PolicyChange;
use crate::api::log_backup::StorageChangePolicy;
use crate::api::strategy::{Inherited, LogBackupSettings};
use crate::api::{BackupTaskSpec, CleanupTaskSpec, LogBackupSpec};

/// A side effect to carry out.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Log backups to create, with their names.
    MakeLogBackups(Vec<(String, LogBackupSpec)>),
    /// Edits of existing log backups.
    EditLogBackups(Vec<LogBackupEdit>),
    /// Tasks to create, with their names.
    MakeTasks(Vec<(String, BackupTaskSpec)>),
    /// Ended tasks to delete, with their names, uids and resourceVersions.
    DeleteTasks(Vec<(String, (String, String))>),
    /// A statement about a tenant's delete policy.
    ChangePolicy(PolicyChange),
    /// Log backups to stop, by name.
    StopLogBackups(Vec<String>),
    /// Mirrored cleanups to create, with their names.
    MakeCleanups(Vec<(String, CleanupTaskSpec)>),
    /// Ended mirrored cleanups to delete, with their names, uids and resourceVersions.
    DeleteCleanups(Vec<(String, (String, String))>),
}

impl Effect {
    /// Returns the names of the objects that are created, edited or deleted.
    pub(super) fn names(&self) -> Vec<&String> {
        match self {
            Self::MakeLogBackups(all) => all.iter().map(|(name, _)| name).collect(),
            Self::EditLogBackups(all) => all.iter().map(|edit| &edit.name).collect(),
            Self::MakeTasks(all) => all.iter().map(|(name, _)| name).collect(),
            Self::DeleteTasks(all) => all.iter().map(|(name, _)| name).collect(),
            // These have their own retries.
            Self::ChangePolicy(_)
            | Self::StopLogBackups(_)
            | Self::MakeCleanups(_)
            | Self::DeleteCleanups(_) => Vec::new(),
        }
    }
}

/// Edit of a log backup that follows its strategy.
#[derive(Clone, Debug, PartialEq)]
pub struct LogBackupEdit {
    /// Its name.
    pub name: String,
    /// Its resourceVersion, as observed.
    pub version: String,
    /// Settings to write.
    pub settings: LogBackupSettings,
    /// New destination if it is to move: the storage's name, and the directory below the storage's
    /// own.
    pub location: Option<(String, Option<String>)>,
    /// Its policy for an edit of its destination.
    pub storage_change_policy: StorageChangePolicy,
    /// Values that the strategy has written into it after this edit.
    pub inherited: Inherited,
}
