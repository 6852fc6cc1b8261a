//! Retention of backups: the delete policy of the database, as configured in a strategy.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{AcceptedStatement, Cause, cause};

/// Authority over the retention of the backups of a tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum RetentionPolicy {
    /// The delete policies of the database remain unchanged. Without one, nothing is deleted.
    Unmanaged,
    /// Nothing is deleted: the policy that this strategy has set is dropped.
    KeepAll,
    /// The database deletes backups that are not needed to recover to any instant of the last
    /// `recoveryWindowDays` (`ALTER SYSTEM ADD DELETE BACKUP POLICY`).
    RecoveryWindow,
}

/// Retention of the backups of each tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = ("(self.policy == 'RecoveryWindow') == has(self.recoveryWindowDays)", "must have `recoveryWindowDays` where `policy` is 'RecoveryWindow', and must not have it otherwise"))]
pub struct Retention {
    /// Retention policy.
    pub policy: RetentionPolicy,
    /// With RecoveryWindow: number of days, 1 to 3650, within which a tenant can be recovered to
    /// any instant. Older backups are deleted once a later full backup covers the window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 3650))]
    pub recovery_window_days: Option<i32>,
}

/// Delete policy that the strategy has set, or is about to set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct AppliedPolicy {
    /// Number of the tenant.
    #[serde(rename = "tenantID")]
    pub tenant_id: i64,
    /// Recovery window as configured, such as `7d`; empty if everything is kept.
    #[schemars(length(max = 16))]
    pub recovery_window: String,
    /// Time at which the policy was observed in the database; absent while it is being set or
    /// dropped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub applied_time: Option<Time>,
    /// Time since which a shorter window is requested. The window is set one day later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shrink_wanted_time: Option<Time>,
    /// Length of the requested shorter window, in days.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shrink_days: Option<i32>,
    /// Last statement that the database accepted, until its effect is observed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub taken: Option<AcceptedStatement>,
    /// Number of consecutive failed statements; determines the delay before the next one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failures: Option<i32>,
    /// Time of the last failure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_failure_time: Option<Time>,
    /// Reason for the last failure.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "cause::brief")]
    pub cause: Option<Cause>,
}
