//! Observed state of a cluster.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::condition::{self, Condition};
use crate::api::log_backup::RecoveryWindow;
use crate::api::{PinnedDatabase, is_default};

/// Observed state of the cluster.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct OceanBaseClusterStatus {
    /// Generation of the spec that this status describes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "condition::conditions")]
    #[allow(missing_docs)]
    pub conditions: Vec<Condition>,
    /// Database to which the endpoints lead. OceanBaseClusters of one database share their
    /// connections, one limit of concurrent backups, and one owner of the backups of each tenant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database: Option<PinnedDatabase>,
    /// Version of the server, such as `4.3.5.2`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 32))]
    pub version: Option<String>,
    /// `Community` or `Enterprise`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 32))]
    pub edition: Option<String>,
    /// Optional features of this version that the operator uses.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32), inner(length(max = 64)), extend("x-kubernetes-list-type" = "set"))]
    pub capabilities: Vec<String>,
    /// Numbers of user tenants.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenants: Option<TenantCounts>,
    /// Names of the user tenants counted in `tenants.notBackedUp`, at most 50.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50), inner(length(max = 128)), extend("x-kubernetes-list-type" = "set"))]
    pub not_backed_up_tenants: Vec<String>,
    /// Number of active alerts of the strategies of the cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alert_count: Option<i32>,
    /// Summary of the backups of the cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backup: Option<ClusterBackup>,
    /// Periods to which at least one tenant can be recovered, oldest first, the newest 50.
    /// Overlapping periods of several tenants are merged. An end that advances is updated every few
    /// minutes. The LogBackup of a tenant lists the windows of that tenant.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50), extend("x-kubernetes-list-type" = "atomic"))]
    pub recovery_windows: Vec<RecoveryWindow>,
    /// Memory of the operator; not part of the API. It may change without notice.
    #[serde(skip_serializing_if = "is_default")]
    pub bookkeeping: ClusterBookkeeping,
}

/// What the operator must remember about a cluster between two passes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ClusterBookkeeping {
    /// Generation of the spec with which the object was ready when the database last answered. The
    /// object stays ready while the database does not answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ready_generation: Option<i64>,
}

/// Numbers of user tenants.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TenantCounts {
    /// All user tenants.
    pub total: i32,
    /// Tenants with the role PRIMARY.
    pub primary: i32,
    /// Tenants with at least one available data backup whose logs are archived: by a running archive
    /// round, or around data backups if their LogBackup has `mode: AroundDataBackup`.
    pub backed_up: i32,
    /// All other tenants.
    pub not_backed_up: i32,
}

/// Summary of the backups of a cluster.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ClusterBackup {
    /// Most severe phase of the strategies of the cluster: `Abnormal`, `InProgress`,
    /// `PendingBackupScheduling` or `Paused`; `NoBackupStrategy` if there is none.
    #[schemars(length(max = 64))]
    pub phase: String,
    /// Phase as the OCP console spells it, such as `In Progress`.
    #[serde(default)]
    #[schemars(length(max = 64))]
    pub console_label: String,
    /// Backup method: `Physical`; absent without a strategy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub method: Option<String>,
    /// End of the newest successful data backup.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_data_backup_time: Option<Time>,
    /// Time up to which the logs of every tenant with running log backup are archived. Other tenants
    /// do not count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_backup_checkpoint_time: Option<Time>,
    /// Bytes of all data backups and archived logs that still exist, in all destinations. Updated
    /// with `logBackupCheckpointTime`, or after a change of one percent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_bytes: Option<i64>,
    /// Number of running data backup jobs in the database, including external ones.
    #[serde(default)]
    pub running_tasks: i32,
    /// Number of BackupTasks that wait because `maxConcurrentBackups` is reached.
    #[serde(default)]
    pub queued_tasks: i32,
}
