//! The `dataBackup` block of a strategy, and the copy of it in a task.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::LocalReference;

/// Settings of data backups.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DataBackupSettings {
    /// Whether each backup set also contains the logs that a restore of this set alone needs (`PLUS
    /// ARCHIVELOG`, V4.2.0 and later). Default: false.
    #[serde(default)]
    pub plus_archivelog: bool,
    /// Secret in the same namespace. Its key `password` contains the password that a restore of the
    /// backup set must supply (`SET ENCRYPTION … ONLY`). The data is not encrypted. Default: no
    /// password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restore_password_secret_ref: Option<LocalReference>,
    /// Maximum duration of one attempt in seconds, 60 to 604800, counted from the send of BACKUP.
    /// After that the operator cancels the backup, and the task fails without a retry. Default: no
    /// limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 60, max = 604_800))]
    pub active_deadline_seconds: Option<i64>,
    /// Retries of a backup that failed for a temporary cause.
    #[serde(default)]
    pub retry: RetrySettings,
}

/// Limit and delay of retries. A backup that a user canceled, or that exceeded
/// `activeDeadlineSeconds`, is not retried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RetrySettings {
    /// Maximum number of retries, 0 to 10; default 2. An attempt does not count if a cluster upgrade
    /// ended it, or if the database rejected it before its job began. After four such attempts the
    /// task fails.
    #[serde(default = "default_retry_limit")]
    #[schemars(range(min = 0, max = 10), transform = crate::api::omit_default)]
    pub limit: i32,
    /// Delay before the first retry in seconds, 10 to 86400; default 300. The delay doubles with each
    /// retry, up to one day.
    #[serde(default = "default_backoff_seconds")]
    #[schemars(range(min = 10, max = 86_400), transform = crate::api::omit_default)]
    pub backoff_seconds: i64,
}

impl RetrySettings {
    /// Returns settings without retries.
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
            limit: default_retry_limit(),
            backoff_seconds: default_backoff_seconds(),
        }
    }
}

fn default_retry_limit() -> i32 {
    2
}

fn default_backoff_seconds() -> i64 {
    300
}
