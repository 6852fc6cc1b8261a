//! Input of the decision about a drill.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::api::{Cause, LocalReference, RecoveryDrillSpec, RecoveryDrillStatus};
use crate::domain::Blocker;
use crate::domain::strategy::MatchedTenants;
use crate::oceanbase::model::TenantId;

/// Drill that the decision is about.
#[derive(Clone, Copy, Debug)]
pub struct Drill<'a> {
    /// Name of the object.
    pub name: &'a str,
    /// Its uid.
    pub uid: &'a str,
    /// Its generation.
    pub generation: i64,
    /// Desired configuration.
    pub spec: &'a RecoveryDrillSpec,
    /// State that earlier passes recorded.
    pub status: &'a RecoveryDrillStatus,
}

/// State of the strategy and of other objects, as observed in this pass.
#[derive(Clone, Debug)]
pub struct Observation {
    /// The strategy, or the blocker while it cannot be used.
    pub strategy: Result<ObservedStrategy, Blocker>,
    /// RecoveryTasks that this drill created.
    pub tasks: Vec<ObservedTask>,
}

/// Strategy whose backups are verified.
#[derive(Clone, Debug)]
pub struct ObservedStrategy {
    /// Its cluster.
    pub cluster: LocalReference,
    /// Its tenants.
    pub tenants: MatchedTenants,
    /// Tenants that have an available full backup at its destination.
    pub with_full_backup: BTreeSet<TenantId>,
}

impl ObservedStrategy {
    /// Returns the names of the tenants that the strategy backs up or should back up.
    pub(super) fn tenant_names(&self) -> impl Iterator<Item = &String> {
        let eligible = self.tenants.eligible.iter().map(|tenant| &tenant.name);
        eligible.chain(self.tenants.failing.iter().map(|tenant| &tenant.name))
    }
}

/// A RecoveryTask that this drill created.
#[derive(Clone, Debug)]
pub struct ObservedTask {
    /// Its name.
    pub name: String,
    /// Its uid and its resourceVersion.
    pub version: (String, String),
    /// Tenant that it restores.
    pub tenant_name: String,
    /// Whether it is being deleted, and a finalizer holds it.
    pub deleting: bool,
    /// Its outcome, once it has ended.
    pub outcome: Option<String>,
    /// When it ended.
    pub completed_at: Option<Timestamp>,
    /// Seconds until the restored tenant was readable.
    pub rto_seconds: Option<i64>,
    /// Point that was restored.
    pub restore_time: Option<String>,
    /// Why it ended with this outcome.
    pub cause: Option<Cause>,
}
