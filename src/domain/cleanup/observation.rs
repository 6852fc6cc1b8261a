//! Input of the decision about a cleanup.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::api::{CleanupTaskSpec, CleanupTaskStatus};
use crate::domain::Blocker;
use crate::oceanbase::model::{Identity, JobId, Tenant};
use crate::oceanbase::version::Version;

/// Input of the decision.
#[derive(Clone, Copy, Debug)]
pub struct Task<'a> {
    /// Generation of the object.
    pub generation: i64,
    /// Whether a strategy created the object.
    pub owned: bool,
    /// Creation of the object.
    pub created_at: Option<Timestamp>,
    /// Spec of the object.
    pub spec: &'a CleanupTaskSpec,
    /// Current status of the object.
    pub status: &'a CleanupTaskStatus,
}

/// Observed state.
#[derive(Clone, Debug)]
pub struct Observation {
    /// Whether the tenant may be used through the cluster's object.
    pub allowed: Result<(), Blocker>,
    /// State of the database.
    pub database: Result<ObservedDatabase, Blocker>,
    /// Name of a RecoveryTask that is recovering from the tenant's backups.
    pub recovery: Option<String>,
    /// Time since this process first observed the open intent.
    pub intent_age: Duration,
    /// Time after which a statement has certainly ended.
    pub statement_lifetime: Duration,
}

/// What the database shows.
#[derive(Clone, Debug)]
pub struct ObservedDatabase {
    /// Identity of the database.
    pub identity: Identity,
    /// Version of the server.
    pub version: Version,
    /// The tenant.
    pub tenant: Option<Arc<Tenant>>,
    /// Whether this is newer than the operator's last statement about the tenant.
    pub settled: bool,
    /// Whether this was read before the task was created. Backup sets and pieces that were made
    /// between the two are missing.
    pub predates_task: bool,
    /// Newest cleanup that sys has started.
    pub newest_cleanup: JobId,
}
