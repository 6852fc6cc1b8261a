//! Resources of a tenant that a recovery creates.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Quantity;

/// Resources of a tenant: exactly one of `create` and `pools`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = ("has(self.create) != has(self.pools)", "must have exactly one of `create` and `pools`"))]
pub struct Resources {
    /// Unit and pool to create for the tenant. After a failure they are dropped as `failurePolicy`
    /// says. Those of an auxiliary tenant are also dropped after success.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub create: Option<CreateResources>,
    /// Existing pools that no tenant uses.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(
        length(min = 1, max = 16),
        inner(length(min = 1, max = 127), regex(pattern = r"^[A-Za-z_][A-Za-z0-9_]*$")),
        extend("x-kubernetes-list-type" = "set")
    )]
    pub pools: Vec<String>,
}

/// Unit and pool for a tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CreateResources {
    /// Resources of each unit.
    pub unit: UnitResources,
    /// Number of units in each zone, 1 to 64; default 1.
    #[serde(default = "one")]
    #[schemars(range(min = 1, max = 64))]
    pub unit_count: i32,
    /// Zones of the pool. Default: all zones of the cluster.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(
        length(max = 16),
        inner(length(min = 1, max = 127), regex(pattern = r"^[A-Za-z0-9_.\-]+$")),
        extend("x-kubernetes-list-type" = "set")
    )]
    pub zones: Vec<String>,
}

/// Resources of a unit, as Kubernetes quantities.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct UnitResources {
    /// CPUs, such as `4`, `2.5` or `2500m`, 1 to 9999.
    #[serde(rename = "maxCPU")]
    #[x_kube(validation = ("quantity(string(self)).compareTo(quantity('1')) >= 0 && quantity(string(self)).compareTo(quantity('9999')) <= 0", "must be from 1 to 9999 CPUs"))]
    pub max_cpu: Quantity,
    /// Memory, such as `8Gi`, 1Gi to 100Ti; rounded up to whole MiB.
    #[x_kube(validation = ("quantity(string(self)).compareTo(quantity('1Gi')) >= 0 && quantity(string(self)).compareTo(quantity('100Ti')) <= 0", "must be from 1Gi to 100Ti"))]
    pub memory: Quantity,
    /// Log disk, such as `24Gi`, 2Gi to 100Ti; rounded up to whole MiB. Default: three times the
    /// memory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[x_kube(validation = ("quantity(string(self)).compareTo(quantity('2Gi')) >= 0 && quantity(string(self)).compareTo(quantity('100Ti')) <= 0", "must be from 2Gi to 100Ti"))]
    pub log_disk: Option<Quantity>,
}

fn one() -> i32 {
    1
}
