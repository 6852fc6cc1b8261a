//! A statement that the database accepted.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Statement that the database accepted and whose effect the operator has not observed yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AcceptedStatement {
    /// Keyword of the statement, such as `ARCHIVELOG`.
    #[schemars(length(max = 40))]
    pub statement: String,
    /// Number of consecutive times that the database accepted the statement. Only the last one can
    /// have had an effect.
    pub times: i32,
    /// Time at which the database last accepted the statement.
    pub time: Time,
}
