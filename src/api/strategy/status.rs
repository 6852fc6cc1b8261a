//! Observed state of a strategy.

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
use crate::api::is_default;

/// Observed state of the strategy.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct BackupStrategyStatus {
    /// Generation of the spec that this status describes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "condition::conditions")]
    #[allow(missing_docs)]
    pub conditions: Vec<Condition>,
    /// `PendingBackupScheduling`, `InProgress`, `Paused` or `Abnormal`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub phase: Option<String>,
    /// Phase in the words of the console.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub console_label: Option<String>,
    /// Values of the columns of `kubectl get`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary: Option<StrategySummary>,
    /// Next slot of a full backup, or the end of the blackout window that postpones it, in UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_full_time: Option<Time>,
    /// Next slot of an incremental backup, or the end of the blackout window that postpones it, in
    /// UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_incremental_time: Option<Time>,
    /// Newest closed slot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_schedule_time: Option<Time>,
    /// End of the newest successful data backup.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_success_time: Option<Time>,
    /// End of the newest data backup that failed or did not start in time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_failure_time: Option<Time>,
    /// Number of tasks of this strategy that have not ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub running_tasks: Option<i32>,
    /// Tenants of the strategy, and those with problems.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenants: Option<StrategyTenants>,
    /// Last 20 slots, newest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 20), extend("x-kubernetes-list-type" = "atomic"))]
    pub schedule_history: Vec<SlotRecord>,
    /// Objects that could not be created, edited or deleted as required: the last 50.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50), extend("x-kubernetes-list-type" = "atomic"))]
    pub unmade: Vec<PendingObject>,
    /// Database that was last observed. Only its backups count for the conditions and alerts, and
    /// only its first backups and delete policies are recorded. After the database is replaced, the
    /// history and the last times are kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database: Option<PinnedDatabase>,
    /// Delete policies that this strategy has set, by number of the tenant. Other policies belong
    /// to another tool or user.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 1000), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["tenantID"]))]
    pub retention: Vec<AppliedPolicy>,
    /// State of the verifications.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verification: Option<VerificationStatus>,
    /// Destinations that contain, or contained, backups of the tenants of the strategy: the current
    /// ones first, then the newest 20. The database deletes only in the current destinations.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 20), extend("x-kubernetes-list-type" = "atomic"))]
    pub destinations: Vec<DestinationRecord>,
    /// Active alerts, then alerts that recovered within the last seven days.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50), extend("x-kubernetes-list-type" = "atomic"))]
    pub alerts: Vec<Alert>,
    /// Number of active alerts, including alerts that do not fit into the list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alert_count: Option<i32>,
    /// Memory of the operator; not part of the API. It may change without notice.
    #[serde(skip_serializing_if = "is_default")]
    pub bookkeeping: StrategyBookkeeping,
}

/// What the operator must remember about a strategy between two passes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct StrategyBookkeeping {
    /// Generation of the spec with which the object was ready when the database last answered. The
    /// object stays ready while the database does not answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ready_generation: Option<i64>,
    /// Next slot of each type. If the schedule is edited before the operator has processed a due
    /// slot, this record is used to close the slot.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 2), extend("x-kubernetes-list-type" = "atomic"))]
    pub next_slots: Vec<NextSlot>,
    /// Slot that is being turned into tasks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub open_slot: Option<OpenSlot>,
    /// Time since which `firstBackup` is `Immediately` and the strategy is not suspended. It is the
    /// slot of the first backups of tenants whose log backup is older.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_backup_time: Option<Time>,
    /// Time at which the schedule was created, changed or resumed. Earlier slots do not belong to
    /// the schedule.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub anchor_time: Option<Time>,
    /// Fingerprint of the schedule to which `anchorTime` belongs.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub schedule_fingerprint: Option<String>,
}

/// Object that could not be created, edited or deleted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct PendingObject {
    /// `LogBackup` or `BackupTask`.
    #[schemars(length(max = 64))]
    pub kind: String,
    /// Name of the object.
    #[schemars(length(max = 253))]
    pub name: String,
    /// `NameCollision`, `CreateFailed`, `UpdateFailed` or `DeleteFailed`.
    #[schemars(length(max = 128))]
    pub reason: String,
    /// What happened and what to do.
    #[schemars(length(max = 512))]
    pub message: String,
    /// Time of the next attempt.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_time: Option<Time>,
}

/// Values of the columns of `kubectl get`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct StrategySummary {
    /// Number of tenants: `3`, or `2/3` if only two of three can be backed up.
    #[schemars(length(max = 32))]
    pub tenants: String,
    /// Schedule, such as `full Sun 02:00, incr Mon-Sat 02:00 Asia/Shanghai`.
    #[schemars(length(max = 512))]
    pub schedule: String,
    /// Next slot: RFC 3339 with the offset of the time zone.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub next: Option<String>,
}

/// Tenants of a strategy.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct StrategyTenants {
    /// Number of tenants of the strategy.
    pub matched: i32,
    /// Number of tenants whose log backup runs and whose last data backup did not fail.
    pub healthy: i32,
    /// Tenants with problems, the first 20 by name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 20), extend("x-kubernetes-list-type" = "atomic"))]
    pub failing: Vec<FailingTenant>,
    /// On cluster level: number of tenants that the strategy skips, by reason.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16), extend("x-kubernetes-list-type" = "atomic"))]
    pub skipped: Vec<SkippedTenants>,
}

/// Tenant with a problem.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FailingTenant {
    /// Name of the tenant.
    #[schemars(length(max = 128))]
    pub name: String,
    /// Stable CamelCase word.
    #[schemars(length(max = 128))]
    pub reason: String,
    /// What happened and what to do.
    #[schemars(length(max = 512))]
    pub message: String,
}

/// Tenants that a strategy on cluster level skips.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SkippedTenants {
    /// Stable CamelCase word.
    #[schemars(length(max = 128))]
    pub reason: String,
    /// Number of tenants.
    pub count: i32,
}

/// Slot that is being turned into tasks. It is recorded before the first task is created, so that
/// the operator can continue after a restart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OpenSlot {
    /// Due time of the slot.
    pub scheduled_time: Time,
    /// Type of the backups.
    #[serde(rename = "type")]
    #[schemars(with = "String", length(max = 32))]
    pub type_: BackupType,
    /// Time at which the tasks are created, if a blackout window postpones the slot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_time: Option<Time>,
}

/// Slot that has not fallen due.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NextSlot {
    /// Due time of the slot.
    pub scheduled_time: Time,
    /// Type of the backups.
    #[serde(rename = "type")]
    #[schemars(with = "String", length(max = 32))]
    pub type_: BackupType,
}

/// Outcome of a slot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SlotRecord {
    /// Due time of the slot.
    pub scheduled_time: Time,
    /// Type of the backups.
    #[serde(rename = "type")]
    #[schemars(with = "String", length(max = 32))]
    pub type_: BackupType,
    /// `Started`, `Missed` or `Skipped`.
    #[schemars(length(max = 32))]
    pub outcome: String,
    /// Reason why the slot was missed or skipped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 128))]
    pub reason: Option<String>,
    /// Number of tasks that were created.
    #[serde(default)]
    pub started: i32,
    /// Number of tenants without a task, because a foreign object already had the name of the task.
    #[serde(default)]
    pub failed: i32,
}
