//! Privileges of the account that the operator logs in with.

use std::collections::BTreeSet;
use std::fmt;

/// A privilege that a statement of the operator needs, in the sys tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Privilege {
    /// For backups, log archiving, cleanup, and RESTORE itself.
    AlterSystem,
    /// For ACTIVATE STANDBY, DROP TENANT and SET DECRYPTION.
    Super,
    /// For CREATE and DROP RESOURCE UNIT.
    CreateResourceUnit,
    /// For CREATE and DROP RESOURCE POOL.
    CreateResourcePool,
    /// For the views of the schema `oceanbase`.
    Select,
}

impl Privilege {
    /// All privileges.
    pub const ALL: [Self; 5] = [
        Self::AlterSystem,
        Self::Super,
        Self::CreateResourceUnit,
        Self::CreateResourcePool,
        Self::Select,
    ];

    /// Returns the database's word for the privilege.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::AlterSystem => "ALTER SYSTEM",
            Self::Super => "SUPER",
            Self::CreateResourceUnit => "CREATE RESOURCE UNIT",
            Self::CreateResourcePool => "CREATE RESOURCE POOL",
            Self::Select => "SELECT",
        }
    }

    /// Returns the scope in which it must be granted.
    fn scope(self) -> &'static str {
        match self {
            Self::Select => "oceanbase.*",
            _ => "*.*",
        }
    }
}

impl fmt::Display for Privilege {
    /// Writes the privilege as a GRANT names it: `SUPER ON *.*`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ON {}", self.word(), self.scope())
    }
}

/// Privileges of an account, as SHOW GRANTS lists them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Privileges {
    granted: BTreeSet<Privilege>,
    /// Whether the account has a role, whose privileges are not listed.
    has_role: bool,
}

impl Privileges {
    /// Parses the rows of SHOW GRANTS. A row without `ON` grants a role.
    #[must_use]
    pub fn parse<'a>(grants: impl IntoIterator<Item = &'a str>) -> Self {
        let mut privileges = Self::default();
        for grant in grants {
            let Some((words, rest)) = grant
                .strip_prefix("GRANT ")
                .and_then(|grant| grant.split_once(" ON "))
            else {
                privileges.has_role = true;
                continue;
            };
            let scope = rest.split(" TO ").next().unwrap_or_default().trim();
            let is_everywhere = scope == "*.*";
            let is_views = matches!(scope, "`oceanbase`.*" | "oceanbase.*");
            let listed: Vec<_> = words.split(',').map(str::trim).collect();
            let has_all = listed.contains(&"ALL PRIVILEGES");
            let granted = Privilege::ALL.into_iter().filter(|privilege| {
                let reaches = is_everywhere || is_views && *privilege == Privilege::Select;
                reaches && (has_all || listed.contains(&privilege.word()))
            });
            privileges.granted.extend(granted);
        }
        privileges
    }

    /// Returns whether the account has the privilege, or `None` if a role may grant it.
    #[must_use]
    pub fn has(&self, privilege: Privilege) -> Option<bool> {
        match self.granted.contains(&privilege) {
            true => Some(true),
            false if self.has_role => None,
            false => Some(false),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn root_has_everything() {
        let root = Privileges::parse(["GRANT ALL PRIVILEGES ON *.* TO 'root' WITH GRANT OPTION"]);
        for privilege in Privilege::ALL {
            assert_eq!(root.has(privilege), Some(true), "{privilege}");
        }
    }

    #[test]
    fn an_account_has_what_each_of_its_grants_lists() {
        let backup = Privileges::parse([
            "GRANT ALTER SYSTEM, CREATE RESOURCE POOL ON *.* TO 'backup'",
            "GRANT SELECT ON `oceanbase`.* TO 'backup'",
        ]);
        let has: Vec<_> = Privilege::ALL
            .into_iter()
            .filter(|privilege| backup.has(*privilege) == Some(true))
            .collect();
        assert_eq!(
            has,
            [
                Privilege::AlterSystem,
                Privilege::CreateResourcePool,
                Privilege::Select
            ]
        );
        assert_eq!(backup.has(Privilege::Super), Some(false));
    }

    #[test]
    fn a_grant_on_another_schema_is_no_grant_on_the_views() {
        let other = Privileges::parse(["GRANT SELECT ON `shop`.* TO 'backup'"]);
        assert_eq!(other.has(Privilege::Select), Some(false));
    }

    #[test]
    fn what_a_role_grants_is_not_known() {
        let member = Privileges::parse([
            "GRANT ALTER SYSTEM ON *.* TO 'backup'",
            "GRANT `dba` TO 'backup'",
        ]);
        assert_eq!(member.has(Privilege::AlterSystem), Some(true));
        assert_eq!(member.has(Privilege::Super), None);
    }

    #[test]
    fn a_privilege_reads_as_in_a_grant() {
        assert_eq!(Privilege::Super.to_string(), "SUPER ON *.*");
        assert_eq!(Privilege::Select.to_string(), "SELECT ON oceanbase.*");
    }
}
