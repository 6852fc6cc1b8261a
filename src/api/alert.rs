//! Alerts of a strategy: type, object and start time.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Thresholds beyond which the operator raises alerts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AlertSettings {
    /// Delay of log backup beyond which `inc_backup_delay` is raised, in seconds, 60 to 86400;
    /// default 600. If `archive_lag_target` of a tenant exceeds 120 s, the threshold of that tenant
    /// grows by the difference.
    #[serde(default = "ten_minutes")]
    #[schemars(range(min = 60, max = 86400), transform = crate::api::omit_default)]
    pub log_delay_seconds: i32,
    /// Days without a successful data backup of a tenant after which
    /// `base_backup_too_long_time_no_one_success_task` is raised, 1 to 3650. Default: 9, or the
    /// longest gap of the schedule plus one day if that is longer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 3650))]
    pub no_success_days: Option<i32>,
    /// Run time of a data backup beyond which `base_backup_timeout` is raised, in seconds, 60 to
    /// 604800; default 3600.
    #[serde(default = "one_hour")]
    #[schemars(range(min = 60, max = 604_800), transform = crate::api::omit_default)]
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

/// Active or recovered alert.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Alert {
    /// Identifier of the alert, constant until the alert is removed from the list.
    #[schemars(length(max = 32))]
    pub id: String,
    /// Alert name of the console, such as `base_backup_fail`.
    #[serde(rename = "type")]
    #[schemars(length(max = 64))]
    pub type_: String,
    /// Name of the affected tenant, or of the storage or strategy if the alert concerns no single
    /// tenant.
    #[schemars(length(max = 253))]
    pub object: String,
    /// Severity of the console: `Critical`, `Warning` or `Caution`.
    #[schemars(length(max = 32))]
    pub severity: String,
    /// State of the alert: `Active` or `Recovered`.
    #[schemars(length(max = 32))]
    pub status: String,
    /// Time at which the alert was raised.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub generated_time: Option<Time>,
    /// Time at which the alert was last found active; updated at most every five minutes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_generated_time: Option<Time>,
    /// Time at which the alert was found recovered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recovered_time: Option<Time>,
    /// What is wrong and what to do.
    #[schemars(length(max = 512))]
    pub message: String,
}
