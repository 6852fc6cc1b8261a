//! How fast a store may be read and written.

use kube::KubeSchema;
use serde::{Deserialize, Serialize};

/// How fast the database may read and write the data, and the logs, of one tenant: each of the two places
/// by itself (`max_iops` and `max_bandwidth` of a destination; OceanBase V4.3.5.2, V4.4.2 and later).
/// Recoveries read as fast as they can.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = ("has(self.maxIops) || has(self.maxBandwidth)", "must have `maxIops`, `maxBandwidth` or both"))]
pub struct Limits {
    /// Requests a second, 100 to 10,000,000; left out as many as there are. Each observer gets its part of
    /// them, and one whose part comes to nothing is not limited: that is why there are no fewer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 100, max = 10_000_000))]
    pub max_iops: Option<i32>,
    /// Bytes a second, such as `100Mi`; left out as many as there are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 11), regex(pattern = r"^[1-9][0-9]{0,8}[KMG]i$"))]
    pub max_bandwidth: Option<String>,
}
