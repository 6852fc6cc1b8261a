//! `RecoveryDrill`: the tenants of a strategy are verified by recovery on a schedule.

pub mod status;

use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::LocalReference;
use super::resources::Resources;
use super::strategy::TaskHistoryLimits;
use super::verification::Check;

pub use status::{OpenVerification, RecoveryDrillStatus, VerifiedTenant};

/// Verification of the tenants of a strategy. They are restored one after another, each by its own
/// RecoveryTask, checked, and dropped at the end. The clusters of the source and the target must
/// allow it (`recovery.verification`).
#[derive(CustomResource, Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[kube(
    group = "backup.oceanbase.io",
    version = "v1alpha1",
    kind = "RecoveryDrill",
    plural = "recoverydrills",
    shortname = "obrd",
    category = "oceanbase-backup",
    namespaced,
    status = "RecoveryDrillStatus",
    derive = "PartialEq",
    doc = "A schedule of verifications of the tenants of a strategy. Each tenant is restored temporarily from its backups, checked with SQL, and dropped.",
    printcolumn(
        name = "STRATEGY",
        type_ = "string",
        json_path = ".spec.strategyRef.name"
    ),
    printcolumn(name = "STATUS", type_ = "string", json_path = ".status.phase"),
    printcolumn(name = "RESULT", type_ = "string", json_path = ".status.result"),
    printcolumn(name = "TENANT", type_ = "string", json_path = ".status.tenantName"),
    printcolumn(
        name = "LAST-SUCCESS",
        type_ = "date",
        json_path = ".status.lastSuccessTime"
    ),
    printcolumn(name = "NEXT", type_ = "string", json_path = ".status.nextTime"),
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
        name = "TARGET",
        type_ = "string",
        json_path = ".spec.target.clusterRef.name",
        priority = 1
    ),
    printcolumn(
        name = "RTO-SECONDS",
        type_ = "integer",
        json_path = ".status.rtoSeconds",
        priority = 1
    ),
    printcolumn(
        name = "RUNNING",
        type_ = "string",
        json_path = ".status.runningTask",
        priority = 1
    ),
    selectable = ".spec.strategyRef.name",
    selectable = ".status.phase"
)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = ("!has(self.checks) || size(self.checks) == 0 || has(self.tenantCredentials)", "must have `tenantCredentials` with `checks`"))]
pub struct RecoveryDrillSpec {
    /// Strategy whose backups are verified. A strategy may have several drills.
    pub strategy_ref: LocalReference,
    /// Names of tenants of the strategy. Default: all tenants. A tenant without a full backup waits
    /// for its first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(
        length(max = 256),
        inner(length(min = 1, max = 63), regex(pattern = r"^[A-Za-z_][A-Za-z0-9_]*$")),
        extend("x-kubernetes-list-type" = "set")
    )]
    pub tenants: Vec<String>,
    /// Whether the schedule is paused; default false. A verification that has begun finishes.
    #[serde(default)]
    pub suspend: bool,
    /// Schedule of the verifications.
    pub schedule: DrillSchedule,
    /// Target of the temporary tenants.
    pub target: DrillTarget,
    /// Accounts that run the checks, one for each tenant. With `checks`, a tenant without an
    /// account is not verified, and the drill is not Ready.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 256), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["tenantName"]))]
    pub tenant_credentials: Vec<CheckCredentials>,
    /// Checks of each tenant. Default: a successful restore is sufficient.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    pub checks: Vec<Check>,
    /// Secrets with the key `password`: the passwords of the backup sets.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16), extend("x-kubernetes-list-type" = "atomic"))]
    pub decryption_secret_refs: Vec<LocalReference>,
    /// Days without a successful verification after which `RestoreVerified` is False with the reason
    /// VerificationOverdue, 1 to 3650; default 8.
    #[serde(default = "eight")]
    #[schemars(range(min = 1, max = 3650), transform = crate::api::omit_default)]
    pub overdue_days: i32,
    /// Number of ended RecoveryTasks of the drill to keep. The newest unsuccessful one is always
    /// kept.
    #[serde(default)]
    pub task_history_limits: TaskHistoryLimits,
}

fn eight() -> i32 {
    8
}

/// Account of one tenant, which runs the checks in the restored tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CheckCredentials {
    /// Name of the tenant.
    #[schemars(
        length(min = 1, max = 63),
        regex(pattern = r"^[A-Za-z_][A-Za-z0-9_]*$")
    )]
    pub tenant_name: String,
    /// Secret with the keys `username` (default `root`) and `password` of a user that the tenant had
    /// at the restored point. Users are restored with the data. The user needs read access to the
    /// tables of the checks only.
    pub secret_ref: LocalReference,
}

/// Schedule of verifications: one tenant at each instant of `cron`, or as many tenants as fit into
/// `dailyRange`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = ("has(self.cron) != has(self.dailyRange)", "must have exactly one of `cron` and `dailyRange`"))]
pub struct DrillSchedule {
    /// IANA name of the time zone of the schedule, such as `Asia/Shanghai` or `UTC`.
    #[schemars(length(min = 1, max = 64), regex(pattern = r"^[A-Za-z0-9_+\-/]+$"))]
    pub time_zone: String,
    /// Cron expression of five fields; each instant verifies the next tenant. An instant during
    /// another verification is skipped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 128))]
    #[x_kube(validation = ("!self.contains('TZ')", "must not contain 'TZ='; use `timeZone`"))]
    #[x_kube(validation = (r"self.matches('^\\s*([0-9A-Za-z*/,-]+\\s+){4}[0-9A-Za-z*/,-]+\\s*$')", "must have five fields of names, numbers, '*', '/', ',' and '-': minute, hour, day of month, month, day of week"))]
    pub cron: Option<String>,
    /// Daily period in which tenants are verified one after another, each once a day. No
    /// verification starts after its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub daily_range: Option<DailyRange>,
}

/// Daily period.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = ("self.start != self.end", "must not end at its start"))]
pub struct DailyRange {
    /// Time of day at which the period starts, `HH:MM`, 24 hours.
    #[schemars(length(max = 5), regex(pattern = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"))]
    pub start: String,
    /// Time of day at which the period ends, `HH:MM`. A time not later than `start` is on the next
    /// day.
    #[schemars(length(max = 5), regex(pattern = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"))]
    pub end: String,
}

/// Target of temporary tenants.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DrillTarget {
    /// Cluster of the target. At most one verification at a time restores to its database.
    pub cluster_ref: LocalReference,
    /// Prefix of the names of the temporary tenants; default `restore_verify_`. The name of the
    /// tenant and a fingerprint follow. `recovery.targetNamePrefixes` of the cluster must allow the
    /// prefix.
    #[serde(default = "restore_verify")]
    #[schemars(
        length(min = 1, max = 32),
        regex(pattern = r"^[A-Za-z_][A-Za-z0-9_]*$")
    )]
    pub tenant_name_prefix: String,
    /// Resources of a temporary tenant.
    pub resources: Resources,
}

fn restore_verify() -> String {
    "restore_verify_".to_owned()
}
