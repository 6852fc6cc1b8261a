//! Identity of the database in which something was observed.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Identity of a database. A database that is recreated under the same name and number restarts the
/// numbering of its tenants, rounds and jobs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PinnedDatabase {
    /// Number that the cluster reports.
    #[serde(rename = "clusterID")]
    pub cluster_id: i64,
    /// Bootstrap time of the cluster. With the number, it distinguishes the cluster from all
    /// others.
    pub cluster_create_time: MicroTime,
}
