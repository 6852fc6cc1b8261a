//! Observed state of a log backup.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::credentials::TenantKeys;
use super::limits::TenantLimits;
use super::storage_migration::StorageMigration;
use crate::api::condition::{self, Condition};
use crate::api::schedule::BackupType;
use crate::api::{AcceptedStatement, Cause, PinnedDatabase};

/// Observed state of the log backup.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct LogBackupStatus {
    /// Generation of the spec that this status describes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// Generation of the spec with which the object was ready when the database last answered. The
    /// object stays ready while the database does not answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ready_generation: Option<i64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "condition::conditions")]
    #[allow(missing_docs)]
    pub conditions: Vec<Condition>,
    /// `Starting`, `InProgress`, `Suspending`, `Paused`, `Stopping`, `Stopped`, `Interrupted` or
    /// `Failed`; more values may be added.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub phase: Option<String>,
    /// Phase in the words of the console.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub console_label: Option<String>,
    /// Database in which this object first observed its tenant, and number of the tenant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database: Option<PinnedDatabase>,
    /// SCN up to which logs are archived, in nanoseconds since 1970. Written every few minutes; the
    /// metrics contain the live value.
    #[serde(rename = "checkpointSCN", skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 20))]
    pub checkpoint_scn: Option<String>,
    /// Checkpoint as a time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checkpoint_time: Option<Time>,
    /// Delay of archiving when the checkpoint was written, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delay_seconds: Option<i64>,
    /// Start of the round.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_time: Option<Time>,
    /// Time since which archiving is paused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paused_since: Option<Time>,
    /// Directory of the logs, without keys.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 2048))]
    pub storage_directory: Option<String>,
    /// Directory of the data backups of the tenant, without keys.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 2048))]
    pub data_directory: Option<String>,
    /// Bytes of log that the round has read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input_bytes: Option<i64>,
    /// Bytes that the round has written to the storage.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output_bytes: Option<i64>,
    /// Tenant and its data backups.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenant: Option<TenantSummary>,
    /// Last observed `archive_lag_target` of the tenant, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub archive_lag_target_seconds: Option<i64>,
    /// Number of the round.
    #[serde(rename = "roundID", skip_serializing_if = "Option::is_none")]
    pub round_id: Option<i64>,
    /// Number of the piece that is being written.
    #[serde(rename = "pieceID", skip_serializing_if = "Option::is_none")]
    pub piece_id: Option<i64>,
    /// Periods in which the tenant can be recovered to any instant: oldest first, at most 50. Gaps
    /// between them are gaps in the backups.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50), extend("x-kubernetes-list-type" = "atomic"))]
    pub recovery_windows: Vec<RecoveryWindow>,
    /// Instants of the data backups, newest first, at most 50.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50), extend("x-kubernetes-list-type" = "atomic"))]
    pub recovery_points: Vec<RecoveryPoint>,
    /// Generation of the spec whose `state` was reached. Later changes in the database are
    /// handled as `driftPolicy` says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub applied_generation: Option<i64>,
    /// With `mode: AroundDataBackup`, the last state reached: `Running`, `Stopped` or `Found`.
    /// `Found` means that another tool or user had started log backup; it is not stopped after the
    /// data backup. Absent during a transition between two states.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 32))]
    pub around_state: Option<String>,
    /// Current transition; absent once the desired state is reached.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transition: Option<Transition>,
    /// Time since which the operator corrects a change that another tool or user made in the
    /// database.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub correcting_since: Option<Time>,
    /// Interrupted rounds, newest first, at most 10.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 10), extend("x-kubernetes-list-type" = "atomic"))]
    pub interruptions: Vec<Interruption>,
    /// Interrupted rounds that were replaced by a new round as `interruption` says: newest first, at most
    /// 24.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 24), extend("x-kubernetes-list-type" = "atomic"))]
    pub heals: Vec<Heal>,
    /// Last migration of the logs to another destination.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub storage_migration: Option<StorageMigration>,
    /// Time since which a full backup is required, because a new round started after an
    /// interruption or a migration of the logs. Absent once a full backup exists from which the
    /// logs of the new round continue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub full_backup_wanted_since: Option<Time>,
    /// Keys with which the database of the tenant accesses the storage; absent without keys.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credentials: Option<TenantKeys>,
    /// Limits of the storage that the database of the tenant applies; absent without limits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub storage_limits: Option<TenantLimits>,
    /// Number of consecutive statements that could not be sent; reported from the third on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unsent: Option<i32>,
    /// Number of consecutive failed statements; determines the delay before the next one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failures: Option<i32>,
    /// Time of the last failure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_failure_time: Option<Time>,
    /// Reason why archiving is not in the desired state.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cause>,
}

impl LogBackupStatus {
    /// Returns the number of the tenant, if it is known.
    #[must_use]
    pub fn tenant_id(&self) -> Option<i64> {
        self.database.as_ref()?.tenant_id
    }
}

/// Transition to the desired state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Transition {
    /// Target of the transition: `Running`, `Paused` or `Stopped`.
    #[schemars(length(max = 32))]
    pub to: String,
    /// Start of the transition.
    pub since: Time,
    /// Last statement that the database accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken: Option<AcceptedStatement>,
}

/// Tenant and its data backups.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct TenantSummary {
    /// Number of the tenant.
    pub id: i64,
    /// Role of the tenant, such as `PRIMARY`.
    #[schemars(length(max = 64))]
    pub role: String,
    /// Strategy of the tenant.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 253))]
    pub strategy_name: Option<String>,
    /// Phase of the strategy.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub strategy_phase: Option<String>,
    /// End of the newest successful data backup.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_data_backup_time: Option<Time>,
    /// BackupTask that was started last.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 253))]
    pub last_task_name: Option<String>,
    /// Bytes of the available data backups of the tenant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_bytes: Option<i64>,
}

/// Period without a gap.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RecoveryWindow {
    /// First recoverable instant: the first whole second of the window.
    pub start: Time,
    /// Last recoverable instant at the time of writing: the last whole second of the window.
    pub end: Time,
    /// Exact SCN of the first recoverable instant, in nanoseconds since 1970.
    #[serde(rename = "startSCN")]
    #[schemars(length(max = 20))]
    pub start_scn: String,
    /// Exact SCN of the last recoverable instant, in nanoseconds since 1970.
    #[serde(rename = "endSCN")]
    #[schemars(length(max = 20))]
    pub end_scn: String,
}

/// Instant of a data backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RecoveryPoint {
    /// Number of the backup set.
    #[serde(rename = "backupSetID")]
    pub backup_set_id: i64,
    /// Type of the backup set.
    #[serde(rename = "type")]
    #[schemars(with = "String", length(max = 32))]
    pub type_: BackupType,
    /// `MIN_RESTORE_SCN` as a time: the first whole second that is not earlier.
    pub time: Time,
    /// Exact `MIN_RESTORE_SCN`, in nanoseconds since 1970.
    #[serde(default)]
    #[schemars(length(max = 20))]
    pub scn: String,
    /// Whether the backup set contains the logs that it needs (`PLUS_ARCHIVELOG`). The tenant can
    /// then be recovered to this instant without archived logs.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub self_contained: bool,
}

/// Interrupted round.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Interruption {
    /// Time at which the operator observed the interruption.
    pub time: Time,
    /// Number of the round.
    #[serde(rename = "roundID")]
    pub round_id: i64,
    /// Message of the database.
    #[schemars(length(max = 1024))]
    pub message: String,
}

/// Interrupted round that was replaced by a new round.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Heal {
    /// Start of the replacement.
    pub time: Time,
    /// Number of the interrupted round.
    #[serde(rename = "roundID")]
    pub round_id: i64,
    /// `Restarting`, then `Healed`, `InterruptedAgain` or, if another request superseded it,
    /// `Abandoned`.
    #[schemars(length(max = 32))]
    pub outcome: String,
}
