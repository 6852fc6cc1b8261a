//! The statement that changes how a tenant's database enters a store, from V4.3.5.2 on: with which keys,
//! or how fast. Only a user of the tenant may run it, for a place of the tenant (V4 reference 1.6).

use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};

use crate::oceanbase::capability::Capability;
use crate::oceanbase::destination::{Destination, Place};
use crate::oceanbase::model::{StoreLimits, TenantId, TenantName};

/// A change for one place of a tenant.
#[derive(Clone, Debug)]
pub struct StoreChange {
    /// The tenant.
    pub tenant: TenantName,
    /// Its number: one of the same name that was made since is another one.
    pub tenant_id: TenantId,
    /// The plain name of a user of the tenant.
    pub user: String,
    /// The user's password.
    pub password: SecretString,
    /// What is changed.
    pub news: StoreNews,
}

/// What of a place is changed.
#[derive(Clone, Debug)]
pub enum StoreNews {
    /// It is entered with the keys of this destination.
    Keys(Destination),
    /// It is read and written as fast as this. What is not limited is named too: what is left out is
    /// taken for unlimited by some versions and for unchanged by others.
    Limits(Place, StoreLimits),
}

impl StoreChange {
    /// The name of all of them: the label of their metric and their log line.
    pub const NAME: &'static str = "change_external_storage_dest";

    /// How long the database may work on it: it tries new keys at the store.
    pub const TIMEOUT: Duration = Duration::from_mins(1);

    /// Returns what a release must have for the statement.
    #[must_use]
    pub fn needs(&self) -> Capability {
        match &self.news {
            StoreNews::Keys(_) => Capability::ChangeStoreKeys,
            StoreNews::Limits(..) => Capability::StoreLimits,
        }
    }

    /// The statement, with the keys in it.
    #[must_use]
    pub fn text(&self) -> SecretString {
        let (place, clause) = match &self.news {
            StoreNews::Keys(destination) => {
                let keys = destination.access_info();
                let clause = format!("ACCESS_INFO = '{}'", keys.expose_secret());
                (destination.place(), clause)
            }
            StoreNews::Limits(place, limits) => (place, format!("ATTRIBUTE = '{limits}'")),
        };
        let path = place.to_sql_text();
        format!("ALTER SYSTEM CHANGE EXTERNAL_STORAGE_DEST PATH = '{path}' SET {clause}").into()
    }
}
