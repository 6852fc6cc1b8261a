//! Requests to the database.

use crate::oceanbase::model::{StorageLimits, TenantName};

/// Request to the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Set the tenant's `LOG_ARCHIVE_DEST`.
    SetDestination(TenantName),
    /// End the round, to leave this location; only if no backup of the tenant runs.
    Leave {
        /// The tenant.
        tenant: TenantName,
        /// Location without keys.
        from: String,
    },
    /// Set `LOG_ARCHIVE_DEST` to a location other than this one.
    Switch {
        /// The tenant.
        tenant: TenantName,
        /// Location without keys.
        from: String,
    },
    /// Set the same location with other attributes; only while archiving is stopped.
    SetAttributes(TenantName),
    /// ENABLE (`true`) or DEFER its destination.
    SetEnabled(TenantName, bool),
    /// Set its `archive_lag_target`, in seconds.
    SetLagTarget(TenantName, i32),
    /// Set new keys of the storage for one of the tenant's locations.
    Rotate {
        /// The tenant.
        tenant: TenantName,
        /// Location without keys.
        location: String,
        /// `resourceVersion` of the Secret with the keys.
        version: String,
    },
    /// Set the storage's limits for one of the tenant's locations.
    Limit {
        /// The tenant.
        tenant: TenantName,
        /// Location without keys.
        location: String,
        /// Limits to set.
        limits: StorageLimits,
    },
    /// Start a round.
    Start(TenantName),
    /// End the round.
    Stop(TenantName),
}
