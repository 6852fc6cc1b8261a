//! Limits on reads and writes of a storage.

use crate::api::Quantity;
use kube::KubeSchema;
use serde::{Deserialize, Serialize};

/// Limits on reads and writes of the data and, separately, of the logs of one tenant. They set
/// `max_iops` and `max_bandwidth` of a destination (OceanBase V4.3.5.2, V4.4.2 and later).
/// Recoveries are not limited.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = ("has(self.maxIOPS) || has(self.maxBytesPerSecond)", "must have `maxIOPS`, `maxBytesPerSecond` or both"))]
pub struct Limits {
    /// Requests per second, 100 to 10000000. Default: no limit. Each observer receives a share; a
    /// share of zero would be unlimited, hence the minimum.
    #[serde(default, rename = "maxIOPS", skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 100, max = 10_000_000))]
    pub max_iops: Option<i32>,
    /// Bytes per second, such as `100Mi`. Default: no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[x_kube(validation = ("quantity(string(self)).compareTo(quantity('1Ki')) >= 0 && quantity(string(self)).compareTo(quantity('1Ti')) <= 0", "must be from 1Ki to 1Ti"))]
    pub max_bytes_per_second: Option<Quantity>,
}
