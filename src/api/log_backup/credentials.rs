//! With which keys a tenant's database enters the store.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::Cause;

/// With which keys of the store's Secret a tenant's database enters the store.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct TenantKeys {
    /// `resourceVersion` that the Secret had when the database was given its keys. Of a tenant that had
    /// a destination before this was kept, the one that was found then.
    #[schemars(length(max = 64))]
    pub secret_resource_version: String,
    /// What is being given to the database; left out once all its places have it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub applying: Option<ApplyingKeys>,
    /// Statements that failed one after the other; it sets the pause before the next one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failures: Option<i32>,
    /// When the last one failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_failure_time: Option<Time>,
    /// Why the database has no newer keys.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cause>,
}

/// New keys on their way into a tenant's database.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ApplyingKeys {
    /// `resourceVersion` of the Secret that holds them.
    #[schemars(length(max = 64))]
    pub secret_resource_version: String,
    /// Places of the tenant, without keys, that have them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 2), inner(length(max = 2048)), extend("x-kubernetes-list-type" = "atomic"))]
    pub locations: Vec<String>,
}
