//! Where all backups of a tenant go.

use super::Tenant;

/// Where a tenant's data backups and logs go, as the views show it; without what stands after the
/// `?`, which could be a key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Destinations {
    data: Option<String>,
    log: Option<String>,
}

impl Destinations {
    /// From `data_backup_dest` and the path of LOG_ARCHIVE_DEST, where they are set.
    #[must_use]
    pub fn new(data: Option<&str>, log: Option<&str>) -> Self {
        let location = |shown: &str| shown.split('?').next().unwrap_or_default().to_owned();
        Self {
            data: data.map(location),
            log: log.map(location),
        }
    }

    /// Those of a tenant.
    #[must_use]
    pub fn of(tenant: &Tenant) -> Self {
        let log = tenant.log_dest.as_ref().map(|dest| dest.path.as_str());
        Self::new(tenant.data_dest.as_deref(), log)
    }
}
