//! The statement that gives a tenant's database new keys of a store, from V4.3.5.2 on. Only a user of
//! the tenant may run it, for a place of the tenant (V4 reference 1.6).

use std::time::Duration;

use secrecy::SecretString;

use crate::oceanbase::destination::Destination;
use crate::oceanbase::model::{TenantId, TenantName};

/// New keys for one place of a tenant.
#[derive(Clone, Debug)]
pub struct Rotation {
    /// The tenant.
    pub tenant: TenantName,
    /// Its number: one of the same name that was made since is another one.
    pub tenant_id: TenantId,
    /// The plain name of a user of the tenant.
    pub user: String,
    /// The user's password.
    pub password: SecretString,
    /// The place, with the new keys.
    pub destination: Destination,
}

impl Rotation {
    /// The name of all of them: the label of their metric and their log line.
    pub const NAME: &'static str = "change_external_storage_dest";

    /// How long the database may work on it: it tries the keys at the store.
    pub const TIMEOUT: Duration = Duration::from_mins(1);

    /// The statement, with the keys in it.
    #[must_use]
    pub fn text(&self) -> SecretString {
        use secrecy::ExposeSecret;
        let path = self.destination.place().to_sql_text();
        let keys = self.destination.access_info();
        format!(
            "ALTER SYSTEM CHANGE EXTERNAL_STORAGE_DEST PATH = '{path}' SET ACCESS_INFO = '{}'",
            keys.expose_secret()
        )
        .into()
    }
}
