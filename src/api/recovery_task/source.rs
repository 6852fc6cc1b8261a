//! Source of a recovery.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::LocalReference;

/// Source of a recovery: a tenant that the operator backs up, or a storage with backups.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = ("has(self.tenant) != has(self.storage)", "must have exactly one of `tenant` and `storage`"))]
pub struct Source {
    /// Tenant whose LogBackup lists its destinations and recoverable windows. The tenant may have
    /// been dropped, and its cluster may be down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<TenantSource>,
    /// Backups in a storage, of any tenant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub storage: Option<StorageSource>,
}

/// Tenant that the operator backs up or backed up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TenantSource {
    /// Current or former cluster of the tenant.
    pub cluster_ref: LocalReference,
    /// Name of the tenant.
    #[schemars(
        length(min = 1, max = 63),
        regex(pattern = r"^[A-Za-z_][A-Za-z0-9_]*$")
    )]
    pub tenant_name: String,
    /// Number of the tenant, to choose among several tenants of the same name. Default: the newest
    /// tenant that can be recovered to the point.
    #[serde(default, rename = "tenantID", skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1002))]
    pub tenant_id: Option<i64>,
}

/// Backups in a storage, of a tenant that the operator does not know otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = ("[self.dataPath, self.logPath].all(path, !path.matches('(^|/)[.]{1,2}(/|$)'))", "a path must not have a part that is '.' or '..'"))]
pub struct StorageSource {
    /// Storage of the backups.
    pub storage_ref: LocalReference,
    /// Directory of the data backups below the directory of the storage.
    #[schemars(
        length(min = 1, max = 512),
        regex(pattern = r"^[A-Za-z0-9_.\-]+(/[A-Za-z0-9_.\-]+)*$")
    )]
    pub data_path: String,
    /// Directory of the logs below the directory of the storage.
    #[schemars(
        length(min = 1, max = 512),
        regex(pattern = r"^[A-Za-z0-9_.\-]+(/[A-Za-z0-9_.\-]+)*$")
    )]
    pub log_path: String,
    /// Name of the cluster that made the backups. A recovery whose job reads backups of another
    /// cluster is canceled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 128), regex(pattern = r"^[A-Za-z0-9_\-]+$"))]
    pub cluster_name: Option<String>,
    /// Number of that cluster, for information only.
    #[serde(default, rename = "clusterID", skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub cluster_id: Option<i64>,
    /// Name of the tenant, compared with the tenants that the target cluster allows to be
    /// recovered. A recovery whose job reads backups of another tenant is canceled.
    #[schemars(
        length(min = 1, max = 63),
        regex(pattern = r"^[A-Za-z_][A-Za-z0-9_]*$")
    )]
    pub tenant_name: String,
}
