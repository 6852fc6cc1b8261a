//! A task for several tenants: it creates one task for each tenant, and ends when all of them have
//! ended.
//!
//! ```text
//! tenants known ──> tasks made, 50 a pass (named by tenant, so made once) ──> all made ──> all ended
//! ```
//!
//! It sends no statement itself. After it has created the last task, it does not read the tenants
//! again: later tenants need another task.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::SignedDuration;

use super::attempt::before_start;
use super::job::TENANT_DROPPED;
use super::{BackupDecision, Effect, Evaluation, Outcome, State};
use crate::api::backup_task::{Children, Scope};
use crate::api::{BackupTaskSpec, Cause, LocalReference};
use crate::domain::attempt::SentOnce;
use crate::domain::children::ApplyOutcome;
use crate::domain::{Blocker, Event, Next, cause, naming, time};
use crate::oceanbase::model::{JobStatus, TenantId};

/// Number of objects that one pass creates, and of recorded names that other objects have.
const BATCH: usize = 50;
/// Delay after objects were created: the API server shows them with a delay.
const GO_ON: Next = Next::After(Duration::from_millis(200));
/// Delay before a failed creation of an object is retried.
pub(super) const RETRY_PAUSE: SignedDuration = SignedDuration::from_secs(60);

/// Observed state of a task for several tenants.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChildTasks {
    /// Tenants that can be backed up, as far as known.
    pub tenants: Vec<(TenantId, String)>,
    /// Why no tenant can be backed up, or which other object manages one, if the task's strategy
    /// knows.
    pub why_none: Option<String>,
    /// Tasks that it has created.
    pub existing: Vec<ChildTask>,
}

/// Task that this task created.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChildTask {
    /// Name of the task.
    pub name: String,
    /// Uid of the task.
    pub uid: String,
    /// Outcome of the task, once it has ended.
    pub outcome: Option<String>,
    /// Whether the task's backup runs.
    pub runs: bool,
    /// Whether the task is being deleted and has a finalizer; it is no longer followed.
    pub deleting: bool,
    /// Whether the task's spec requests a cancel.
    pub cancel: bool,
    /// Why the task failed.
    pub cause: Option<Cause>,
    /// Whether the task has recorded its tenant. It then ends by itself when the tenant is dropped.
    pub knows_tenant: bool,
    /// Whether its tenant is known to be dropped.
    pub tenant_gone: bool,
}

impl ChildTask {
    fn is(&self, outcome: Outcome) -> bool {
        self.outcome.as_deref() == Some(outcome.word())
    }

    /// Returns whether the tenant was dropped before its backup completed.
    fn is_dropped(&self) -> bool {
        self.tenant_gone && self.outcome.is_some() && !self.is(Outcome::Completed)
    }
}

impl Evaluation<'_> {
    pub(super) fn lead(self) -> BackupDecision {
        let children = self.status.children.as_ref();
        if children.is_some_and(|children| children.all_made) {
            return self.follow_children();
        }
        self.expand()
    }

    /// Creates missing tasks.
    fn expand(mut self) -> BackupDecision {
        if self.is_cancel_wanted() || self.is_past_deadline() {
            return self.stop_expanding();
        }
        if let Some(until) = self.paused_until() {
            let next = self.sooner_than_deadline(Next::At(until));
            return self.render(&State::Refused, None, next);
        }
        if let Some(start) = self.starts_at().filter(|start| self.now < *start) {
            return self.wait(before_start(), Next::At(start));
        }
        if let Err(blocker) = &self.observed.target {
            let blocker = blocker.clone();
            return if blocker.permanent {
                self.fail(blocker.cause())
            } else {
                self.wait(blocker, Next::Await)
            };
        }
        if let Err(blocker) = &self.observed.database {
            let blocker = blocker.as_waiting();
            return self.wait(blocker, Next::Await);
        }
        if self.observed.children.tenants.is_empty() && self.observed.children.existing.is_empty() {
            let rule = "tenants must be primary, normal and not locked";
            let why = self.observed.children.why_none.as_deref().unwrap_or(rule);
            let message = format!("no tenant can be backed up: {why}");
            return self.fail(cause("NoTenants", &message));
        }
        let planned = self.planned();
        let mut missing = self.missing(&planned);
        let existing = self.observed.children.existing.len();
        let children = self.status.children.get_or_insert_default();
        // The number of tenants would be wrong: a tenant may have been dropped after its task was
        // created.
        let total = existing + children.refused.len() + missing.len();
        children.total = count(total);
        if missing.is_empty() {
            children.all_made = true;
            return self.follow_children();
        }
        let created = total.saturating_sub(missing.len());
        missing.truncate(BATCH);
        self.status.start_time.get_or_insert_with(|| time(self.now));
        let creating =
            Blocker::waiting("CreatingTasks", format!("{created} of {total} tasks exist"));
        self.wait_with(creating, Some(Effect::MakeChildren(missing)), GO_ON)
    }

    /// Creates no more tasks and follows the existing ones to their end. Tenants that got no task
    /// before the deadline count as failed.
    fn stop_expanding(mut self) -> BackupDecision {
        let existing = self.observed.children.existing.len();
        if existing == 0 {
            return self.end_unsent();
        }
        let is_canceled = self.is_cancel_wanted();
        let children = self.status.children.get_or_insert_default();
        children.all_made = true;
        let existing = count(existing).saturating_add(count(children.refused.len()));
        children.total = if is_canceled {
            existing
        } else {
            children.total.max(existing)
        };
        self.follow_children()
    }

    /// Returns all tasks, whether they exist or not.
    fn planned(&self) -> Vec<(String, BackupTaskSpec)> {
        let tenants = self.observed.children.tenants.iter();
        tenants
            .map(|(id, name)| (naming::child(self.task.name, *id), self.child_of(name)))
            .collect()
    }

    fn missing(&self, planned: &[(String, BackupTaskSpec)]) -> Vec<(String, BackupTaskSpec)> {
        let existing = self
            .observed
            .children
            .existing
            .iter()
            .map(|child| &child.name);
        let refused = self.status.children.iter().flat_map(|c| &c.refused);
        let taken: BTreeSet<&String> = existing.chain(refused).collect();
        let missing = planned.iter().filter(|(name, _)| !taken.contains(name));
        missing.cloned().collect()
    }

    fn child_of(&self, tenant: &str) -> BackupTaskSpec {
        let spec = self.task.spec;
        let reference = |reference: &Option<LocalReference>| reference.clone();
        BackupTaskSpec {
            strategy_ref: reference(&spec.strategy_ref),
            cluster_ref: reference(&spec.cluster_ref),
            storage_ref: reference(&spec.storage_ref),
            scope: Scope::Tenant,
            tenant_name: tenant.to_owned(),
            type_: spec.type_,
            scheduled_time: spec.scheduled_time.clone(),
            not_before_time: spec.not_before_time.clone(),
            starting_deadline_seconds: spec.starting_deadline_seconds,
            active_deadline_seconds: spec.active_deadline_seconds,
            plus_archivelog: spec.plus_archivelog,
            restore_password_secret_ref: reference(&spec.restore_password_secret_ref),
            cancel: None,
            ttl_seconds_after_finished: None,
            external_job: None,
        }
    }

    /// Records the result of creating or canceling tasks in this pass.
    pub(super) fn on_create_answer(mut self, created: &ApplyOutcome) -> BackupDecision {
        let mut event = None;
        let children = self.status.children.get_or_insert_default();
        for name in &created.foreign {
            if children.refused.len() < BATCH && !children.refused.contains(name) {
                children.refused.push(name.clone());
            }
            event = Some(Event {
                warning: true,
                reason: "NameCollision",
                message: format!(
                    "a BackupTask '{name}' exists that this task did not create; the operator \
                     created nothing in its place. Delete that object, or create it again with \
                     another name; then create a new BackupTask"
                ),
            });
        }
        let all_made = children.all_made;
        let mut decision = if let (Some(error), false) = (created.error(), all_made) {
            let message = format!(
                "a task could not be created or changed, and the operator retries: {error}. Check \
                 quotas, admission webhooks and the permissions of the operator"
            );
            self.pause(cause("CreateFailed", &message), RETRY_PAUSE)
        } else {
            // The message stays as before; the API server shows the result later.
            let state = self.state_of_children();
            let next = match created.error() {
                Some(_) => Next::After(RETRY_PAUSE.unsigned_abs()),
                None => GO_ON,
            };
            self.render(&state, None, next)
        };
        decision.event = event;
        decision
    }

    fn state_of_children(&self) -> State {
        let children = self.status.children.clone().unwrap_or_default();
        if !children.all_made {
            let why = self.status.cause.clone().unwrap_or_default();
            return State::Waiting(Blocker::waiting("CreatingTasks", why.message));
        }
        if self.is_cancel_wanted() {
            return State::Running(JobStatus::Canceling);
        }
        let Children {
            total,
            completed,
            failed,
            running,
            dropped,
            ..
        } = children;
        let gone = match dropped {
            0 => String::new(),
            many => format!("; {many} ended because the tenant was dropped"),
        };
        State::FannedOut(format!(
            "of {total} tasks, {completed} are complete, {failed} failed and {running} are \
             running{gone}"
        ))
    }

    fn follow_children(mut self) -> BackupDecision {
        let existing = &self.observed.children.existing;
        let completed = existing.iter().filter(|c| c.is(Outcome::Completed)).count();
        let is_open = |child: &&ChildTask| child.outcome.is_none() && !child.deleting;
        let open: Vec<_> = existing.iter().filter(is_open).collect();
        let running = open.iter().filter(|child| child.runs).count();
        let children = self.status.children.get_or_insert_default();
        children.completed = count(completed);
        children.running = count(running);
        let unfinished = count(open.len());
        let dropped = existing.iter().filter(|child| child.is_dropped()).count();
        // A dropped tenant does not return, but the database may be unreachable for a while.
        children.dropped = children.dropped.max(count(dropped));
        let expected = children.total - children.dropped;
        children.failed = (expected - children.completed - unfinished).max(0);
        self.status.progress = Some(format!("{}%", children.completed * 100 / expected.max(1)));
        self.status.cause = None;
        self.status.retry_time = None;
        if open.is_empty() {
            return self.end_children();
        }
        let effect = self.cancel_children(&open);
        let next = if effect.is_some() { GO_ON } else { Next::Await };
        let state = self.state_of_children();
        self.render(&state, effect, next)
    }

    /// Cancels tasks. A task that never recorded its tenant would wait forever after the tenant is
    /// dropped.
    fn cancel_children(&self, open: &[&ChildTask]) -> Option<Effect> {
        let is_over = |child: &ChildTask| child.tenant_gone && !child.knows_tenant;
        let is_to_cancel = |child: &&&ChildTask| self.is_cancel_wanted() || is_over(child);
        let to_cancel = open.iter().filter(is_to_cancel);
        let to_cancel = to_cancel.filter(|child| !child.cancel).take(BATCH);
        let to_cancel: Vec<_> = to_cancel
            .map(|child| (child.name.clone(), child.uid.clone()))
            .collect();
        (!to_cancel.is_empty()).then_some(Effect::CancelChildren(to_cancel))
    }

    /// Ends the task after all its tasks have ended.
    fn end_children(mut self) -> BackupDecision {
        let children = self.status.children.clone().unwrap_or_default();
        if children.failed == 0 && children.completed == 0 && children.dropped > 0 {
            return self.fail(cause(
                TENANT_DROPPED,
                "every tenant was dropped before it was backed up; create a new BackupTask for the \
                 tenants that exist now",
            ));
        }
        if children.failed == 0 {
            return self.end(Outcome::Completed, None);
        }
        let existing = self.observed.children.existing.iter();
        let existing: Vec<_> = existing.filter(|child| !child.is_dropped()).collect();
        let bad =
            |child: &&&ChildTask| !child.is(Outcome::Completed) && !child.is(Outcome::Canceled);
        let canceled = existing.iter().filter(|child| child.is(Outcome::Canceled));
        let all_canceled = count(canceled.count()) == children.failed;
        if self.is_cancel_wanted() && all_canceled {
            return self.canceled_unsent();
        }
        let first = existing
            .iter()
            .filter(bad)
            .min_by_key(|child| &child.name)
            .or_else(|| existing.iter().find(|child| child.is(Outcome::Canceled)));
        let first = match (first, children.refused.first()) {
            (Some(child), _) => {
                let why = child.cause.as_ref().map(|cause| cause.message.as_str());
                let why = why.unwrap_or("it reports no cause");
                format!("the first is BackupTask '{}': {why}", child.name)
            }
            (None, Some(name)) => format!("the name '{name}' is used by another object"),
            (None, None) => "a user deleted them, or they were not created in time".to_owned(),
        };
        let message = format!(
            "{} of {} backups did not succeed; {first}",
            children.failed, children.total
        );
        self.status.cause = Some(cause("ChildrenFailed", &message));
        self.end(Outcome::Failed, None)
    }
}

fn count(number: usize) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}
