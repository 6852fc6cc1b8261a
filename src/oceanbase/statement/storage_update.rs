//! The statement that changes how a tenant's database enters a store, from V4.3.5.2 on: with which keys,
//! or how fast. Only a user of the tenant may run it, for a place of the tenant (V4 reference 1.6).

use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};

use crate::oceanbase::capability::Capability;
use crate::oceanbase::destination::{Destination, Location};
use crate::oceanbase::model::{StorageLimits, TenantId, TenantName};

/// A change for one place of a tenant.
#[derive(Clone, Debug)]
pub struct StorageUpdate {
    /// The tenant.
    pub tenant: TenantName,
    /// Its number: one of the same name that was made since is another one.
    pub tenant_id: TenantId,
    /// The plain name of a user of the tenant.
    pub user: String,
    /// The user's password.
    pub password: SecretString,
    /// What is changed.
    pub news: StorageUpdateKind,
}

/// What of a place is changed.
#[derive(Clone, Debug)]
pub enum StorageUpdateKind {
    /// It is entered with the keys of this destination.
    Keys(Destination),
    /// It is read and written as fast as this. What is not limited is named too: what is left out is
    /// taken for unlimited by some versions and for unchanged by others.
    Limits(Location, StorageLimits),
}

impl StorageUpdate {
    /// The name of all of them: the label of their metric and their log line.
    pub const NAME: &'static str = "change_external_storage_dest";

    /// How long the database may work on it: it tries new keys at the store.
    pub const TIMEOUT: Duration = Duration::from_mins(1);

    /// Returns what a release must have for the statement.
    #[must_use]
    pub fn needs(&self) -> Capability {
        match &self.news {
            StorageUpdateKind::Keys(_) => Capability::UpdateStorageKeys,
            StorageUpdateKind::Limits(..) => Capability::StorageLimits,
        }
    }

    /// The statement, with the keys in it.
    #[must_use]
    pub fn text(&self) -> SecretString {
        let (location, clause) = match &self.news {
            StorageUpdateKind::Keys(destination) => {
                let keys = destination.access_info();
                let clause = format!("ACCESS_INFO = '{}'", keys.expose_secret());
                (destination.location(), clause)
            }
            StorageUpdateKind::Limits(location, limits) => {
                (location, format!("ATTRIBUTE = '{limits}'"))
            }
        };
        let path = location.to_sql_text();
        format!("ALTER SYSTEM CHANGE EXTERNAL_STORAGE_DEST PATH = '{path}' SET {clause}").into()
    }
}
