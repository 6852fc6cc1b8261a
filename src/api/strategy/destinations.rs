//! Current and former destinations of the backups of a strategy.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Destination that contains, or contained, backups of the tenants of a strategy.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct DestinationRecord {
    /// Name of the BackupStorage that describes the destination, or last described it.
    #[schemars(length(max = 253))]
    pub storage: String,
    /// Path without keys, such as `s3://ob-backup/prod`.
    #[schemars(length(max = 1024))]
    pub path: String,
    /// Start of the oldest backup that existed when the destination was first observed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Time>,
    /// Time since which no data or logs of a tenant go to the destination; absent while some do.
    /// From then on the database deletes nothing there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Time>,
    /// Bytes of data backups and logs that remain, from the views of the database. Updated after a
    /// change of one percent and at least five minutes.
    pub bytes: i64,
    /// Time of the last count.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes_time: Option<Time>,
}
