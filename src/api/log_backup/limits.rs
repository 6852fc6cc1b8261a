//! How fast a tenant's database may use the store.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::Cause;

/// What a tenant's database keeps to of the `limits` of its BackupStorage, as it shows them
/// (`CDB_OB_BACKUP_STORAGE_INFO`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct TenantLimits {
    /// What it is to keep to, as the database writes it: `max_iops=1000&max_bandwidth=100M`, 0 for as fast
    /// as it goes.
    #[schemars(length(max = 64))]
    pub wanted: String,
    /// Places of the tenant in the store, without keys, that were seen with them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 2), inner(length(max = 2048)), extend("x-kubernetes-list-type" = "atomic"))]
    pub locations: Vec<String>,
    /// Places that have others, or may have; left out once all are as they should be.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 10), extend("x-kubernetes-list-type" = "atomic"))]
    pub pending: Vec<PendingLocation>,
    /// Places, also some that the tenant has left, that have limits which were asked for here: these are
    /// taken back when they are not any more.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 8), inner(length(max = 2048)), extend("x-kubernetes-list-type" = "atomic"))]
    pub ours: Vec<String>,
}

/// A place that does not have the limits that it should have.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct PendingLocation {
    /// The place, without keys.
    #[schemars(length(max = 2048))]
    pub location: String,
    /// Statements that were sent, or could not be; it sets the pause before the next one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tries: Option<i32>,
    /// How many of them the database has taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub taken: Option<i32>,
    /// When the last one was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_try_time: Option<Time>,
    /// Why it does not have them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cause>,
}
