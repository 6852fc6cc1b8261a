//! Limits on reads and writes of a storage.

use kube::KubeSchema;
use serde::{Deserialize, Serialize};

/// Limits on reads and writes of the data and, separately, of the logs of one tenant. They set
/// `max_iops` and `max_bandwidth` of a destination (OceanBase V4.3.5.2, V4.4.2 and later).
/// Recoveries are not limited.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = ("has(self.maxIops) || has(self.maxBandwidth)", "must have `maxIops`, `maxBandwidth` or both"))]
pub struct Limits {
    /// Requests per second, 100 to 10000000. Default: no limit. Each observer receives a share; a
    /// share of zero would be unlimited, hence the minimum.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 100, max = 10_000_000))]
    pub max_iops: Option<i32>,
    /// Bytes per second, such as `100Mi`. Default: no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 11), regex(pattern = r"^[1-9][0-9]{0,8}[KMG]i$"))]
    pub max_bandwidth: Option<String>,
}
