//! Expiry of the object of an ended task.

use kube::ResourceExt;

use super::super::Context;
use super::super::reconcile::Expiry;
use super::super::watch::caches;
use super::{is_owned_by_strategy, namespace};
use crate::api::BackupTask;

/// Returns when the object is deleted. A task that its strategy needs is kept beyond that.
pub(super) fn expiry(task: &BackupTask, context: &Context) -> Expiry {
    let status = task.status.as_ref();
    let end = status.and_then(|status| status.completion_time.as_ref());
    match Expiry::of(end, task.spec.ttl_seconds_after_finished) {
        Expiry::At(at) if at <= context.clock.now() && is_kept(task, context) => Expiry::Kept,
        expiry => expiry,
    }
}

/// Returns whether a strategy needs this task. The newest task of a tenant and type shows that the
/// first backup was made, and its result. The newest successful task shows the recoverable backup.
fn is_kept(task: &BackupTask, context: &Context) -> bool {
    if !is_owned_by_strategy(task) {
        return false;
    }
    let namespace = namespace(task);
    let newer = caches::within(&context.caches.tasks, &namespace).filter(|other| {
        other.uid() != task.uid()
            && other.owner_references() == task.owner_references()
            && other.spec.tenant_name == task.spec.tenant_name
            && other.spec.type_ == task.spec.type_
            && ended_at(other) > ended_at(task)
    });
    let newer: Vec<_> = newer.collect();
    newer.is_empty() || succeeded(task) && !newer.iter().any(|other| succeeded(other))
}

fn ended_at(task: &BackupTask) -> Option<jiff::Timestamp> {
    let status = task.status.as_ref()?;
    status.completion_time.as_ref().map(|at| at.0)
}

fn succeeded(task: &BackupTask) -> bool {
    let outcome = task.status.as_ref().and_then(|it| it.outcome.as_deref());
    outcome == Some("Completed")
}
