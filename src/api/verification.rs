//! Verification: a tenant is restored for a while, and asked whether its data are there (console 3.4,
//! the sampling restore).

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::LocalReference;
use super::recovery_task::Resources;

/// A question to a restored tenant, with the answer that it must give.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Check {
    /// What the check is called where its outcome is told.
    #[schemars(
        length(min = 1, max = 63),
        regex(pattern = r"^[a-z0-9]([a-z0-9\-]*[a-z0-9])?$")
    )]
    pub name: String,
    /// One SELECT, or WITH and a SELECT, that gives one row with one column. It is asked on a session
    /// that can only read, in the time zone UTC. It holds no `;`, no `\` and no comment, not even within
    /// quotes, and no word of a statement that changes or locks something; names of such columns
    /// stand in back quotes.
    #[schemars(
        length(min = 8, max = 4096),
        regex(pattern = r"^([Ss][Ee][Ll][Ee][Cc][Tt]|[Ww][Ii][Tt][Hh])[^A-Za-z0-9_;\\#][^;\\#]*$")
    )]
    pub sql: String,
    /// The value that it must give, as text: `1000`, `1000.50`, `2026-11-20 10:42:17`, `NULL`. What it
    /// gives is compared with this and shown nowhere.
    #[schemars(length(max = 256))]
    pub expect: String,
    /// Seconds, 1 to 3600, that the database may work on it.
    #[serde(default = "one_minute")]
    #[schemars(range(min = 1, max = 3600))]
    pub timeout_seconds: i32,
}

fn one_minute() -> i32 {
    60
}

/// What makes a recovery a verification: the tenant is restored as a standby one, which can only be
/// read, is checked, and is dropped whatever comes of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = ("!has(self.checks) || size(self.checks) == 0 || has(self.credentialsSecretRef)", "must have `credentialsSecretRef` where there are `checks`"))]
pub struct Verification {
    /// What the tenant must answer. Left out, that it could be restored is enough.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    pub checks: Vec<Check>,
    /// Secret with the keys `username` (left out: `root`) and `password` of a user of the tenant, as they
    /// were at the point that is restored: the users come back with the data. One that may read the
    /// tables of the checks is enough.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credentials_secret_ref: Option<LocalReference>,
}

/// Verification by a strategy: its tenants are restored in turn, one after the other, each by a
/// RecoveryTask of its own that is dropped at the end. The cluster of the source and that of the target
/// must allow it (`recovery.verification`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = ("!has(self.checks) || size(self.checks) == 0 || has(self.credentialsSecretRef)", "must have `credentialsSecretRef` where there are `checks`"))]
pub struct VerificationSettings {
    /// When: in the time zone of the strategy's schedule.
    pub schedule: VerificationSchedule,
    /// Names of tenants of the strategy; left out all of them. Those without a full backup wait for
    /// their first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(
        length(max = 256),
        inner(length(min = 1, max = 63), regex(pattern = r"^[A-Za-z_][A-Za-z0-9_]*$")),
        extend("x-kubernetes-list-type" = "set")
    )]
    pub tenants: Vec<String>,
    /// Where they are restored to.
    pub target: VerificationTarget,
    /// What each of them must answer. Left out, that it could be restored is enough.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    pub checks: Vec<Check>,
    /// Secret with the keys `username` (left out: `root`) and `password` of a user that each of the
    /// tenants has had at the point that is restored: the users come back with the data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credentials_secret_ref: Option<LocalReference>,
    /// Secrets with the key `password`: those that the backup sets were protected with.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16), extend("x-kubernetes-list-type" = "atomic"))]
    pub decryption_secret_refs: Vec<LocalReference>,
    /// Days, 1 to 3650, that may pass without a verification that went well: beyond, the alert
    /// `sampling_restore_overdue`.
    #[serde(default = "eight")]
    #[schemars(range(min = 1, max = 3650))]
    pub overdue_days: i32,
}

fn eight() -> i32 {
    8
}

/// When tenants are verified: one at each instant of `cron`, or as many as come into `dailyRange`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = ("has(self.cron) != has(self.dailyRange)", "must have exactly one of `cron` and `dailyRange`"))]
pub struct VerificationSchedule {
    /// A cron expression of five fields: the next tenant in turn. One that is due while another is
    /// verified is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 128))]
    #[x_kube(validation = ("!self.contains('TZ')", "must not contain 'TZ='; use `schedule.timeZone` of the strategy"))]
    #[x_kube(validation = (r"self.matches('^\\s*([0-9A-Za-z*/,-]+\\s+){4}[0-9A-Za-z*/,-]+\\s*$')", "must have five fields of names, numbers, '*', '/', ',' and '-': minute, hour, day of month, month, day of week"))]
    pub cron: Option<String>,
    /// A range of each day: one tenant after the other, each of them once a day; no new one begins
    /// after its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub daily_range: Option<DailyRange>,
}

/// A range of each day.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = ("self.start != self.end", "must not end when it starts"))]
pub struct DailyRange {
    /// Time of day at which it starts, `HH:MM`, 24 hours.
    #[schemars(length(max = 5), regex(pattern = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"))]
    pub start: String,
    /// Time of day at which it ends, `HH:MM`; one that is not later than `start` is on the next day.
    #[schemars(length(max = 5), regex(pattern = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"))]
    pub end: String,
}

/// Where tenants are restored to for a while.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct VerificationTarget {
    /// The cluster. Of all verifications that restore to its database one runs at a time.
    pub cluster_ref: LocalReference,
    /// How the names of the tenants begin that are made; behind it stand the name of the tenant and a
    /// fingerprint. `recovery.targetNamePrefixes` of the cluster must allow it.
    #[serde(default = "restore_verify")]
    #[schemars(
        length(min = 1, max = 32),
        regex(pattern = r"^[A-Za-z_][A-Za-z0-9_]*$")
    )]
    pub tenant_name_prefix: String,
    /// What such a tenant runs on.
    pub resources: Resources,
}

fn restore_verify() -> String {
    "restore_verify_".to_owned()
}

/// How far the verification of a restored tenant is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct VerificationProgress {
    /// When the recovery took its first step in the database.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub begin_time: Option<Time>,
    /// Seconds from then until the tenant was restored and could be read (recovery time). That it is
    /// made a primary one, which a verification leaves out, takes seconds more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rto_seconds: Option<i64>,
    /// What became of the checks, in their order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16), extend("x-kubernetes-list-type" = "atomic"))]
    pub checks: Vec<CheckOutcome>,
    /// `Passed`, `Failed` or `Canceled`; written before the tenant is dropped.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 32))]
    pub result: Option<String>,
}

/// What became of a check. Neither the statement nor what it gave stands here.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct CheckOutcome {
    /// The check's name.
    #[schemars(length(max = 63))]
    pub name: String,
    /// `Passed`, or `Failed`.
    #[schemars(length(max = 32))]
    pub outcome: String,
    /// Stable CamelCase word, such as `AsExpected`, `OtherValue` or `NoRow`.
    #[schemars(length(max = 128))]
    pub reason: String,
    /// What happened and what to do.
    #[schemars(length(max = 1024))]
    pub message: String,
}

/// What the strategy knows of its verifications.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct VerificationStatus {
    /// Since when there are verifications to be made: from here on they can be overdue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since_time: Option<Time>,
    /// When the next one is due: RFC 3339 with the offset of the schedule's zone.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub next_time: Option<String>,
    /// Name of the RecoveryTask that is not over.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 253))]
    pub running_task: Option<String>,
    /// End of the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_time: Option<Time>,
    /// End of the last one that went well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_success_time: Option<Time>,
    /// How the last one ended: `Passed`, `Failed`, `Canceled` or `Missed`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 32))]
    pub result: Option<String>,
    /// Its tenant.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 128))]
    pub tenant_name: Option<String>,
    /// Its RecoveryTask.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 253))]
    pub task_name: Option<String>,
    /// Seconds that it took until the tenant could be read again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rto_seconds: Option<i64>,
    /// The point that was restored, in UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 40))]
    pub restore_time: Option<String>,
    /// The last one of each tenant, the newest first, at most 100.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100), extend("x-kubernetes-list-type" = "atomic"))]
    pub tenants: Vec<VerifiedTenant>,
    /// The one that is being made: written before its RecoveryTask is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub open: Option<OpenVerification>,
    /// Slots up to here were kept or left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_slot_time: Option<Time>,
    /// How many tenants the last slot has had.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slot_tenants: Option<i32>,
    /// The tenant whose turn it was last.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 128))]
    pub last_tenant: Option<String>,
    /// Fingerprint of the schedule that the slots belong to.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub schedule_fingerprint: Option<String>,
}

/// The last verification of a tenant that has passed or failed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct VerifiedTenant {
    /// The tenant.
    #[schemars(length(max = 128))]
    pub name: String,
    /// The RecoveryTask.
    #[schemars(length(max = 253))]
    pub task_name: String,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_time: Option<Time>,
    /// `Passed` or `Failed`.
    #[schemars(length(max = 32))]
    pub result: String,
    /// Seconds that it took until the tenant could be read again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rto_seconds: Option<i64>,
    /// The point that was restored, in UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 40))]
    pub restore_time: Option<String>,
    /// Why it did not go well.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1024))]
    pub message: Option<String>,
}

/// A verification whose RecoveryTask is being made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OpenVerification {
    /// The slot.
    pub slot: Time,
    /// After this it does not begin any more.
    pub not_after_time: Time,
    /// The tenant.
    #[schemars(length(max = 128))]
    pub tenant_name: String,
    /// Its number.
    pub tenant_id: i64,
    /// Name of the RecoveryTask.
    #[schemars(length(max = 253))]
    pub task_name: String,
}
