//! What a decision about a backup is made of.

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

/// What the decision is about.
#[derive(Clone, Copy, Debug)]
pub struct Task<'a> {
    /// The object's uid.
    pub uid: &'a str,
    /// Its generation.
    pub generation: i64,
    /// Its name.
    pub name: &'a str,
    /// Whether a strategy or another task made it.
    pub owned: bool,
    /// When it was created.
    pub created_at: Timestamp,
    /// What was asked for.
    pub spec: &'a BackupTaskSpec,
    /// What is known so far.
    pub status: &'a BackupTaskStatus,
}

/// What was seen.
#[derive(Clone, Debug)]
pub struct Observation {
    /// Where the references lead.
    pub target: Result<Target, Blocker>,
    /// What the database shows; an obstacle while it shows nothing.
    pub database: Result<ObservedDatabase, Blocker>,
    /// The line for a free place.
    pub queue: Queue,
    /// Tenants and tasks of a task for several tenants.
    pub children: ChildTasks,
    /// The tenant's log backup, where it does not run and a backup may be sent.
    pub logs: Option<ObservedArchiving>,
    /// That the tenant is somebody else's to back up, where that is known only from outside of it.
    pub claimed: Option<Blocker>,
    /// How far a move has come that the tenant's log backup makes, where that concerns the task.
    pub moving: Option<DestinationMove>,
    /// Why a strategy's own backup does not start now.
    pub held: Option<Held>,
    /// Whether its strategy goes by it: the newest of its tenant and type that has ended, or that went well.
    pub kept: bool,
    /// For how long this process has known of the intent that stands in the status.
    pub intent_age: Duration,
    /// After how long a BACKUP statement is surely over, run or not.
    pub surely_over: Duration,
}

/// Why a strategy's own backup does not start now; one that runs runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    /// A blackout window of the strategy lasts until this instant.
    Blackout(Timestamp),
    /// The strategy is suspended.
    Suspended,
}

/// Where the task's references lead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Name of the cluster's object.
    pub cluster: String,
    /// Name of the store's object.
    pub storage: String,
    /// The strategy's generation.
    pub strategy_generation: Option<i64>,
    /// The tenant's directory below the store's own, once it is known.
    pub data_path: Option<String>,
    /// Whether the task's owner is a strategy.
    pub scheduled: bool,
    /// How the backup runs.
    pub settings: DataBackupSettings,
    /// What an incremental backup becomes that is not possible.
    pub incremental_not_possible: IncrementalNotPossible,
}

/// What the database shows.
#[derive(Clone, Debug)]
pub struct ObservedDatabase {
    /// Who the cluster says it is.
    pub identity: Identity,
    /// Version of the server.
    pub version: Version,
    /// Whether the cluster is being upgraded.
    pub is_upgrading: bool,
    /// The newest backup set at the tenant's current destination.
    pub previous_set: Option<BackupSet>,
    /// The tenant.
    pub tenant: ObservedTenant,
    /// Jobs of the sys tenant, in whose name we start backups.
    pub parents: Arc<Vec<Job>>,
}

/// How far a move has come that concerns a task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DestinationMove {
    /// The logs have not moved yet.
    Logs,
    /// They have, and data backups follow: from this place, without keys.
    Data(String),
}
