//! Users and what they may do.

use super::TenantId;

/// A user of a tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The tenant it belongs to.
    pub tenant: TenantId,
    /// Its name, without the tenant.
    pub name: String,
    /// Its password in clear; empty means none.
    pub password: String,
    /// Whether it holds ALTER SYSTEM.
    pub alter_system: bool,
    /// Whether it may read `oceanbase.*`.
    pub select: bool,
}

impl Account {
    /// `root` of a tenant.
    #[must_use]
    pub fn root(tenant: TenantId, password: impl Into<String>) -> Self {
        Self {
            tenant,
            name: "root".to_owned(),
            password: password.into(),
            alter_system: true,
            select: true,
        }
    }
}
