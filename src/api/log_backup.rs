//! `LogBackup`: log backup of one tenant (console S28..S36) and what it can be recovered to
//! (S61, S87).

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::condition::{self, Condition};
use super::schedule::BackupType;
use super::{Cause, LocalReference};

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
    doc = "Log backup (log archiving) of one tenant. Deleting it leaves archiving as it is.",
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
    selectable = ".spec.tenantName",
    selectable = ".spec.clusterRef.name",
    selectable = ".status.phase"
)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = ("self.clusterRef == oldSelf.clusterRef && self.tenantName == oldSelf.tenantName", "`clusterRef` and `tenantName` are immutable; create a new LogBackup"))]
#[x_kube(validation = (unchanged!("storageRef", "path"), "`storageRef` and `path` are immutable; stop this LogBackup and create a new one"))]
#[x_kube(validation = ("self.desiredState != 'Paused' || self.binding != 'Mandatory'", "`desiredState` must not be 'Paused' where `binding` is 'Mandatory': the database would stop writing"))]
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
    /// `{clusterName}-{clusterId}/{tenantName}-{tenantId}/log`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(
        length(min = 1, max = 512),
        regex(pattern = r"^[A-Za-z0-9_.\-]+(/[A-Za-z0-9_.\-]+)*$")
    )]
    pub path: Option<String>,
    /// What the log backup should do (console S36). Edit it rather than delete the object: where a
    /// strategy is for the tenant, the object is made anew and log backup switched on again.
    #[serde(default)]
    pub desired_state: DesiredState,
    /// What the database does when the store can not keep up.
    #[serde(default)]
    pub binding: Binding,
    /// Days of log in one piece, 1 to 7.
    #[serde(default = "one")]
    #[schemars(range(min = 1, max = 7))]
    pub piece_switch_days: i32,
}

fn one() -> i32 {
    1
}

/// What the log backup should do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum DesiredState {
    /// Archive logs.
    #[default]
    Running,
    /// Hold archiving and keep the round: no hole in the logs as long as the database keeps them.
    /// OceanBase V4.1 and later.
    Paused,
    /// End the round. Starting again makes a new one, with a hole between the two.
    Stopped,
}

/// What the database does when the store can not keep up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Binding {
    /// Business first: logs that are not archived yet may be recycled, which interrupts archiving.
    #[default]
    Optional,
    /// Logs are kept until they are archived; writes may stall.
    Mandatory,
}

/// What the operator knows of the log backup.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct LogBackupStatus {
    /// Generation of the spec that the status is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "condition::conditions")]
    #[allow(missing_docs)]
    pub conditions: Vec<Condition>,
    /// `Starting`, `InProgress`, `Suspending`, `Paused`, `Stopping`, `Stopped`, `Interrupted` or
    /// `Failed` (console S35); more may come.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub phase: Option<String>,
    /// The console's words for the phase.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub console_label: Option<String>,
    /// The tenant's id when this object first saw it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenant_id: Option<i64>,
    /// Up to where logs are archived: nanoseconds since 1970. Written every few minutes; the live
    /// value is in the metrics.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 20))]
    pub checkpoint_scn: Option<String>,
    /// The same as a time (console S31).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checkpoint_time: Option<Time>,
    /// How far archiving was behind when the checkpoint was written, in seconds (console S32).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delay_seconds: Option<i64>,
    /// Start of the round (console S34).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_time: Option<Time>,
    /// Since when archiving is paused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paused_since: Option<Time>,
    /// Directory of the logs, without keys (console S33).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 2048))]
    pub storage_directory: Option<String>,
    /// Number of the round.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub round_id: Option<i64>,
    /// Number of the piece that is being written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub piece_id: Option<i64>,
    /// From when to when the tenant can be recovered to any instant: oldest first, at most 50;
    /// holes between them are holes in the backups.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50), extend("x-kubernetes-list-type" = "atomic"))]
    pub recovery_windows: Vec<RecoveryWindow>,
    /// The instants of the data backups, newest first, at most 50.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50), extend("x-kubernetes-list-type" = "atomic"))]
    pub recovery_points: Vec<RecoveryPoint>,
    /// Generation of the spec whose `desiredState` was reached. What somebody changes in the
    /// database after that is shown and left alone, until the spec is edited.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub applied_generation: Option<i64>,
    /// Statements that failed one after the other; it sets the pause before the next one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failures: Option<i32>,
    /// When the last one failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_failure_time: Option<Time>,
    /// Why archiving does not do what it should.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cause>,
}

/// A stretch of time without a hole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RecoveryWindow {
    /// First recoverable instant.
    pub start: Time,
    /// Last recoverable instant when this was written.
    pub end: Time,
    /// The same in nanoseconds since 1970.
    #[schemars(length(max = 20))]
    pub start_scn: String,
    /// The same in nanoseconds since 1970.
    #[schemars(length(max = 20))]
    pub end_scn: String,
}

/// The instant of a data backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RecoveryPoint {
    /// The set.
    pub backup_set_id: i64,
    /// What it holds.
    #[serde(rename = "type")]
    #[schemars(with = "String", length(max = 32))]
    pub type_: BackupType,
    /// `MIN_RESTORE_SCN` as a time.
    pub time: Time,
}
