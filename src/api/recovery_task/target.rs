//! Target of a recovery.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::LocalReference;
use crate::api::resources::Resources;

/// Tenant that the recovery creates, or that receives tables.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = ("self.type == 'NewTenant' || (!has(self.locality) && !has(self.concurrency))", "must not have `locality` or `concurrency` where `type` is 'ExistingTenant'"))]
pub struct Target {
    /// Whether the tenant is created, or exists and receives tables.
    #[serde(rename = "type")]
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
    /// Role of the tenant after the recovery; default Primary.
    #[serde(default)]
    pub role: TargetRole,
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum TargetType {
    /// The tenant is created; it must not exist.
    NewTenant,
    /// The tenant exists and receives tables.
    ExistingTenant,
}

/// Role of a tenant after its recovery (`TENANT_ROLE`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum TargetRole {
    /// The tenant is activated as a primary tenant.
    #[default]
    Primary,
    /// The tenant remains a read-only standby tenant at its point and can be activated manually.
    Standby,
}
