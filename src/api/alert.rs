//! Alerts of a strategy (console S63, S64): what is told, about what, since when.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// From when on something is told as an alert.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AlertSettings {
    /// Seconds, 60 to 86400, that log backup may be behind: beyond, `inc_backup_delay`. Where a tenant's
    /// `archive_lag_target` is longer than its usual 120 s, it may be behind by so much more.
    #[serde(default = "ten_minutes")]
    #[schemars(range(min = 60, max = 86400))]
    pub log_delay_seconds: i32,
    /// Days, 1 to 3650, that a tenant may go without a data backup that went well: beyond,
    /// `base_backup_too_long_time_no_one_success_task`. Left out: nine, or one more than the
    /// schedule's longest gap where that is more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 3650))]
    pub no_success_days: Option<i32>,
    /// Seconds, 60 to 604800, that a data backup may run: beyond, `base_backup_timeout`.
    #[serde(default = "one_hour")]
    #[schemars(range(min = 60, max = 604_800))]
    pub data_backup_timeout_seconds: i32,
}

impl Default for AlertSettings {
    fn default() -> Self {
        Self {
            log_delay_seconds: ten_minutes(),
            no_success_days: None,
            data_backup_timeout_seconds: one_hour(),
        }
    }
}

fn ten_minutes() -> i32 {
    600
}

fn one_hour() -> i32 {
    3600
}

/// Something that is wrong, or was (console S64).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Alert {
    /// Stays the same from when it is generated until it is forgotten.
    #[schemars(length(max = 32))]
    pub id: String,
    /// The console's name, such as `base_backup_fail`.
    #[serde(rename = "type")]
    #[schemars(length(max = 64))]
    pub type_: String,
    /// Name of the tenant that it is about; of the store or the strategy where it is about no single
    /// one.
    #[schemars(length(max = 253))]
    pub object: String,
    /// The console's level: `Critical`, `Warning` or `Caution`.
    #[schemars(length(max = 32))]
    pub severity: String,
    /// `Active` or `Recovered`.
    #[schemars(length(max = 32))]
    pub status: String,
    /// When it began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub generated_time: Option<Time>,
    /// When it was last found to hold; at most every five minutes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_generated_time: Option<Time>,
    /// When it was found to hold no more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recovered_time: Option<Time>,
    /// What is wrong and what to do.
    #[schemars(length(max = 1024))]
    pub message: String,
}
