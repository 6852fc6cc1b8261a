//! Effect of the deletion of an object on the database.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Effect of the deletion of an object on the database.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum DeletionPolicy {
    /// The database is left unchanged: log backup and delete policies continue.
    #[default]
    Retain,
    /// Work started for the object is ended first: log backup is stopped, and delete policies set
    /// for the object are dropped. Backups remain.
    Stop,
}
