//! Accounts of tenants.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::LocalReference;

/// Account of one tenant, for statements that only the tenant itself may send: new keys of a
/// storage (`CHANGE EXTERNAL_STORAGE_DEST`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TenantCredentials {
    /// Name of the tenant.
    #[schemars(
        length(min = 1, max = 63),
        regex(pattern = r"^[A-Za-z_][A-Za-z0-9_]*$")
    )]
    pub tenant_name: String,
    /// Secret with the keys `username` (default `root`) and `password` of a user of the tenant. The
    /// user needs no privilege.
    pub secret_ref: LocalReference,
}
