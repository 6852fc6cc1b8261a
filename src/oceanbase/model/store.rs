//! Where the destinations of backups are, and when the database tried them.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::TenantId;

/// What the views tell of all destinations; read seldom.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoreViews {
    /// Roots of the destinations of archive pieces, without keys, by the destination's number, which
    /// each tenant counts for itself (`CDB_OB_ARCHIVELOG_PIECE_FILES`).
    pub log_roots: BTreeMap<(TenantId, i64), String>,
    /// What the database's own tries of destinations left (`CDB_OB_BACKUP_STORAGE_INFO`).
    pub checks: Vec<StoreCheck>,
}

impl StoreViews {
    /// Host of a destination, where the database has tried it and it has one.
    #[must_use]
    pub fn host(&self, tenant: TenantId, dest_id: i64) -> Option<&str> {
        let mut checks = self.checks.iter();
        let known = checks.find(|check| (check.tenant_id, check.dest_id) == (tenant, dest_id))?;
        Some(known.host.as_str()).filter(|host| !host.is_empty())
    }
}

/// A destination that the database tries by itself: when it is set, and now and then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreCheck {
    /// The tenant.
    pub tenant_id: TenantId,
    /// Number of the destination.
    pub dest_id: i64,
    /// Its root, without keys.
    pub path: String,
    /// Its host; empty for a directory of the observers.
    pub host: String,
    /// When it was last tried with success.
    pub checked_at: Option<Timestamp>,
}
