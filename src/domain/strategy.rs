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
mod closed;
mod making;
mod removal;
mod retention;
mod slots;
mod status;
mod tenants;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

pub use closed::closed;
pub use removal::leave;
pub use retention::PolicyChange;
pub use tenants::{Matched, Rival, covers, matched};

use super::condition::Wanted;
use super::schedule::{Schedule, ScheduleError};
use super::{Decision, Event, Next, Obstacle};
use crate::api::cluster::Access;
use crate::api::strategy::FailingTenant;
use crate::api::{BackupStrategySpec, BackupStrategyStatus, BackupTaskSpec, Cause, LogBackupSpec};
use crate::oceanbase::model::{Answer, Tenant, TenantId};

/// How soon to go on after objects were made: the stores need a moment to show them.
const GO_ON: Next = Next::After(Duration::from_millis(200));

/// What the decision is about.
#[derive(Clone, Copy, Debug)]
pub struct Strategy<'a> {
    /// Name of the object.
    pub name: &'a str,
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
pub struct Seen {
    /// Whether the references lead somewhere.
    pub target: Result<(), Obstacle>,
    /// The cluster's tenants; an obstacle while the database shows nothing.
    pub database: Result<Vec<Arc<Tenant>>, Obstacle>,
    /// Strategies of the same cluster, this one included.
    pub rivals: Vec<Rival>,
    /// Log backups of the cluster, whoever made them.
    pub log_backups: Vec<LogBackupSeen>,
    /// Tasks that this strategy made.
    pub tasks: Vec<TaskSeen>,
    /// What may be used through the cluster's object.
    pub access: Access,
    /// Tenants of which what our last statement did is not seen yet.
    pub unsettled: BTreeSet<TenantId>,
    /// Tenants that have an available full backup at this strategy's place.
    pub with_full_backup: BTreeSet<TenantId>,
}

/// A log backup of the cluster.
#[derive(Clone, Debug)]
pub struct LogBackupSeen {
    /// Its name.
    pub name: String,
    /// Its tenant's name.
    pub tenant_name: String,
    /// Its tenant's id, once known.
    pub tenant_id: Option<TenantId>,
    /// Name of its store.
    pub storage: String,
    /// When it was created.
    pub created_at: Timestamp,
    /// Whether this strategy made it.
    pub is_of_strategy: bool,
    /// Whether it is to be stopped.
    pub is_to_stop: bool,
    /// Its phase.
    pub phase: Option<String>,
    /// Why it does not do what it should.
    pub cause: Option<Cause>,
}

/// A task that this strategy made.
#[derive(Clone, Debug)]
pub struct TaskSeen {
    /// Its name.
    pub name: String,
    /// Its tenant.
    pub tenant_name: String,
    /// Whether it asked for a full backup.
    pub full: bool,
    /// When the database started its job.
    pub started_at: Option<Timestamp>,
    /// How it ended, once it has.
    pub outcome: Option<String>,
    /// When it ended.
    pub completed_at: Option<Timestamp>,
    /// Why it failed.
    pub cause: Option<Cause>,
}

/// Something to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Log backups, with their names.
    MakeLogBackups(Vec<(String, LogBackupSpec)>),
    /// Tasks, with their names.
    MakeTasks(Vec<(String, BackupTaskSpec)>),
    /// A statement about a tenant's delete policy.
    ChangePolicy(PolicyChange),
    /// Log backups that are to be stopped, by name.
    StopLogBackups(Vec<String>),
}

/// What became of that.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Made {
    /// They are there and ours, made now or before.
    pub ours: BTreeSet<String>,
    /// Something of their name is there that is not ours.
    pub foreign: BTreeSet<String>,
    /// The rest could not be made now: why.
    pub error: Option<String>,
    /// What became of the statement, where it was one.
    pub answer: Option<Answer>,
}

type Verdict = Decision<BackupStrategyStatus, Effect>;

/// Decides. `made` is what became of this very pass's effect, if there was one.
#[must_use]
pub fn decide(
    strategy: &Strategy<'_>,
    seen: &Seen,
    made: Option<&Made>,
    now: Timestamp,
) -> Verdict {
    let draft = Draft::new(strategy, seen, now);
    match (
        Schedule::parse(&strategy.spec.schedule),
        &seen.target,
        &seen.database,
    ) {
        (Err(error), ..) => draft.refuse(&schedule_obstacle(&error)),
        (Ok(schedule), Err(obstacle), _) => draft.wait(&schedule, obstacle, obstacle.reason),
        (Ok(schedule), Ok(()), Err(obstacle)) => {
            draft.wait(&schedule, &obstacle.as_waiting(), "ClusterUnreachable")
        }
        (Ok(schedule), Ok(()), Ok(tenants)) => draft.plan(&schedule, tenants, made),
    }
}

fn schedule_obstacle(error: &ScheduleError) -> Obstacle {
    Obstacle::permanent(error.reason(), error.to_string())
}

struct Draft<'a> {
    strategy: &'a Strategy<'a>,
    seen: &'a Seen,
    status: BackupStrategyStatus,
    now: Timestamp,
    event: Option<Event>,
    /// What the delete policies are found to be, once they are looked at.
    retention: Option<Wanted>,
}

/// How the strategy stands, for its conditions.
enum Standing<'a> {
    /// As it was: nothing new is known.
    Unchanged,
    Blocked(&'a Obstacle),
    /// The tenants, and those that can not be backed up.
    Planned(&'a Matched, &'a [FailingTenant]),
}

impl<'a> Draft<'a> {
    fn new(strategy: &'a Strategy<'a>, seen: &'a Seen, now: Timestamp) -> Self {
        Self {
            strategy,
            seen,
            status: strategy.status.clone(),
            now,
            event: None,
            retention: None,
        }
    }
}

impl Draft<'_> {
    fn refuse(self, obstacle: &Obstacle) -> Verdict {
        self.finish(&Standing::Blocked(obstacle), None, Next::Await)
    }

    /// Nothing can be made: slots are kept open, until their deadline.
    fn wait(mut self, schedule: &Schedule, obstacle: &Obstacle, reason: &'static str) -> Verdict {
        self.expire(schedule, reason);
        let next = self.schedule(schedule);
        let standing = if obstacle.is_passing()
            && self.strategy.status.observed_generation == Some(self.strategy.generation)
        {
            Standing::Unchanged
        } else {
            Standing::Blocked(obstacle)
        };
        self.finish(&standing, None, next)
    }

    fn plan(
        mut self,
        schedule: &Schedule,
        tenants: &[Arc<Tenant>],
        made: Option<&Made>,
    ) -> Verdict {
        let matched = matched(
            self.strategy.name,
            &self.seen.rivals,
            &self.seen.access,
            tenants.iter(),
        );
        self.expire(schedule, "StartingDeadlineExceeded");
        let mut next = self.schedule(schedule);
        self.note_first_backup();
        let effect = self.effect(&matched);
        let retention = self.retention(&matched, made.and_then(|made| made.answer.as_ref()));
        next = next.sooner(retention.next, self.now);
        self.retention = Some(retention.condition);
        // A pass that heard an answer sends nothing further: what is left is for the next one.
        let effect = if let Some(made) = made {
            if let Some(effect) = effect {
                self.note_made(&effect, made);
                next = next.sooner(GO_ON, self.now);
            }
            None
        } else {
            effect.or(retention.change.map(Effect::ChangePolicy))
        };
        self.close_when_made(&matched, made);
        self.forget_unwanted(&matched);
        if let Some(until) = self.paused_until() {
            next = next.sooner(Next::At(until), self.now);
        }
        let failing = self.failing(&matched);
        self.finish(&Standing::Planned(&matched, &failing), effect, next)
    }

    fn finish(
        mut self,
        standing: &Standing<'_>,
        effect: Option<Effect>,
        mut next: Next,
    ) -> Verdict {
        next = next.sooner(self.alert(standing), self.now);
        let event = self.event.clone();
        let before = self.strategy.status.phase.clone();
        let status = status::render(self, standing);
        let event = event.or_else(|| status::event(before.as_deref(), &status));
        Decision {
            status,
            effect,
            next,
            event,
        }
    }

    /// The log backup of a tenant. Of several the oldest: the others do nothing.
    fn log_backup_of(&self, tenant: &Tenant) -> Option<&LogBackupSeen> {
        log_backup_of(&self.seen.log_backups, tenant)
    }
}

fn log_backup_of<'a>(known: &'a [LogBackupSeen], tenant: &Tenant) -> Option<&'a LogBackupSeen> {
    let is_of_tenant = |known: &&LogBackupSeen| match known.tenant_id {
        Some(id) => id == tenant.id,
        None => known.tenant_name == tenant.name,
    };
    known
        .iter()
        .filter(is_of_tenant)
        .min_by_key(|known| (known.created_at, &known.name))
}
