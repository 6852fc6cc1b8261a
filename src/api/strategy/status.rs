//! What the operator knows of a strategy.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::alert::Alert;
use super::super::condition::{self, Condition};
use super::super::database_identity::PinnedDatabase;
use super::super::retention::AppliedPolicy;
use super::super::schedule::BackupType;
use super::super::verification::VerificationStatus;
use super::destinations::DestinationRecord;

/// What the operator knows of the strategy.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct BackupStrategyStatus {
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
    /// Next slot of a full backup, or the end of the blackout window that postpones it: RFC 3339
    /// with the offset of the schedule's zone.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub next_full_time: Option<String>,
    /// Next slot of an incremental backup, or the end of the blackout window that postpones it: RFC
    /// 3339 with the offset of the schedule's zone.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub next_incremental_time: Option<String>,
    /// The next slot of each type: where the schedule is edited before anybody has seen it fall due,
    /// it is closed by this.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 2), extend("x-kubernetes-list-type" = "atomic"))]
    pub next_slots: Vec<NextSlot>,
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
    /// Since when `firstBackup` is `Immediately` and the strategy is not suspended: the slot of first
    /// backups of tenants whose log backup is older.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_backup_time: Option<Time>,
    /// Objects that could not be made, edited or deleted as they should be: the last 50.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50), extend("x-kubernetes-list-type" = "atomic"))]
    pub unmade: Vec<PendingObject>,
    /// The database that was seen last. Only its backups count for the conditions and alerts, and
    /// only its first backups and delete policies are remembered. History and last times go on from
    /// one that it took the place of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database: Option<PinnedDatabase>,
    /// Delete policies that this strategy has set, by number of the tenant. Any other is somebody
    /// else's.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 1000), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["tenantId"]))]
    pub retention: Vec<AppliedPolicy>,
    /// What became of the verifications.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verification: Option<VerificationStatus>,
    /// Places that hold backups of the strategy's tenants, or held some: those where they go now first,
    /// then the newest 20. The database cleans only where backups go now.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 20), extend("x-kubernetes-list-type" = "atomic"))]
    pub destinations: Vec<DestinationRecord>,
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

/// An object that could not be made, edited or deleted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct PendingObject {
    /// `LogBackup` or `BackupTask`.
    #[schemars(length(max = 64))]
    pub kind: String,
    /// Its name.
    #[schemars(length(max = 253))]
    pub name: String,
    /// `NameCollision`, `CreateFailed`, `EditFailed` or `DeleteFailed`.
    #[schemars(length(max = 128))]
    pub reason: String,
    /// What happened and what to do.
    #[schemars(length(max = 1024))]
    pub message: String,
    /// When it is tried again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_time: Option<Time>,
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
#[serde(rename_all = "camelCase")]
pub struct OpenSlot {
    /// When it fell due.
    pub slot: Time,
    /// What it makes.
    #[serde(rename = "type")]
    #[schemars(with = "String", length(max = 32))]
    pub type_: BackupType,
    /// When its tasks are made, where a blackout window holds it back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_time: Option<Time>,
}

/// A slot that has not fallen due.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NextSlot {
    /// When it falls due.
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
