//! Why something failed (console S27, "View Cause").

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The cause of a failure or a refusal.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Cause {
    /// OceanBase's error code, negative as in the views' RESULT column; absent where the operator
    /// itself refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<i32>,
    /// Stable CamelCase word.
    #[schemars(length(max = 128))]
    pub reason: String,
    /// What happened and what to do.
    #[schemars(length(max = 4096))]
    pub message: String,
}
