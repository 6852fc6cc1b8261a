//! How a log backup treats what happens to it. A strategy gives the same settings to the log
//! backups that it makes.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What the log backup should do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum DesiredState {
    /// Archive logs.
    #[default]
    Running,
    /// Hold archiving and keep the round: no hole in the logs as long as the database keeps them.
    /// OceanBase V4.1 and later.
    Paused,
    /// End the round. Starting again makes a new one, with a hole between the two.
    Stopped,
}

/// When logs are archived, while the log backup should run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum LogBackupMode {
    /// All the time: the tenant can be recovered to any instant.
    #[default]
    Continuous,
    /// From before a data backup until its logs are there: the tenant can be recovered to its data
    /// backups only. What somebody else has started between two of them goes on after the next one,
    /// until somebody stops it or edits the object. Of its strategy's edits those of `mode` and
    /// `archiveLagTargetSeconds` count.
    AroundDataBackup,
}

/// What the database does when the store can not keep up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Binding {
    /// Business first: logs that are not archived yet may be recycled, which interrupts archiving.
    #[default]
    Optional,
    /// Logs are kept until they are archived; writes may stall.
    Mandatory,
}

/// What is done about what somebody changes in the database.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Drift {
    /// It is shown, and stands until the object is edited. Of its strategy's edits those of `mode` and
    /// `archiveLagTargetSeconds` count.
    #[default]
    Report,
    /// Log backup that should run is put right: started or resumed again. Never a destination that
    /// points elsewhere, and nothing while `desiredState` is Paused or Stopped.
    Enforce,
}

/// What is done about an interrupted round, which never goes on by itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum HealPolicy {
    /// It is shown; a person decides.
    Never,
    /// The round is ended and a new one begun: log backup runs again, with a hole between the two.
    RestartArchive,
    /// The same, and the tenant's strategy makes a full backup: recovery needs one after a hole.
    #[default]
    RestartAndFull,
}

/// What is done about an interrupted round, and how often.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HealSettings {
    /// What is done.
    #[serde(default)]
    pub policy: HealPolicy,
    /// How often within 24 hours, 1 to 24; after that it is shown, and a person decides.
    #[serde(default = "once")]
    #[schemars(range(min = 1, max = 24))]
    pub max_per_day: i32,
}

impl Default for HealSettings {
    fn default() -> Self {
        Self {
            policy: HealPolicy::default(),
            max_per_day: once(),
        }
    }
}

fn once() -> i32 {
    1
}
