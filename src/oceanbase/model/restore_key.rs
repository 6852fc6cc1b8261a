//! What tells a request to restore from all others.

use std::fmt;

use sha2::{Digest, Sha256};

use super::DatabaseId;

/// What marks a RESTORE or RECOVER TABLE statement as one of ours: `obr/` and 32 hexadecimal digits, sent as
/// DESCRIPTION and read back in the views of restores. It is the same whenever the same request is
/// applied to the same database, whatever the uid of its object. Of a request for tables the last eight
/// digits tell which ones: the views of its jobs do not.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RestoreKey(String);

impl RestoreKey {
    /// What every key starts with.
    pub const PREFIX: &'static str = "obr/";
    /// How many of its bytes tell one request from the others.
    const REQUEST: usize = Self::PREFIX.len() + 24;

    /// The key of a request to restore into this database.
    #[must_use]
    pub fn new(idempotency_key: &str, database: &DatabaseId) -> Self {
        // What stands in front holds no blank: two different pairs never make the same text.
        let digest = Sha256::digest(format!("{database} {idempotency_key}"));
        let digits = digest.iter().take(16).map(|byte| format!("{byte:02x}"));
        Self(format!("{}{}", Self::PREFIX, digits.collect::<String>()))
    }

    /// The key of a request to recover tables into a tenant of this database: `tables` says which ones,
    /// and under which names, in the same order for the same ones.
    #[must_use]
    pub fn of_tables(idempotency_key: &str, database: &DatabaseId, tables: &str) -> Self {
        // No idempotency key holds a blank: it is never that of a request to restore.
        let Self(key) = Self::new(&format!("tables {idempotency_key}"), database);
        let digest = Sha256::digest(tables);
        let digest_text = digest.iter().take(4).map(|byte| format!("{byte:02x}"));
        Self(key[..Self::REQUEST].to_owned() + &digest_text.collect::<String>())
    }

    /// What is the same for all tables that are asked for with one idempotency key.
    #[must_use]
    pub fn request(&self) -> &str {
        &self.0[..Self::REQUEST]
    }

    /// The key of a request to verify into this database: a tenant that was restored by it is dropped,
    /// so no other request ever has it.
    #[must_use]
    pub fn of_verification(idempotency_key: &str, database: &DatabaseId) -> Self {
        Self::new(&format!("verification {idempotency_key}"), database)
    }

    /// Reads a DESCRIPTION; `None` where it is not one of ours.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix(Self::PREFIX)?;
        let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        (digits.len() == 32 && digits.bytes().all(is_digit)).then(|| Self(text.to_owned()))
    }

    /// The text of the DESCRIPTION.
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
        // The objects of today must be known to the operator of tomorrow.
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
