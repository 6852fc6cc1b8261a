//! Target of a recovery.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::LocalReference;

/// Tenant that the recovery creates, or that receives tables.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = ("self.type == 'NewTenant' || (!has(self.locality) && !has(self.concurrency))", "must not have `locality` or `concurrency` where `type` is 'ExistingTenant'"))]
pub struct Target {
    /// Whether the tenant is created, or exists and receives tables.
    #[serde(default, rename = "type")]
    pub type_: TargetType,
    /// Cluster of the target. Its `recovery` must allow the recovery.
    pub cluster_ref: LocalReference,
    /// Name of the tenant. A new tenant must not exist yet; a tenant that receives tables must be a
    /// primary tenant.
    #[schemars(
        length(min = 1, max = 63),
        regex(pattern = r"^[A-Za-z_][A-Za-z0-9_]*$")
    )]
    pub tenant_name: String,
    /// Resources of the new tenant. For an existing tenant, the resources of the auxiliary tenant
    /// from which the tables are taken.
    pub resources: Resources,
    /// Leader priority of the zones: zones of equal rank are joined by `,`, ranks by `;`. For an
    /// existing tenant, the zones of the auxiliary tenant. Default: the choice of the database.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(
        length(min = 1, max = 512),
        regex(pattern = r"^[A-Za-z0-9_.\-]+([,;][A-Za-z0-9_.\-]+)*$")
    )]
    pub primary_zone: Option<String>,
    /// Replicas in each zone, such as `F@zone1,F@zone2`. Default: one full replica in each zone of
    /// the pools.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(
        length(min = 1, max = 512),
        regex(
            pattern = r"^[A-Za-z]+([{][0-9]+[}])?@[A-Za-z0-9_.\-]+(,[A-Za-z]+([{][0-9]+[}])?@[A-Za-z0-9_.\-]+)*$"
        )
    )]
    pub locality: Option<String>,
    /// Number of concurrent restore threads, 1 to 100. Default: the number of CPUs of the tenant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 100))]
    pub concurrency: Option<i32>,
}

/// Treatment of the tenant of the target.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum TargetType {
    /// The tenant is created; it must not exist.
    #[default]
    NewTenant,
    /// The tenant exists and receives tables.
    ExistingTenant,
}

/// Resources of a tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = ("has(self.create) == (self.type == 'Create')", "must have `create` where `type` is 'Create', and must not have it otherwise"))]
#[x_kube(validation = ("(has(self.pools) && size(self.pools) > 0) == (self.type == 'Pools')", "must have `pools` where `type` is 'Pools', and must not have it otherwise"))]
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
