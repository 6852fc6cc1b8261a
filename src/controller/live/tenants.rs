//! What is true of tenants: of their log backups, and of their newest data backups.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::{States, second};
use crate::api::retention::RetentionPolicy;
use crate::api::strategy::StrategyLogBackupMode;
use crate::api::{BackupTask, LogBackup};
use crate::controller::backup_task::type_label;
use crate::controller::{Context, created_at, namespace, stores};
use crate::domain::strategy::selects;
use crate::oceanbase::cluster::ClusterState;
use crate::oceanbase::model::{Round, RoundStatus, Snapshot, Tenant};

const DAY: i64 = 24 * 60 * 60;

/// Notes all that have a LogBackup or a strategy.
pub(super) fn note(states: &States, context: &Context) {
    for object in context.stores.log_backups.state() {
        note_log_backup(&object, states, context);
    }
    note_unmanaged(states, context);
    note_data_backups(context);
    let names = ["namespace", "cluster", "tenant"];
    let family = &context.metrics.work.interruptions;
    family.retain(names, |[namespace, cluster, tenant]| {
        let all = &context.stores.log_backups;
        let found = all.find(|of| {
            let spec = &of.spec;
            of.metadata.namespace.as_deref() == Some(namespace)
                && (&*spec.cluster_ref.name, &*spec.tenant_name) == (cluster, tenant)
        });
        found.is_some()
    });
}

fn note_log_backup(object: &LogBackup, states: &States, context: &Context) {
    let home = namespace(object);
    let (cluster, name) = (&*object.spec.cluster_ref.name, &*object.spec.tenant_name);
    let labels = [&*home, cluster, name];
    if let Some(tenant) = snapshot(states, &home, cluster).and_then(|seen| seen.tenant(name)) {
        note_logs(labels, tenant, context);
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
    let page = shown.tenant.as_ref();
    let last = page.and_then(|page| page.last_data_backup_time.as_ref());
    families.last_backup.set_known(labels, second(last));
    let strategy = page.and_then(|page| page.strategy_name.as_deref());
    let required = strategy.and_then(|strategy| required(&home, strategy, context));
    let age = created_at(object).duration_until(context.clock.now());
    let required = required.filter(|seconds| age.as_secs() > seconds + DAY);
    families.window_required.set_known(labels, required);
}

/// Seconds back to which the strategy wants a tenant to be recoverable.
fn required(namespace: &str, strategy: &str, context: &Context) -> Option<i64> {
    let strategy = stores::find(&context.stores.strategies, namespace, strategy)?;
    let retention = strategy.spec.retention.as_ref()?;
    let days = retention.recovery_window_days;
    let days = days.filter(|_| retention.policy == RetentionPolicy::RecoveryWindow)?;
    Some(i64::from(days) * DAY)
}

/// Of tenants whose log backup a strategy leaves to somebody else.
fn note_unmanaged(states: &States, context: &Context) {
    let strategies = &context.stores.strategies;
    let unmanaged = strategies
        .state_filter(|strategy| strategy.spec.log_backup.mode == StrategyLogBackupMode::Unmanaged);
    for strategy in unmanaged {
        let (home, spec) = (namespace(&*strategy), &strategy.spec);
        let cluster = &*spec.cluster_ref.name;
        let seen = snapshot(states, &home, cluster);
        for tenant in seen.into_iter().flat_map(|seen| seen.tenants.values()) {
            if selects(spec.tenants.as_ref(), &tenant.name) {
                note_logs([&home, cluster, &tenant.name], tenant, context);
            }
        }
    }
}

/// How far the tenant's logs are archived.
fn note_logs(labels: [&str; 3], tenant: &Tenant, context: &Context) {
    // Also of a round that was interrupted or paused: a rule on the delay must not find that all
    // is well in the moment when nothing is archived any more.
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

fn snapshot<'a>(states: &'a States, namespace: &str, cluster: &str) -> Option<&'a Arc<Snapshot>> {
    states.iter().find_map(|(key, state)| match state {
        ClusterState::Up(snapshot) if key.namespace == namespace && key.name == cluster => {
            Some(snapshot)
        }
        _ => None,
    })
}

/// By namespace, strategy, tenant and type the newest that ended, or the newest that is complete.
type Newest = HashMap<[String; 4], (Timestamp, Arc<BackupTask>)>;

fn note_data_backups(context: &Context) {
    let (mut ended, mut complete) = (Newest::new(), Newest::new());
    for task in context.stores.tasks.state() {
        let (Some(strategy), Some(status)) = (&task.spec.strategy_ref, &task.status) else {
            continue;
        };
        let tenant = task.spec.tenant_name.clone();
        let ty = type_label(status, &task);
        let labels = [namespace(&*task), strategy.name.clone(), tenant, ty];
        match (&status.outcome, &status.completion_time) {
            (None, _) => note_progress(&labels, status.progress.as_deref(), context),
            (Some(outcome), Some(at)) if !labels[2].is_empty() => {
                if outcome == "Completed" {
                    keep_newest(&mut complete, labels.clone(), at.0, &task);
                }
                keep_newest(&mut ended, labels, at.0, &task);
            }
            _ => {}
        }
    }
    let families = &context.metrics.tenants;
    for (labels, (_, task)) in &ended {
        let outcome = task
            .status
            .as_ref()
            .and_then(|status| status.outcome.as_deref());
        let went_well = outcome == Some("Completed");
        families.went_well.set(strs(labels), went_well);
    }
    for (labels, (_, task)) in &complete {
        note_complete(strs(labels), task, context);
    }
}

fn keep_newest(newest: &mut Newest, labels: [String; 4], at: Timestamp, task: &Arc<BackupTask>) {
    let known = newest.entry(labels);
    let known = known.or_insert_with(|| (at, Arc::clone(task)));
    if known.0 < at {
        *known = (at, Arc::clone(task));
    }
}

fn note_complete(labels: [&str; 4], task: &BackupTask, context: &Context) {
    let families = &context.metrics.tenants;
    let Some(status) = &task.status else { return };
    let times = status
        .start_time
        .as_ref()
        .zip(status.completion_time.as_ref());
    let took = times.map(|(began, ended)| began.0.duration_until(ended.0).as_secs());
    families.duration.set_known(labels, took);
    families.size.set_known(labels, status.output_bytes);
    let speed = status.output_bytes.zip(took.filter(|seconds| *seconds > 0));
    families
        .throughput
        .set_known(labels, speed.map(|(bytes, seconds)| bytes / seconds));
}

fn note_progress(labels: &[String; 4], progress: Option<&str>, context: &Context) {
    let percent = progress.and_then(|text| text.trim_end_matches('%').parse().ok());
    if let Some(percent) = percent {
        let family = &context.metrics.tenants.progress;
        family.set_percent(strs(labels), percent);
    }
}

fn strs(labels: &[String; 4]) -> [&str; 4] {
    labels.each_ref().map(String::as_str)
}
