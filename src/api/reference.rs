//! References by name to objects in the same namespace.

use kube::KubeSchema;
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

/// Source of secret values. Exactly one member must be set; later releases may add members.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = ("has(self.secretRef)", "must have `secretRef`"))]
pub struct SecretSource {
    /// Secret in the namespace of this object.
    #[serde(default)]
    pub secret_ref: LocalReference,
}

impl SecretSource {
    /// Creates a source that is a Secret.
    #[must_use]
    pub fn secret(name: impl Into<String>) -> Self {
        Self {
            secret_ref: LocalReference::new(name),
        }
    }
}
