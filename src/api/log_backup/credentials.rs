//! Keys with which the database of a tenant accesses the storage.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::Cause;

/// Keys from the Secret of the storage with which the database of a tenant accesses the storage.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct TenantKeys {
    /// `resourceVersion` of the Secret when the database received its keys. For a tenant with an
    /// older destination, the version at the first observation.
    #[schemars(length(max = 64))]
    pub secret_resource_version: String,
    /// Keys that the database is receiving; absent once all destinations of the tenant have them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub applying: Option<ApplyingKeys>,
    /// Number of consecutive failed statements; determines the delay before the next one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failures: Option<i32>,
    /// Time of the last failure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_failure_time: Option<Time>,
    /// Reason why the database has no newer keys.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cause>,
}

/// New keys that the database of a tenant is receiving.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ApplyingKeys {
    /// `resourceVersion` of the Secret that holds the keys.
    #[schemars(length(max = 64))]
    pub secret_resource_version: String,
    /// Destinations of the tenant, without keys, that already have the new keys.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 2), inner(length(max = 2048)), extend("x-kubernetes-list-type" = "atomic"))]
    pub locations: Vec<String>,
}
