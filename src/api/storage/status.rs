//! Observed state of a storage.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{StorageCredentials, TrendPoint};
use crate::api::condition::{self, Condition};

/// Observed state of the storage.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct BackupStorageStatus {
    /// Generation of the spec that this status describes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "condition::conditions")]
    #[allow(missing_docs)]
    pub conditions: Vec<Condition>,
    /// Location without keys, such as `s3://ob-backup/prod`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1024))]
    pub location: Option<String>,
    /// Number of log backups, strategies and unfinished tasks without a strategy that refer to this
    /// storage.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub in_use_by: Option<i32>,
    /// Keys with which the tenants access the storage; absent for a storage without keys.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credentials: Option<StorageCredentials>,
    /// Bytes of undeleted data backups in the storage, from the views of the database, for all
    /// tenants of the OceanBaseClusters in this namespace. Updated after a change of one percent
    /// and at least five minutes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_bytes: Option<i64>,
    /// Bytes of undeleted archived logs, counted like `dataBytes`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_bytes: Option<i64>,
    /// Time of the last count.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub figures_time: Option<Time>,
    /// Values of the columns of `kubectl get`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary: Option<StorageSummary>,
    /// Contents at the end of each of the last 90 days, oldest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 90), extend("x-kubernetes-list-type" = "atomic"))]
    pub trend: Vec<TrendPoint>,
}

/// Values of the columns of `kubectl get`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct StorageSummary {
    /// Sum of `dataBytes` and `logBytes`, with its percentage of `capacity`, rounded down, such as
    /// `1.4 TiB (14 %)`.
    #[schemars(length(max = 32))]
    pub used: String,
}
