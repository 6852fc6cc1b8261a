//! `LogBackup`: log backup of one tenant, and the points to which the tenant can be recovered.

mod credentials;
mod limits;
mod settings;
mod status;
mod storage_migration;

use kube::{CustomResource, KubeSchema};
use serde::{Deserialize, Serialize};

pub use credentials::{ApplyingKeys, TenantKeys};
pub use limits::{PendingLocation, TenantLimits};
pub use settings::{
    Binding, DesiredState, DriftPolicy, InterruptionPolicy, InterruptionSettings, LogBackupMode,
    StorageChangePolicy,
};
pub use status::{
    Heal, Interruption, LogBackupStatus, RecoveryPoint, RecoveryWindow, TenantSummary, Transition,
};
pub use storage_migration::StorageMigration;

use super::{DeletionPolicy, LocalReference};

/// Log backup of one tenant.
#[derive(CustomResource, Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[kube(
    group = "backup.oceanbase.io",
    version = "v1alpha1",
    kind = "LogBackup",
    plural = "logbackups",
    shortname = "oblb",
    category = "oceanbase-backup",
    namespaced,
    status = "LogBackupStatus",
    derive = "PartialEq",
    doc = "Log backup (log archiving) of one tenant. Deleting it does not change archiving, unless deletionPolicy is Stop.",
    printcolumn(
        name = "CLUSTER",
        type_ = "string",
        json_path = ".spec.clusterRef.name"
    ),
    printcolumn(name = "TENANT", type_ = "string", json_path = ".spec.tenantName"),
    printcolumn(name = "STATUS", type_ = "string", json_path = ".status.phase"),
    printcolumn(
        name = "CHECKPOINT",
        type_ = "date",
        json_path = ".status.checkpointTime"
    ),
    printcolumn(name = "DELAY", type_ = "integer", json_path = ".status.delaySeconds"),
    printcolumn(
        name = "WINDOW-START",
        type_ = "date",
        json_path = ".status.recoveryWindows[0].start"
    ),
    printcolumn(
        name = "READY",
        type_ = "string",
        json_path = r#".status.conditions[?(@.type=="Ready")].status"#
    ),
    printcolumn(
        name = "AGE",
        type_ = "date",
        json_path = ".metadata.creationTimestamp"
    ),
    printcolumn(
        name = "ROUND",
        type_ = "integer",
        json_path = ".status.roundID",
        priority = 1
    ),
    printcolumn(
        name = "PIECE",
        type_ = "integer",
        json_path = ".status.pieceID",
        priority = 1
    ),
    printcolumn(
        name = "DIRECTORY",
        type_ = "string",
        json_path = ".status.storageDirectory",
        priority = 1
    ),
    printcolumn(
        name = "STRATEGY",
        type_ = "string",
        json_path = ".status.tenant.strategyName",
        priority = 1
    ),
    printcolumn(
        name = "LAST-BACKUP",
        type_ = "date",
        json_path = ".status.tenant.lastDataBackupTime",
        priority = 1
    ),
    printcolumn(
        name = "DATABASE",
        type_ = "string",
        json_path = ".status.database.clusterName",
        priority = 1
    ),
    selectable = ".spec.tenantName",
    selectable = ".spec.clusterRef.name",
    selectable = ".status.phase"
)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = ("self.storageChangePolicy == 'StopAndSwitch' || (self.storageRef == oldSelf.storageRef && has(self.path) == has(oldSelf.path) && (!has(self.path) || self.path == oldSelf.path))", "`storageRef` and `path` are immutable; stop this LogBackup and create a new one, or set `storageChangePolicy` to StopAndSwitch"))]
#[x_kube(validation = ("self.state != 'Paused' || self.binding != 'Mandatory'", "`state` must not be 'Paused' where `binding` is 'Mandatory': the database would stop writing"))]
#[x_kube(validation = ("self.state != 'Paused' || self.mode != 'AroundDataBackup'", "`state` must not be 'Paused' where `mode` is 'AroundDataBackup': there is nothing to pause between two data backups"))]
#[x_kube(validation = ("!has(self.deletionTimeoutSeconds) || self.deletionPolicy == 'Stop'", "must not have `deletionTimeoutSeconds` where `deletionPolicy` is 'Retain': such a deletion waits for nothing"))]
#[x_kube(validation = ("!has(self.path) || !self.path.matches('(^|/)[.]{1,2}(/|$)')", "`path` must not have a part that is '.' or '..'"))]
pub struct LogBackupSpec {
    /// Cluster of the tenant.
    pub cluster_ref: LocalReference,
    /// Name of the tenant.
    #[schemars(
        length(min = 1, max = 63),
        regex(pattern = r"^[A-Za-z_][A-Za-z0-9_]*$")
    )]
    pub tenant_name: String,
    /// Storage of the logs.
    pub storage_ref: LocalReference,
    /// Directory below the directory of the storage. Default:
    /// `{clusterName}-{clusterId}/{tenantName}-{tenantId}/log`, with the name of the cluster when
    /// the directory was first used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(
        length(min = 1, max = 512),
        regex(pattern = r"^[A-Za-z0-9_.\-]+(/[A-Za-z0-9_.\-]+)*$")
    )]
    pub path: Option<String>,
    /// Effect of an edit of `storageRef` or `path` that would move logs that are being archived. A
    /// strategy that creates the object sets its own value here.
    #[serde(default)]
    pub storage_change_policy: StorageChangePolicy,
    /// Desired state of log backup. A strategy that creates the object sets Running, with two
    /// exceptions. It sets Paused if log backup is paused. It sets Stopped if the logs went to the
    /// strategy's destination, and a user or another tool stopped log backup after the strategy was
    /// created. In both cases, the condition `Archiving` of this object and `LogBackupHealthy` and
    /// `tenants.failing` of the strategy report it; set Running to continue.
    #[serde(default)]
    pub state: DesiredState,
    /// Periods in which logs are archived while `state` is Running.
    #[serde(default)]
    pub mode: LogBackupMode,
    /// Behavior of the database when the storage cannot keep up.
    #[serde(default)]
    pub binding: Binding,
    /// Days of log in one piece, 1 to 7; default 1.
    #[serde(default = "one")]
    #[schemars(range(min = 1, max = 7))]
    pub piece_switch_days: i32,
    /// Delay after which the database archives its logs, in seconds, 0 to 7200: its parameter
    /// `archive_lag_target`, V4.2 and later, at least 60 with S3. It is set while log backup runs;
    /// other changes to it are handled as `driftPolicy` says. Default: the value of the tenant (120
    /// unless changed). A longer target raises the threshold of the delay alert.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 7200))]
    pub archive_lag_target_seconds: Option<i32>,
    /// Reaction to changes that other tools or users make in the database.
    #[serde(default)]
    pub drift_policy: DriftPolicy,
    /// Reaction to an interrupted round. Default: a new round, and a full backup if the tenant has
    /// a strategy, at most once a day.
    #[serde(default)]
    pub interruption: InterruptionSettings,
    /// Effect of the deletion of this object on the database.
    #[serde(default)]
    pub deletion_policy: DeletionPolicy,
    /// Time limit of a deletion with `deletionPolicy: Stop`, in seconds, 10 to 86400; default 300.
    /// After that the object is deleted with a Warning event, and archiving continues.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 10, max = 86400))]
    pub deletion_timeout_seconds: Option<i64>,
}

fn one() -> i32 {
    1
}
