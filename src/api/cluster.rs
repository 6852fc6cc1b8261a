//! `OceanBaseCluster`: the connection to a cluster and the summary of its backups.

mod credentials;
mod status;

use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use credentials::TenantCredentials;
pub use status::{ClusterBackup, OceanBaseClusterStatus, TenantCounts};

use super::SecretSource;

/// Connection to an OceanBase cluster.
#[derive(CustomResource, Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[kube(
    group = "backup.oceanbase.io",
    version = "v1alpha1",
    kind = "OceanBaseCluster",
    plural = "oceanbaseclusters",
    shortname = "obcl",
    category = "oceanbase-backup",
    namespaced,
    status = "OceanBaseClusterStatus",
    derive = "PartialEq",
    doc = "An OceanBase cluster to back up: how to connect to it, and what its Backup & Recovery page shows.",
    printcolumn(name = "VERSION", type_ = "string", json_path = ".status.version"),
    printcolumn(name = "STATUS", type_ = "string", json_path = ".status.backup.phase"),
    printcolumn(
        name = "TENANTS",
        type_ = "integer",
        json_path = ".status.tenants.total"
    ),
    printcolumn(
        name = "BACKED-UP",
        type_ = "integer",
        json_path = ".status.tenants.backedUp"
    ),
    printcolumn(
        name = "LAST-BACKUP",
        type_ = "date",
        json_path = ".status.backup.lastDataBackupTime"
    ),
    printcolumn(
        name = "READY",
        type_ = "string",
        json_path = r#".status.conditions[?(@.type=="Ready")].status"#
    ),
    printcolumn(
        name = "REACHABLE",
        type_ = "string",
        json_path = r#".status.conditions[?(@.type=="Reachable")].status"#
    ),
    printcolumn(
        name = "AGE",
        type_ = "date",
        json_path = ".metadata.creationTimestamp"
    ),
    printcolumn(
        name = "ENDPOINT",
        type_ = "string",
        json_path = ".spec.endpoints[0]",
        priority = 1
    ),
    printcolumn(
        name = "RUNNING",
        type_ = "integer",
        json_path = ".status.backup.runningTasks",
        priority = 1
    ),
    printcolumn(
        name = "ALERTS",
        type_ = "integer",
        json_path = ".status.alertCount",
        priority = 1
    ),
    printcolumn(
        name = "DATABASE",
        type_ = "string",
        json_path = ".status.database.clusterName",
        priority = 1
    )
)]
#[serde(rename_all = "camelCase")]
pub struct OceanBaseClusterSpec {
    /// Addresses `host:port` of observers (SQL port, usually 2881) or of OBProxy (2883), tried in
    /// order.
    #[schemars(
        length(min = 1, max = 16),
        inner(length(min = 3, max = 260), regex(pattern = r"^([A-Za-z0-9.\-]+|\[[0-9a-fA-F:.]+\])(:[^:]*)?$")),
        extend("x-kubernetes-list-type" = "atomic")
    )]
    #[x_kube(validation = ("self.all(e, e.matches(':[0-9]{1,5}$') && [int(e.substring(e.lastIndexOf(':') + 1))].all(port, port >= 1 && port <= 65535))", "each entry must end in a port from 1 to 65535"))]
    pub endpoints: Vec<String>,
    /// Name of the cluster. Required only behind OBProxy, where the login is
    /// `user@sys#clusterName`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 128), regex(pattern = r"^[A-Za-z0-9_\-]+$"))]
    pub cluster_name: Option<String>,
    /// Secret with the keys `username` (default `root`) and `password` of an account of the sys
    /// tenant.
    pub credentials: SecretSource,
    /// Accounts of tenants, for statements that only the tenant itself may send: new keys of a
    /// storage whose Secret has changed. Without an account, the tenant keeps its old keys, and the
    /// operator reports this.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 1000), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["tenantName"]))]
    pub tenant_credentials: Vec<TenantCredentials>,
    /// Protection of the connection.
    pub tls: TlsSpec,
    /// Maximum number of data backups started by this operator that run at once in the database
    /// cluster, 1 to 1024; default 2. Other backups wait, the earlier slot first. If several
    /// objects refer to one database, the smallest number applies.
    #[serde(default = "two")]
    #[schemars(range(min = 1, max = 1024), transform = crate::api::omit_default)]
    pub max_concurrent_backups: i32,
    /// Tenants and storages that may be used through this object. It limits users who may write
    /// strategies and tasks but not this object.
    #[serde(default)]
    pub access: Access,
    /// Tenants that may be recovered, and their target names. It limits users who may write
    /// RecoveryTasks but not this object.
    #[serde(default)]
    pub recovery: Recovery,
}

/// Recoveries allowed from and to a cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = ("has(self.sourceTenants) || (self.policy != 'Allowed' && self.verification != 'Allowed')", "must have `sourceTenants` where `policy` or `verification` is 'Allowed': name the tenants whose data may be recovered"))]
pub struct Recovery {
    /// Whether recoveries are allowed.
    #[serde(default)]
    pub policy: RecoveryPolicy,
    /// Tenants of this cluster that may be recovered, to any target. Also the names of tenants that
    /// may be recovered from a storage to this cluster. A `*` at the end makes a prefix; `*` alone
    /// means all tenants. There is no default.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(
        length(min = 1, max = 256),
        inner(length(min = 1, max = 64), regex(pattern = r"^([A-Za-z_][A-Za-z0-9_]*)?\*?$")),
        extend("x-kubernetes-list-type" = "atomic")
    )]
    pub source_tenants: Vec<String>,
    /// Allowed prefixes for the names of tenants that a recovery creates in this cluster.
    #[serde(default = "restore")]
    #[schemars(
        length(min = 1, max = 64),
        inner(length(min = 1, max = 63), regex(pattern = r"^[A-Za-z_][A-Za-z0-9_]*$")),
        extend("x-kubernetes-list-type" = "atomic")
    )]
    pub target_name_prefixes: Vec<String>,
    /// Whether verifications may restore tenants from and to this cluster, query them with the SQL
    /// of a RecoveryDrill or RecoveryTask, and drop them. The lists above apply; `policy` applies only to
    /// recoveries that are not verifications.
    #[serde(default)]
    pub verification: RecoveryPolicy,
    /// Existing tenants of this cluster into which tables may be recovered: names, or prefixes that
    /// end in `*`. Default: none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(
        length(max = 256),
        inner(length(min = 1, max = 64), regex(pattern = r"^([A-Za-z_][A-Za-z0-9_]*)?\*?$")),
        extend("x-kubernetes-list-type" = "atomic")
    )]
    pub target_tenants: Vec<String>,
}

impl Default for Recovery {
    fn default() -> Self {
        Self {
            policy: RecoveryPolicy::default(),
            source_tenants: Vec::new(),
            target_name_prefixes: restore(),
            verification: RecoveryPolicy::default(),
            target_tenants: Vec::new(),
        }
    }
}

/// Whether recoveries are allowed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum RecoveryPolicy {
    /// No recovery is allowed.
    #[default]
    Forbidden,
    /// Recoveries that the lists permit are allowed.
    Allowed,
}

fn restore() -> Vec<String> {
    vec!["restore_".to_owned()]
}

fn two() -> i32 {
    2
}

/// Tenants and storages that may be used through the object of a cluster: names, or prefixes that
/// end in `*`. A `*` at another place is rejected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Access {
    /// Names of tenants. Default: all tenants.
    #[serde(default = "everything")]
    #[schemars(
        length(min = 1, max = 256),
        transform = crate::api::omit_default,
        inner(length(min = 1, max = 64), regex(pattern = r"^([A-Za-z_][A-Za-z0-9_]*)?\*?$")),
        extend("x-kubernetes-list-type" = "atomic")
    )]
    pub tenants: Vec<String>,
    /// Names of BackupStorages. Default: all storages of the namespace.
    #[serde(default = "everything")]
    #[schemars(
        length(min = 1, max = 256),
        transform = crate::api::omit_default,
        inner(length(min = 1, max = 253), regex(pattern = r"^([a-z0-9][a-z0-9.\-]*)?\*?$")),
        extend("x-kubernetes-list-type" = "atomic")
    )]
    pub storages: Vec<String>,
}

impl Default for Access {
    fn default() -> Self {
        Self {
            tenants: everything(),
            storages: everything(),
        }
    }
}

fn everything() -> Vec<String> {
    vec!["*".to_owned()]
}

/// Protection of the connection to the database.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = ("!(self.mode in ['VerifyCA', 'VerifyIdentity']) || has(self.ca)", "must have `ca` where `mode` is 'VerifyCA' or 'VerifyIdentity'"))]
#[x_kube(validation = ("self.mode in ['VerifyCA', 'VerifyIdentity'] || !has(self.ca)", "must not have `ca` where `mode` is 'Disabled' or 'Required'"))]
pub struct TlsSpec {
    /// Mode of the protection. There is no default: the author of the object must choose.
    pub mode: TlsMode,
    /// Secret with the key `ca.crt`: PEM certificates of the authorities that sign the certificate
    /// of the database.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca: Option<SecretSource>,
}

/// Extent to which the certificate of the database is verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum TlsMode {
    /// Plain TCP.
    Disabled,
    /// Encrypted; any certificate is accepted.
    Required,
    /// Encrypted; the certificate must be signed by the given authority.
    VerifyCA,
    /// Like `VerifyCA`; the certificate must also name the host.
    VerifyIdentity,
}
