//! Resources of a tenant that a recovery creates.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Resources of a tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = ("has(self.create) == (self.type == 'Create')", "must have `create` where \
 `type` is 'Create', and must not have it otherwise"))]
#[x_kube(validation = ("(has(self.pools) && size(self.pools) > 0) == (self.type == 'Pools')", "must \
 have `pools` where `type` is 'Pools', and must not have it otherwise"))]
pub struct Resources {
    /// Type of the resources. Exactly the block of the same name must be present.
    #[serde(rename = "type")]
    pub type_: ResourcesType,
    /// Unit and pool to create for the tenant. After a failure they are dropped as `failurePolicy`
    /// says. Those of an auxiliary tenant are also dropped after success.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub create: Option<CreateResources>,
    /// Existing pools that no tenant uses.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(
        length(max = 16),
        inner(length(min = 1, max = 127), regex(pattern = r"^[A-Za-z_][A-Za-z0-9_]*$")),
        extend("x-kubernetes-list-type" = "set")
    )]
    pub pools: Vec<String>,
}

/// Origin of the resources of a tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ResourcesType {
    /// The recovery creates the resources.
    Create,
    /// The resources exist.
    Pools,
}

/// Unit and pool for a tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CreateResources {
    /// CPUs of each unit, such as `4` or `2.5`.
    #[schemars(length(max = 6), regex(pattern = r"^[1-9][0-9]{0,3}([.][0-9])?$"))]
    pub max_cpu: String,
    /// Memory of each unit, in whole GiB, such as `8Gi`.
    #[schemars(length(max = 7), regex(pattern = r"^[1-9][0-9]{0,4}Gi$"))]
    pub memory: String,
    /// Log disk of each unit, in whole GiB. Default: three times the memory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 7), regex(pattern = r"^[1-9][0-9]{0,4}Gi$"))]
    pub log_disk: Option<String>,
    /// Number of units in each zone, 1 to 64; default 1.
    #[serde(default = "one")]
    #[schemars(range(min = 1, max = 64))]
    pub unit_number: i32,
    /// Zones of the pool. Default: all zones of the cluster.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(
        length(max = 16),
        inner(length(min = 1, max = 127), regex(pattern = r"^[A-Za-z0-9_.\-]+$")),
        extend("x-kubernetes-list-type" = "set")
    )]
    pub zones: Vec<String>,
}

fn one() -> i32 {
    1
}
