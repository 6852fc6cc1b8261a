//! Gauges of drills.

use kube::ResourceExt;

use super::values::second;
use crate::api::RecoveryDrill;
use crate::controller::{Context, namespace};
use crate::domain::drill::{failed_tenants, is_overdue};
use crate::telemetry::Metrics;

/// Names of the alerts, which the console does not have.
const FAILED: &str = "sampling_restore_fail";
const OVERDUE: &str = "sampling_restore_overdue";

/// Records all drills.
pub(super) fn record(context: &Context) {
    for drill in context.caches.drills.state() {
        record_one(&drill, &context.metrics);
    }
}

fn record_one(drill: &RecoveryDrill, metrics: &Metrics) {
    let Some(status) = &drill.status else {
        return;
    };
    let families = &metrics.strategies;
    let (namespace, name) = (namespace(drill), drill.name_any());
    let strategy = &*drill.spec.strategy_ref.name;
    let labels = [&*namespace, strategy, &*name];
    let verified = second(status.last_success_time.as_ref());
    families.verified.set_known(labels, verified);
    families.rto.set_known(labels, status.rto_seconds);
    let failed = i64::try_from(failed_tenants(status)).unwrap_or(i64::MAX);
    let alerts = [(FAILED, failed), (OVERDUE, i64::from(is_overdue(status)))];
    for (alert, count) in alerts.into_iter().filter(|(_, count)| *count > 0) {
        families.alerts.add([&namespace, strategy, alert], count);
    }
}
