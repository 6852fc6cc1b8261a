//! Identity of the database in which something was observed.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Identity of a database, and of a tenant in it. A database that is recreated under the same name
/// and number restarts the numbering of its tenants, rounds and jobs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PinnedDatabase {
    /// Name that the cluster reports.
    #[schemars(length(max = 128))]
    pub cluster_name: String,
    /// Number that the cluster reports.
    #[serde(rename = "clusterID")]
    pub cluster_id: i64,
    /// Bootstrap time of the cluster, as its sys tenant reports it. `clusterID` and `createTime`
    /// together identify one database.
    pub create_time: MicroTime,
    /// Number of the tenant that the object is about. A tenant that is recreated under the same
    /// name has another number.
    #[serde(rename = "tenantID", default, skip_serializing_if = "Option::is_none")]
    pub tenant_id: Option<i64>,
}
