//! Rollout of the keys of a storage.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Number of tenants that access the storage with the keys in its Secret.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct StorageCredentials {
    /// `resourceVersion` of the Secret when it was last read. Every change to the Secret counts as
    /// new keys.
    #[schemars(length(max = 64))]
    pub secret_resource_version: String,
    /// Number of tenants whose database has these keys.
    pub applied: i32,
    /// Number of tenants with a LogBackup whose logs or data go to the storage.
    pub total: i32,
}
