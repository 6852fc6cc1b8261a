//! Migration of the logs of a tenant to another destination.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Migration of the logs of a tenant to another destination. The operator stops log backup, sets
/// the new destination, starts log backup and takes a full backup. The tenant cannot be recovered
/// to instants between stop and start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StorageMigration {
    /// Old destination, without keys.
    #[schemars(length(max = 2048))]
    pub from: String,
    /// New destination, without keys.
    #[schemars(length(max = 2048))]
    pub to: String,
    /// Old destination of the data backups, if they went to the same storage. The next data backup
    /// goes to the new destination.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 2048))]
    pub data_from: Option<String>,
    /// Time at which the migration was announced.
    pub since: Time,
    /// `Announced`, `Stopping`, `Setting`, `Starting`, `AwaitingFullBackup`, then `Switched`; more
    /// values may be added.
    #[schemars(length(max = 32))]
    pub step: String,
}
