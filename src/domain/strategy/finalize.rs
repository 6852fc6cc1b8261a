//! Finalization of a strategy with `deletionPolicy: Stop`. The operator stops the tenants' log
//! backups, drops the delete policies that the strategy set, and releases the strategy.
//!
//! A tenant that another strategy covers, or that the strategy was edited to exclude, stays
//! unchanged. Strategies may be deleted one after another, so the operator waits to see whether the
//! other one remains. Whatever cannot be ended in time is reported and left: a dead database must
//! not block a deletion forever.

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
use crate::domain::condition::{self, Progress};
use crate::domain::tenant::CLUSTER_REPLACED;
use crate::domain::{Event, Finalization, Next, deletion_timeout};
use crate::oceanbase::model::{Tenant, TenantName};

/// Delay before a retry after a failure.
const RETRY_INTERVAL: Next = Next::After(Duration::from_secs(5));
/// Minimum delay before release if another strategy takes over the tenants. After `kubectl delete
/// --all`, the other strategy is deleted shortly after, and may have no finalizer.
const TAKEOVER_DELAY: SignedDuration = SignedDuration::from_secs(10);
/// Maximum number of remaining items that are named.
const MAX_NAMED: usize = 10;

/// Something that has not ended yet.
struct Remaining {
    what: String,
    /// Statement that ends it, if it can be sent now.
    statement: Option<PolicyChange>,
    /// Log backup to stop, unless its stop is already requested.
    log_backup: Option<String>,
    /// Edit that removes the recorded delete policy from a log backup.
    edit: Option<LogBackupEdit>,
    /// When to reconcile again if no event triggers it.
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

/// Decides about a strategy that was deleted at this time and is held by the operator's finalizer.
/// `created` is the result of this pass's effect, if there was one.
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
    let timeout = deletion_timeout(strategy.spec.deletion_timeout_seconds);
    let deadline = deleted_at.saturating_add(timeout).unwrap_or(Timestamp::MAX);
    // Waiting is useless without an OceanBaseCluster through which to reach the database.
    let is_unreachable =
        matches!(&observed.database, Err(blocker) if blocker.reason == "ClusterNotFound");
    if is_unreachable || deadline <= now {
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

/// Returns whether something remains only because another strategy takes it over.
fn hands_over(strategy: &Strategy<'_>, observed: &Observation, now: Timestamp) -> bool {
    let alone = Observation {
        rivals: Vec::new(),
        ..observed.clone()
    };
    !Evaluation::new(strategy, &alone, now).left().is_empty()
}

impl Evaluation<'_> {
    /// Returns what remains to be ended, in the order in which it is ended.
    fn left(&self) -> Vec<Remaining> {
        if self.strategy.spec.deletion_policy == DeletionPolicy::Retain {
            return Vec::new();
        }
        let records = self.status.retention.iter();
        // An empty window means that no policy of the operator exists.
        let records = records.filter(|record| !record.recovery_window.is_empty());
        let policies = records.filter_map(|record| {
            let window = &record.recovery_window;
            let Ok(tenants) = &self.observed.database else {
                return Some(Remaining::new(format!(
                    "delete policy '{window}' of the tenant with id {}",
                    record.tenant_id
                )));
            };
            let mut tenants = tenants.iter();
            let tenant = tenants.find(|tenant| tenant.id.0 == record.tenant_id)?;
            self.policy_left(tenant, window)
        });
        let own = self.observed.log_backups.iter();
        let own = own.filter(|log_backup| {
            self.is_of_strategy(log_backup) && self.is_to_end(&log_backup.tenant_name)
        });
        // With mode Unmanaged, another tool manages the logs, including logs that were archived
        // earlier.
        let managed = self.manages_log_backup();
        let log_backups = own.clone().filter(|log_backup| {
            managed && !self.is_of_others(log_backup) && !self.has_nothing_to_stop(log_backup)
        });
        let log_backups = log_backups.filter_map(log_backup_left);
        let memories = own.filter_map(|log_backup| self.memory_left(log_backup));
        policies.chain(log_backups).chain(memories).collect()
    }

    /// Returns an edit for a log backup that still records a dropped delete policy. The next
    /// strategy would take the same policy, set later by another tool, for the operator's own.
    fn memory_left(&self, log_backup: &ObservedLogBackup) -> Option<Remaining> {
        let inherited = log_backup.inherited.as_ref()?;
        let tenants = self.observed.database.as_ref().ok()?;
        let mut tenants = tenants.iter();
        let tenant = tenants.find(|tenant| Some(tenant.id) == log_backup.tenant_id)?;
        let is_stale = inherited.recovery_window.is_some() && tenant.recovery_window().is_none();
        is_stale.then(|| Remaining {
            edit: Some(LogBackupEdit {
                name: log_backup.name.clone(),
                version: log_backup.version.clone(),
                settings: log_backup.settings.clone(),
                location: None,
                storage_change_policy: log_backup.storage_change_policy,
                inherited: Inherited {
                    recovery_window: None,
                    ..inherited.clone()
                },
            }),
            ..Remaining::new(format!(
                "the record of the delete policy in LogBackup '{}'",
                log_backup.name
            ))
        })
    }

    /// Returns whether this strategy was the last to write into the log backup.
    fn is_of_strategy(&self, log_backup: &ObservedLogBackup) -> bool {
        let inherited = log_backup.inherited.as_ref();
        inherited.is_some_and(|inherited| inherited.strategy == self.strategy.name)
    }

    /// Returns whether the tenant still belongs to this strategy, and no other strategy takes it
    /// over.
    fn is_to_end(&self, tenant: &str) -> bool {
        selects(self.strategy.spec.tenants.as_ref(), tenant)
            && !covered_by_another(self.strategy.name, &self.observed.rivals, tenant)
    }

    /// Returns whether the log backup must not stop what runs in the database. Either the logs go
    /// to another destination, or the log backup is for the previous database.
    fn is_of_others(&self, log_backup: &ObservedLogBackup) -> bool {
        let is_elsewhere =
            |cause: &Cause| matches!(cause.reason.as_str(), "DestinationInUse" | CLUSTER_REPLACED);
        let is_observed = self.observed.database.is_ok();
        log_backup.cause.as_ref().is_some_and(is_elsewhere)
            || is_observed && self.observed.is_of_another(log_backup.database.as_ref())
    }

    /// Returns whether the log backup archives nothing: its tenant was deleted or replaced, or
    /// another LogBackup is active for the tenant.
    fn has_nothing_to_stop(&self, log_backup: &ObservedLogBackup) -> bool {
        let cause = log_backup.cause.as_ref().map(|cause| cause.reason.as_str());
        let is_double = matches!(cause, Some("LogBackupExists" | "TenantReplaced"));
        let is_gone = log_backup.tenant_id.is_some_and(|id| {
            let tenants = self.observed.database.as_ref();
            tenants.is_ok_and(|tenants| tenants.iter().all(|tenant| tenant.id != id))
        });
        is_double || is_gone
    }

    fn policy_left(&self, tenant: &Tenant, window: &str) -> Option<Remaining> {
        let in_flight = self.is_in_flight(tenant);
        let is_there = tenant.recovery_window() == Some(window);
        if !self.is_to_end(&tenant.name) || !(is_there || in_flight) {
            return None;
        }
        let tenant_name = TenantName::parse(&tenant.name)?;
        let what = format!("delete policy '{window}' of tenant {tenant_name}");
        let drop = PolicyChange::Drop {
            tenant: tenant_name,
            tenant_id: tenant.id,
            recovery_window: window.to_owned(),
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

    /// Records the result of a step; returns when to continue.
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
            "the strategy is being deleted; the operator first removes or stops: {}",
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
            "the strategy is being deleted, and another strategy takes over its tenants: the \
             operator waits until {until} in case that strategy is deleted too"
        );
        self.show_leaving("TransferringOwnership", &message);
        StrategyDecision {
            status: self.status,
            effect: None,
            next: Next::At(until),
            event: None,
        }
    }

    /// Sets the conditions of a strategy under deletion; the other conditions stay unchanged.
    fn show_leaving(&mut self, reason: &'static str, message: &str) {
        let progress = condition::progress(Progress::Reconciling, reason, message);
        let before = std::mem::take(&mut self.status.conditions);
        let shown = condition::merge(&before, progress, self.strategy.generation, self.now);
        let others = before
            .into_iter()
            .filter(|before| shown.iter().all(|shown| shown.type_ != before.type_));
        self.status.conditions = shown.iter().cloned().chain(others).collect();
        self.status.observed_generation = Some(self.strategy.generation);
    }
}

/// Returns a log backup that has not stopped.
fn log_backup_left(log_backup: &ObservedLogBackup) -> Option<Remaining> {
    if log_backup.is_to_stop() && log_backup.phase.as_deref() == Some("Stopped") {
        return None;
    }
    Some(Remaining {
        log_backup: (!log_backup.is_to_stop()).then(|| log_backup.name.clone()),
        ..Remaining::new(format!(
            "log backup of tenant {} (LogBackup '{}')",
            log_backup.tenant_name, log_backup.name
        ))
    })
}

/// Returns the next step: one statement, or edits of objects, stops first.
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

/// Returns the event that reports what could not be ended.
fn given_up(left: &[Remaining]) -> Option<Event> {
    (!left.is_empty()).then(|| Event {
        warning: true,
        reason: "StopTimeout",
        message: format!(
            "the strategy is deleted, but these could not be removed or stopped: {}. Remove or \
             stop them in the database if they are not needed",
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
