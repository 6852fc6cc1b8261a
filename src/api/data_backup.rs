//! The `dataBackup` block of a strategy, and the copy of it in a task.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::LocalReference;

/// Settings of data backups.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DataBackupSettings {
    /// Whether each backup set also contains the logs that a restore of this set alone needs (`PLUS
    /// ARCHIVELOG`, V4.2.0 and later).
    #[serde(default)]
    pub plus_archivelog: bool,
    /// Secret with the key `password`, which is required to restore a backup set. The password
    /// protects the restore and encrypts nothing (`SET ENCRYPTION … ONLY`, mode `PASSWORD`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restore_password_secret_ref: Option<LocalReference>,
    /// Maximum run time of one backup in seconds, 60 to 604800. After that the operator cancels the
    /// backup, and the backup fails. Default: no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 60, max = 604_800))]
    pub active_deadline_seconds: Option<i64>,
    /// Further attempts after a backup that failed for a temporary cause.
    #[serde(default)]
    pub retry: RetrySettings,
}

/// Further attempts after a backup that failed for a temporary cause, such as a storage that did
/// not answer. A canceled backup is never restarted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RetrySettings {
    /// Maximum number of further attempts, 0 to 10; default 2. Attempts that a cluster upgrade
    /// ended, or that the database rejected before the job began, do not count; the fourth of these
    /// fails the task.
    #[serde(default = "two")]
    #[schemars(range(min = 0, max = 10))]
    pub limit: i32,
    /// Seconds from a failure to the next attempt, 10 to 86400; default 300. The delay doubles with
    /// each attempt, up to a day.
    #[serde(default = "five_minutes")]
    #[schemars(range(min = 10, max = 86_400))]
    pub backoff_seconds: i64,
}

impl RetrySettings {
    /// Returns settings without further attempts.
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
