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
    /// It is shown, and stands until the object is edited.
    #[default]
    Report,
    /// Log backup that should run is put right: started or resumed again. Never a destination that
    /// points elsewhere, and nothing while `desiredState` is Paused or Stopped.
    Enforce,
}
