//! Summary of a log backup's tenant, from other objects.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::ResourceExt;

use super::super::competitors::rivals;
use super::super::watch::caches;
use super::super::{Context, Reconcile, cluster_of, namespace, qualified, same_database};
use crate::api::{BackupStrategy, BackupTask, LogBackup};
use crate::domain::backup::is_suspended;
use crate::domain::log_backup::{RelatedObjects, is_in_flight, is_summary_due};
use crate::domain::schedule::Schedule;
use crate::domain::strategy;
use crate::domain::strategy::overlap::is_for;
use crate::oceanbase::credentials::ClusterKey;
use crate::oceanbase::model::{RoundStatus, Tenant};

/// Returns the data of the summary when a write is due: with each checkpoint, and when the strategy
/// or its phase has changed. Only the former searches all tasks.
pub(super) fn look_up(
    object: &LogBackup,
    tenant: &Tenant,
    checkpoint_interval: SignedDuration,
    context: &Context,
) -> Option<RelatedObjects> {
    let status = object.current_status();
    if is_summary_due(&status, tenant, checkpoint_interval) {
        return Some(RelatedObjects {
            strategy: strategy_of(object, context),
            last_task_name: last_task(object, context),
        });
    }
    if is_in_flight(&status) {
        return None;
    }
    let summary = status.tenant?;
    let strategy = strategy_of(object, context);
    let shown = summary
        .strategy_name
        .map(|name| (name, summary.strategy_phase));
    (strategy != shown).then_some(RelatedObjects {
        strategy,
        last_task_name: summary.last_task_name,
    })
}

/// Effect of a strategy's change on the summaries that show the strategy.
pub(super) struct StrategyChange<'a> {
    strategy: &'a BackupStrategy,
    home: String,
    name: String,
    /// Whether the strategy was edited, created or deleted, and may cover other tenants. After
    /// other changes, only the phase is updated.
    is_for_others: bool,
}

impl<'a> StrategyChange<'a> {
    pub(super) fn of(strategy: &'a BackupStrategy, context: &Context) -> Self {
        let (home, name) = (namespace(strategy), strategy.name_any());
        let known = caches::find(&context.caches.strategies, &home, &name);
        let is_gone = known.is_none() || strategy.metadata.deletion_timestamp.is_some();
        let status = strategy.status.as_ref();
        let observed = status.and_then(|status| status.observed_generation);
        Self {
            is_for_others: is_gone || observed != strategy.metadata.generation,
            strategy,
            home,
            name,
        }
    }

    /// Returns whether the change affects the summary of a log backup.
    pub(super) fn is_shown(&self, object: &LogBackup) -> bool {
        let summary = object.status.as_ref().and_then(|it| it.tenant.as_ref());
        // A missing summary is about to be written anyway.
        let Some(summary) = summary else { return false };
        let cluster = cluster_of(object, &object.spec.cluster_ref);
        let name = qualified(&cluster, &self.home, &self.name);
        let is_named = summary.strategy_name == Some(name);
        if self.is_for_others {
            return is_named || is_for(&self.strategy.spec, &object.spec.tenant_name);
        }
        let status = self.strategy.status.as_ref();
        is_named && summary.strategy_phase != status.and_then(|status| status.phase.clone())
    }
}

/// Returns the strategy that covers the tenant, and its phase.
fn strategy_of(object: &LogBackup, context: &Context) -> Option<(String, Option<String>)> {
    let (name, found) = covering_strategy(object, context)?;
    let status = found.status.as_ref();
    Some((name, status.and_then(|status| status.phase.clone())))
}

/// Returns the earliest time at which an interrupted round may be healed, if the strategy has a
/// blackout window.
pub(super) fn may_heal_at(
    object: &LogBackup,
    tenant: &Tenant,
    context: &Context,
) -> Option<Timestamp> {
    let round = tenant.round.as_ref()?;
    if round.status != RoundStatus::Interrupted {
        return None;
    }
    let (_, strategy) = covering_strategy(object, context)?;
    let schedule = Schedule::parse(&strategy.spec.schedule).ok()?;
    let blackout = schedule.blackout(context.clock.now())?;
    Some(blackout.until)
}

/// Returns the strategy that covers the tenant, and its relative name.
fn covering_strategy(
    object: &LogBackup,
    context: &Context,
) -> Option<(String, Arc<BackupStrategy>)> {
    let tenant = &object.spec.tenant_name;
    let cluster = cluster_of(object, &object.spec.cluster_ref);
    let rivals = rivals(context, &cluster, |spec| is_for(spec, tenant));
    let covers = |name: &str| strategy::covers(name, &rivals, &object.spec.tenant_name);
    let winner = rivals.iter().find(|rival| covers(&rival.name))?;
    let (name, namespace) = &winner.full_name;
    let found = caches::find(&context.caches.strategies, namespace, name)?;
    Some((winner.name.clone(), found))
}

/// Returns the task of the tenant that was started last.
fn last_task(object: &LogBackup, context: &Context) -> Option<String> {
    caches::within(&context.caches.tasks, &namespace(object))
        .filter(|task| is_of_tenant(task, object, context))
        .filter_map(|task| Some((begun_at(&task)?, task.name_any())))
        .max()
        .map(|(_, name)| name)
}

/// Returns the start of a task: of its job or, until the job is known, of its statement. A small
/// backup may be over before its job is seen.
fn begun_at(task: &BackupTask) -> Option<Time> {
    let status = task.status.as_ref()?;
    let sent_at = || status.attempts.last()?.sent_time.clone();
    status.start_time.clone().or_else(sent_at)
}

/// Returns whether the tenant has an unfinished data backup that may start. A task of a suspended
/// strategy does not count: it requires log backup when the strategy resumes.
pub(super) fn has_open_tasks(object: &LogBackup, context: &Context) -> bool {
    let is_open = |task: &BackupTask| {
        let status = task.status.as_ref();
        let is_over = status.is_some_and(|it| it.outcome.is_some() || is_suspended(it));
        task.metadata.deletion_timestamp.is_none() && !is_over
    };
    let all = &context.caches.tasks;
    let open =
        all.state_filter(|task| task.spec.tenant_name == object.spec.tenant_name && is_open(task));
    open.iter().any(|task| is_of_tenant(task, object, context))
}

/// Returns whether an accepted task belongs to the tenant of a log backup, in any namespace.
pub(super) fn is_of_tenant(task: &BackupTask, object: &LogBackup, context: &Context) -> bool {
    let taken_up = task.status.as_ref();
    let cluster = taken_up.and_then(|status| status.cluster.as_deref());
    task.spec.tenant_name == object.spec.tenant_name
        && cluster.is_some_and(|cluster| {
            let of = ClusterKey::new(&namespace(task), cluster);
            same_database(context, &of, &cluster_of(object, &object.spec.cluster_ref))
        })
}
