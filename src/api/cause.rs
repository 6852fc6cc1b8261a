//! Causes of failures.

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};

/// Longest message of a cause in a list with an entry for each tenant.
pub const MAX_BRIEF_MESSAGE_LENGTH: usize = 160;

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

/// Returns the schema of a cause in a list with an entry for each tenant: a thousand of them must
/// fit into one status.
pub(super) fn brief(generator: &mut SchemaGenerator) -> Schema {
    let mut schema = Cause::json_schema(generator);
    for (field, limit) in [("reason", 48), ("message", MAX_BRIEF_MESSAGE_LENGTH)] {
        let pointer = format!("/properties/{field}");
        if let Some(property) = schema.pointer_mut(&pointer) {
            property["maxLength"] = limit.into();
        }
    }
    schema
}
