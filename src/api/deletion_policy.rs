//! Effect of the deletion of an object on the database.

use jiff::SignedDuration;
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

/// Default time limit of `Stop`, in seconds.
const DEFAULT_TIMEOUT_SECONDS: i64 = 300;

/// Returns the time limit of `Stop`, from a field in seconds.
pub(super) fn timeout(seconds: Option<i64>) -> SignedDuration {
    SignedDuration::from_secs(seconds.unwrap_or(DEFAULT_TIMEOUT_SECONDS))
}
