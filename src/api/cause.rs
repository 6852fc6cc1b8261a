//! Causes of failures.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Cause of a failure or a rejection.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Cause {
    /// Error code of OceanBase, negative as in the column RESULT of its views. Absent if the
    /// operator itself rejected the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<i32>,
    /// Stable CamelCase word.
    #[schemars(length(max = 128))]
    pub reason: String,
    /// What happened and what to do.
    #[schemars(length(max = 4096))]
    pub message: String,
}
