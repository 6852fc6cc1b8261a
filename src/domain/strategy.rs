//! A strategy: makes a log backup for each of its tenants, and turns each slot of its schedule
//! into one task per tenant, exactly once.
//!
//! ```text
//! slot due ──> status.openSlot ──> tasks made (named by slot, so made once) ──> scheduleHistory
//! ```
//!
//! A restart goes on with the open slot. The only statements that a strategy sends itself are those
//! about delete policies: one a pass, where no object is to be made.

mod alerts;
mod children;
mod cleanups;
mod database_change;
mod destinations;
mod effect;
pub mod external_jobs;
mod finalize;
mod health;
mod index;
mod overdue;
mod pending_objects;
mod placement;
mod propagation;
mod retention;
mod slot_metrics;
mod slots;
mod status;
mod task_history;
mod tenants;
#[cfg(test)]
mod tests;
mod verification;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

pub use cleanups::{AskedCleanup, ObservedCleanup};
pub use destinations::{DestinationContents, TenantContents};
pub use effect::{ApplyOutcome, Effect};
pub use finalize::finalize;
pub use placement::{Directories, STORAGE_CHANGE_REFUSED};
pub use propagation::{followed, give, settings_of};
pub use retention::PolicyChange;
pub use slot_metrics::closed;
pub use tenants::{CompetingStrategy, MatchedTenants, covers, matched, selects};
pub use verification::ObservedVerification;

use index::Index;

use super::backup::CLUSTER_UPGRADING;
use super::condition::DesiredCondition;
use super::schedule::{Schedule, ScheduleError};
use super::{Blocker, Decision, Event, Next};
use crate::api::strategy::{FailingTenant, Inherited, LogBackupSettings, StorageChangePolicy};
use crate::api::{BackupStrategySpec, BackupStrategyStatus, Cause, DesiredState, PinnedDatabase};
use crate::oceanbase::model::{Identity, Tenant, TenantId};

/// How soon to go on after objects were made: the stores need a moment to show them.
const CONTINUE: Next = Next::After(Duration::from_millis(200));

/// What the decision is about.
#[derive(Clone, Copy, Debug)]
pub struct Strategy<'a> {
    /// Name of the object.
    pub name: &'a str,
    /// Its uid.
    pub uid: &'a str,
    /// Its generation.
    pub generation: i64,
    /// When it was created.
    pub created_at: Timestamp,
    /// What was asked for.
    pub spec: &'a BackupStrategySpec,
    /// What is known so far.
    pub status: &'a BackupStrategyStatus,
}

/// What was seen.
#[derive(Clone, Debug)]
pub struct Observation {
    /// Whether the references lead somewhere.
    pub target: Result<(), Blocker>,
    /// The cluster's tenants; an obstacle while the database shows nothing.
    pub database: Result<Vec<Arc<Tenant>>, Blocker>,
    /// Who the cluster says it is; nothing while the database shows nothing.
    pub identity: Identity,
    /// Whether the cluster is being upgraded.
    pub is_upgrading: bool,
    /// Strategies of the same cluster, this one included.
    pub rivals: Vec<CompetingStrategy>,
    /// Log backups of the cluster, whoever made them.
    pub log_backups: Vec<ObservedLogBackup>,
    /// Names of stores of log backups that are where the strategy's own is.
    pub same_storages: BTreeSet<String>,
    /// Tasks that this strategy made.
    pub tasks: Vec<ObservedTask>,
    /// Tenants of which what our last statement did is not seen yet.
    pub unsettled: BTreeSet<TenantId>,
    /// Tenants that have an available full backup at this strategy's place.
    pub with_full_backup: BTreeSet<TenantId>,
    /// Tenants whose logs go, or went last, to this strategy's place.
    pub with_logs_here: BTreeSet<TenantId>,
    /// Jobs that others started.
    pub external: external_jobs::ExternalJobs,
    /// Tenants whose logs go elsewhere than to this strategy's place and to that of their LogBackup.
    pub logs_elsewhere: BTreeSet<TenantId>,
    /// Tenants whose data backups go elsewhere than to this strategy's place, and where.
    pub data_elsewhere: BTreeMap<TenantId, String>,
    /// Tenants whose backups go where the cluster's name of that time led.
    pub directories: BTreeMap<TenantId, Directories>,
    /// Tenants that a RecoveryTask has made.
    pub recovered: BTreeSet<TenantId>,
    /// RecoveryTasks that this strategy made.
    pub verifications: Vec<ObservedVerification>,
    /// CleanupTasks that this strategy made.
    pub cleanups: Vec<ObservedCleanup>,
    /// CleanupTasks that somebody made, for tenants of this database.
    pub asked_cleanups: Vec<AskedCleanup>,
    /// Stores and places of the ledger, and what of the tenants is there.
    pub locations: Vec<DestinationContents>,
    /// Percent of its capacity that the strategy's store holds, where that is more than it should.
    pub storage_over: Option<i32>,
    /// The smallest window that the operator sets, in days.
    pub least_window_days: i32,
}

/// A log backup of the cluster.
#[derive(Clone, Debug)]
pub struct ObservedLogBackup {
    /// Its name.
    pub name: String,
    /// Its tenant's name.
    pub tenant_name: String,
    /// Its tenant's id, once known.
    pub tenant_id: Option<TenantId>,
    /// The database that it saw its tenant in, once it has.
    pub database: Option<PinnedDatabase>,
    /// Its resourceVersion.
    pub version: String,
    /// Name of its store.
    pub storage: String,
    /// Its directory below the store's own, where it names one.
    pub path: Option<String>,
    /// What it does about an edit of its place.
    pub storage_change_policy: StorageChangePolicy,
    /// Whether the tenant's logs go to another place than it asks for, and it moves them.
    pub is_moving: bool,
    /// The place of data backups that its last move has left for good, without keys.
    pub data_left: Option<String>,
    /// What it holds of what follows its strategy.
    pub settings: LogBackupSettings,
    /// What a strategy last wrote into it, where one made it.
    pub inherited: Option<Inherited>,
    /// When it was created.
    pub created_at: Timestamp,
    /// What somebody asks of it.
    pub desired_state: DesiredState,
    /// Its phase.
    pub phase: Option<String>,
    /// Whether logs are archived around data backups only, and it may be stopped between them.
    pub around_data_backup: bool,
    /// Since when it wants a full backup, because its round was interrupted.
    pub full_backup_wanted_since: Option<Timestamp>,
    /// Why it does not do what it should.
    pub cause: Option<Cause>,
}

/// A task that this strategy made.
#[derive(Clone, Debug)]
pub struct ObservedTask {
    /// Its name.
    pub name: String,
    /// Its uid and its resourceVersion.
    pub version: (String, String),
    /// Its tenant.
    pub tenant_name: String,
    /// Its tenant's id, once known.
    pub tenant_id: Option<TenantId>,
    /// The database that it was taken up in, once it was.
    pub database: Option<PinnedDatabase>,
    /// When it was created.
    pub created_at: Timestamp,
    /// The slot that it was made for.
    pub scheduled_at: Option<Timestamp>,
    /// Whether it asked for a full backup.
    pub full: bool,
    /// Whether it shows a backup that somebody else started.
    pub external: bool,
    /// When that backup began.
    pub mirrored_since: Option<Timestamp>,
    /// Whether it is being deleted, and something holds it.
    pub deleting: bool,
    /// When the database started its job.
    pub started_at: Option<Timestamp>,
    /// How it ended, once it has.
    pub outcome: Option<String>,
    /// When it ended.
    pub completed_at: Option<Timestamp>,
    /// Why it failed.
    pub cause: Option<Cause>,
}

/// A log backup that follows its strategy.
#[derive(Clone, Debug, PartialEq)]
pub struct LogBackupEdit {
    /// Its name.
    pub name: String,
    /// Its resourceVersion, as it was seen.
    pub version: String,
    /// What is to be in it.
    pub settings: LogBackupSettings,
    /// Its new place, where it is to move: the name of the store, and the directory below that one's own.
    pub location: Option<(String, Option<String>)>,
    /// What it is to do about an edit of its place.
    pub storage_change_policy: StorageChangePolicy,
    /// What the strategy has then written into it.
    pub inherited: Inherited,
}

type StrategyDecision = Decision<BackupStrategyStatus, Effect>;

/// Decides. `created` is what became of this very pass's effect, if there was one.
#[must_use]
pub fn decide(
    strategy: &Strategy<'_>,
    observed: &Observation,
    created: Option<&ApplyOutcome>,
    now: Timestamp,
) -> StrategyDecision {
    let evaluation = Evaluation::new(strategy, observed, now);
    let schedule = Schedule::parse(&strategy.spec.schedule);
    match (schedule, &observed.target, &observed.database) {
        (Err(error), ..) => evaluation.refuse(&schedule_blocker(&error)),
        (Ok(schedule), Err(blocker), _) => evaluation.wait(&schedule, blocker, blocker.reason),
        (Ok(schedule), Ok(()), Err(blocker)) => {
            evaluation.wait(&schedule, &blocker.as_waiting(), "ClusterUnreachable")
        }
        (Ok(schedule), Ok(()), Ok(tenants)) => evaluation.plan(&schedule, tenants, created),
    }
}

fn schedule_blocker(error: &ScheduleError) -> Blocker {
    Blocker::permanent(error.reason(), error.to_string())
}

struct Evaluation<'a> {
    strategy: &'a Strategy<'a>,
    observed: &'a Observation,
    index: Index<'a>,
    status: BackupStrategyStatus,
    now: Timestamp,
    event: Option<Event>,
    /// Why an edit of the place is refused, where it is.
    moved: Option<String>,
    /// What the delete policies are found to be, once they are looked at.
    retention: Option<DesiredCondition>,
    /// Why the schedule of verifications can not be read.
    verification_refused: Option<verification::Refused>,
}

/// What objects are made for.
struct Plan<'a> {
    schedule: &'a Schedule,
    matched: &'a MatchedTenants,
}

/// How the strategy stands, for its conditions.
enum StrategyState<'a> {
    /// As it was: nothing new is known.
    Unchanged,
    Blocked(&'a Blocker),
    /// The tenants, those that can not be backed up, and why that is none at all.
    Planned(&'a MatchedTenants, &'a [FailingTenant], Option<&'a str>),
}

impl<'a> Evaluation<'a> {
    fn new(strategy: &'a Strategy<'a>, observed: &'a Observation, now: Timestamp) -> Self {
        let mut evaluation = Self {
            strategy,
            observed,
            index: Index::of(observed),
            status: strategy.status.clone(),
            now,
            event: None,
            moved: None,
            retention: None,
            verification_refused: None,
        };
        evaluation.record_database();
        evaluation
    }
}

impl Evaluation<'_> {
    fn refuse(self, blocker: &Blocker) -> StrategyDecision {
        self.finish(&StrategyState::Blocked(blocker), None, Next::Await)
    }

    /// Nothing can be made: slots are kept open, until their deadline.
    fn wait(
        mut self,
        schedule: &Schedule,
        blocker: &Blocker,
        reason: &'static str,
    ) -> StrategyDecision {
        self.expire(schedule, reason);
        let next = self.schedule(schedule);
        let standing = if blocker.is_passing()
            && self.strategy.status.observed_generation == Some(self.strategy.generation)
        {
            StrategyState::Unchanged
        } else {
            StrategyState::Blocked(blocker)
        };
        self.finish(&standing, None, next)
    }

    fn plan(
        mut self,
        schedule: &Schedule,
        tenants: &[Arc<Tenant>],
        created: Option<&ApplyOutcome>,
    ) -> StrategyDecision {
        let (name, recovered) = (self.strategy.name, &self.observed.recovered);
        let matched = &matched(name, &self.observed.rivals, tenants.iter(), recovered);
        let plan = &Plan { schedule, matched };
        self.moved = self.refused_move(matched);
        self.expire(
            schedule,
            if self.observed.is_upgrading {
                CLUSTER_UPGRADING
            } else {
                "StartingDeadlineExceeded"
            },
        );
        let mut next = self.schedule(schedule);
        self.record_first_backup();
        self.record_locations(matched);
        let effect = self.effect(plan);
        let retention =
            self.retention(matched, created.and_then(|created| created.answer.as_ref()));
        next = next.sooner(retention.next, self.now);
        self.retention = Some(retention.condition);
        let verification = self.verify(matched, created);
        next = next.sooner(verification.next, self.now);
        let cleanups = self.cleanups(matched, created);
        next = next.sooner(cleanups.next, self.now);
        // A pass that heard an answer sends nothing further: what is left is for the next one.
        let effect = if let Some(created) = created {
            if let Some(effect) = effect {
                self.record_created(&effect, created);
                next = next.sooner(CONTINUE, self.now);
            }
            None
        } else {
            effect
                .or(retention.change.map(Effect::ChangePolicy))
                .or(verification.effect)
                .or(cleanups.effect)
        };
        self.close_when_created(plan, created);
        self.forget_unwanted(plan);
        for until in [self.paused_until(), self.first_backups_held_until(plan)] {
            next = next.sooner(until.map_or(Next::Await, Next::At), self.now);
        }
        let failing = self.failing(matched);
        let idle = self.why_idle(matched);
        let standing = StrategyState::Planned(matched, &failing, idle.as_deref());
        self.finish(&standing, effect, next)
    }

    fn finish(
        mut self,
        standing: &StrategyState<'_>,
        effect: Option<Effect>,
        mut next: Next,
    ) -> StrategyDecision {
        next = next.sooner(self.alert(standing), self.now);
        let event = self.event.clone();
        let before = self.strategy.status;
        let is_blocked = matches!(standing, StrategyState::Blocked(_));
        let status = status::render(self, standing);
        let event = event
            .or_else(|| status::stalled_event(&before.conditions, &status.conditions))
            .or_else(|| status::event(before.phase.as_deref(), &status, is_blocked))
            .or_else(|| status::retention_event(&before.conditions, &status.conditions));
        Decision {
            status,
            effect,
            next,
            event,
        }
    }
}
