//! Gauges of strategies.

use std::collections::HashSet;

use kube::ResourceExt;

use super::values::{Gaps, holds, second};
use crate::api::condition::types::RETENTION_APPLIED;
use crate::api::{BackupStrategy, BackupStrategyStatus, BackupTask, BackupType};
use crate::controller::{Context, namespace};
use crate::domain::schedule::Schedule;
use crate::telemetry::Metrics;

/// Seconds of a day.
pub(super) const DAY: i64 = 24 * 60 * 60;

/// Records all strategies, and removes the counters of deleted ones.
pub(super) fn record(context: &Context, gaps: &mut Gaps) {
    let strategies = context.caches.strategies.state();
    let mut there = HashSet::new();
    for strategy in &strategies {
        let labels = (namespace(&**strategy), strategy.name_any());
        begin(&labels, &context.metrics);
        record_one(strategy, [&labels.0, &labels.1], gaps, &context.metrics);
        there.insert(labels);
    }
    gaps.retain(|uid, _| {
        strategies
            .iter()
            .any(|of| of.metadata.uid.as_ref() == Some(uid))
    });
    // Counters of tasks without a strategy remain while a cluster exists in the namespace.
    let clusters = context.caches.clusters.state();
    there.extend(clusters.iter().map(|of| (namespace(&**of), String::new())));
    forget_others(&there, &context.metrics);
    for task in context.caches.tasks.state() {
        record_task(&task, context);
    }
}

/// Starts counters at 0, so that alert rules detect the first increase.
fn begin((namespace, name): &(String, String), metrics: &Metrics) {
    for result in ["completed", "failed", "canceled", "overdue"] {
        metrics.work.tasks.add([namespace, name, result], 0);
    }
    for outcome in ["started", "missed", "skipped"] {
        metrics.work.slots.add([namespace, name, outcome], 0);
    }
    metrics.work.retries.add([namespace, name], 0);
    metrics.work.bytes.add([namespace, name], 0);
}

fn forget_others(there: &HashSet<(String, String)>, metrics: &Metrics) {
    let is_there = |namespace: &str, strategy: &str| {
        there.contains(&(namespace.to_owned(), strategy.to_owned()))
    };
    let (one, two) = ("namespace", "strategy");
    let work = &metrics.work;
    work.tasks
        .retain([one, two, "result"], |[n, s, _]| is_there(n, s));
    work.slots
        .retain([one, two, "outcome"], |[n, s, _]| is_there(n, s));
    work.retries.retain([one, two], |[n, s]| is_there(n, s));
    work.bytes.retain([one, two], |[n, s]| is_there(n, s));
}

fn record_one(strategy: &BackupStrategy, labels: [&str; 2], gaps: &mut Gaps, metrics: &Metrics) {
    let (families, spec) = (&metrics.strategies, &strategy.spec);
    families.suspended.set(labels, spec.suspend);
    let [namespace, name] = labels;
    for state in ["running", "queued"] {
        families.active_tasks.add([namespace, name, state], 0);
    }
    if !spec.suspend {
        let gap = gap(strategy, gaps).map(|days| i64::from(days) * DAY);
        families.expected_interval.set_known(labels, gap);
    }
    let Some(status) = &strategy.status else {
        return;
    };
    let families_and_times = [
        (&families.last_success, status.last_success_time.as_ref()),
        (&families.last_failure, status.last_failure_time.as_ref()),
        (&families.last_schedule, status.last_schedule_time.as_ref()),
        (
            &families.schedule_start,
            status.bookkeeping.anchor_time.as_ref(),
        ),
    ];
    for (family, time) in families_and_times {
        family.set_known(labels, second(time));
    }
    let missed = status.schedule_history.iter();
    let missed = missed.filter(|slot| slot.outcome == "Missed");
    let newest = missed.map(|slot| slot.scheduled_time.0.as_second()).max();
    families.last_missed.set_known(labels, newest);
    record_state(labels, status, spec.suspend, metrics);
}

fn record_state(
    labels @ [namespace, name]: [&str; 2],
    status: &BackupStrategyStatus,
    suspended: bool,
    metrics: &Metrics,
) {
    let families = &metrics.strategies;
    if let Some(tenants) = &status.tenants {
        let numbers = [("matched", tenants.matched), ("healthy", tenants.healthy)];
        for (state, number) in numbers {
            families.tenants.set([namespace, name, state], number);
        }
    }
    for next in status.bookkeeping.next_slots.iter().filter(|_| !suspended) {
        let ty = match next.type_ {
            BackupType::Full => "full",
            BackupType::Incremental => "incremental",
        };
        let at = next.scheduled_time.0.as_second();
        families.next_schedule.set([namespace, name, ty], at);
    }
    for alert in status.alerts.iter().filter(|of| of.status == "Active") {
        families.alerts.add([namespace, name, &alert.type_], 1);
    }
    let applied = holds(&status.conditions, RETENTION_APPLIED);
    families.retention_applied.set_known(labels, applied);
    if let Some(known) = &status.verification {
        let verified = second(known.last_success_time.as_ref());
        families.verified.set_known(labels, verified);
        families.rto.set_known(labels, known.rto_seconds);
    }
}

/// Returns the longest gap of the strategy's schedule, in days.
pub(super) fn gap(strategy: &BackupStrategy, known: &mut Gaps) -> Option<i32> {
    let (uid, generation) = (strategy.uid()?, strategy.metadata.generation);
    match known.get(&uid) {
        Some((of, days)) if *of == generation => Some(*days),
        _ => {
            let schedule = Schedule::parse(&strategy.spec.schedule).ok()?;
            let days = schedule.longest_gap_days();
            known.insert(uid, (generation, days));
            Some(days)
        }
    }
}

fn record_task(task: &BackupTask, context: &Context) {
    let status = task.status.clone().unwrap_or_default();
    if status.outcome.is_some() || task.spec.external_job.is_some() {
        return;
    }
    let strategy = task.spec.strategy_ref.as_ref();
    let strategy = strategy.map_or("", |reference| &*reference.name);
    let is_queued = status
        .phase
        .as_deref()
        .is_none_or(|phase| phase == "Pending");
    let state = if is_queued { "queued" } else { "running" };
    let tasks = &context.metrics.strategies.active_tasks;
    tasks.add([&namespace(task), strategy, state], 1);
}
