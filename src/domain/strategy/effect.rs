//! What a strategy asks for, and what becomes of it.

use std::collections::{BTreeMap, BTreeSet};

use super::{LogBackupEdit, PolicyChange};
use crate::api::{BackupTaskSpec, CleanupTaskSpec, LogBackupSpec, RecoveryTaskSpec};
use crate::oceanbase::model::Answer;

/// Something to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Log backups, with their names.
    MakeLogBackups(Vec<(String, LogBackupSpec)>),
    /// Log backups that are there.
    EditLogBackups(Vec<LogBackupEdit>),
    /// Tasks, with their names.
    MakeTasks(Vec<(String, BackupTaskSpec)>),
    /// Ended tasks, with their names, uids and resourceVersions.
    DeleteTasks(Vec<(String, (String, String))>),
    /// A statement about a tenant's delete policy.
    ChangePolicy(PolicyChange),
    /// Log backups that are to be stopped, by name.
    StopLogBackups(Vec<String>),
    /// A verification, with its name.
    MakeVerification(String, Box<RecoveryTaskSpec>),
    /// Ended verifications, with their names, uids and resourceVersions.
    DeleteVerifications(Vec<(String, (String, String))>),
    /// Cleanups that are shown, with their names.
    MakeCleanups(Vec<(String, CleanupTaskSpec)>),
    /// Ended ones of these, with their names, uids and resourceVersions.
    DeleteCleanups(Vec<(String, (String, String))>),
}

impl Effect {
    /// The names of the objects that are made, edited or deleted.
    pub(super) fn names(&self) -> Vec<&String> {
        match self {
            Self::MakeLogBackups(all) => all.iter().map(|(name, _)| name).collect(),
            Self::EditLogBackups(all) => all.iter().map(|edit| &edit.name).collect(),
            Self::MakeTasks(all) => all.iter().map(|(name, _)| name).collect(),
            Self::DeleteTasks(all) => all.iter().map(|(name, _)| name).collect(),
            // These are tried again by themselves.
            Self::ChangePolicy(_)
            | Self::StopLogBackups(_)
            | Self::MakeVerification(..)
            | Self::DeleteVerifications(_)
            | Self::MakeCleanups(_)
            | Self::DeleteCleanups(_) => Vec::new(),
        }
    }
}

/// What became of that.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ApplyOutcome {
    /// They are as they should be and ours, now or before.
    pub ours: BTreeSet<String>,
    /// Something of their name is there that is not ours.
    pub foreign: BTreeSet<String>,
    /// They could not be made, edited or deleted now: why, by name.
    pub errors: BTreeMap<String, String>,
    /// What became of the statement, where it was one.
    pub answer: Option<Answer>,
}

impl ApplyOutcome {
    /// Why one of them could not be made, edited or deleted, if so.
    #[must_use]
    pub fn error(&self) -> Option<&str> {
        self.errors.values().next().map(String::as_str)
    }
}
