//! `LogBackup`: log backup of one tenant (console S28..S36) and what it can be recovered to
//! (S61, S87).

mod credentials;
mod limits;
mod settings;
mod status;
mod storage_migration;

use kube::{CustomResource, KubeSchema};
use serde::{Deserialize, Serialize};

pub use credentials::{ApplyingKeys, TenantKeys};
pub use limits::{PendingLocation, TenantLimits};
pub use settings::{Binding, DesiredState, Drift, HealPolicy, HealSettings, LogBackupMode};
pub use status::{
    Heal, Interruption, LogBackupStatus, RecoveryPoint, RecoveryWindow, TenantSummary, Transition,
};
pub use storage_migration::StorageMigration;

use super::strategy::StorageChangePolicy;
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
    doc = "Log backup (log archiving) of one tenant. Deleting it leaves archiving as it is, unless deletionPolicy is Stop.",
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
        json_path = ".status.roundId",
        priority = 1
    ),
    printcolumn(
        name = "PIECE",
        type_ = "integer",
        json_path = ".status.pieceId",
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
    selectable = ".spec.tenantName",
    selectable = ".spec.clusterRef.name",
    selectable = ".status.phase"
)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = ("self.clusterRef == oldSelf.clusterRef && self.tenantName == oldSelf.tenantName", "`clusterRef` and `tenantName` are immutable; create a new LogBackup"))]
#[x_kube(validation = (concat!("self.storageChangePolicy == 'StopAndSwitch' || (", unchanged!("storageRef", "path"), ")"), "`storageRef` and `path` are immutable; stop this LogBackup and create a new one, or set `storageChangePolicy` to StopAndSwitch"))]
#[x_kube(validation = ("self.desiredState != 'Paused' || self.binding != 'Mandatory'", "`desiredState` must not be 'Paused' where `binding` is 'Mandatory': the database would stop writing"))]
#[x_kube(validation = ("self.desiredState != 'Paused' || self.mode != 'AroundDataBackup'", "`desiredState` must not be 'Paused' where `mode` is 'AroundDataBackup': there is nothing to hold between two data backups"))]
#[x_kube(validation = ("!has(self.path) || !self.path.matches('(^|/)[.]{1,2}(/|$)')", "`path` must not have a part that is '.' or '..'"))]
pub struct LogBackupSpec {
    /// The cluster of the tenant.
    pub cluster_ref: LocalReference,
    /// The tenant.
    #[schemars(
        length(min = 1, max = 63),
        regex(pattern = r"^[A-Za-z_][A-Za-z0-9_]*$")
    )]
    pub tenant_name: String,
    /// Where the logs go.
    pub storage_ref: LocalReference,
    /// Directory below the store's own; left out means
    /// `{clusterName}-{clusterId}/{tenantName}-{tenantId}/log`, with the name that the cluster had when
    /// the directory came into use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(
        length(min = 1, max = 512),
        regex(pattern = r"^[A-Za-z0-9_.\-]+(/[A-Za-z0-9_.\-]+)*$")
    )]
    pub path: Option<String>,
    /// What an edit of `storageRef` or `path` does that would move logs which are being archived. A
    /// strategy that makes the object writes its own here.
    #[serde(default)]
    pub storage_change_policy: StorageChangePolicy,
    /// What the log backup should do (console S36). A strategy that makes the object asks for Running;
    /// but for Stopped where the tenant's logs went to its place and somebody stopped that since the
    /// strategy was created (this object was deleted, and is made anew), and for Paused where it finds
    /// log backup paused. `Archiving` of this object and `LogBackupHealthy` and `tenants.failing` of the
    /// strategy say so; log backup goes on when somebody sets this to Running.
    #[serde(default)]
    pub desired_state: DesiredState,
    /// When logs are archived, while `desiredState` is Running.
    #[serde(default)]
    pub mode: LogBackupMode,
    /// What the database does when the store can not keep up.
    #[serde(default)]
    pub binding: Binding,
    /// Days of log in one piece, 1 to 7.
    #[serde(default = "one")]
    #[schemars(range(min = 1, max = 7))]
    pub piece_switch_days: i32,
    /// By how many seconds, 0 to 7200, archived logs may be behind before the database writes them: its
    /// parameter `archive_lag_target`, from V4.2 on, at least 60 with S3. It is set while log backup
    /// runs; what somebody changes there is treated as `drift` says. Left out, the tenant's own stands
    /// (120 where nobody has set it). Log backup may then be more behind before that is told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 7200))]
    pub archive_lag_target_seconds: Option<i32>,
    /// What is done about what somebody changes in the database.
    #[serde(default)]
    pub drift: Drift,
    /// What is done about an interrupted round. Left out: it is followed by a new one, and by a full
    /// backup where the tenant has a strategy, once a day at most.
    #[serde(default)]
    pub heal: HealSettings,
    /// What a deletion of this object does in the database.
    #[serde(default)]
    pub deletion_policy: DeletionPolicy,
    /// How long a deletion with `deletionPolicy: Stop` may take, 10 to 86400 seconds; after that
    /// the object goes, with a Warning event, and archiving goes on.
    #[serde(default = "super::deletion_policy::five_minutes")]
    #[schemars(range(min = 10, max = 86400))]
    pub finalizer_timeout_seconds: i64,
}

fn one() -> i32 {
    1
}
