//! Keys that identify requests to restore.

use std::fmt;

use sha2::{Digest, Sha256};

use super::DatabaseId;

/// Key that identifies a RESTORE or RECOVER TABLE statement of the operator: `obr/` and 32
/// hexadecimal digits. It is sent as DESCRIPTION and read back in the views of restores. The same
/// request to the same database always has the same key, whatever the UID of its object. In a
/// request for tables, the last eight digits identify the tables, because the job views do not show
/// them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RestoreKey(String);

impl RestoreKey {
    /// Prefix of all keys.
    pub const PREFIX: &'static str = "obr/";
    /// Number of bytes that identify the request.
    const REQUEST: usize = Self::PREFIX.len() + 24;

    /// Returns the key of a request to restore into this database.
    #[must_use]
    pub fn new(idempotency_key: &str, database: &DatabaseId) -> Self {
        // The database ID contains no blank, so that two different pairs never form the same text.
        let digest = Sha256::digest(format!("{database} {idempotency_key}"));
        let digits = digest.iter().take(16).map(|byte| format!("{byte:02x}"));
        Self(format!("{}{}", Self::PREFIX, digits.collect::<String>()))
    }

    /// Returns the key of a request to recover tables into a tenant of this database. `tables`
    /// lists the tables and their new names, always in the same order.
    #[must_use]
    pub fn of_tables(idempotency_key: &str, database: &DatabaseId, tables: &str) -> Self {
        // No idempotency key contains a blank, so that this is never the key of a request to
        // restore a tenant.
        let Self(key) = Self::new(&format!("tables {idempotency_key}"), database);
        let digest = Sha256::digest(tables);
        let digest_text = digest.iter().take(4).map(|byte| format!("{byte:02x}"));
        Self(key[..Self::REQUEST].to_owned() + &digest_text.collect::<String>())
    }

    /// Returns the part of the key that does not depend on the tables.
    #[must_use]
    pub fn request(&self) -> &str {
        &self.0[..Self::REQUEST]
    }

    /// Returns the key of a request for verification in this database. The tenant of a restore with
    /// this key is dropped afterwards, so that no other request may have the key.
    #[must_use]
    pub fn of_verification(idempotency_key: &str, database: &DatabaseId) -> Self {
        Self::new(&format!("verification {idempotency_key}"), database)
    }

    /// Parses a DESCRIPTION; `None` if it is not a key of the operator.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix(Self::PREFIX)?;
        let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        (digits.len() == 32 && digits.bytes().all(is_digit)).then(|| Self(text.to_owned()))
    }

    /// Returns the text of the DESCRIPTION.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RestoreKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    fn database(cluster_id: i64) -> DatabaseId {
        DatabaseId::new(cluster_id, Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn a_request_has_the_same_key_whenever_it_is_made_and_another_one_elsewhere() {
        let key = RestoreKey::new("prod/drill", &database(1));
        assert_eq!(key, RestoreKey::new("prod/drill", &database(1)));
        assert_ne!(key, RestoreKey::new("prod/drill", &database(2)));
        assert_ne!(key, RestoreKey::new("prod/drill2", &database(1)));
    }

    #[test]
    fn a_key_is_read_back_from_its_description_and_nothing_else_is_one() {
        let key = RestoreKey::new("it's \\ ; DROP", &database(1));
        assert_eq!(RestoreKey::parse(key.as_str()), Some(key.clone()));
        assert_eq!(key.as_str().len(), 36);
        for bad in [
            "",
            "obr/",
            "obb/0123",
            "obr/0123456789ABCDEF0123456789abcdef",
        ] {
            assert_eq!(RestoreKey::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_key_stays_what_it_is_over_releases() {
        let created_at = "2026-11-20T02:00:00.123456Z".parse().unwrap();
        let key = RestoreKey::new("ns/name", &DatabaseId::new(7, created_at));
        // Future releases of the operator must recognize the keys of existing objects.
        assert_eq!(key.as_str(), "obr/b13873e720e5897a314e2e16f701257c");
    }

    #[test]
    fn a_recovery_of_tables_and_one_of_a_tenant_never_have_one_key() {
        let tables = RestoreKey::of_tables("ns/name", &database(1), "shop.orders");
        let tenant = RestoreKey::new("ns/name", &database(1));
        assert_ne!(tables.request(), tenant.request());
        assert_eq!(RestoreKey::parse(tables.as_str()), Some(tables));
    }

    #[test]
    fn a_request_for_other_tables_has_another_key_and_is_the_same_request() {
        let of = |tables| RestoreKey::of_tables("ns/name", &database(1), tables);
        assert_ne!(of("shop.orders"), of("shop.items"));
        assert_eq!(of("shop.orders").request(), of("shop.items").request());
    }
}
