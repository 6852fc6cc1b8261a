//! `BackupStrategy`: tenants, schedule and storage of backups.

mod destinations;
mod status;

use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use destinations::DestinationRecord;
pub use status::{
    BackupStrategyStatus, FailingTenant, NextSlot, OpenSlot, PendingObject, SkippedTenants,
    SlotRecord, StrategySummary, StrategyTenants,
};

use super::alert::AlertSettings;
use super::log_backup::{InterruptionSettings, StorageChangePolicy};
use super::retention::Retention;
use super::schedule::ScheduleSpec;
use super::{Binding, DataBackupSettings, DeletionPolicy, DriftPolicy, LocalReference};

/// Tenants of a cluster, with the schedule and the storage of their backups.
#[derive(CustomResource, Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[kube(
    group = "backup.oceanbase.io",
    version = "v1alpha1",
    kind = "BackupStrategy",
    plural = "backupstrategies",
    shortname = "obbs",
    category = "oceanbase-backup",
    namespaced,
    status = "BackupStrategyStatus",
    derive = "PartialEq",
    doc = "A backup strategy of a cluster or of some of its tenants: when data backups run, where they are written, and that log backup runs.",
    printcolumn(
        name = "CLUSTER",
        type_ = "string",
        json_path = ".spec.clusterRef.name"
    ),
    printcolumn(
        name = "TENANTS",
        type_ = "string",
        json_path = ".status.summary.tenants"
    ),
    printcolumn(name = "STATUS", type_ = "string", json_path = ".status.phase"),
    printcolumn(
        name = "LAST-SUCCESS",
        type_ = "date",
        json_path = ".status.lastSuccessTime"
    ),
    printcolumn(name = "NEXT", type_ = "string", json_path = ".status.summary.next"),
    printcolumn(
        name = "RUNNING",
        type_ = "integer",
        json_path = ".status.runningTasks"
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
        name = "SCHEDULE",
        type_ = "string",
        json_path = ".status.summary.schedule",
        priority = 1
    ),
    printcolumn(
        name = "STORAGE",
        type_ = "string",
        json_path = ".spec.storageRef.name",
        priority = 1
    ),
    printcolumn(
        name = "LAST-FAILURE",
        type_ = "date",
        json_path = ".status.lastFailureTime",
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
    ),
    selectable = ".spec.clusterRef.name",
    selectable = ".status.phase"
)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = ("!has(self.deletionTimeoutSeconds) || self.deletionPolicy == 'Stop'", "must not have `deletionTimeoutSeconds` where `deletionPolicy` is 'Retain': such a deletion waits for nothing"))]
pub struct BackupStrategySpec {
    /// Cluster of the tenants.
    pub cluster_ref: LocalReference,
    /// Tenants of the strategy. Default: a strategy on cluster level, for every tenant that can be
    /// backed up and that no strategy names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenants: Option<TenantSelection>,
    /// Storage of the backups.
    pub storage_ref: LocalReference,
    /// Directories of the backups of a tenant below the directory of the storage. If the template
    /// contains `{clusterId}`, a renamed cluster keeps the directories of existing tenants; new
    /// tenants use the new name. Without `{clusterId}`, a directory of the new name could belong to
    /// another cluster and is rejected: replace `{clusterName}` in the template by the old name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paths: Option<PathTemplates>,
    /// Effect of an edit of `storageRef` or `paths` that would move logs that are being archived.
    #[serde(default)]
    pub storage_change_policy: StorageChangePolicy,
    /// Whether the schedule is paused; default false. Log backup continues and running tasks
    /// finish. Tasks whose backup has not started wait until the strategy is resumed, or become
    /// Overdue at their deadline.
    #[serde(default)]
    pub suspend: bool,
    /// Schedule of data backups.
    pub schedule: ScheduleSpec,
    /// Whether a tenant without a full backup in this destination receives one immediately.
    #[serde(default)]
    pub first_backup: FirstBackup,
    /// Settings of data backups.
    #[serde(default)]
    pub data_backup: DataBackupSettings,
    /// Treatment of an incremental backup after an upgrade of the tenant since the previous backup
    /// set. The database would reject it or silently take a full one (V4.2.0 and later).
    #[serde(default)]
    pub incremental_not_possible: IncrementalNotPossible,
    /// Settings of log backup. A LogBackup follows an edit of a field as long as the field has the
    /// value that the strategy wrote. Values that a user or another tool wrote into the LogBackup
    /// remain.
    #[serde(default)]
    pub log_backup: LogBackupSettings,
    /// Number of ended tasks to keep.
    #[serde(default)]
    pub task_history_limits: TaskHistoryLimits,
    /// Retention of backups.
    pub retention: Retention,
    /// Thresholds of alerts.
    #[serde(default)]
    pub alerts: AlertSettings,
    /// Effect of the deletion of the strategy on the database. After a deletion with Stop, log
    /// backup of the tenants remains stopped even if the strategy is applied again;
    /// `LogBackupHealthy` lists the LogBackups to set to Running.
    #[serde(default)]
    pub deletion_policy: DeletionPolicy,
    /// Time limit of a deletion with `deletionPolicy` Stop, in seconds, 10 to 86400; default 300.
    /// After that the strategy is deleted, and the event StopTimeout lists what remains.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 10, max = 86400))]
    pub deletion_timeout_seconds: Option<i64>,
}

impl BackupStrategySpec {
    /// Returns the template of the directory of a tenant's data backups.
    #[must_use]
    pub fn data_template(&self) -> Option<&str> {
        self.paths.as_ref()?.data.as_deref()
    }
}

/// Tenants of a strategy.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = ("has(self.names) != has(self.exclude)", "must have exactly one of `names` and `exclude`"))]
pub struct TenantSelection {
    /// Names of tenants: a strategy on tenant level, which takes precedence over a strategy on
    /// cluster level.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(
        length(min = 1, max = 256),
        inner(length(min = 1, max = 63), regex(pattern = r"^[A-Za-z_][A-Za-z0-9_]*$")),
        extend("x-kubernetes-list-type" = "set")
    )]
    pub names: Vec<String>,
    /// Names of tenants to exclude from a strategy on cluster level. A `*` at the end makes a
    /// prefix; at another place it is rejected.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(
        length(min = 1, max = 256),
        inner(length(min = 1, max = 64), regex(pattern = r"^[A-Za-z_][A-Za-z0-9_]*\*?$")),
        extend("x-kubernetes-list-type" = "set")
    )]
    pub exclude: Vec<String>,
}

/// Directories of the backups of a tenant below the directory of the storage. `{clusterName}`,
/// `{clusterId}`, `{tenantName}` and `{tenantId}` are replaced by the values that the database
/// reports. Each tenant must have its own directory, even after it is recreated under the same
/// name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = ("!has(self.data) || !has(self.log) || !(self.data + '/').startsWith(self.log + '/') && !(self.log + '/').startsWith(self.data + '/')", "`data` and `log` must not be the same directory, and neither must be inside the other"))]
pub struct PathTemplates {
    /// Directory of data backups. Default:
    /// `{clusterName}-{clusterId}/{tenantName}-{tenantId}/data`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(
        length(max = 256),
        regex(
            pattern = r"^([A-Za-z0-9_.\-]|\{(clusterName|clusterId|tenantName|tenantId)\})+(/([A-Za-z0-9_.\-]|\{(clusterName|clusterId|tenantName|tenantId)\})+)*$"
        )
    )]
    #[x_kube(validation = ("self.contains('{tenantId}')", "must contain '{tenantId}': each tenant needs a separate directory"))]
    #[x_kube(validation = ("!self.matches('(^|/)[.]{1,2}(/|$)')", "must not have a part that is '.' or '..'"))]
    pub data: Option<String>,
    /// Directory of archived logs. Default:
    /// `{clusterName}-{clusterId}/{tenantName}-{tenantId}/log`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(
        length(max = 256),
        regex(
            pattern = r"^([A-Za-z0-9_.\-]|\{(clusterName|clusterId|tenantName|tenantId)\})+(/([A-Za-z0-9_.\-]|\{(clusterName|clusterId|tenantName|tenantId)\})+)*$"
        )
    )]
    #[x_kube(validation = ("self.contains('{tenantId}')", "must contain '{tenantId}': each tenant needs a separate directory"))]
    #[x_kube(validation = ("!self.matches('(^|/)[.]{1,2}(/|$)')", "must not have a part that is '.' or '..'"))]
    pub log: Option<String>,
}

/// Treatment of an incremental backup that is not possible.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum IncrementalNotPossible {
    /// The operator takes a full backup. Condition `TypeChanged` of the BackupTask gives the
    /// reason.
    #[default]
    Full,
    /// The BackupTask ends as Failed with reason `IncrementalNotPossible`, and nothing is sent. The
    /// next full backup starts a new chain.
    Skip,
}

/// Whether a tenant without a full backup receives one immediately.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum FirstBackup {
    /// The first full backup follows the schedule.
    #[default]
    OnSchedule,
    /// Each tenant without a full backup in this destination receives one as soon as its log backup
    /// runs.
    Immediately,
}

/// Number of ended tasks of the strategy to keep, for each tenant and type of backup. The deletion
/// of a task deletes no backup. The newest task and the newest successful task are always kept.
/// Backups started by other tools or users are included.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TaskHistoryLimits {
    /// Number of successful tasks to keep, 1 to 100; default 10.
    #[serde(default = "ten")]
    #[schemars(range(min = 1, max = 100), transform = crate::api::omit_default)]
    pub successful: i32,
    /// Number of tasks to keep that failed, were canceled or did not start in time, 0 to 100;
    /// default 5.
    #[serde(default = "five")]
    #[schemars(range(min = 0, max = 100), transform = crate::api::omit_default)]
    pub failed: i32,
}

impl Default for TaskHistoryLimits {
    fn default() -> Self {
        Self {
            successful: ten(),
            failed: five(),
        }
    }
}

/// Periods in which logs of the tenants of a strategy are archived.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum StrategyLogBackupMode {
    /// Always: a tenant can be recovered to any instant.
    #[default]
    Continuous,
    /// From before a data backup until the logs of the backup are archived: a tenant can be
    /// recovered only to its data backups.
    AroundDataBackup,
    /// The strategy creates no LogBackup. Another tool or user must run log backup; data backups
    /// wait while no logs are archived.
    Unmanaged,
}

/// Settings of the log backup of the tenants of a strategy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LogBackupSettings {
    /// Periods in which logs are archived. With Unmanaged, no LogBackup records the delete policies
    /// that this strategy has set, so a later strategy treats them as foreign (`PolicyDrift`).
    /// Delete this strategy with `deletionPolicy: Stop`, which drops them, or set `driftPolicy: Enforce`
    /// in the later strategy.
    #[serde(default)]
    pub mode: StrategyLogBackupMode,
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
    /// Reaction to an interrupted round. Default: a new round and a full backup, at most once a
    /// day.
    #[serde(default)]
    pub interruption: InterruptionSettings,
}

impl Default for LogBackupSettings {
    fn default() -> Self {
        Self {
            mode: StrategyLogBackupMode::default(),
            binding: Binding::default(),
            piece_switch_days: one(),
            archive_lag_target_seconds: None,
            drift_policy: DriftPolicy::default(),
            interruption: InterruptionSettings::default(),
        }
    }
}

/// Annotation in which a LogBackup records the settings from its strategy: an [`Inherited`] as
/// JSON.
pub const INHERITED: &str = "backup.oceanbase.io/inherited";

/// Settings that a strategy last wrote into a LogBackup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Inherited {
    /// Name of the strategy. Empty if no strategy created the LogBackup; the first strategy may
    /// then adopt it.
    pub strategy: String,
    /// Fields that follow the strategy.
    pub log_backup: LogBackupSettings,
    /// Window of the delete policy that a strategy has set for the tenant, such as `7d`. The next
    /// strategy of the tenant therefore does not treat the policy as foreign.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recovery_window: Option<String>,
}

/// Annotation in which a LogBackup records the generations that its strategy made: a [`Followed`]
/// as JSON.
pub const FOLLOWED: &str = "backup.oceanbase.io/followed";

/// Generations of a LogBackup that only its strategy made, by edits that require no change in the
/// database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Followed {
    /// Generation before the first of these edits.
    pub from: i64,
    /// Generation after the last of these edits.
    pub to: i64,
}

fn one() -> i32 {
    1
}

fn five() -> i32 {
    5
}

fn ten() -> i32 {
    10
}
