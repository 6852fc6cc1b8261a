//! A move of a tenant's logs to another place.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A move of a tenant's logs to another place: log backup is stopped, the new place set, log backup
/// started, a full backup made. What is written between stop and start can not be recovered to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StorageMigration {
    /// The place that is left, without keys.
    #[schemars(length(max = 2048))]
    pub from: String,
    /// The new place, without keys.
    #[schemars(length(max = 2048))]
    pub to: String,
    /// The place of data backups that is left, where they went to the same store: the next data backup
    /// goes to the new one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 2048))]
    pub data_from: Option<String>,
    /// When it was announced.
    pub since: Time,
    /// `Announced`, `Stopping`, `Setting`, `Starting`, `AwaitingFullBackup`, then `Switched`; more may
    /// come.
    #[schemars(length(max = 32))]
    pub step: String,
}
