//! Gauges of the current state, rebuilt at each scrape from data that the operator already has. A
//! deleted object therefore leaves no series behind.

mod baseline;
mod drills;
mod strategies;
mod tenants;
mod values;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use kube::ResourceExt;

use super::{Context, namespace};
use crate::api::condition::types::REACHABLE;
use crate::api::{BackupStorage, Quantity, RecoveryTask};
use crate::oceanbase::cluster::ClusterState;
use values::{ClusterStates, Gaps, holds, second};

/// Writes the current state into the metrics and renders them.
pub struct Gauges {
    context: Arc<Context>,
    /// Serializes scrapes: a concurrent scrape would compute the same gaps again.
    gaps: Mutex<Gaps>,
}

impl Gauges {
    /// Creates gauges of this context.
    #[must_use]
    pub fn new(context: Arc<Context>) -> Self {
        Self {
            context,
            gaps: Mutex::default(),
        }
    }

    /// Returns the text that Prometheus scrapes; `None` if it cannot be encoded.
    #[must_use]
    pub fn text(&self) -> Option<String> {
        let mut gaps = self.gaps.lock().unwrap_or_else(PoisonError::into_inner);
        let (context, metrics) = (&*self.context, &self.context.metrics);
        let leads = context.lease_guard.is_valid();
        metrics.operator.leader.set([], leads);
        // Only the leader reports: series of two operators would be counted twice.
        if leads {
            let states = context.clusters.states();
            record_clusters(&states, context);
            record_storages(context);
            record_recoveries(context);
            strategies::record(context, &mut gaps);
            drills::record(context);
            tenants::record(&states, context, &mut gaps);
        }
        metrics.text().ok()
    }
}

fn record_clusters(states: &ClusterStates, context: &Context) {
    for (key, state) in states {
        let up = matches!(state, ClusterState::Up(_));
        let labels = [&*key.namespace, &*key.name];
        context.metrics.infrastructure.cluster_up.set(labels, up);
    }
}

fn record_storages(context: &Context) {
    for storage in context.caches.storages.state() {
        let conditions = storage.status.as_ref().map(|status| &*status.conditions);
        let reachable = holds(conditions.unwrap_or_default(), REACHABLE);
        let (namespace, name) = (namespace(&*storage), storage.name_any());
        let family = &context.metrics.infrastructure.storage_reachable;
        family.set_known([&namespace, &name], reachable);
        record_figures(&storage, [&namespace, &name], context);
    }
}

fn record_figures(storage: &BackupStorage, [namespace, name]: [&str; 2], context: &Context) {
    let infrastructure = &context.metrics.infrastructure;
    let status = storage.status.as_ref();
    let data = status.and_then(|status| status.data_bytes);
    let log = status.and_then(|status| status.log_bytes);
    for (kind, bytes) in [("data", data), ("log", log)] {
        let family = &infrastructure.storage_bytes;
        family.set_known([namespace, name, kind], bytes);
    }
    let capacity = storage.spec.capacity.as_ref();
    if let Some(bytes) = capacity.and_then(Quantity::value) {
        let percent = i64::from(storage.spec.capacity_alert_percent);
        infrastructure
            .storage_capacity
            .set([namespace, name], bytes);
        infrastructure
            .storage_capacity_alert
            .set([namespace, name], percent);
    }
}

fn record_recoveries(context: &Context) {
    let infrastructure = &context.metrics.infrastructure;
    let mut newest: HashMap<(bool, String), Option<i64>> = HashMap::new();
    for task in context.caches.recoveries.state() {
        let home = namespace(&*task);
        let status = task.status.clone().unwrap_or_default();
        infrastructure
            .running_recoveries
            .add([&home], i64::from(runs(&task)));
        let succeeded = match status.outcome.as_deref() {
            Some("Completed") => true,
            Some("Failed") => false,
            _ => continue,
        };
        if task.spec.verification.is_none() {
            let known = newest.entry((succeeded, home)).or_default();
            *known = (*known).max(second(status.completion_time.as_ref()));
        }
    }
    for ((succeeded, home), at) in newest {
        let family = if succeeded {
            &infrastructure.recovery_success
        } else {
            &infrastructure.recovery_failure
        };
        family.set_known([&home], at);
    }
}

fn runs(task: &RecoveryTask) -> bool {
    let status = task.status.as_ref();
    status.is_some_and(|status| status.step.is_some() && status.outcome.is_none())
}
