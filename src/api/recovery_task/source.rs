//! What is recovered.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::LocalReference;

/// What is recovered: a tenant that is backed up from here, or a place where backups are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = ("has(self.tenant) == (self.type == 'Tenant')", "must have `tenant` exactly where `type` is 'Tenant'"))]
#[x_kube(validation = ("has(self.storage) == (self.type == 'Storage')", "must have `storage` exactly where `type` is 'Storage'"))]
pub struct Source {
    /// Which of the two; exactly the block of the same name must be there.
    #[serde(rename = "type")]
    pub type_: SourceType,
    /// A tenant of which a LogBackup tells where its backups are and what can be recovered: also
    /// when the tenant was dropped since, or its cluster is down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<TenantSource>,
    /// Backups of whomever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub storage: Option<StorageSource>,
}

/// Where backups are known from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum SourceType {
    /// A tenant that is or was backed up from here.
    Tenant,
    /// A store alone: the target asks it what there is.
    Storage,
}

/// A tenant that is or was backed up from here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TenantSource {
    /// The cluster whose tenant it is or was.
    pub cluster_ref: LocalReference,
    /// Name of the tenant.
    #[schemars(
        length(min = 1, max = 63),
        regex(pattern = r"^[A-Za-z_][A-Za-z0-9_]*$")
    )]
    pub tenant_name: String,
    /// Number of the tenant, where several had the name. Left out it is the newest of them that
    /// can be recovered to the point.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1002))]
    pub tenant_id: Option<i64>,
}

/// Backups in a store, of a tenant that nothing else is known of here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = ("[self.dataPath, self.logPath].all(path, !path.matches('(^|/)[.]{1,2}(/|$)'))", "a path must not have a part that is '.' or '..'"))]
pub struct StorageSource {
    /// The store.
    pub storage_ref: LocalReference,
    /// Directory of the data backups below the store's own.
    #[schemars(
        length(min = 1, max = 512),
        regex(pattern = r"^[A-Za-z0-9_.\-]+(/[A-Za-z0-9_.\-]+)*$")
    )]
    pub data_path: String,
    /// Directory of the logs below the store's own.
    #[schemars(
        length(min = 1, max = 512),
        regex(pattern = r"^[A-Za-z0-9_.\-]+(/[A-Za-z0-9_.\-]+)*$")
    )]
    pub log_path: String,
    /// Name of the cluster whose backups they are. A recovery whose job reads those of another one is
    /// canceled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 128), regex(pattern = r"^[A-Za-z0-9_\-]+$"))]
    pub cluster_name: Option<String>,
    /// Number of that cluster, for people; nothing is compared with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub cluster_id: Option<i64>,
    /// Name of the tenant, held against what the target cluster allows to be recovered. A recovery
    /// whose job reads backups of another tenant is canceled.
    #[schemars(
        length(min = 1, max = 63),
        regex(pattern = r"^[A-Za-z_][A-Za-z0-9_]*$")
    )]
    pub tenant_name: String,
}
