//! Usage of a storage.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Contents of a storage at the end of a day.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct TrendPoint {
    /// Day in UTC, such as `2026-11-20`.
    #[schemars(length(max = 16))]
    pub date: String,
    /// Bytes of data backups.
    pub data_bytes: i64,
    /// Bytes of archived logs.
    pub log_bytes: i64,
}
