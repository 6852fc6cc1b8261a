//! Observed state of a drill.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::condition::{self, Condition};

/// Observed state of the drill.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct RecoveryDrillStatus {
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
    /// `Scheduled`, `Verifying`, `Paused` or `Abnormal`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub phase: Option<String>,
    /// Time since which verifications are due, and from which they can become overdue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since_time: Option<Time>,
    /// Due time of the next verification: RFC 3339 with the offset of the time zone of the
    /// schedule.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub next_time: Option<String>,
    /// Name of the RecoveryTask that has not ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 253))]
    pub running_task: Option<String>,
    /// End of the last verification.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_time: Option<Time>,
    /// End of the last successful verification.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_success_time: Option<Time>,
    /// Result of the last verification: `Passed`, `Failed`, `Canceled` or `Missed`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 32))]
    pub result: Option<String>,
    /// Tenant of the last verification.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 128))]
    pub tenant_name: Option<String>,
    /// RecoveryTask of the last verification.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 253))]
    pub task_name: Option<String>,
    /// Seconds until the tenant was readable again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rto_seconds: Option<i64>,
    /// Restored point, in UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 40))]
    pub restore_time: Option<String>,
    /// Last verification of each tenant, the newest first, at most 100.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100), extend("x-kubernetes-list-type" = "atomic"))]
    pub tenants: Vec<VerifiedTenant>,
    /// Verification that is being created; recorded before its RecoveryTask is created.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub open: Option<OpenVerification>,
    /// Time of the last slot that was processed or skipped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_slot_time: Option<Time>,
    /// Number of tenants verified in the last slot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slot_tenants: Option<i32>,
    /// Last tenant in the rotation.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 128))]
    pub last_tenant: Option<String>,
    /// Fingerprint of the schedule to which the slots belong.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub schedule_fingerprint: Option<String>,
}

/// Last verification of a tenant that passed or failed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct VerifiedTenant {
    /// Name of the tenant.
    #[schemars(length(max = 128))]
    pub name: String,
    /// Name of the RecoveryTask.
    #[schemars(length(max = 253))]
    pub task_name: String,
    /// Time at which the verification ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_time: Option<Time>,
    /// `Passed` or `Failed`.
    #[schemars(length(max = 32))]
    pub result: String,
    /// Seconds until the tenant was readable again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rto_seconds: Option<i64>,
    /// Restored point, in UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 40))]
    pub restore_time: Option<String>,
    /// Reason for the failure.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 256))]
    pub message: Option<String>,
}

/// Verification whose RecoveryTask is being created.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OpenVerification {
    /// Slot of the verification.
    pub slot: Time,
    /// Latest start of the verification.
    pub not_after_time: Time,
    /// Name of the tenant.
    #[schemars(length(max = 128))]
    pub tenant_name: String,
    /// Number of the tenant.
    #[serde(rename = "tenantID")]
    pub tenant_id: i64,
    /// Name of the RecoveryTask.
    #[schemars(length(max = 253))]
    pub task_name: String,
}
