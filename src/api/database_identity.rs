//! Which database something was seen in.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A database: one that was made anew under the same name and number counts its tenants, rounds and
/// jobs from the same beginning.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PinnedDatabase {
    /// Number of the cluster as it calls itself.
    pub cluster_id: i64,
    /// When the cluster was bootstrapped: with the number it tells it from all others.
    pub cluster_create_time: MicroTime,
}
