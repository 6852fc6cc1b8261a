//! `OceanBaseCluster`: how to reach a cluster, and its Backup & Recovery page (console S46..S62).

mod credentials;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{MicroTime, Time};
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use credentials::TenantCredentials;

use super::LocalReference;
use super::condition::{self, Condition};
use super::log_backup::RecoveryWindow;

/// How to reach an OceanBase cluster.
#[derive(CustomResource, Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[kube(
    group = "backup.oceanbase.io",
    version = "v1alpha1",
    kind = "OceanBaseCluster",
    plural = "oceanbaseclusters",
    shortname = "obc",
    category = "oceanbase-backup",
    namespaced,
    status = "OceanBaseClusterStatus",
    derive = "PartialEq",
    doc = "An OceanBase cluster that backups are made of: how to reach it, and what its Backup & Recovery page shows.",
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
    )
)]
#[serde(rename_all = "camelCase")]
pub struct OceanBaseClusterSpec {
    /// `host:port` of observers (SQL port, usually 2881) or of OBProxy (2883), tried in order.
    #[schemars(
        length(min = 1, max = 16),
        inner(length(min = 3, max = 260), regex(pattern = r"^([A-Za-z0-9.\-]+|\[[0-9a-fA-F:.]+\])(:[^:]*)?$")),
        extend("x-kubernetes-list-type" = "atomic")
    )]
    #[x_kube(validation = ("self.all(e, e.matches(':[0-9]{1,5}$') && [int(e.substring(e.lastIndexOf(':') + 1))].all(port, port >= 1 && port <= 65535))", "each entry must end in a port from 1 to 65535"))]
    pub endpoints: Vec<String>,
    /// Name of the cluster; only behind OBProxy, where the login is `user@sys#clusterName`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 128), regex(pattern = r"^[A-Za-z0-9_\-]+$"))]
    pub cluster_name: Option<String>,
    /// Secret with the keys `username` (default `root`) and `password` of an account of the sys
    /// tenant.
    pub credentials_secret_ref: LocalReference,
    /// Accounts of tenants, for what only a tenant itself may do: give its database the new keys of a
    /// store whose Secret has changed. Without one for a tenant that is not done, and told.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 1000), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["tenantName"]))]
    pub tenant_credentials: Vec<TenantCredentials>,
    /// How the connection is protected.
    pub tls: TlsSpec,
    /// How many data backups that this operator started run at once in the database cluster; the
    /// others wait in line, the earlier slot first. Where several objects stand for one database
    /// the smallest number counts.
    #[serde(default = "two")]
    #[schemars(range(min = 1, max = 1024))]
    pub max_concurrent_backups: i32,
    /// Which tenants and stores may be used through this object. Whoever may write strategies and
    /// tasks can not go beyond what whoever may write this object allows.
    #[serde(default)]
    pub access: Access,
    /// Which tenants may be recovered, and as what. Whoever may write RecoveryTasks can not go beyond
    /// what whoever may write this object allows.
    #[serde(default)]
    pub recovery: Recovery,
}

/// What may be recovered from and to a cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Recovery {
    /// Whether anything may be.
    #[serde(default)]
    pub policy: RecoveryPolicy,
    /// Tenants of this cluster that may be recovered, wherever to; and, by name, those of a store
    /// alone that may be recovered to this cluster.
    #[serde(default = "everything")]
    #[schemars(
        length(min = 1, max = 256),
        inner(length(min = 1, max = 64), regex(pattern = r"^([A-Za-z_][A-Za-z0-9_]*)?\*?$")),
        extend("x-kubernetes-list-type" = "set")
    )]
    pub source_tenants: Vec<String>,
    /// How the names of tenants begin that are made here by a recovery.
    #[serde(default = "restore")]
    #[schemars(
        length(min = 1, max = 64),
        inner(length(min = 1, max = 63), regex(pattern = r"^[A-Za-z_][A-Za-z0-9_]*$")),
        extend("x-kubernetes-list-type" = "set")
    )]
    pub target_name_prefixes: Vec<String>,
    /// Whether tenants may be restored from and to this cluster for a while, be asked by SQL that
    /// whoever writes a BackupStrategy has written, and be dropped. Which ones the lists above say;
    /// `policy` is about recoveries that stay.
    #[serde(default)]
    pub verification: RecoveryPolicy,
    /// Tenants of this cluster that exist and into which tables may be recovered: names, or prefixes
    /// that end in `*`. Left out none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(
        length(max = 256),
        inner(length(min = 1, max = 64), regex(pattern = r"^([A-Za-z_][A-Za-z0-9_]*)?\*?$")),
        extend("x-kubernetes-list-type" = "set")
    )]
    pub target_tenants: Vec<String>,
}

impl Default for Recovery {
    fn default() -> Self {
        Self {
            policy: RecoveryPolicy::default(),
            source_tenants: everything(),
            target_name_prefixes: restore(),
            verification: RecoveryPolicy::default(),
            target_tenants: Vec::new(),
        }
    }
}

/// Whether anything may be recovered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum RecoveryPolicy {
    /// Nothing.
    #[default]
    Forbidden,
    /// What the lists say.
    Allowed,
}

fn restore() -> Vec<String> {
    vec!["restore_".to_owned()]
}

fn two() -> i32 {
    2
}

/// Which tenants and stores may be used through a cluster's object: names, or prefixes that end in
/// `*`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Access {
    /// Names of tenants.
    #[serde(default = "everything")]
    #[schemars(
        length(min = 1, max = 256),
        inner(length(min = 1, max = 64), regex(pattern = r"^([A-Za-z_][A-Za-z0-9_]*)?\*?$")),
        extend("x-kubernetes-list-type" = "set")
    )]
    pub tenants: Vec<String>,
    /// Names of BackupStorages.
    #[serde(default = "everything")]
    #[schemars(
        length(min = 1, max = 256),
        inner(length(min = 1, max = 253), regex(pattern = r"^([a-z0-9][a-z0-9.\-]*)?\*?$")),
        extend("x-kubernetes-list-type" = "set")
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

/// How the connection to the database is protected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = ("!(self.mode in ['VerifyCA', 'VerifyIdentity']) || has(self.caSecretRef)", "must have `caSecretRef` where the mode is 'VerifyCA' or 'VerifyIdentity'"))]
#[x_kube(validation = ("self.mode in ['VerifyCA', 'VerifyIdentity'] || !has(self.caSecretRef)", "must not have `caSecretRef` where the mode is 'Disabled' or 'Required'"))]
pub struct TlsSpec {
    /// There is no default: whoever writes the object decides.
    pub mode: TlsMode,
    /// Secret with the key `ca.crt`: certificates in PEM that sign the database's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_secret_ref: Option<LocalReference>,
}

/// How much of the database's certificate is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum TlsMode {
    /// Plain TCP.
    Disabled,
    /// Encrypted; any certificate is taken.
    Required,
    /// Encrypted; the certificate must be signed by the given authority.
    VerifyCA,
    /// As `VerifyCA`, and the certificate must name the host.
    VerifyIdentity,
}

/// What the operator sees of the cluster.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct OceanBaseClusterStatus {
    /// Generation of the spec that the status is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// Generation of the spec with which the object was ready when the database was seen last: it stays
    /// ready while the database does not answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ready_generation: Option<i64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "condition::conditions")]
    #[allow(missing_docs)]
    pub conditions: Vec<Condition>,
    /// Who the cluster says it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identity: Option<ClusterIdentity>,
    /// Version of the server, such as `4.3.5.2`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 32))]
    pub version: Option<String>,
    /// `Community` or `Enterprise`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 32))]
    pub edition: Option<String>,
    /// What this version can do.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32), inner(length(max = 64)), extend("x-kubernetes-list-type" = "set"))]
    pub capabilities: Vec<String>,
    /// How many user tenants there are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenants: Option<TenantCounts>,
    /// Names of the user tenants that do not count as backed up, the first 50.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50), inner(length(max = 128)), extend("x-kubernetes-list-type" = "set"))]
    pub not_backed_up_tenants: Vec<String>,
    /// Active alerts of the cluster's strategies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alert_count: Option<i32>,
    /// The cluster's basic backup information.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backup: Option<ClusterBackup>,
    /// From when to when some tenant of the cluster can be recovered, taken together (console S62):
    /// oldest first, the newest 50. Ends that only move with time are written every few minutes.
    /// The windows of each tenant stand in its LogBackup.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50), extend("x-kubernetes-list-type" = "atomic"))]
    pub recovery_windows: Vec<RecoveryWindow>,
}

/// Who a cluster says it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ClusterIdentity {
    /// The parameter `cluster`.
    #[schemars(length(max = 128))]
    pub cluster_name: String,
    /// The parameter `cluster_id`.
    pub cluster_id: i64,
    /// When the cluster was bootstrapped, as its sys tenant says: with the number it tells one
    /// database from all others. Objects that show the same two share one reader, one cap and one
    /// owner of each tenant's backups.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub create_time: Option<MicroTime>,
}

/// Numbers of user tenants.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TenantCounts {
    /// All user tenants.
    pub total: i32,
    /// Those with the role PRIMARY.
    pub primary: i32,
    /// Those with at least one available data backup and with log backup as its `mode` says: running,
    /// or around their data backups.
    pub backed_up: i32,
    /// The other ones.
    pub not_backed_up: i32,
}

/// The cluster's basic backup information (console S53..S58).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ClusterBackup {
    /// `NoBackupStrategy`, `PendingBackupScheduling`, `InProgress`, `Paused` or `Abnormal`: that
    /// of its strategies which needs attention most.
    #[schemars(length(max = 64))]
    pub phase: String,
    /// The console's words for the phase.
    #[serde(default)]
    #[schemars(length(max = 64))]
    pub console_label: String,
    /// `Physical`; left out without a strategy (console S54).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub method: Option<String>,
    /// End of the newest data backup that went well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_data_backup_time: Option<Time>,
    /// Up to where the log backup of every tenant has come: the oldest of their checkpoints.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_backup_checkpoint_time: Option<Time>,
    /// Bytes of data backups and archived logs that the database has not deleted, wherever they are
    /// (console S55). Written with the checkpoint; without one when they have moved by a hundredth.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_bytes: Option<i64>,
    /// Data backups that run now, whoever started them.
    #[serde(default)]
    pub running_tasks: i32,
    /// BackupTasks that wait for a free place.
    #[serde(default)]
    pub queued_tasks: i32,
}
