//! Decisions for a BackupStrategy: it creates a log backup for each of its tenants. It turns each
//! schedule slot into exactly one task per tenant.
//!
//! ```text
//! slot due ──> status.openSlot ──> tasks created (named by slot: once) ──> scheduleHistory
//! ```
//!
//! After a restart, the operator resumes the open slot. The strategy itself sends only statements
//! about delete policies: one per pass, and only when no object is due.

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
pub mod overlap;
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
pub use effect::Effect;
pub use finalize::finalize;
pub use placement::{Directories, STORAGE_CHANGE_REFUSED};
pub use propagation::{followed, give, settings_of};
pub use retention::PolicyChange;
pub use slot_metrics::closed;
pub use tenants::{CompetingStrategy, MatchedTenants, covers, matched, selects};
pub use verification::ObservedVerification;

use index::Index;

use super::children::ApplyOutcome;
use super::condition::DesiredCondition;
use super::schedule::{Schedule, ScheduleError};
use super::tenant::CLUSTER_UPGRADING;
use super::{Blocker, Decision, Event, Next};
use crate::api::log_backup::StorageChangePolicy;
use crate::api::strategy::{FailingTenant, Inherited, LogBackupSettings};
use crate::api::{BackupStrategySpec, BackupStrategyStatus, Cause, DesiredState, PinnedDatabase};
use crate::oceanbase::model::{Identity, Tenant, TenantId};

/// Delay before the next pass after objects were created: the caches need time to show them.
const CONTINUE: Next = Next::After(Duration::from_millis(200));

/// Strategy that the decision is about.
#[derive(Clone, Copy, Debug)]
pub struct Strategy<'a> {
    /// Name of the object.
    pub name: &'a str,
    /// Its uid.
    pub uid: &'a str,
    /// Its generation.
    pub generation: i64,
    /// Its creation time.
    pub created_at: Timestamp,
    /// Desired configuration.
    pub spec: &'a BackupStrategySpec,
    /// State that earlier passes recorded.
    pub status: &'a BackupStrategyStatus,
}

/// State of the cluster and of other objects, as observed in this pass.
#[derive(Clone, Debug)]
pub struct Observation {
    /// Whether the references resolve.
    pub target: Result<(), Blocker>,
    /// The cluster's tenants, or the blocker while the database is not readable.
    pub database: Result<Vec<Arc<Tenant>>, Blocker>,
    /// Identity of the cluster; empty while the database is not readable.
    pub identity: Identity,
    /// Whether the cluster is being upgraded.
    pub is_upgrading: bool,
    /// Strategies of the same cluster, this one included.
    pub rivals: Vec<CompetingStrategy>,
    /// Log backups of the cluster, whatever created them.
    pub log_backups: Vec<ObservedLogBackup>,
    /// Names of log backups' BackupStorages at the same location as the strategy's own.
    pub same_storages: BTreeSet<String>,
    /// Tasks that this strategy created.
    pub tasks: Vec<ObservedTask>,
    /// Tenants for which the effect of the operator's last statement is not visible yet.
    pub unsettled: BTreeSet<TenantId>,
    /// Tenants that have an available full backup at this strategy's destination.
    pub with_full_backup: BTreeSet<TenantId>,
    /// Tenants whose logs go, or last went, to this strategy's destination.
    pub with_logs_here: BTreeSet<TenantId>,
    /// Jobs that other tools or users started.
    pub external: external_jobs::ExternalJobs,
    /// Tenants whose logs go neither to this strategy's destination nor to that of their LogBackup.
    pub logs_elsewhere: BTreeSet<TenantId>,
    /// Tenants whose data backups go to another destination than this strategy's, with that
    /// destination.
    pub data_elsewhere: BTreeMap<TenantId, String>,
    /// Tenants whose backup directories were derived from an earlier name of the cluster.
    pub directories: BTreeMap<TenantId, Directories>,
    /// Tenants that a RecoveryTask created.
    pub recovered: BTreeSet<TenantId>,
    /// RecoveryTasks that this strategy created.
    pub verifications: Vec<ObservedVerification>,
    /// CleanupTasks that this strategy created.
    pub cleanups: Vec<ObservedCleanup>,
    /// CleanupTasks that users created for tenants of this database.
    pub asked_cleanups: Vec<AskedCleanup>,
    /// Storages and locations of the ledger, with the tenants' backups there.
    pub locations: Vec<DestinationContents>,
    /// Percentage of its capacity that the strategy's storage holds, if above the threshold.
    pub storage_over: Option<i32>,
    /// Smallest window that the operator sets, in days.
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
    /// Database in which it observed its tenant, once it has.
    pub database: Option<PinnedDatabase>,
    /// Its resourceVersion.
    pub version: String,
    /// Name of its BackupStorage.
    pub storage: String,
    /// Its directory below the storage's own, if it names one.
    pub path: Option<String>,
    /// Its policy for an edit of its destination.
    pub storage_change_policy: StorageChangePolicy,
    /// Whether the tenant's logs go to another destination than requested, and it moves them.
    pub is_moving: bool,
    /// Destination of data backups that its last move left permanently, without keys.
    pub data_left: Option<String>,
    /// Its current values of the settings that follow its strategy.
    pub settings: LogBackupSettings,
    /// Values that a strategy last wrote into it, if a strategy created it.
    pub inherited: Option<Inherited>,
    /// When it was created.
    pub created_at: Timestamp,
    /// State that the user requests.
    pub desired_state: DesiredState,
    /// Its phase.
    pub phase: Option<String>,
    /// Whether logs are archived only around data backups, so that it may be stopped between them.
    pub around_data_backup: bool,
    /// Since when it needs a full backup, because its round was interrupted.
    pub full_backup_wanted_since: Option<Timestamp>,
    /// Why it does not reach its desired state.
    pub cause: Option<Cause>,
}

/// A task that this strategy created.
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
    /// Database in which it was accepted, once it was.
    pub database: Option<PinnedDatabase>,
    /// When it was created.
    pub created_at: Timestamp,
    /// Slot that it was created for.
    pub scheduled_at: Option<Timestamp>,
    /// Whether it requests a full backup.
    pub full: bool,
    /// Whether it mirrors a backup that another tool or a user started.
    pub external: bool,
    /// When that backup began.
    pub mirrored_since: Option<Timestamp>,
    /// Whether it is being deleted, and a finalizer holds it.
    pub deleting: bool,
    /// When the database started its job.
    pub started_at: Option<Timestamp>,
    /// Its outcome, once it has ended.
    pub outcome: Option<String>,
    /// When it ended.
    pub completed_at: Option<Timestamp>,
    /// Why it failed.
    pub cause: Option<Cause>,
}

/// Edit of a log backup that follows its strategy.
#[derive(Clone, Debug, PartialEq)]
pub struct LogBackupEdit {
    /// Its name.
    pub name: String,
    /// Its resourceVersion, as observed.
    pub version: String,
    /// Settings to write.
    pub settings: LogBackupSettings,
    /// New destination if it is to move: the storage's name, and the directory below the storage's
    /// own.
    pub location: Option<(String, Option<String>)>,
    /// Its policy for an edit of its destination.
    pub storage_change_policy: StorageChangePolicy,
    /// Values that the strategy has written into it after this edit.
    pub inherited: Inherited,
}

type StrategyDecision = Decision<BackupStrategyStatus, Effect>;

/// Decides the next step. `created` is the result of this pass's effect, if there was one.
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
    /// Why an edit of the destination is refused, if it is.
    moved: Option<String>,
    /// State of the delete policies, once this pass has checked them.
    retention: Option<DesiredCondition>,
    /// Why the verification schedule cannot be parsed.
    verification_refused: Option<verification::Refused>,
}

/// Basis for creating objects.
struct Plan<'a> {
    schedule: &'a Schedule,
    matched: &'a MatchedTenants,
}

/// State of the strategy, for its conditions.
enum StrategyState<'a> {
    /// Same as before: nothing new is known.
    Unchanged,
    Blocked(&'a Blocker),
    /// The tenants, those that cannot be backed up, and why no tenant is backed up if none is.
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

    /// Waits because nothing can be created: slots stay open until their deadline.
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
        // A pass that has received an answer sends nothing more: the next pass does the rest.
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
