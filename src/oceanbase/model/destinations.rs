//! Destinations of all backups of a tenant.

use super::Tenant;

/// Destinations of a tenant's data backups and logs, as the views show them. The text after the `?`
/// is omitted, because it may contain a key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Destinations {
    data: Option<String>,
    log: Option<String>,
}

impl Destinations {
    /// Returns the destinations from `data_backup_dest` and the path of LOG_ARCHIVE_DEST, if set.
    #[must_use]
    pub fn new(data: Option<&str>, log: Option<&str>) -> Self {
        let location = |shown: &str| shown.split('?').next().unwrap_or_default().to_owned();
        Self {
            data: data.map(location),
            log: log.map(location),
        }
    }

    /// Returns the destinations of a tenant.
    #[must_use]
    pub fn of(tenant: &Tenant) -> Self {
        let log = tenant.log_dest.as_ref().map(|dest| dest.path.as_str());
        Self::new(tenant.data_dest.as_deref(), log)
    }
}
