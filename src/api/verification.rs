//! Verification: a tenant is restored temporarily, and its data are checked with SQL.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::resources::Resources;
use super::{LocalReference, SecretSource};

/// Query to a restored tenant, with the expected result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Check {
    /// Name of the check in the report of its outcome.
    #[schemars(
        length(min = 1, max = 63),
        regex(pattern = r"^[a-z0-9]([a-z0-9\-]*[a-z0-9])?$")
    )]
    pub name: String,
    /// One SELECT, optionally with WITH, that returns one row with one column. It runs in a
    /// read-only session in the time zone UTC. It must not contain `;`, `\` or comments, even
    /// within quotes, nor keywords of statements that change or lock data. Columns with such names
    /// must be in backquotes.
    #[schemars(
        length(min = 8, max = 4096),
        regex(pattern = r"^([Ss][Ee][Ll][Ee][Cc][Tt]|[Ww][Ii][Tt][Hh])[^A-Za-z0-9_;\\#][^;\\#]*$")
    )]
    pub sql: String,
    /// Expected value as text: `1000`, `1000.50`, `2026-11-20 10:42:17`, `NULL`. The actual value
    /// is compared with it and is never shown.
    #[schemars(length(max = 256))]
    pub expected_value: String,
    /// Time limit of the query in the database, in seconds, 1 to 3600; default 60.
    #[serde(default = "one_minute")]
    #[schemars(range(min = 1, max = 3600), transform = crate::api::omit_default)]
    pub timeout_seconds: i32,
}

fn one_minute() -> i32 {
    60
}

/// Settings that make a recovery a verification. The tenant is restored as a read-only standby
/// tenant, checked, and dropped with any result.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = ("!has(self.checks) || size(self.checks) == 0 || has(self.credentials)", "must have `credentials` with `checks`"))]
pub struct Verification {
    /// Checks of the tenant. Default: a successful restore is sufficient.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    pub checks: Vec<Check>,
    /// Secret with the keys `username` (default `root`) and `password` of a user of the tenant, as
    /// of the restored point. Users are restored with the data. The user needs read access to the
    /// tables of the checks only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credentials: Option<SecretSource>,
}

/// Verification by a strategy. Its tenants are restored one after another, each by its own
/// RecoveryTask, and dropped at the end. The clusters of the source and the target must allow it
/// (`recovery.verification`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = ("!has(self.checks) || size(self.checks) == 0 || has(self.credentials)", "must have `credentials` with `checks`"))]
pub struct VerificationSettings {
    /// Schedule of the verifications, in the time zone of the schedule of the strategy.
    pub schedule: VerificationSchedule,
    /// Names of tenants of the strategy. Default: all tenants. A tenant without a full backup waits
    /// for its first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(
        length(max = 256),
        inner(length(min = 1, max = 63), regex(pattern = r"^[A-Za-z_][A-Za-z0-9_]*$")),
        extend("x-kubernetes-list-type" = "set")
    )]
    pub tenants: Vec<String>,
    /// Target of the temporary tenants.
    pub target: VerificationTarget,
    /// Checks of each tenant. Default: a successful restore is sufficient.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    pub checks: Vec<Check>,
    /// Secret with the keys `username` (default `root`) and `password` of a user that each tenant
    /// had at the restored point. Users are restored with the data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credentials: Option<SecretSource>,
    /// Secrets with the key `password`: the passwords of the backup sets.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16), extend("x-kubernetes-list-type" = "atomic"))]
    pub decryption_secret_refs: Vec<LocalReference>,
    /// Days without a successful verification after which `sampling_restore_overdue` is raised, 1
    /// to 3650; default 8.
    #[serde(default = "eight")]
    #[schemars(range(min = 1, max = 3650), transform = crate::api::omit_default)]
    pub overdue_days: i32,
}

fn eight() -> i32 {
    8
}

/// Schedule of verifications: one tenant at each instant of `cron`, or as many tenants as fit into
/// `dailyRange`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = ("has(self.cron) != has(self.dailyRange)", "must have exactly one of `cron` and `dailyRange`"))]
pub struct VerificationSchedule {
    /// Cron expression of five fields; each instant verifies the next tenant. An instant during
    /// another verification is skipped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 128))]
    #[x_kube(validation = ("!self.contains('TZ')", "must not contain 'TZ='; use `schedule.timeZone` of the strategy"))]
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
pub struct VerificationTarget {
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

/// Progress of the verification of a restored tenant.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct VerificationProgress {
    /// Time of the first step of the recovery in the database.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub begin_time: Option<Time>,
    /// Seconds from the first step until the tenant was restored and readable (recovery time).
    /// Activation as a primary tenant, which a verification omits, would take a few seconds more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rto_seconds: Option<i64>,
    /// Outcomes of the checks, in their order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16), extend("x-kubernetes-list-type" = "atomic"))]
    pub checks: Vec<CheckOutcome>,
    /// `Passed`, `Failed` or `Canceled`; recorded before the tenant is dropped.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 32))]
    pub result: Option<String>,
}

/// Outcome of a check. It contains neither the query nor the actual value.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct CheckOutcome {
    /// Name of the check.
    #[schemars(length(max = 63))]
    pub name: String,
    /// `Passed` or `Failed`.
    #[schemars(length(max = 32))]
    pub outcome: String,
    /// Stable CamelCase word, such as `ExpectedValue`, `UnexpectedValue` or `NoRow`.
    #[schemars(length(max = 128))]
    pub reason: String,
    /// What happened and what to do.
    #[schemars(length(max = 1024))]
    pub message: String,
}

/// State of the verifications of the strategy.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct VerificationStatus {
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
