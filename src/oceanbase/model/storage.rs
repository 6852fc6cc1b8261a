//! Where the destinations of backups are, and when the database tried them.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;

use super::TenantId;

/// What the views tell of all destinations; read seldom.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StorageViews {
    /// Roots of the destinations of archive pieces, without keys, by the destination's number, which
    /// each tenant counts for itself (`CDB_OB_ARCHIVELOG_PIECE_FILES`).
    pub log_roots: BTreeMap<(TenantId, i64), String>,
    /// What the database's own tries of destinations left (`CDB_OB_BACKUP_STORAGE_INFO`).
    pub checks: Vec<StorageCheck>,
}

impl StorageViews {
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
pub struct StorageCheck {
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

/// How fast a tenant's place in a store may be read and written; 0 is as fast as it goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StorageLimits {
    /// Requests a second.
    pub max_iops: i64,
    /// Bytes a second.
    pub max_bandwidth: i64,
}

impl StorageLimits {
    /// As fast as it goes.
    pub const NONE: Self = Self {
        max_iops: 0,
        max_bandwidth: 0,
    };
}

/// As options of a destination, both of them: `max_iops=1000&max_bandwidth=100M`.
impl fmt::Display for StorageLimits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = [(1 << 30, "G"), (1 << 20, "M"), (1 << 10, "K"), (1, "B")];
        let bytes = self.max_bandwidth;
        let mut exact = units.into_iter().filter(|(unit, _)| bytes % unit == 0);
        // Every number is divided by one.
        let (unit, name) = exact.next().unwrap_or((1, "B"));
        let Self { max_iops, .. } = self;
        write!(
            f,
            "max_iops={max_iops}&max_bandwidth={}{name}",
            bytes / unit
        )
    }
}

/// A place that is limited (`CDB_OB_BACKUP_STORAGE_INFO`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LimitedLocation {
    /// The place, without keys: `s3://bucket/dir?host=…`.
    pub path: String,
    /// Its limits.
    pub limits: StorageLimits,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_written_in_the_largest_unit_that_fits() {
        let cases = [
            (StorageLimits::NONE, "max_iops=0&max_bandwidth=0G"),
            (limits(800, 20 << 20), "max_iops=800&max_bandwidth=20M"),
            (limits(0, 1536 << 20), "max_iops=0&max_bandwidth=1536M"),
            (limits(1, 3 << 30), "max_iops=1&max_bandwidth=3G"),
            (limits(0, 1025), "max_iops=0&max_bandwidth=1025B"),
        ];
        for (limits, text) in cases {
            assert_eq!(limits.to_string(), text);
        }
    }

    fn limits(max_iops: i64, max_bandwidth: i64) -> StorageLimits {
        StorageLimits {
            max_iops,
            max_bandwidth,
        }
    }
}
