//! What deleting an object means for the database.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What deleting an object means for the database.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum DeletionPolicy {
    /// The database stays as it is: log backup goes on, and so do delete policies.
    #[default]
    Retain,
    /// What was begun for the object is ended first: log backup is stopped, and delete policies
    /// that it has set are taken away. Backups stay.
    Stop,
}

/// Seconds that what `Stop` ends may take where nothing is said.
pub(super) fn five_minutes() -> i64 {
    300
}
