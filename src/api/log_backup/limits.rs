//! Limits on the speed with which the database of a tenant uses the storage.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::Cause;

/// Limits of the BackupStorage that the database of a tenant applies, as shown in
/// `CDB_OB_BACKUP_STORAGE_INFO`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct TenantLimits {
    /// Desired limits in the format of the database: `max_iops=1000&max_bandwidth=100M`; 0 means
    /// unlimited.
    #[schemars(length(max = 64))]
    pub wanted: String,
    /// Destinations of the tenant in the storage, without keys, that were observed with the desired
    /// limits.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 2), inner(length(max = 2048)), extend("x-kubernetes-list-type" = "atomic"))]
    pub locations: Vec<String>,
    /// Destinations that have, or may have, other limits; absent once all have the desired limits.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 10), extend("x-kubernetes-list-type" = "atomic"))]
    pub pending: Vec<PendingLocation>,
    /// Destinations with limits set by the operator, including former destinations of the tenant.
    /// The limits are removed when they are no longer configured.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 8), inner(length(max = 2048)), extend("x-kubernetes-list-type" = "atomic"))]
    pub ours: Vec<String>,
}

/// Destination without the desired limits.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct PendingLocation {
    /// Destination, without keys.
    #[schemars(length(max = 2048))]
    pub location: String,
    /// Number of statements sent or not sendable; determines the delay before the next one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tries: Option<i32>,
    /// Number of these statements that the database accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub taken: Option<i32>,
    /// Time of the last statement.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_try_time: Option<Time>,
    /// Reason why the destination does not have the desired limits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cause>,
}
