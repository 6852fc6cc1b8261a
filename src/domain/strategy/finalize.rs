//! A strategy that is being deleted with `deletionPolicy: Stop`: log backup of its tenants is
//! stopped and the delete policies that it has set are taken away, then it goes.
//!
//! A tenant that another strategy covers is that one's from now on, and is left as it is; so is one
//! that the strategy has been edited to leave out. But who deletes several strategies deletes one after
//! the other: whether the other one stays is waited for. What can not be ended in time is told and left:
//! a dead database must not hold up a deletion for ever.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::retention::PolicyChange;
use super::tenants::{covered_by_another, selects};
use super::{
    ApplyOutcome, Effect, Evaluation, LogBackupEdit, Observation, ObservedLogBackup, Strategy,
    StrategyDecision,
};
use crate::api::strategy::Inherited;
use crate::api::{BackupStrategyStatus, Cause, DeletionPolicy};
use crate::domain::backup::CLUSTER_REPLACED;
use crate::domain::condition::{self, Progress};
use crate::domain::{Event, Finalization, Next};
use crate::oceanbase::model::{Tenant, TenantName};

/// How soon to try again what failed.
const RETRY_INTERVAL: Next = Next::After(Duration::from_secs(5));
/// How long after its deletion a strategy goes at the earliest whose tenants another one takes over:
/// `kubectl delete --all` deletes that one too, a moment later, and it may have no finalizer.
const TAKEOVER_DELAY: SignedDuration = SignedDuration::from_secs(10);
/// How many things that are left are told by name.
const MAX_NAMED: usize = 10;

/// Something that is not ended yet.
struct Remaining {
    what: String,
    /// The statement that ends it, where it can be sent now.
    statement: Option<PolicyChange>,
    /// The log backup that is to be stopped, where it has not been told so.
    log_backup: Option<String>,
    /// What is to be forgotten in a log backup.
    edit: Option<LogBackupEdit>,
    /// When to look again, where nothing wakes.
    next: Next,
}

impl Remaining {
    fn new(what: String) -> Self {
        Self {
            what,
            statement: None,
            log_backup: None,
            edit: None,
            next: Next::Await,
        }
    }
}

/// Decides about a strategy that was deleted at this time and is held by our finalizer. `created` is what
/// became of this very pass's effect, if there was one.
#[must_use]
pub fn finalize(
    strategy: &Strategy<'_>,
    observed: &Observation,
    created: Option<&ApplyOutcome>,
    deleted_at: Timestamp,
    now: Timestamp,
) -> Finalization<BackupStrategyStatus, Effect> {
    let mut evaluation = Evaluation::new(strategy, observed, now);
    let left = evaluation.left();
    let timeout = SignedDuration::from_secs(strategy.spec.finalizer_timeout_seconds);
    let deadline = deleted_at.saturating_add(timeout).unwrap_or(Timestamp::MAX);
    // Waiting helps nothing where there is no way to the database any more.
    let no_way = matches!(&observed.database, Err(blocker) if blocker.reason == "ClusterNotFound");
    if no_way || deadline <= now {
        return Finalization::Release(given_up(&left));
    }
    if left.is_empty() {
        let until = deleted_at
            .saturating_add(TAKEOVER_DELAY)
            .unwrap_or(deadline);
        let until = until.min(deadline);
        if until <= now || !hands_over(strategy, observed, now) {
            return Finalization::Release(None);
        }
        return Finalization::Wait(evaluation.show_handing_over(until));
    }
    let mut next = Next::At(deadline);
    for left in &left {
        next = next.sooner(left.next, now);
    }
    let step = step(&left);
    if let Some(created) = created {
        next = next.sooner(evaluation.on_removal_answer(step.as_ref(), created), now);
        return Finalization::Wait(evaluation.show_left(&left, None, next));
    }
    if let Some(Effect::ChangePolicy(change)) = &step {
        evaluation.record_intent(change);
    }
    Finalization::Wait(evaluation.show_left(&left, step, next))
}

/// Whether there is something that is not ended only because another strategy takes it over.
fn hands_over(strategy: &Strategy<'_>, observed: &Observation, now: Timestamp) -> bool {
    let alone = Observation {
        rivals: Vec::new(),
        ..observed.clone()
    };
    !Evaluation::new(strategy, &alone, now).left().is_empty()
}

impl Evaluation<'_> {
    /// What is still to be ended, in the order in which it is.
    fn left(&self) -> Vec<Remaining> {
        if self.strategy.spec.deletion_policy == DeletionPolicy::Retain {
            return Vec::new();
        }
        let known = self.status.retention.iter();
        // Where everything is kept there is none of ours.
        let set = known.filter(|known| !known.recovery_window.is_empty());
        let policies = set.filter_map(|known| {
            let ours = &known.recovery_window;
            let Ok(tenants) = &self.observed.database else {
                return Some(Remaining::new(format!(
                    "delete policy '{ours}' of the tenant with id {}",
                    known.tenant_id
                )));
            };
            let mut tenants = tenants.iter();
            let tenant = tenants.find(|tenant| tenant.id.0 == known.tenant_id)?;
            self.policy_left(tenant, ours)
        });
        let ours = self.observed.log_backups.iter();
        let ours =
            ours.filter(|known| self.is_of_strategy(known) && self.is_to_end(&known.tenant_name));
        // With mode Unmanaged somebody else sees to the logs, also to those that were archived before.
        let managed = self.manages_log_backup();
        let log_backups = ours.clone().filter(|known| {
            managed && !self.is_of_others(known) && !self.has_nothing_to_stop(known)
        });
        let log_backups = log_backups.filter_map(log_backup_left);
        let memories = ours.filter_map(|known| self.memory_left(known));
        policies.chain(log_backups).chain(memories).collect()
    }

    /// A log backup that would tell the next strategy of a delete policy that was taken away: the
    /// same one, set by somebody else since, would be taken for ours.
    fn memory_left(&self, known: &ObservedLogBackup) -> Option<Remaining> {
        let inherited = known.inherited.as_ref()?;
        let tenants = self.observed.database.as_ref().ok()?;
        let mut tenants = tenants.iter();
        let tenant = tenants.find(|tenant| Some(tenant.id) == known.tenant_id)?;
        let is_stale = inherited.recovery_window.is_some() && tenant.recovery_window().is_none();
        is_stale.then(|| Remaining {
            edit: Some(LogBackupEdit {
                name: known.name.clone(),
                version: known.version.clone(),
                settings: known.settings.clone(),
                location: None,
                storage_change_policy: known.storage_change_policy,
                inherited: Inherited {
                    recovery_window: None,
                    ..inherited.clone()
                },
            }),
            ..Remaining::new(format!(
                "what LogBackup '{}' tells of the delete policy",
                known.name
            ))
        })
    }

    /// Whether the log backup is this strategy's, which wrote into it last.
    fn is_of_strategy(&self, known: &ObservedLogBackup) -> bool {
        let inherited = known.inherited.as_ref();
        inherited.is_some_and(|inherited| inherited.strategy == self.strategy.name)
    }

    /// Whether the tenant is this strategy's still, and nobody else's from now on.
    fn is_to_end(&self, tenant: &str) -> bool {
        selects(self.strategy.spec.tenants.as_ref(), tenant)
            && !covered_by_another(self.strategy.name, &self.observed.rivals, tenant)
    }

    /// Whether what runs in the database is not the log backup's to stop: that goes elsewhere, or the
    /// log backup is of the database before.
    fn is_of_others(&self, known: &ObservedLogBackup) -> bool {
        let is_elsewhere =
            |cause: &Cause| matches!(cause.reason.as_str(), "DestinationInUse" | CLUSTER_REPLACED);
        let is_observed = self.observed.database.is_ok();
        known.cause.as_ref().is_some_and(is_elsewhere)
            || is_observed && self.observed.is_of_another(known.database.as_ref())
    }

    /// Whether the log backup archives nothing: its tenant is gone, or another one has the name, or
    /// another LogBackup is the tenant's.
    fn has_nothing_to_stop(&self, known: &ObservedLogBackup) -> bool {
        let cause = known.cause.as_ref().map(|cause| cause.reason.as_str());
        let is_double = matches!(cause, Some("LogBackupExists" | "TenantReplaced"));
        let is_gone = known.tenant_id.is_some_and(|id| {
            let tenants = self.observed.database.as_ref();
            tenants.is_ok_and(|tenants| tenants.iter().all(|tenant| tenant.id != id))
        });
        is_double || is_gone
    }

    fn policy_left(&self, tenant: &Tenant, ours: &str) -> Option<Remaining> {
        let in_flight = self.is_in_flight(tenant);
        let is_there = tenant.recovery_window() == Some(ours);
        if !self.is_to_end(&tenant.name) || !(is_there || in_flight) {
            return None;
        }
        let tenant_name = TenantName::parse(&tenant.name)?;
        let what = format!("delete policy '{ours}' of tenant {tenant_name}");
        let drop = PolicyChange::Drop {
            tenant: tenant_name,
            tenant_id: tenant.id,
            recovery_window: ours.to_owned(),
        };
        let paused_until = self.policy_paused_until(&drop);
        let is_due =
            is_there && paused_until.is_none() && !self.observed.unsettled.contains(&tenant.id);
        Some(Remaining {
            next: paused_until.map_or(Next::Await, Next::At),
            statement: is_due.then_some(drop),
            ..Remaining::new(what)
        })
    }

    /// Takes in what became of a step; says when to go on.
    fn on_removal_answer(&mut self, step: Option<&Effect>, created: &ApplyOutcome) -> Next {
        match (step, &created.answer) {
            (Some(Effect::ChangePolicy(change)), Some(answer)) => {
                self.on_answer(change, answer);
                let paused_until = self.policy_paused_until(change);
                paused_until.map_or(Next::Await, Next::At)
            }
            _ if created.error().is_some() => RETRY_INTERVAL,
            _ => Next::Await,
        }
    }

    fn show_left(
        mut self,
        left: &[Remaining],
        effect: Option<Effect>,
        next: Next,
    ) -> StrategyDecision {
        let message = format!(
            "the strategy is being deleted and ends first: {}",
            describe(left)
        );
        self.show_leaving("Stopping", &message);
        StrategyDecision {
            status: self.status,
            effect,
            next,
            event: None,
        }
    }

    fn show_handing_over(mut self, until: Timestamp) -> StrategyDecision {
        let message = format!(
            "the strategy is being deleted, and another one takes its tenants over: until {until} it \
             is seen whether that one is deleted too"
        );
        self.show_leaving("HandingOver", &message);
        StrategyDecision {
            status: self.status,
            effect: None,
            next: Next::At(until),
            event: None,
        }
    }

    /// The conditions of a strategy that is going; the others stand as they were.
    fn show_leaving(&mut self, reason: &'static str, message: &str) {
        let progress = condition::progress(Progress::Reconciling, reason, message);
        let known = std::mem::take(&mut self.status.conditions);
        let shown = condition::merge(&known, progress, self.strategy.generation, self.now);
        let others = known
            .into_iter()
            .filter(|known| shown.iter().all(|shown| shown.type_ != known.type_));
        self.status.conditions = shown.iter().cloned().chain(others).collect();
        self.status.observed_generation = Some(self.strategy.generation);
    }
}

/// A log backup that has not stopped.
fn log_backup_left(known: &ObservedLogBackup) -> Option<Remaining> {
    if known.is_to_stop() && known.phase.as_deref() == Some("Stopped") {
        return None;
    }
    Some(Remaining {
        log_backup: (!known.is_to_stop()).then(|| known.name.clone()),
        ..Remaining::new(format!(
            "log backup of tenant {} (LogBackup '{}')",
            known.tenant_name, known.name
        ))
    })
}

/// What is done next: one statement, or edits of objects, those that stop something first.
fn step(left: &[Remaining]) -> Option<Effect> {
    if let Some(statement) = left.iter().find_map(|left| left.statement.clone()) {
        return Some(Effect::ChangePolicy(statement));
    }
    let log_backups = left.iter().filter_map(|left| left.log_backup.clone());
    let log_backups: Vec<_> = log_backups.collect();
    if !log_backups.is_empty() {
        return Some(Effect::StopLogBackups(log_backups));
    }
    let edits: Vec<_> = left.iter().filter_map(|left| left.edit.clone()).collect();
    (!edits.is_empty()).then_some(Effect::EditLogBackups(edits))
}

/// What is told of what could not be ended.
fn given_up(left: &[Remaining]) -> Option<Event> {
    (!left.is_empty()).then(|| Event {
        warning: true,
        reason: "StopGivenUp",
        message: format!(
            "the strategy is deleted, and this could not be ended: {}. End it in the database, \
             if it is not meant to go on",
            describe(left)
        ),
    })
}

fn describe(left: &[Remaining]) -> String {
    let mut names: Vec<&str> = left
        .iter()
        .take(MAX_NAMED)
        .map(|left| left.what.as_str())
        .collect();
    let more = format!("{} more", left.len().saturating_sub(MAX_NAMED));
    if left.len() > MAX_NAMED {
        names.push(&more);
    }
    names.join(", ")
}
