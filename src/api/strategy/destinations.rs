//! Where a strategy's backups are and were.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A place that holds backups of a strategy's tenants, or held some.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct DestinationRecord {
    /// Name of the BackupStorage that describes it, or did last.
    #[schemars(length(max = 253))]
    pub storage: String,
    /// The place without keys, such as `s3://ob-backup/prod`.
    #[schemars(length(max = 1024))]
    pub path: String,
    /// Where the oldest backup begins that was there when the place was first seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Time>,
    /// Since when no tenant's data or logs go there any more; none while some do. From then on the
    /// database cleans nothing there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Time>,
    /// Bytes of data backups and logs that are still there, as the database's views have them; not counted
    /// anew before they have moved by a hundredth, and five minutes have passed.
    pub bytes: i64,
    /// When they were counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes_time: Option<Time>,
}
