//! How long backups are kept: the engine's delete policy, as a strategy wants it.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{AcceptedStatement, Cause};

/// Who decides how long a tenant's backups are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum RetentionPolicy {
    /// The database's own policies, whatever they are: they are left as they are.
    #[default]
    Unmanaged,
    /// Nothing is deleted: the policy that this strategy has set is taken away.
    KeepAll,
    /// The database deletes what is not needed to recover to any time of the last
    /// `recoveryWindowDays` (`ALTER SYSTEM ADD DELETE BACKUP POLICY`).
    RecoveryWindow,
}

/// How long the backups of each tenant are kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = ("(has(self.policy) && self.policy == 'RecoveryWindow') == has(self.recoveryWindowDays)", "must have `recoveryWindowDays` with policy RecoveryWindow, and only then"))]
pub struct Retention {
    /// Who decides.
    #[serde(default)]
    pub policy: RetentionPolicy,
    /// With RecoveryWindow: days, 1 to 3650, back to which a tenant can be recovered to any time.
    /// Backups of before are deleted once a later full backup reaches as far.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 3650))]
    pub recovery_window_days: Option<i32>,
}

/// A delete policy that the strategy has set, or is about to set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct AppliedPolicy {
    /// Number of the tenant.
    pub tenant_id: i64,
    /// The window as it was typed, such as `7d`; empty where everything is kept.
    #[schemars(length(max = 64))]
    pub recovery_window: String,
    /// When it was seen to be set; left out while it is being set or taken away.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub applied_time: Option<Time>,
    /// Since when a shorter window is wanted: it is set a day later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shrink_wanted_time: Option<Time>,
    /// How many days it has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shrink_days: Option<i32>,
    /// The statement that the database took last, until its effect is seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub taken: Option<AcceptedStatement>,
    /// Statements that failed one after the other; it sets the pause before the next one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failures: Option<i32>,
    /// When the last of them failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_failure_time: Option<Time>,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cause>,
}
