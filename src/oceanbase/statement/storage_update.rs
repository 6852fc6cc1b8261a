//! Statement that changes the keys or limits of a tenant's storage, from V4.3.5.2 on. Only a user
//! of the tenant may run it, for a location of the tenant (V4 reference 1.6).

use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};

use crate::oceanbase::capability::Capability;
use crate::oceanbase::destination::{Destination, Location};
use crate::oceanbase::model::{StorageLimits, TenantId, TenantName};

/// Change of one location of a tenant.
#[derive(Clone, Debug)]
pub struct StorageUpdate {
    /// The tenant.
    pub tenant: TenantName,
    /// Number of the tenant. A tenant that was recreated under the same name has another number.
    pub tenant_id: TenantId,
    /// Plain name of a user of the tenant.
    pub user: String,
    /// Password of the user.
    pub password: SecretString,
    /// New values.
    pub kind: StorageUpdateKind,
}

/// Kind of the change.
#[derive(Clone, Debug)]
pub enum StorageUpdateKind {
    /// Uses the keys of this destination.
    Keys(Destination),
    /// Sets these limits. All limits are written, even unlimited ones: some versions treat an
    /// omitted limit as unlimited, and others as unchanged.
    Limits(Location, StorageLimits),
}

impl StorageUpdate {
    /// Name of all changes, which labels their metric and log line.
    pub const NAME: &'static str = "change_external_storage_dest";

    /// Timeout of the database: it checks new keys with the storage.
    pub const TIMEOUT: Duration = Duration::from_mins(1);

    /// Returns the capability that a release needs for the statement.
    #[must_use]
    pub fn needs(&self) -> Capability {
        match &self.kind {
            StorageUpdateKind::Keys(_) => Capability::UpdateStorageKeys,
            StorageUpdateKind::Limits(..) => Capability::StorageLimits,
        }
    }

    /// Returns the statement, which contains the keys.
    #[must_use]
    pub fn text(&self) -> SecretString {
        let (location, clause) = match &self.kind {
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
