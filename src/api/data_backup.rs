//! How data backups run: the `dataBackup` block of a strategy, and what a task keeps of it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::LocalReference;

/// How data backups run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DataBackupSettings {
    /// Whether each set also holds the logs that it needs to be restored by itself
    /// (`PLUS ARCHIVELOG`, V4.2.0 and later).
    #[serde(default)]
    pub plus_archivelog: bool,
    /// Secret with the key `password`: whoever restores a set must give it. It gates the restore
    /// and encrypts nothing (`SET ENCRYPTION … ONLY`, mode `PASSWORD`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restore_password_secret_ref: Option<LocalReference>,
    /// Seconds that one backup may run; one that runs longer is canceled and has failed. Left out
    /// it may run as long as it needs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 60, max = 604_800))]
    pub active_deadline_seconds: Option<i64>,
    /// Further attempts after a backup that failed for a temporary cause.
    #[serde(default)]
    pub retry: RetrySettings,
}

/// Further attempts after a backup that failed for a temporary cause, such as a storage that did not
/// answer. A canceled backup is never started again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RetrySettings {
    /// Number of further attempts, at most. Attempts that an upgrade of the cluster ended, or that the
    /// database rejected before the job began, do not count; after three of these the task fails.
    #[serde(default = "two")]
    #[schemars(range(min = 0, max = 10))]
    pub limit: i32,
    /// Seconds from a failure to the next attempt. The delay doubles with each attempt, up to a day.
    #[serde(default = "five_minutes")]
    #[schemars(range(min = 10, max = 86_400))]
    pub backoff_seconds: i64,
}

impl RetrySettings {
    /// No second attempt.
    #[must_use]
    pub fn never() -> Self {
        Self {
            limit: 0,
            ..Self::default()
        }
    }
}

impl Default for RetrySettings {
    fn default() -> Self {
        Self {
            limit: two(),
            backoff_seconds: five_minutes(),
        }
    }
}

fn two() -> i32 {
    2
}

fn five_minutes() -> i64 {
    300
}
