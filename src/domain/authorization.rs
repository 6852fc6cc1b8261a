//! What may be used through an OceanBaseCluster (`spec.access`). The operator checks this wherever
//! a name is used, since the lists may change after an object was accepted.

use super::Blocker;
use crate::api::cluster::Access;

/// Checks whether the tenant may be used.
///
/// # Errors
/// No entry of the list matches it.
pub fn tenant(access: &Access, name: &str) -> Result<(), Blocker> {
    if is_listed(&access.tenants, name) {
        return Ok(());
    }
    Err(Blocker::waiting(
        "TenantNotAllowed",
        format!(
            "`access.tenants` of the OceanBaseCluster does not list tenant '{name}': ask the user who manages the connection to add it"
        ),
    ))
}

/// Checks whether the storage may be used.
///
/// # Errors
/// No entry of the list matches it.
pub fn storage(access: &Access, name: &str) -> Result<(), Blocker> {
    if is_listed(&access.storages, name) {
        return Ok(());
    }
    Err(Blocker::waiting(
        "StorageNotAllowed",
        format!(
            "`access.storages` of the OceanBaseCluster does not list BackupStorage '{name}': ask the user who manages the connection to add it"
        ),
    ))
}

/// Returns whether a list of names and of prefixes that end in `*` has an entry for the name.
#[must_use]
pub fn is_listed(patterns: &[String], name: &str) -> bool {
    patterns
        .iter()
        .any(|pattern| match pattern.strip_suffix('*') {
            Some(prefix) => name.starts_with(prefix),
            None => name == pattern,
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn only(tenants: &[&str]) -> Access {
        Access {
            tenants: tenants.iter().map(|&name| name.to_owned()).collect(),
            ..Access::default()
        }
    }

    #[test]
    fn everything_is_allowed_where_nothing_is_said() {
        let access = Access::default();
        assert!(tenant(&access, "orders").is_ok() && storage(&access, "s3-main").is_ok());
    }

    #[test]
    fn a_name_allows_itself_only() {
        let access = only(&["orders"]);
        assert!(tenant(&access, "orders").is_ok());
        assert!(tenant(&access, "orders_2").is_err() && tenant(&access, "order").is_err());
    }

    #[test]
    fn a_prefix_allows_what_begins_with_it() {
        let access = only(&["pay_*"]);
        assert!(tenant(&access, "pay_1").is_ok() && tenant(&access, "pay_").is_ok());
        assert!(tenant(&access, "pay").is_err());
    }

    #[test]
    fn nothing_is_allowed_by_an_empty_list() {
        assert!(tenant(&only(&[]), "orders").is_err());
    }
}
