//! `BackupStrategy`: which tenants are backed up, when and where (console S2, S49..S54, S72).

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::alert::{Alert, AlertSettings};
use super::condition::{self, Condition};
use super::retention::{AppliedPolicy, Retention};
use super::schedule::{BackupType, ScheduleSpec};
use super::{Binding, DeletionPolicy, Drift, LocalReference};

/// Which tenants of a cluster are backed up, when and where.
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
    doc = "A backup strategy of a cluster or of some of its tenants: when data backups run, where they go, and that log backup runs.",
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
    selectable = ".spec.clusterRef.name",
    selectable = ".status.phase"
)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = ("self.clusterRef == oldSelf.clusterRef", "`clusterRef` is immutable; create a new BackupStrategy"))]
pub struct BackupStrategySpec {
    /// The cluster whose tenants are backed up.
    pub cluster_ref: LocalReference,
    /// Which tenants; left out means the cluster level: every tenant that can be backed up and
    /// that no strategy names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenants: Option<TenantSelection>,
    /// Where the backups go.
    pub storage_ref: LocalReference,
    /// Pauses the schedule; log backup goes on and running tasks finish (console S52).
    #[serde(default)]
    pub suspend: bool,
    /// When data backups run.
    pub schedule: ScheduleSpec,
    /// Whether a tenant that has no full backup at this place gets one at once.
    #[serde(default)]
    pub first_backup: FirstBackup,
    /// How log backup runs: for the LogBackups that this strategy makes from now on. Those that
    /// are there are edited themselves.
    #[serde(default)]
    pub log_backup: LogBackupSettings,
    /// How long backups are kept. Left out: the database's own policies are left as they are, and
    /// the condition RetentionApplied says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retention: Option<Retention>,
    /// From when on something is told as an alert.
    #[serde(default)]
    pub alerts: AlertSettings,
    /// What deleting the strategy means for the database.
    #[serde(default)]
    pub deletion_policy: DeletionPolicy,
    /// With `deletionPolicy` Stop: seconds, 30 to 3600, after which the strategy goes although not
    /// all is ended; the event StopGivenUp tells what is left.
    #[serde(default = "five_minutes")]
    #[schemars(range(min = 30, max = 3600))]
    pub finalizer_timeout_seconds: i32,
}

fn five_minutes() -> i32 {
    300
}

/// Which tenants a strategy is for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = ("has(self.names) != has(self.exclude)", "must have exactly one of `names` and `exclude`"))]
pub struct TenantSelection {
    /// Names of tenants: a strategy on tenant level, which goes before one on cluster level.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(
        length(min = 1, max = 256),
        inner(length(min = 1, max = 63), regex(pattern = r"^[A-Za-z_][A-Za-z0-9_]*$")),
        extend("x-kubernetes-list-type" = "set")
    )]
    pub names: Vec<String>,
    /// Cluster level without the tenants of these names; a name may end in `*`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(
        length(min = 1, max = 256),
        inner(length(min = 1, max = 64), regex(pattern = r"^[A-Za-z_][A-Za-z0-9_]*\*?$")),
        extend("x-kubernetes-list-type" = "set")
    )]
    pub exclude: Vec<String>,
}

/// Whether a tenant without a full backup gets one at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum FirstBackup {
    /// The schedule decides.
    #[default]
    OnSchedule,
    /// A full backup as soon as log backup runs, for each tenant without one at this place.
    Immediately,
}

/// How the log backup of the strategy's tenants runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LogBackupSettings {
    /// What the database does when the store can not keep up.
    #[serde(default)]
    pub binding: Binding,
    /// Days of log in one piece, 1 to 7.
    #[serde(default = "one")]
    #[schemars(range(min = 1, max = 7))]
    pub piece_switch_days: i32,
    /// What is done about what somebody changes in the database.
    #[serde(default)]
    pub drift: Drift,
}

impl Default for LogBackupSettings {
    fn default() -> Self {
        Self {
            binding: Binding::default(),
            piece_switch_days: one(),
            drift: Drift::default(),
        }
    }
}

fn one() -> i32 {
    1
}

/// What the operator knows of the strategy.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct BackupStrategyStatus {
    /// Generation of the spec that the status is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "condition::conditions")]
    #[allow(missing_docs)]
    pub conditions: Vec<Condition>,
    /// `PendingBackupScheduling`, `InProgress`, `Paused` or `Abnormal` (console S53, S80, S111).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub phase: Option<String>,
    /// The console's words for the phase.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub console_label: Option<String>,
    /// What the columns of `kubectl get` show.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary: Option<StrategySummary>,
    /// Next slot of a full backup: RFC 3339 with the offset of the schedule's zone.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub next_full_time: Option<String>,
    /// Next slot of an incremental backup: RFC 3339 with the offset of the schedule's zone.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub next_incremental_time: Option<String>,
    /// The newest slot that was closed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_schedule_time: Option<Time>,
    /// End of the newest data backup that went well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_success_time: Option<Time>,
    /// End of the newest data backup that failed or did not start in time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_failure_time: Option<Time>,
    /// Tasks of this strategy that have not ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub running_tasks: Option<i32>,
    /// The tenants and which of them have trouble.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenants: Option<StrategyTenants>,
    /// The slot that is being turned into tasks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub open_slot: Option<OpenSlot>,
    /// The last 20 slots, newest first (console S59).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 20), extend("x-kubernetes-list-type" = "atomic"))]
    pub schedule_history: Vec<SlotRecord>,
    /// Since when `firstBackup` is `Immediately`: the slot of first backups of tenants whose log
    /// backup is older.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_backup_time: Option<Time>,
    /// Objects that should be there and could not be made, the first 50.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50), extend("x-kubernetes-list-type" = "atomic"))]
    pub unmade: Vec<UnmadeObject>,
    /// When they are tried again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_time: Option<Time>,
    /// Delete policies that this strategy has set, by number of the tenant. Any other is somebody
    /// else's.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 1000), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["tenantId"]))]
    pub retention: Vec<AppliedPolicy>,
    /// What is wrong, or was within the last seven days: active alerts first (console S63, S64).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50), extend("x-kubernetes-list-type" = "atomic"))]
    pub alerts: Vec<Alert>,
    /// How many alerts are active, also those for which the list has no room.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alert_count: Option<i32>,
    /// Slots up to here are not this schedule's: when it was created, changed or resumed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub anchor_time: Option<Time>,
    /// Fingerprint of the schedule that `anchorTime` belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub schedule_fingerprint: Option<String>,
}

/// An object that should be there and could not be made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct UnmadeObject {
    /// Its name.
    #[schemars(length(max = 253))]
    pub name: String,
    /// `NameCollision` or `CreateFailed`.
    #[schemars(length(max = 128))]
    pub reason: String,
    /// What happened and what to do.
    #[schemars(length(max = 1024))]
    pub message: String,
}

/// What the columns of `kubectl get` show.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct StrategySummary {
    /// `3`, or `2/3` where only two of three can be backed up.
    #[schemars(length(max = 32))]
    pub tenants: String,
    /// Such as `weekly Sun full, Mon-Sat incr 02:00 Asia/Shanghai`.
    #[schemars(length(max = 512))]
    pub schedule: String,
    /// The next slot: RFC 3339 with the zone's offset.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub next: Option<String>,
}

/// The tenants of a strategy.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct StrategyTenants {
    /// How many tenants the strategy is for.
    pub matched: i32,
    /// How many of them have running log backup and no failed last data backup.
    pub healthy: i32,
    /// Those with trouble, the first 20 by name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 20), extend("x-kubernetes-list-type" = "atomic"))]
    pub failing: Vec<FailingTenant>,
    /// On cluster level: how many tenants were left out, by reason.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16), extend("x-kubernetes-list-type" = "atomic"))]
    pub skipped: Vec<SkippedTenants>,
}

/// A tenant with trouble.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FailingTenant {
    /// Name of the tenant.
    #[schemars(length(max = 128))]
    pub name: String,
    /// Stable CamelCase word.
    #[schemars(length(max = 128))]
    pub reason: String,
    /// What happened and what to do.
    #[schemars(length(max = 1024))]
    pub message: String,
}

/// Tenants that a strategy on cluster level leaves out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SkippedTenants {
    /// Stable CamelCase word.
    #[schemars(length(max = 128))]
    pub reason: String,
    /// How many.
    pub count: i32,
}

/// A slot that is being turned into tasks. It is written before the first of them is made, so that
/// a restart goes on with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OpenSlot {
    /// When it fell due.
    pub slot: Time,
    /// What it makes.
    #[serde(rename = "type")]
    #[schemars(with = "String", length(max = 32))]
    pub type_: BackupType,
}

/// What became of a slot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SlotRecord {
    /// When it fell due.
    pub slot: Time,
    /// What it was to make.
    #[serde(rename = "type")]
    #[schemars(with = "String", length(max = 32))]
    pub type_: BackupType,
    /// `Started`, `Missed` or `Skipped`.
    #[schemars(length(max = 32))]
    pub outcome: String,
    /// Why it was missed or skipped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 128))]
    pub reason: Option<String>,
    /// Tasks that were made.
    #[serde(default)]
    pub started: i32,
    /// Tenants that got none, because an object of the task's name was there that is not ours.
    #[serde(default)]
    pub failed: i32,
}
