//! What is asked of the database.

use crate::oceanbase::model::{StorageLimits, TenantName};

/// Something to ask of the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Set the tenant's `LOG_ARCHIVE_DEST`.
    SetDestination(TenantName),
    /// End the round, to leave this place: only while nothing of the tenant runs.
    Leave {
        /// The tenant.
        tenant: TenantName,
        /// The place, without keys.
        from: String,
    },
    /// Set `LOG_ARCHIVE_DEST` to another place than this one.
    Switch {
        /// The tenant.
        tenant: TenantName,
        /// The place, without keys.
        from: String,
    },
    /// Set it again, to the same place with other attributes. Only while archiving is stopped.
    SetAttributes(TenantName),
    /// ENABLE (`true`) or DEFER its destination.
    SetEnabled(TenantName, bool),
    /// Set its `archive_lag_target`, in seconds.
    SetLagTarget(TenantName, i32),
    /// Give it new keys of the store for one of its places.
    Rotate {
        /// The tenant.
        tenant: TenantName,
        /// The place, without keys.
        location: String,
        /// `resourceVersion` of the Secret that holds them.
        version: String,
    },
    /// Have it keep to the store's limits at one of its places.
    Limit {
        /// The tenant.
        tenant: TenantName,
        /// The place, without keys.
        location: String,
        /// How fast.
        limits: StorageLimits,
    },
    /// Begin a round.
    Start(TenantName),
    /// End the round.
    Stop(TenantName),
}
