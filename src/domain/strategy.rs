//! Decisions for a BackupStrategy: it creates a log backup for each of its tenants. It turns each
//! schedule slot into exactly one task per tenant.
//!
//! ```text
//! slot due ──> status.bookkeeping.openSlot ──> tasks created (named by slot: once) ──> scheduleHistory
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
mod observation;
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

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

pub use cleanups::{AskedCleanup, ObservedCleanup};
pub use destinations::{DestinationContents, TenantContents};
pub use effect::{Effect, LogBackupEdit};
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
use crate::api::BackupStrategyStatus;
use crate::api::strategy::FailingTenant;
use crate::oceanbase::model::Tenant;
pub use observation::{Observation, ObservedLogBackup, ObservedTask, Strategy};

/// Delay before the next pass after objects were created: the caches need time to show them.
const CONTINUE: Next = Next::After(Duration::from_millis(200));

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
    rejected_edit: Option<String>,
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
            rejected_edit: None,
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
        self.rejected_edit = self.find_rejected_edit(matched);
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
