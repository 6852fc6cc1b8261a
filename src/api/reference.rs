//! References by name to objects in the same namespace.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Name of an object of a known kind in the same namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LocalReference {
    /// Name of the object.
    #[schemars(
        length(min = 1, max = 253),
        regex(pattern = r"^[a-z0-9]([a-z0-9.\-]*[a-z0-9])?$")
    )]
    pub name: String,
}

impl LocalReference {
    /// Creates a reference to `name`.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into() }
    }
}
