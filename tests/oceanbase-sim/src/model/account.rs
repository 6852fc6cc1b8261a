//! Users and their privileges.

use std::collections::BTreeSet;

use serde::Deserialize;
use sha1::{Digest, Sha1};

use super::{TenantId, hex};

/// A privilege of a user, in the order in which `SHOW GRANTS` lists it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Privilege {
    /// SELECT on `oceanbase.*`; of root, on `*.*`.
    Select,
    /// SUPER on `*.*`.
    Super,
    /// ALTER SYSTEM on `*.*`.
    AlterSystem,
    /// CREATE RESOURCE POOL on `*.*`.
    CreateResourcePool,
    /// CREATE RESOURCE UNIT on `*.*`.
    CreateResourceUnit,
}

impl Privilege {
    /// Every privilege that is modelled.
    pub const ALL: [Self; 5] = [
        Self::Select,
        Self::Super,
        Self::AlterSystem,
        Self::CreateResourcePool,
        Self::CreateResourceUnit,
    ];

    /// Returns the name in SQL.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Select => "SELECT",
            Self::Super => "SUPER",
            Self::AlterSystem => "ALTER SYSTEM",
            Self::CreateResourcePool => "CREATE RESOURCE POOL",
            Self::CreateResourceUnit => "CREATE RESOURCE UNIT",
        }
    }
}

/// A user of a tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The tenant of the user.
    pub tenant: TenantId,
    /// Its name, without the tenant.
    pub name: String,
    /// Its password in clear; empty means none.
    pub password: String,
    /// Its privileges.
    pub privileges: BTreeSet<Privilege>,
}

impl Account {
    /// Creates `root` of a tenant.
    #[must_use]
    pub fn root(tenant: TenantId, password: impl Into<String>) -> Self {
        Self {
            tenant,
            name: "root".to_owned(),
            password: password.into(),
            privileges: Privilege::ALL.into(),
        }
    }

    /// Returns whether it holds a privilege.
    #[must_use]
    pub fn has(&self, privilege: Privilege) -> bool {
        self.privileges.contains(&privilege)
    }

    /// Grants or revokes a privilege.
    pub fn set(&mut self, privilege: Privilege, granted: bool) {
        if granted {
            self.privileges.insert(privilege);
        } else {
            self.privileges.remove(&privilege);
        }
    }

    /// Returns the rows of `SHOW GRANTS` (`ob_show_grants.cpp`).
    #[must_use]
    pub fn grants(&self) -> Vec<String> {
        let is_root = self.name == "root";
        let everywhere = |privilege: &&Privilege| is_root || **privilege != Privilege::Select;
        let names: Vec<_> = self
            .privileges
            .iter()
            .filter(everywhere)
            .map(|privilege| privilege.name())
            .collect();
        let list = match names.len() {
            0 => "USAGE".to_owned(),
            count if count == Privilege::ALL.len() => "ALL PRIVILEGES".to_owned(),
            _ => names.join(", "),
        };
        let option = if is_root { " WITH GRANT OPTION" } else { "" };
        let user = &self.name;
        let mut rows = vec![format!("GRANT {list} ON *.* TO '{user}'{option}")];
        if !is_root && self.has(Privilege::Select) {
            rows.push(format!("GRANT SELECT ON `oceanbase`.* TO '{user}'"));
        }
        rows
    }
}

/// Returns `PASSWD` of a backup: the stage-2 hash of `mysql_native_password`.
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

    #[test]
    fn root_holds_all_privileges() {
        assert_eq!(
            Account::root(TenantId::SYS, "").grants(),
            ["GRANT ALL PRIVILEGES ON *.* TO 'root' WITH GRANT OPTION"]
        );
    }

    #[test]
    fn a_user_without_privileges_holds_usage() {
        let account = Account {
            name: "idle".to_owned(),
            privileges: BTreeSet::new(),
            ..Account::root(TenantId::SYS, "")
        };
        assert_eq!(account.grants(), ["GRANT USAGE ON *.* TO 'idle'"]);
    }
}
