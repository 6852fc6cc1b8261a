//! Gauges of tenants: log backups and newest data backups.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::baseline::baseline;
use super::strategies::{DAY, gap};
use super::values::{ClusterStates, Gaps, second};
use crate::api::retention::RetentionPolicy;
use crate::api::strategy::StrategyLogBackupMode;
use crate::api::{BackupTask, BackupTaskStatus, LogBackup};
use crate::controller::backup_task::type_label;
use crate::controller::watch::caches;
use crate::controller::{Context, created_at, namespace};
use crate::domain::strategy::selects;
use crate::oceanbase::cluster::ClusterState;
use crate::oceanbase::model::{Round, RoundStatus, Snapshot, Tenant};

/// Records all tenants with a LogBackup or a strategy.
pub(super) fn record(states: &ClusterStates, context: &Context, gaps: &mut Gaps) {
    for object in context.caches.log_backups.state() {
        record_log_backup(&object, states, context, gaps);
    }
    record_unmanaged(states, context);
    record_data_backups(context);
    let names = ["namespace", "cluster", "tenant"];
    let family = &context.metrics.work.interruptions;
    family.retain(names, |[namespace, cluster, tenant]| {
        let all = &context.caches.log_backups;
        let found = all.find(|of| {
            let spec = &of.spec;
            of.metadata.namespace.as_deref() == Some(namespace)
                && (&*spec.cluster_ref.name, &*spec.tenant_name) == (cluster, tenant)
        });
        found.is_some()
    });
}

fn record_log_backup(
    object: &LogBackup,
    states: &ClusterStates,
    context: &Context,
    gaps: &mut Gaps,
) {
    let home = namespace(object);
    let (cluster, name) = (&*object.spec.cluster_ref.name, &*object.spec.tenant_name);
    let labels = [&*home, cluster, name];
    if let Some(tenant) =
        snapshot(states, &home, cluster).and_then(|observed| observed.tenant(name))
    {
        record_logs(labels, tenant, context);
    }
    context.metrics.work.interruptions.add(labels, 0);
    let families = &context.metrics.tenants;
    let Some(shown) = &object.status else { return };
    if let Some(phase) = shown.phase.as_deref() {
        families.state.set([&home, cluster, name, phase], 1);
    }
    if let Some(window) = shown.recovery_windows.last() {
        families
            .window_start
            .set(labels, window.start.0.as_second());
        families.window_end.set(labels, window.end.0.as_second());
    }
    let summary = shown.tenant.as_ref();
    let last = summary.and_then(|summary| summary.last_data_backup_time.as_ref());
    families.last_backup.set_known(labels, second(last));
    let strategy = summary.and_then(|summary| summary.strategy_name.as_deref());
    let required = strategy.and_then(|strategy| required(&home, strategy, context, gaps));
    let age = created_at(object).duration_until(context.clock.now());
    let required = required.filter(|required| age.as_secs() > required.due);
    let required = required.map(|required| required.seconds);
    families.window_required.set_known(labels, required);
}

/// Recovery window that a strategy requires of a tenant.
struct RequiredWindow {
    /// Length in seconds.
    seconds: i64,
    /// Age of the log backup in seconds from which the window is required.
    due: i64,
}

impl RequiredWindow {
    /// Derives the requirement from a window and a schedule. The tenant's first window starts at
    /// the first full backup, which may be as late as the schedule allows.
    fn new(window_days: i32, gap_days: i32) -> Self {
        let seconds = i64::from(window_days) * DAY;
        let due = seconds + i64::from(gap_days) * DAY + DAY;
        Self { seconds, due }
    }
}

/// Returns the requirement of the strategy for its tenants.
fn required(
    namespace: &str,
    strategy: &str,
    context: &Context,
    gaps: &mut Gaps,
) -> Option<RequiredWindow> {
    let strategy = caches::find(&context.caches.strategies, namespace, strategy)?;
    let retention = &strategy.spec.retention;
    let days = retention.recovery_window_days;
    let days = days.filter(|_| retention.policy == RetentionPolicy::RecoveryWindow)?;
    Some(RequiredWindow::new(days, gap(&strategy, gaps)?))
}

/// Records tenants whose log backup the strategy does not manage.
fn record_unmanaged(states: &ClusterStates, context: &Context) {
    let strategies = &context.caches.strategies;
    let unmanaged = strategies
        .state_filter(|strategy| strategy.spec.log_backup.mode == StrategyLogBackupMode::Unmanaged);
    for strategy in unmanaged {
        let (home, spec) = (namespace(&*strategy), &strategy.spec);
        let cluster = &*spec.cluster_ref.name;
        let observed = snapshot(states, &home, cluster);
        for tenant in observed
            .into_iter()
            .flat_map(|observed| observed.tenants.values())
        {
            if selects(spec.tenants.as_ref(), &tenant.name) {
                record_logs([&home, cluster, &tenant.name], tenant, context);
            }
        }
    }
}

/// Records the progress of the tenant's log archiving.
fn record_logs(labels: [&str; 3], tenant: &Tenant, context: &Context) {
    // Also for interrupted or paused rounds: without a value, a rule on the delay would not fire
    // while nothing is archived.
    let round = tenant.round.as_ref();
    let round = round.filter(|round| round.status != RoundStatus::Stop);
    let Some(reached) = round.and_then(Round::reached) else {
        return;
    };
    let checkpoint = reached.at();
    let delay = checkpoint.duration_until(context.clock.now()).as_secs();
    let families = &context.metrics.tenants;
    families.delay.set(labels, delay.max(0));
    families.checkpoint.set(labels, checkpoint.as_second());
}

fn snapshot<'a>(
    states: &'a ClusterStates,
    namespace: &str,
    cluster: &str,
) -> Option<&'a Arc<Snapshot>> {
    states.iter().find_map(|(key, state)| match state {
        ClusterState::Up(snapshot) if key.namespace == namespace && key.name == cluster => {
            Some(snapshot)
        }
        _ => None,
    })
}

/// Ended or completed tasks with their end times, by namespace, strategy, tenant and type.
type Ended = HashMap<[String; 4], Vec<(Timestamp, Arc<BackupTask>)>>;

fn record_data_backups(context: &Context) {
    let (mut ended, mut complete) = (Ended::new(), Ended::new());
    for task in context.caches.tasks.state() {
        let (Some(strategy), Some(status)) = (&task.spec.strategy_ref, &task.status) else {
            continue;
        };
        let tenant = task.spec.tenant_name.clone();
        let ty = type_label(status, &task);
        let labels = [namespace(&*task), strategy.name.clone(), tenant, ty];
        match (&status.outcome, &status.completion_time) {
            (None, _) => record_progress(&labels, status.progress.as_deref(), context),
            (Some(outcome), Some(at)) if !labels[2].is_empty() => {
                let one = (at.0, Arc::clone(&task));
                if outcome == "Completed" {
                    complete
                        .entry(labels.clone())
                        .or_default()
                        .push(one.clone());
                }
                ended.entry(labels).or_default().push(one);
            }
            _ => {}
        }
    }
    let families = &context.metrics.tenants;
    for (labels, tasks) in &ended {
        let newest = tasks.iter().max_by_key(|(at, _)| *at);
        let status = newest.and_then(|(_, task)| task.status.as_ref());
        let outcome = status.and_then(|status| status.outcome.as_deref());
        let succeeded = outcome == Some("Completed");
        families.succeeded.set(strs(labels), succeeded);
    }
    for (labels, mut tasks) in complete {
        tasks.sort_by_key(|(at, _)| Reverse(*at));
        let newest_first = tasks.iter().filter_map(|(_, task)| task.status.as_ref());
        record_complete(strs(&labels), newest_first, context);
    }
}

/// Records the completed backups of one tenant and type, the newest first.
fn record_complete<'a>(
    labels: [&str; 4],
    newest_first: impl Iterator<Item = &'a BackupTaskStatus> + Clone,
    context: &Context,
) {
    let families = &context.metrics.tenants;
    let times = newest_first.clone().filter_map(took);
    families
        .baseline_duration
        .set_known(labels, baseline(times));
    // Sizes of incremental backups vary; no rule compares them.
    if labels[3] == "full" {
        let sizes = newest_first.clone().filter_map(|of| of.output_bytes);
        families.baseline_size.set_known(labels, baseline(sizes));
    }
    let Some(newest) = newest_first.into_iter().next() else {
        return;
    };
    let (took, size) = (took(newest), newest.output_bytes);
    families.duration.set_known(labels, took);
    families.size.set_known(labels, size);
    let speed = size.zip(took.filter(|seconds| *seconds > 0));
    families
        .throughput
        .set_known(labels, speed.map(|(bytes, seconds)| bytes / seconds));
}

/// Returns the duration of a backup in seconds.
fn took(status: &BackupTaskStatus) -> Option<i64> {
    let (began, ended) = (
        status.start_time.as_ref()?,
        status.completion_time.as_ref()?,
    );
    Some(began.0.duration_until(ended.0).as_secs())
}

fn record_progress(labels: &[String; 4], progress: Option<&str>, context: &Context) {
    let percent = progress.and_then(|text| text.trim_end_matches('%').parse().ok());
    if let Some(percent) = percent {
        let family = &context.metrics.tenants.progress;
        family.set_percent(strs(labels), percent);
    }
}

fn strs(labels: &[String; 4]) -> [&str; 4] {
    labels.each_ref().map(String::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Log backup starts on Monday, and the only full backup of the week runs on Sunday. On Tuesday
    /// of the next week the window is two days long, which is correct.
    #[test]
    fn a_window_is_not_asked_for_before_the_first_full_backup_can_be_as_old() {
        let required = RequiredWindow::new(7, 7);
        assert_eq!(required.seconds, 7 * DAY);
        let first_full = 6 * DAY;
        assert!(required.due > first_full + required.seconds);
        assert_eq!(required.due, 15 * DAY);
    }
}
