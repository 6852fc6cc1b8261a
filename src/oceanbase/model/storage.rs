//! Locations of the destinations of backups, and the database's checks of them.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;

use super::TenantId;

/// Data about all destinations; read at long intervals.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StorageViews {
    /// Roots of the destinations of archive pieces, without keys (`CDB_OB_ARCHIVELOG_PIECE_FILES`).
    /// The key is the tenant and the number of the destination, because each tenant has its own
    /// numbering.
    pub log_roots: BTreeMap<(TenantId, i64), String>,
    /// Results of the database's own checks of destinations (`CDB_OB_BACKUP_STORAGE_INFO`).
    pub checks: Vec<StorageCheck>,
}

impl StorageViews {
    /// Returns the host of a destination, if it has one and the database has checked it.
    #[must_use]
    pub fn host(&self, tenant: TenantId, dest_id: i64) -> Option<&str> {
        let mut checks = self.checks.iter();
        let known = checks.find(|check| (check.tenant_id, check.dest_id) == (tenant, dest_id))?;
        Some(known.host.as_str()).filter(|host| !host.is_empty())
    }
}

/// Destination that the database checks by itself, when it is set and from time to time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StorageCheck {
    /// The tenant.
    pub tenant_id: TenantId,
    /// Number of the destination.
    pub dest_id: i64,
    /// Root of the destination, without keys.
    pub path: String,
    /// Host of the destination; empty for a directory of the observers.
    pub host: String,
    /// Time of the last successful check.
    pub checked_at: Option<Timestamp>,
}

/// Limits for reads and writes of a tenant's location; 0 means unlimited.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StorageLimits {
    /// Requests per second.
    pub max_iops: i64,
    /// Bytes per second.
    pub max_bandwidth: i64,
}

impl StorageLimits {
    /// No limits.
    pub const NONE: Self = Self {
        max_iops: 0,
        max_bandwidth: 0,
    };
}

/// Formats both limits as options of a destination: `max_iops=1000&max_bandwidth=100M`.
impl fmt::Display for StorageLimits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = [(1 << 30, "G"), (1 << 20, "M"), (1 << 10, "K"), (1, "B")];
        let bytes = self.max_bandwidth;
        let mut exact = units.into_iter().filter(|(unit, _)| bytes % unit == 0);
        // Every number is divisible by one.
        let (unit, name) = exact.next().unwrap_or((1, "B"));
        let Self { max_iops, .. } = self;
        write!(
            f,
            "max_iops={max_iops}&max_bandwidth={}{name}",
            bytes / unit
        )
    }
}

/// Location with limits (`CDB_OB_BACKUP_STORAGE_INFO`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LimitedLocation {
    /// Location without keys: `s3://bucket/dir?host=…`.
    pub path: String,
    /// Limits of the location.
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
