//! Observed state of a cluster.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::domain::Blocker;
use crate::oceanbase::model::{Privileges, Snapshot, TenantId};

/// Observed state.
#[derive(Clone, Debug)]
pub struct Observation {
    /// What the database shows, or the blocker that prevents reading it.
    pub database: Result<Arc<Snapshot>, Blocker>,
    /// Phases of the cluster's strategies.
    pub strategy_phases: Vec<Option<String>>,
    /// Number of data backups that wait for a free slot.
    pub queued_tasks: usize,
    /// Tenants whose logs are archived successfully, and only around their data backups.
    pub archived_around: BTreeSet<TenantId>,
    /// Number of active alerts of these strategies.
    pub alerts: i32,
    /// Privileges of the object's account; `None` if unknown.
    pub privileges: Option<Arc<Privileges>>,
}
