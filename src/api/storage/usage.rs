//! How much is in a store (console S71).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a store held at the end of a day (console S71).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct TrendPoint {
    /// The day in UTC, such as `2026-11-20`.
    #[schemars(length(max = 16))]
    pub date: String,
    /// Bytes of data backups.
    pub data_bytes: i64,
    /// Bytes of archived logs.
    pub log_bytes: i64,
}
