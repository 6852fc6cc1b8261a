//! Verification: a tenant is restored temporarily, and its data are checked with SQL.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::SecretSource;

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
