//! As what something is recovered.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::LocalReference;

/// The tenant that is made, or that gets tables.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = ("self.type == 'NewTenant' || (!has(self.locality) && !has(self.concurrency))", "must not have `locality` or `concurrency` where `type` is 'ExistingTenant'"))]
pub struct Target {
    /// Whether the tenant is made, or exists and gets tables.
    #[serde(default, rename = "type")]
    pub type_: TargetType,
    /// The cluster. Its `recovery` must allow it.
    pub cluster_ref: LocalReference,
    /// Name of the tenant: of a new one, which must not exist, or of the one that gets tables, which
    /// must be a primary one.
    #[schemars(
        length(min = 1, max = 63),
        regex(pattern = r"^[A-Za-z_][A-Za-z0-9_]*$")
    )]
    pub tenant_name: String,
    /// What the tenant runs on; of an existing one, what the auxiliary tenant runs on that the tables
    /// are taken from.
    pub resources: Resources,
    /// Zones in the order in which they lead: zones of one rank are joined by `,`, ranks by `;`.
    /// Left out the database chooses. Of an existing tenant, those of the auxiliary one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(
        length(min = 1, max = 512),
        regex(pattern = r"^[A-Za-z0-9_.\-]+([,;][A-Za-z0-9_.\-]+)*$")
    )]
    pub primary_zone: Option<String>,
    /// Replicas in each zone, such as `F@zone1,F@zone2`. Left out a full one in each zone of the pools.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(
        length(min = 1, max = 512),
        regex(
            pattern = r"^[A-Za-z]+([{][0-9]+[}])?@[A-Za-z0-9_.\-]+(,[A-Za-z]+([{][0-9]+[}])?@[A-Za-z0-9_.\-]+)*$"
        )
    )]
    pub locality: Option<String>,
    /// How many threads restore at once, from 1 to 100. Left out as many as the tenant has CPUs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 100))]
    pub concurrency: Option<i32>,
}

/// What becomes of the tenant of the target.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum TargetType {
    /// It is made, and must not exist.
    #[default]
    NewTenant,
    /// It exists, and gets tables.
    ExistingTenant,
}

/// What a tenant runs on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = ("has(self.create) == (self.type == 'Create')", "must have `create` exactly where `type` is 'Create'"))]
#[x_kube(validation = ("(has(self.pools) && size(self.pools) > 0) == (self.type == 'Pools')", "must have `pools` exactly where `type` is 'Pools'"))]
pub struct Resources {
    /// Which of the two; exactly the block of the same name must be there.
    #[serde(rename = "type")]
    pub type_: ResourcesType,
    /// A unit and a pool that are made for the tenant. Where the recovery fails they are dropped, as
    /// `failurePolicy` says; those of an auxiliary tenant also where it goes well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub create: Option<CreateResources>,
    /// Pools that exist and that no tenant has.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(
        length(max = 16),
        inner(length(min = 1, max = 127), regex(pattern = r"^[A-Za-z_][A-Za-z0-9_]*$")),
        extend("x-kubernetes-list-type" = "set")
    )]
    pub pools: Vec<String>,
}

/// Where a tenant's resources come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ResourcesType {
    /// They are made.
    Create,
    /// They exist.
    Pools,
}

/// A unit and a pool for a tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CreateResources {
    /// CPUs of each unit, such as `4` or `2.5`.
    #[schemars(length(max = 6), regex(pattern = r"^[1-9][0-9]{0,3}([.][0-9])?$"))]
    pub max_cpu: String,
    /// Memory of each unit, in whole GiB, such as `8Gi`.
    #[schemars(length(max = 7), regex(pattern = r"^[1-9][0-9]{0,4}Gi$"))]
    pub memory: String,
    /// Log disk of each unit, in whole GiB. Left out it is three times the memory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 7), regex(pattern = r"^[1-9][0-9]{0,4}Gi$"))]
    pub log_disk: Option<String>,
    /// Units in each zone.
    #[serde(default = "one")]
    #[schemars(range(min = 1, max = 64))]
    pub unit_number: i32,
    /// The zones. Left out all of the cluster.
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
