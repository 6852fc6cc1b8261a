//! `BackupStrategy`: which tenants are backed up, when and where (console S2, S49..S54, S72).

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
use super::log_backup::HealSettings;
use super::retention::Retention;
use super::schedule::ScheduleSpec;
use super::verification::VerificationSettings;
use super::{Binding, DataBackupSettings, DeletionPolicy, Drift, LocalReference};

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
    /// How the data is backed up (console S54).
    #[serde(default)]
    pub method: BackupMethod,
    /// Where the backups go.
    pub storage_ref: LocalReference,
    /// Directories of a tenant's backups below the store's own. A cluster that gets another name moves
    /// nothing where `{clusterId}` stands in the template: a tenant keeps the directories that it has, and
    /// a new one gets its by the new name. Where it does not, a directory of another name may be anybody's
    /// and is refused: write the old name into the template in place of `{clusterName}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paths: Option<PathTemplates>,
    /// What an edit of `storageRef` or `paths` does that would move logs which are being archived.
    #[serde(default)]
    pub storage_change_policy: StorageChangePolicy,
    /// Pauses the schedule; log backup goes on and running tasks finish (console S52). Tasks of the
    /// strategy whose backup has not begun wait until it is resumed, or are Overdue at their deadline.
    #[serde(default)]
    pub suspend: bool,
    /// When data backups run.
    pub schedule: ScheduleSpec,
    /// Whether a tenant that has no full backup at this place gets one at once.
    #[serde(default)]
    pub first_backup: FirstBackup,
    /// How data backups run.
    #[serde(default)]
    pub data_backup: DataBackupSettings,
    /// What an incremental backup becomes when the database would reject it or silently take a full
    /// one, because the tenant was upgraded since the previous backup set (V4.2.0 and later).
    #[serde(default)]
    pub incremental_not_possible: IncrementalNotPossible,
    /// How log backup runs. A LogBackup follows an edit of a field as long as it holds what the
    /// strategy wrote there; what somebody wrote into the LogBackup itself stands.
    #[serde(default)]
    pub log_backup: LogBackupSettings,
    /// How many ended tasks are kept.
    #[serde(default)]
    pub history: HistoryLimits,
    /// How long backups are kept. Left out: the database's own policies are left as they are, and
    /// the condition RetentionApplied says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retention: Option<Retention>,
    /// Verification by recovery (console 3.4). Left out nothing is verified.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verification: Option<VerificationSettings>,
    /// From when on something is told as an alert.
    #[serde(default)]
    pub alerts: AlertSettings,
    /// What deleting the strategy means for the database. With Stop, log backup of its tenants stays
    /// stopped when the strategy is applied again: `LogBackupHealthy` says which LogBackups to set to
    /// Running.
    #[serde(default)]
    pub deletion_policy: DeletionPolicy,
    /// With `deletionPolicy` Stop: seconds, 10 to 86400, after which the strategy goes although not
    /// all is ended; the event StopGivenUp tells what is left.
    #[serde(default = "super::deletion_policy::five_minutes")]
    #[schemars(range(min = 10, max = 86400))]
    pub finalizer_timeout_seconds: i64,
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

/// Directories of a tenant's backups below the store's own. `{clusterName}`, `{clusterId}`,
/// `{tenantName}` and `{tenantId}` stand for what the database reports; each tenant must have a
/// directory of its own, also one that is made anew under the same name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = ("!has(self.data) || !has(self.log) || !(self.data + '/').startsWith(self.log + '/') && !(self.log + '/').startsWith(self.data + '/')", "`data` and `log` must not be the same directory, nor one below the other"))]
pub struct PathTemplates {
    /// Of data backups; left out, `{clusterName}-{clusterId}/{tenantName}-{tenantId}/data`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(
        length(max = 256),
        regex(
            pattern = r"^([A-Za-z0-9_.\-]|\{(clusterName|clusterId|tenantName|tenantId)\})+(/([A-Za-z0-9_.\-]|\{(clusterName|clusterId|tenantName|tenantId)\})+)*$"
        )
    )]
    #[x_kube(validation = ("self.contains('{tenantId}')", "must contain '{tenantId}': each tenant needs a directory of its own"))]
    #[x_kube(validation = ("!self.matches('(^|/)[.]{1,2}(/|$)')", "must not have a part that is '.' or '..'"))]
    pub data: Option<String>,
    /// Of archived logs; left out, `{clusterName}-{clusterId}/{tenantName}-{tenantId}/log`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(
        length(max = 256),
        regex(
            pattern = r"^([A-Za-z0-9_.\-]|\{(clusterName|clusterId|tenantName|tenantId)\})+(/([A-Za-z0-9_.\-]|\{(clusterName|clusterId|tenantName|tenantId)\})+)*$"
        )
    )]
    #[x_kube(validation = ("self.contains('{tenantId}')", "must contain '{tenantId}': each tenant needs a directory of its own"))]
    #[x_kube(validation = ("!self.matches('(^|/)[.]{1,2}(/|$)')", "must not have a part that is '.' or '..'"))]
    pub log: Option<String>,
}

/// What an edit does that would move logs which are being archived.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum StorageChangePolicy {
    /// It is refused, and nothing is sent: a move costs a hole in the logs and a new full backup.
    #[default]
    Refuse,
    /// While no task of the tenant runs log backup is stopped, the new place set, log backup started and a
    /// full backup made. What is written between stop and start can not be recovered to. What was backed
    /// up before stays where it is, and the database deletes nothing there any more.
    StopAndSwitch,
}

/// How data is backed up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum BackupMethod {
    /// The database writes its blocks to the store (`ALTER SYSTEM BACKUP`).
    #[default]
    Physical,
}

/// What an incremental backup becomes that is not possible.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum IncrementalNotPossible {
    /// The operator takes a full backup. Condition `TypeChanged` of the BackupTask gives the reason.
    #[default]
    Full,
    /// The BackupTask ends as Failed with reason `IncrementalNotPossible`, and nothing is sent. The
    /// next full backup starts a new chain.
    Skip,
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

/// How many ended tasks of the strategy are kept, for each tenant and type of backup. Tasks are
/// objects: deleting one deletes no backup. The newest one and the newest that went well are always
/// kept. Backups that others started count among them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HistoryLimits {
    /// Of those that went well, 1 to 100.
    #[serde(default = "ten")]
    #[schemars(range(min = 1, max = 100))]
    pub successful: i32,
    /// Of those that failed, were canceled or did not start in time, 0 to 100.
    #[serde(default = "five")]
    #[schemars(range(min = 0, max = 100))]
    pub failed: i32,
}

impl Default for HistoryLimits {
    fn default() -> Self {
        Self {
            successful: ten(),
            failed: five(),
        }
    }
}

/// When logs of a strategy's tenants are archived.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum StrategyLogBackupMode {
    /// All the time: a tenant can be recovered to any instant.
    #[default]
    Continuous,
    /// From before a data backup until its logs are there: a tenant can be recovered to its data
    /// backups only.
    AroundDataBackup,
    /// Somebody else sees to it: no LogBackup is made, and data backups wait while no logs are
    /// archived.
    Unmanaged,
}

/// How the log backup of the strategy's tenants runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LogBackupSettings {
    /// When logs are archived, and whether that is this strategy's matter. With Unmanaged there is no
    /// LogBackup that tells a later strategy which delete policies this one has set: it takes them for
    /// somebody else's (`PolicyDrift`). Delete this one with `deletionPolicy: Stop`, which takes them
    /// away, or let the later one have `drift: Enforce`.
    #[serde(default)]
    pub mode: StrategyLogBackupMode,
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
    /// What is done about an interrupted round. Left out: it is followed by a new one and a full
    /// backup, once a day at most.
    #[serde(default)]
    pub heal: HealSettings,
}

impl Default for LogBackupSettings {
    fn default() -> Self {
        Self {
            mode: StrategyLogBackupMode::default(),
            binding: Binding::default(),
            piece_switch_days: one(),
            archive_lag_target_seconds: None,
            drift: Drift::default(),
            heal: HealSettings::default(),
        }
    }
}

/// The annotation in which a LogBackup keeps what it has from its strategy: an [`Inherited`] as
/// JSON.
pub const INHERITED: &str = "backup.oceanbase.io/inherited";

/// What a strategy last wrote into a LogBackup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Inherited {
    /// Name of the strategy; empty where none has made the LogBackup, and the first one may.
    pub strategy: String,
    /// The fields that follow it.
    pub log_backup: LogBackupSettings,
    /// The window of the tenant's delete policy that a strategy has set, such as `7d`: the next
    /// strategy of the tenant does not take it for somebody else's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recovery_window: Option<String>,
}

/// The annotation in which a LogBackup keeps which of its generations are its strategy's: a
/// [`Followed`] as JSON.
pub const FOLLOWED: &str = "backup.oceanbase.io/followed";

/// Generations of a LogBackup that its strategy alone made, with edits that ask nothing of the
/// database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Followed {
    /// The generation before the first of these edits.
    pub from: i64,
    /// The one after the last.
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
