//! A strategy: makes a log backup for each of its tenants, and turns each slot of its schedule
//! into one task per tenant, exactly once.
//!
//! ```text
//! slot due ──> status.openSlot ──> tasks made (named by slot, so made once) ──> scheduleHistory
//! ```
//!
//! A restart goes on with the open slot. A strategy sends no statement itself.

mod slots;
mod status;
mod tenants;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

pub use slots::Closed;
pub use tenants::{Matched, Rival, covers, matched};

use super::schedule::{Schedule, ScheduleError, Slot};
use super::{Decision, Event, Next, Obstacle, naming};
use crate::api::strategy::{FailingTenant, FirstBackup};
use crate::api::{
    BackupStrategySpec, BackupStrategyStatus, BackupTaskSpec, BackupType, Cause, DesiredState,
    LocalReference, LogBackupSpec,
};
use crate::domain::time;
use crate::oceanbase::model::{Tenant, TenantId};

/// How many objects one pass makes.
const BATCH: usize = 50;

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
    /// How it ended, once it has.
    pub outcome: Option<String>,
    /// When it ended.
    pub completed_at: Option<Timestamp>,
    /// Why it failed.
    pub cause: Option<Cause>,
}

/// Objects to make.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Log backups, with their names.
    MakeLogBackups(Vec<(String, LogBackupSpec)>),
    /// Tasks, with their names.
    MakeTasks(Vec<(String, BackupTaskSpec)>),
}

/// What became of the objects to make.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Made {
    /// They are there and ours, made now or before.
    pub ours: BTreeSet<String>,
    /// Something of their name is there that is not ours.
    pub foreign: BTreeSet<String>,
    /// The rest could not be made now: why.
    pub error: Option<String>,
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
    let draft = Draft {
        strategy,
        seen,
        status: strategy.status.clone(),
        now,
        event: None,
    };
    match (
        Schedule::parse(&strategy.spec.schedule),
        &seen.target,
        &seen.database,
    ) {
        (Err(error), ..) => draft.refuse(&schedule_obstacle(&error)),
        (Ok(_), Err(obstacle), _) => draft.refuse(obstacle),
        (Ok(schedule), Ok(()), Err(obstacle)) => draft.wait(&schedule, obstacle),
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
}

/// How the strategy stands, for its conditions.
pub(super) enum Standing<'a> {
    Blocked(&'a Obstacle),
    /// The tenants, and the obstacle that keeps from all of them, if any.
    Planned(&'a Matched, &'a [FailingTenant]),
}

impl Draft<'_> {
    fn refuse(self, obstacle: &Obstacle) -> Verdict {
        self.finish(&Standing::Blocked(obstacle), None, Next::Await)
    }

    /// The database shows nothing: slots are kept open, until their deadline.
    fn wait(mut self, schedule: &Schedule, obstacle: &Obstacle) -> Verdict {
        let next = self.schedule(schedule);
        self.expire(schedule, "ClusterUnreachable");
        let obstacle = Obstacle {
            permanent: false,
            ..obstacle.clone()
        };
        self.finish(&Standing::Blocked(&obstacle), None, next)
    }

    fn plan(
        mut self,
        schedule: &Schedule,
        tenants: &[Arc<Tenant>],
        made: Option<&Made>,
    ) -> Verdict {
        let matched = matched(self.strategy.name, &self.seen.rivals, tenants.iter());
        let mut next = self.schedule(schedule);
        let mut failing = matched.failing.clone();
        let mut log_backups = Vec::new();
        let mut ready = Vec::new();
        for tenant in &matched.eligible {
            match self.log_backup_of(tenant) {
                Some(known) if known.storage != self.strategy.spec.storage_ref.name => {
                    failing.push(elsewhere(tenant, known));
                }
                Some(_) => ready.push(tenant),
                None => log_backups.push(self.new_log_backup(tenant)),
            }
        }
        let mut tasks = self.first_backups(&ready);
        self.expire(schedule, "StartingDeadlineExceeded");
        let effect = if log_backups.is_empty() {
            let full_pending = self.full_pending(&tasks);
            tasks.extend(self.open_slot_tasks(&matched, &failing, &full_pending, made));
            (!tasks.is_empty()).then(|| Effect::MakeTasks(batch(tasks)))
        } else {
            Some(Effect::MakeLogBackups(batch(log_backups)))
        };
        // A pass that heard an answer sends nothing further: what is left is for the next one.
        let effect = if let Some(made) = made {
            self.note_made(made);
            if effect.is_some() || self.status.open_slot.is_some() {
                next = next.sooner(Next::After(Duration::from_millis(200)), self.now);
            }
            None
        } else {
            effect
        };
        self.finish(&Standing::Planned(&matched, &failing), effect, next)
    }

    /// Opens the slot that is due, and says when to look again.
    fn schedule(&mut self, schedule: &Schedule) -> Next {
        let spec = self.strategy.spec;
        let created_at = self.strategy.created_at;
        let anchor = slots::anchor(
            &mut self.status,
            &spec.schedule,
            spec.suspend,
            created_at,
            self.now,
        );
        slots::note_next(&mut self.status, schedule, spec.suspend, self.now);
        if spec.suspend {
            return Next::Await;
        }
        let before = slots::open(&self.status);
        let due = schedule.due(anchor, self.now, schedule.starting_deadline());
        if due.run.is_some()
            && let Some(old) = before
        {
            // The new slot takes the place of one that never became tasks.
            let record = slots::record(old, "Missed", Some("Overtaken"));
            slots::close(&mut self.status, record);
        }
        let closed = slots::open_due(&mut self.status, schedule, anchor, self.now);
        if let Some(newest) = closed.newest_missed {
            let at = schedule.format_in_zone(newest.at);
            self.event = Some(Event {
                warning: true,
                reason: "BackupMissed",
                message: format!(
                    "{} slots were missed, the newest at {at}: nobody could start them in time",
                    closed.missed
                ),
            });
        }
        schedule
            .next(self.now)
            .map_or(Next::Await, |slot| Next::At(slot.at))
    }

    /// Closes an open slot that is past its deadline.
    fn expire(&mut self, schedule: &Schedule, reason: &str) {
        let Some(slot) = slots::open(&self.status) else {
            return;
        };
        if slot.at.duration_until(self.now) > schedule.starting_deadline() {
            let record = slots::record(slot, "Missed", Some(reason));
            slots::close(&mut self.status, record);
        }
    }

    fn log_backup_of(&self, tenant: &Tenant) -> Option<&LogBackupSeen> {
        let name = naming::log_backup(&self.strategy.spec.cluster_ref.name, tenant.id);
        self.seen.log_backups.iter().find(|known| {
            known.name == name
                || known.tenant_id == Some(tenant.id)
                || (known.tenant_id.is_none() && known.tenant_name == tenant.name)
        })
    }

    fn new_log_backup(&self, tenant: &Tenant) -> (String, LogBackupSpec) {
        let spec = self.strategy.spec;
        let log_backup = LogBackupSpec {
            cluster_ref: spec.cluster_ref.clone(),
            tenant_name: tenant.name.clone(),
            storage_ref: spec.storage_ref.clone(),
            path: None,
            desired_state: DesiredState::Running,
            binding: spec.log_backup.binding,
            piece_switch_days: spec.log_backup.piece_switch_days,
        };
        (
            naming::log_backup(&spec.cluster_ref.name, tenant.id),
            log_backup,
        )
    }

    /// With `firstBackup: Immediately`, a full backup for each tenant that has none here. Its slot
    /// is when the tenant's log backup was made, so that it is made once.
    fn first_backups(&self, tenants: &[&Arc<Tenant>]) -> Vec<(String, BackupTaskSpec)> {
        if self.strategy.spec.first_backup != FirstBackup::Immediately || self.strategy.spec.suspend
        {
            return Vec::new();
        }
        let lacking = tenants.iter().filter(|tenant| {
            let has_task = self
                .seen
                .tasks
                .iter()
                .any(|task| task.full && task.tenant_name == tenant.name);
            !has_task && !self.seen.with_full_backup.contains(&tenant.id)
        });
        lacking
            .filter_map(|tenant| {
                let at = self.log_backup_of(tenant)?.created_at;
                Some(self.new_task(
                    tenant,
                    &Slot {
                        at,
                        ty: BackupType::Full,
                    },
                ))
            })
            .collect()
    }

    /// Tenants with a full backup that has not ended, or is about to be made.
    fn full_pending(&self, about_to: &[(String, BackupTaskSpec)]) -> BTreeSet<String> {
        let running = self
            .seen
            .tasks
            .iter()
            .filter(|task| task.full && task.outcome.is_none());
        let running = running.map(|task| task.tenant_name.clone());
        running
            .chain(about_to.iter().map(|(_, spec)| spec.tenant_name.clone()))
            .collect()
    }

    /// The open slot's tasks that are not there yet; closes the slot when all are.
    fn open_slot_tasks(
        &mut self,
        matched: &Matched,
        failing: &[FailingTenant],
        full_pending: &BTreeSet<String>,
        made: Option<&Made>,
    ) -> Vec<(String, BackupTaskSpec)> {
        let Some(slot) = slots::open(&self.status) else {
            return Vec::new();
        };
        let backed_up = matched
            .eligible
            .iter()
            .filter(|tenant| failing.iter().all(|failing| failing.name != tenant.name))
            // A full backup that is under way covers what an incremental one would.
            .filter(|tenant| slot.ty == BackupType::Full || !full_pending.contains(&tenant.name));
        let wanted: Vec<_> = backed_up
            .map(|tenant| self.new_task(tenant, &slot))
            .collect();
        let foreign = |name: &str| made.is_some_and(|made| made.foreign.contains(name));
        let missing: Vec<_> = wanted
            .iter()
            .filter(|(name, _)| {
                let known = self.seen.tasks.iter().any(|task| &task.name == name)
                    || made.is_some_and(|made| made.ours.contains(name));
                !known && !foreign(name)
            })
            .cloned()
            .collect();
        if !missing.is_empty() {
            return missing;
        }
        let refused = wanted.iter().filter(|(name, _)| foreign(name)).count();
        let started = wanted.len() - refused;
        let mut record = match (started, refused) {
            (0, 0) => slots::record(slot, "Skipped", Some("NoTenants")),
            (0, _) => slots::record(slot, "Skipped", Some("NameCollision")),
            _ => slots::record(slot, "Started", None),
        };
        record.started = i32::try_from(started).unwrap_or(i32::MAX);
        record.failed = i32::try_from(refused).unwrap_or(i32::MAX);
        slots::close(&mut self.status, record);
        Vec::new()
    }

    fn new_task(&self, tenant: &Tenant, slot: &Slot) -> (String, BackupTaskSpec) {
        let spec = BackupTaskSpec {
            strategy_ref: Some(LocalReference::new(self.strategy.name)),
            cluster_ref: None,
            storage_ref: None,
            tenant_name: tenant.name.clone(),
            type_: slot.ty,
            scheduled_time: Some(time(slot.at)),
            starting_deadline_seconds: Some(self.strategy.spec.schedule.starting_deadline_seconds),
            cancel: None,
        };
        (naming::task(self.strategy.name, tenant.id, slot), spec)
    }

    fn note_made(&mut self, made: &Made) {
        if let Some(name) = made.foreign.first() {
            self.event = Some(Event {
                warning: true,
                reason: "NameCollision",
                message: format!(
                    "an object named '{name}' is there that this strategy did not make; nothing \
                     was made in its place"
                ),
            });
        } else if let Some(error) = &made.error {
            self.event = Some(Event {
                warning: true,
                reason: "CreateFailed",
                message: format!("objects could not be made: {error}"),
            });
        }
    }

    fn finish(self, standing: &Standing<'_>, effect: Option<Effect>, next: Next) -> Verdict {
        let event = self.event.clone();
        let status = status::render(self, standing);
        Decision {
            status,
            effect,
            next,
            event,
        }
    }
}

fn batch<T>(mut all: Vec<T>) -> Vec<T> {
    all.truncate(BATCH);
    all
}

fn elsewhere(tenant: &Tenant, known: &LogBackupSeen) -> FailingTenant {
    FailingTenant {
        name: tenant.name.clone(),
        reason: "DestinationChangeRefused".to_owned(),
        message: format!(
            "LogBackup '{}' sends the tenant's logs to BackupStorage '{}'; nothing is changed. \
             Stop and delete it to move to another store: that costs a hole in the logs and needs \
             a new full backup",
            known.name, known.storage
        ),
    }
}
