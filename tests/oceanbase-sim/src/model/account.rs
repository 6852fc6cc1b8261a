//! Users and what they may do.

use sha1::{Digest, Sha1};

use super::{TenantId, hex};

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

/// `PASSWD` of a backup: the stage-2 hash of `mysql_native_password`.
#[must_use]
pub fn password_hash(password: &str) -> String {
    format!("*{}", hex(&Sha1::digest(Sha1::digest(password.as_bytes()))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_the_one_that_mysql_stores() {
        assert_eq!(
            password_hash("mypass"),
            "*6C8989366EAF75BB670AD8EA7A7FC1176A95CEF4"
        );
    }
}
