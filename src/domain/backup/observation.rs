//! Input of a decision about a backup.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::queue::Queue;
use super::{ChildTasks, ObservedArchiving};
use crate::api::strategy::IncrementalNotPossible;
use crate::api::{BackupTaskSpec, BackupTaskStatus, DataBackupSettings};
use crate::domain::{Blocker, ObservedTenant};
use crate::oceanbase::model::{BackupSet, Identity, Job};
use crate::oceanbase::version::Version;

/// Object of the decision.
#[derive(Clone, Copy, Debug)]
pub struct Task<'a> {
    /// Uid of the object.
    pub uid: &'a str,
    /// Generation of the object.
    pub generation: i64,
    /// Name of the object.
    pub name: &'a str,
    /// Whether a strategy or another task created the object.
    pub owned: bool,
    /// When the object was created.
    pub created_at: Timestamp,
    /// Spec of the object.
    pub spec: &'a BackupTaskSpec,
    /// Current status of the object.
    pub status: &'a BackupTaskStatus,
}

/// Observed state.
#[derive(Clone, Debug)]
pub struct Observation {
    /// Objects that the references lead to.
    pub target: Result<Target, Blocker>,
    /// What the database shows, or the blocker that prevents reading it.
    pub database: Result<ObservedDatabase, Blocker>,
    /// Queue for a free slot.
    pub queue: Queue,
    /// Tenants and tasks of a task for several tenants.
    pub children: ChildTasks,
    /// The tenant's log backup, if it does not run and a backup may be sent.
    pub logs: Option<ObservedArchiving>,
    /// Blocker if another owner backs up the tenant.
    pub other_owner: Option<Blocker>,
    /// State of a storage migration of the tenant's log backup, if it affects the task.
    pub migration: Option<MigrationState>,
    /// Why a strategy's own backup does not start now.
    pub held: Option<Held>,
    /// Time since this process first observed the recorded intent.
    pub intent_age: Duration,
    /// Time after which a BACKUP statement has certainly ended, whether it ran or not.
    pub statement_lifetime: Duration,
}

/// Why a strategy's own backup does not start now; a running backup continues.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    /// A blackout window of the strategy lasts until this instant.
    Blackout(Timestamp),
    /// The strategy is suspended.
    Suspended,
}

/// Objects that the task's references lead to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Name of the OceanBaseCluster.
    pub cluster: String,
    /// Name of the BackupStorage.
    pub storage: String,
    /// Generation of the strategy.
    pub strategy_generation: Option<i64>,
    /// The tenant's directory below the storage's directory, once it is known.
    pub data_path: Option<String>,
    /// Whether a strategy owns the task.
    pub scheduled: bool,
    /// Settings of the backup.
    pub settings: DataBackupSettings,
    /// What to do if an incremental backup is not possible.
    pub incremental_not_possible: IncrementalNotPossible,
}

/// What the database shows.
#[derive(Clone, Debug)]
pub struct ObservedDatabase {
    /// Identity that the cluster reports.
    pub identity: Identity,
    /// Version of the server.
    pub version: Version,
    /// Whether the cluster is being upgraded.
    pub is_upgrading: bool,
    /// Newest backup set at the tenant's current destination.
    pub previous_set: Option<BackupSet>,
    /// The tenant.
    pub tenant: ObservedTenant,
    /// Jobs of the sys tenant, under which the operator starts backups.
    pub parents: Arc<Vec<Job>>,
}

/// State of a storage migration that affects a task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MigrationState {
    /// The log backup has not changed its destination yet.
    LogsPending,
    /// The log backup has changed its destination. The next data backup changes the data
    /// destination, which is this location without keys.
    DataPending(String),
}
