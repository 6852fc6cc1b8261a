//! A statement that the database took.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A statement that the database took, until what it does is seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AcceptedStatement {
    /// Its words, such as `ARCHIVELOG`.
    #[schemars(length(max = 64))]
    pub statement: String,
    /// How many times in a row it was taken, each time without an effect but the last.
    pub times: i32,
    /// When it was taken last.
    pub time: Time,
}
