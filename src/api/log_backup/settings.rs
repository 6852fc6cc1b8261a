//! Settings of a log backup. A strategy passes the same settings to the log backups that it
//! creates.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Desired state of a log backup.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum DesiredState {
    /// Archive logs.
    #[default]
    Running,
    /// Pause archiving and keep the round. There is no gap in the logs as long as the database
    /// retains them. OceanBase V4.1 and later.
    Paused,
    /// End the round. A restart creates a new round, with a gap between the two.
    Stopped,
}

/// Periods in which logs are archived while the log backup should run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum LogBackupMode {
    /// Always: the tenant can be recovered to any instant.
    #[default]
    Continuous,
    /// From before a data backup until the logs of the backup are archived: the tenant can be
    /// recovered only to its data backups. External log backup that started between two data
    /// backups continues after the next one. It ends when it is stopped or the object is edited.
    /// Among the edits of a strategy, only those of `mode` and `archiveLagTargetSeconds` count.
    AroundDataBackup,
}

/// Behavior of the database when the storage cannot keep up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Binding {
    /// Logs that are not archived yet may be recycled, which interrupts archiving. The database
    /// keeps accepting writes.
    #[default]
    Optional,
    /// Logs are kept until they are archived; writes may stall.
    Mandatory,
}

/// Reaction to changes that other tools or users make in the database.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum DriftPolicy {
    /// The change is reported and kept until the object is edited. Among the edits of a strategy,
    /// only those of `mode` and `archiveLagTargetSeconds` count.
    #[default]
    Report,
    /// Log backup that should run is started or resumed again. A destination that was changed is
    /// never reset, and nothing is done while `state` is Paused or Stopped.
    Enforce,
}

/// Effect of an edit that would move logs that are being archived.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum StorageChangePolicy {
    /// The edit is rejected, and nothing is sent: a migration costs a gap in the logs and a new
    /// full backup.
    #[default]
    Refuse,
    /// While no task of the tenant runs, the operator stops log backup, sets the new destination,
    /// starts log backup and takes a full backup. The tenant cannot be recovered to instants
    /// between stop and start. Earlier backups remain, and the database no longer deletes them.
    StopAndSwitch,
}

/// Reaction to an interrupted round, which never continues on its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum InterruptionPolicy {
    /// The interruption is reported; a user must act.
    Report,
    /// The round is ended and a new round is started, with a gap between the two.
    RestartArchive,
    /// Like `RestartArchive`; the strategy of the tenant also takes a full backup, which recovery
    /// requires after a gap.
    #[default]
    RestartAndFullBackup,
}

/// Reaction to an interrupted round, and its maximum frequency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct InterruptionSettings {
    /// Reaction to an interrupted round.
    #[serde(default)]
    #[schemars(transform = crate::api::omit_default)]
    pub policy: InterruptionPolicy,
    /// Maximum number of restarts within 24 hours, 1 to 24; default 1. Further interruptions are
    /// only reported; a user must act.
    #[serde(default = "once")]
    #[schemars(range(min = 1, max = 24), transform = crate::api::omit_default)]
    pub max_restarts_per_day: i32,
}

impl Default for InterruptionSettings {
    fn default() -> Self {
        Self {
            policy: InterruptionPolicy::default(),
            max_restarts_per_day: once(),
        }
    }
}

fn once() -> i32 {
    1
}
