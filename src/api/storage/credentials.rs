//! How far a store's keys have come.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How many tenants reach the store with the keys that its Secret holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct StorageCredentials {
    /// `resourceVersion` of the Secret when it was read last. Whatever is written into the Secret
    /// counts as new keys.
    #[schemars(length(max = 64))]
    pub secret_resource_version: String,
    /// Tenants whose database was given these.
    pub applied: i32,
    /// Tenants with a LogBackup whose logs or data go to the store.
    pub total: i32,
}
