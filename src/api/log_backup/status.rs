//! What the operator tells of a log backup.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::credentials::TenantKeys;
use super::limits::TenantLimits;
use super::storage_migration::StorageMigration;
use crate::api::condition::{self, Condition};
use crate::api::schedule::BackupType;
use crate::api::{AcceptedStatement, Cause, PinnedDatabase};

/// What the operator knows of the log backup.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct LogBackupStatus {
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
    /// The database that this object first saw its tenant in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database: Option<PinnedDatabase>,
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
    /// Directory of the tenant's data backups, without keys.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 2048))]
    pub data_directory: Option<String>,
    /// Bytes of log that the round has read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input_bytes: Option<i64>,
    /// Bytes that the round has written to the store.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output_bytes: Option<i64>,
    /// The tenant and its data backups (console S80..S86).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenant: Option<TenantSummary>,
    /// The tenant's `archive_lag_target` in seconds, as it was read last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub archive_lag_target_seconds: Option<i64>,
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
    /// database after that is treated as `drift` says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub applied_generation: Option<i64>,
    /// With `mode: AroundDataBackup`, what was reached last: `Running` or `Stopped`; `Found` where a
    /// data backup found log backup running that somebody else had started: it is not stopped after
    /// it. Left out on the way from one of the two to the other.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 32))]
    pub around_state: Option<String>,
    /// What is under way; left out once the wanted state is reached.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transition: Option<Transition>,
    /// Since when something that somebody changed in the database is being put right.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub correcting_since: Option<Time>,
    /// Rounds that were interrupted, newest first, at most 10.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 10), extend("x-kubernetes-list-type" = "atomic"))]
    pub interruptions: Vec<Interruption>,
    /// Interrupted rounds that were ended and followed by a new one, as `heal` asks: newest first,
    /// at most 24.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 24), extend("x-kubernetes-list-type" = "atomic"))]
    pub heals: Vec<Heal>,
    /// The last move of the logs to another place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub storage_switch: Option<StorageMigration>,
    /// Since when a full backup is wanted, because an interrupted round was followed by a new one, or
    /// the logs have moved to another place;
    /// until there is one that the new round's logs go on from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub full_backup_wanted_since: Option<Time>,
    /// With which keys the tenant's database enters the store; left out without keys.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credentials: Option<TenantKeys>,
    /// What the tenant's database keeps to of the store's `limits`; left out without any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub storage_limits: Option<TenantLimits>,
    /// How many times in a row a statement could not be sent; it is told from the third on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unsent: Option<i32>,
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

/// The way to the wanted state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Transition {
    /// Where it leads: `Running`, `Paused` or `Stopped`.
    #[schemars(length(max = 32))]
    pub to: String,
    /// When it began.
    pub since: Time,
    /// The statement that the database took last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken: Option<AcceptedStatement>,
}

/// A tenant and its data backups.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct TenantSummary {
    /// The tenant's number.
    pub id: i64,
    /// Its role, such as `PRIMARY`.
    #[schemars(length(max = 64))]
    pub role: String,
    /// The strategy that is for it (console S72).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 253))]
    pub strategy_name: Option<String>,
    /// The strategy's phase (console S80).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub strategy_phase: Option<String>,
    /// End of the newest data backup that went well (console S83).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_data_backup_time: Option<Time>,
    /// The BackupTask that was started last.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 253))]
    pub last_task_name: Option<String>,
    /// Bytes of its data backups that are available (console S82).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_bytes: Option<i64>,
}

/// A stretch of time without a hole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RecoveryWindow {
    /// First recoverable instant: the first whole second of the window.
    pub start: Time,
    /// Last recoverable instant when this was written: the last whole second of the window.
    pub end: Time,
    /// First recoverable instant, exactly, in nanoseconds since 1970.
    #[schemars(length(max = 20))]
    pub start_scn: String,
    /// Last recoverable instant, exactly, in nanoseconds since 1970.
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
    /// `MIN_RESTORE_SCN` as a time: the first whole second that is not before it.
    pub time: Time,
    /// `MIN_RESTORE_SCN`, exactly, in nanoseconds since 1970.
    #[serde(default)]
    #[schemars(length(max = 20))]
    pub scn: String,
    /// Whether the set holds the logs that it needs (`PLUS_ARCHIVELOG`): it can be recovered to this
    /// instant also where no log is archived.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub self_contained: bool,
}

/// A round that was interrupted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Interruption {
    /// When it was seen.
    pub time: Time,
    /// Number of the round.
    pub round_id: i64,
    /// What the database says of it.
    #[schemars(length(max = 1024))]
    pub message: String,
}

/// An interrupted round that was ended and followed by a new one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Heal {
    /// When it began.
    pub time: Time,
    /// Number of the interrupted round.
    pub round_id: i64,
    /// `Restarting`, then `Healed`, `InterruptedAgain`, or `Abandoned` where something else was
    /// asked for meanwhile.
    #[schemars(length(max = 32))]
    pub outcome: String,
}
