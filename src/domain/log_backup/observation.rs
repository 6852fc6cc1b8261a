//! Input of the decision about a log backup.

use jiff::{SignedDuration, Timestamp};

use super::{ObservedLimits, ObservedMigration, RelatedObjects, StorageKeys};
use crate::api::strategy::Followed;
use crate::api::{LogBackupSpec, LogBackupStatus};
use crate::domain::{Blocker, ObservedTenant};
use crate::oceanbase::model::Identity;

/// Object of the decision.
#[derive(Clone, Copy, Debug)]
pub struct LogBackup<'a> {
    /// Generation of the object.
    pub generation: i64,
    /// Spec of the object.
    pub spec: &'a LogBackupSpec,
    /// Current status of the object.
    pub status: &'a LogBackupStatus,
    /// Generations of the object that its strategy wrote.
    pub followed: Option<Followed>,
}

/// Observed state.
#[derive(Clone, Debug)]
pub struct Observation {
    /// Whether the references are valid, and whether this object manages its tenant.
    pub target: Result<(), Blocker>,
    /// What the database shows, or the blocker that prevents reading it.
    pub database: Result<ObservedTenant, Blocker>,
    /// Identity that the database reports; empty while it cannot be read.
    pub identity: Identity,
    /// Whether the version supports `LOG_ARCHIVE_DEST_STATE` = DEFER.
    pub can_pause: bool,
    /// Whether the version supports `archive_lag_target`.
    pub can_set_lag_target: bool,
    /// Whether a data backup of the tenant is active; checked only with `AroundDataBackup`.
    pub has_open_tasks: bool,
    /// What other objects show about the tenant, if that was looked up.
    pub related: Option<RelatedObjects>,
    /// The tenant's new name, if it was renamed.
    pub renamed: Option<Renamed>,
    /// Blocker that names the owner of the desired location, if no destination is set yet.
    pub conflict: Option<Blocker>,
    /// Input of a destination change, while logs go to another location than the spec requests.
    pub switch: Option<ObservedMigration>,
    /// State of the storage's keys; `None` if the storage has none, or its Secret was not read yet.
    pub storage_keys: Option<StorageKeys>,
    /// State of the storage's limits; `None` without a storage or a tenant.
    pub limits: Option<ObservedLimits>,
    /// `resourceVersion` of the Secret whose keys the database received in this pass.
    pub applied_version: Option<String>,
    /// Instant before which an interrupted round is not healed: the end of a blackout window of the
    /// strategy.
    pub may_heal_at: Option<Timestamp>,
    /// Time after which a written checkpoint is written again.
    pub checkpoint_interval: SignedDuration,
}

/// New name of the tenant of this log backup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Renamed {
    /// Name of the tenant.
    pub name: String,
    /// Where its logs go, below the storage's directory.
    pub path: String,
}
