//! Queue of the tasks that wait for `maxConcurrentBackups` of a database.

use std::collections::BTreeSet;
use std::sync::Arc;

use kube::ResourceExt;

use super::super::watch::caches;
use super::super::watch::triggers::{Change, Changed};
use super::super::{Context, created_at, namespace, same_database};
use crate::api::{BackupTask, OceanBaseCluster};
use crate::domain::backup::queue::{self, Queue, QueuePosition, QueuedTask};
use crate::oceanbase::cluster::ClusterState;
use crate::oceanbase::credentials::ClusterKey;
use crate::oceanbase::model::Snapshot;

/// Returns the queue of a task.
pub(super) fn queue(
    task: &BackupTask,
    context: &Context,
    key: &ClusterKey,
    snapshot: &Snapshot,
) -> Queue {
    let own = turn(task);
    let others: Vec<_> = tasks_of_database(context, key)
        .iter()
        .filter_map(|other| QueuedTask::of(|| turn(other), other.status.as_ref()))
        .filter(|other| other.turn.uid != own.uid)
        .collect();
    let running = queue::running(snapshot);
    Queue::new(&own, &others, running, slots(context, key))
}

/// Returns all OceanBaseClusters of the same database, in any namespace.
fn clusters_of_database(context: &Context, key: &ClusterKey) -> Vec<Arc<OceanBaseCluster>> {
    let mut clusters = context.caches.clusters.state();
    clusters.retain(|cluster| same_database(context, key, &key_of(cluster)));
    clusters
}

fn key_of(cluster: &OceanBaseCluster) -> ClusterKey {
    ClusterKey::new(&namespace(cluster), &cluster.name_any())
}

/// Returns unfinished tasks of all objects that refer to one database. A task that is being deleted
/// does no further work, even if another tool's finalizer keeps it. Its backup counts while the
/// database shows the backup.
pub(crate) fn tasks_of_database(context: &Context, key: &ClusterKey) -> Vec<Arc<BackupTask>> {
    let clusters = clusters_of_database(context, key);
    let clusters: Vec<ClusterKey> = clusters.iter().map(|cluster| key_of(cluster)).collect();
    let mut tasks = context.caches.tasks.state_filter(is_open);
    tasks.retain(|task| is_about_one_of(task, &clusters, context));
    tasks
}

/// Returns whether a task has not ended and is not being deleted.
pub(super) fn is_open(task: &BackupTask) -> bool {
    let ended = task.status.as_ref().is_some_and(|s| s.outcome.is_some());
    !ended && task.metadata.deletion_timestamp.is_none()
}

/// Returns whether the task belongs to one of these clusters. It runs for a thousand tasks at a
/// time, so it copies nothing for most.
pub(super) fn is_about_one_of(
    task: &BackupTask,
    clusters: &[ClusterKey],
    context: &Context,
) -> bool {
    let Some(name) = named_cluster(task) else {
        return cluster_of(task, context).is_some_and(|of| clusters.contains(&of));
    };
    let namespace = task.metadata.namespace.as_deref().unwrap_or_default();
    let mut clusters = clusters.iter();
    clusters.any(|key| &key.name == name && key.namespace == namespace)
}

/// Returns the maximum number of concurrent backups in a database: the strictest limit of its
/// objects.
fn slots(context: &Context, key: &ClusterKey) -> usize {
    let clusters = clusters_of_database(context, key);
    let allowed = clusters.iter().map(|c| c.spec.max_concurrent_backups);
    usize::try_from(allowed.min().unwrap_or(1))
        .unwrap_or(1)
        .max(1)
}

/// Returns the cluster of a task: where it was sent, or where its references lead.
pub(crate) fn cluster_of(task: &BackupTask, context: &Context) -> Option<ClusterKey> {
    let namespace = namespace(task);
    let of_strategy = || {
        let name = &task.spec.strategy_ref.as_ref()?.name;
        let strategy = caches::find(&context.caches.strategies, &namespace, name)?;
        Some(strategy.spec.cluster_ref.name.clone())
    };
    let name = named_cluster(task).cloned().or_else(of_strategy)?;
    Some(ClusterKey { namespace, name })
}

/// Returns the cluster name that the task itself contains.
fn named_cluster(task: &BackupTask) -> Option<&String> {
    let known = task.status.as_ref().and_then(|s| s.cluster.as_ref());
    known.or(task
        .spec
        .cluster_ref
        .as_ref()
        .map(|reference| &reference.name))
}

/// Returns the waiting tasks that a change may unblock.
pub(super) fn requeued(change: &Change, context: &Context) -> Vec<Arc<BackupTask>> {
    let key = match change {
        Change::Database { cluster, .. } => Some(cluster.clone()),
        Change::Object(Changed::Task(task)) => cluster_of(task, context),
        Change::Object(Changed::Cluster(cluster)) => Some(key_of(cluster)),
        _ => None,
    };
    let Some(key) = key else {
        return Vec::new();
    };
    let waits = |task: &BackupTask| {
        let status = task.status.as_ref();
        is_open(task) && status.is_some_and(|status| status.queue_position.is_some())
    };
    if context.caches.tasks.find(waits).is_none() {
        return Vec::new();
    }
    let (waiting, others): (Vec<_>, Vec<_>) = tasks_of_database(context, &key)
        .into_iter()
        .partition(|task| waits(task));
    if waiting.is_empty() {
        return waiting;
    }
    let others = others
        .iter()
        .filter_map(|other| QueuedTask::of(|| turn(other), other.status.as_ref())?.key);
    let mut taken: BTreeSet<String> = others.collect();
    if let ClusterState::Up(snapshot) = context.clusters.state(&key) {
        taken.extend(queue::running(&snapshot).into_iter().map(str::to_owned));
    }
    let free = slots(context, &key).saturating_sub(taken.len());
    let waiting = waiting.into_iter().map(|task| (turn(&task), task));
    queue::heads(waiting.collect(), free)
}

fn turn(task: &BackupTask) -> QueuePosition {
    let slot = task.spec.scheduled_time.as_ref().map(|slot| slot.0);
    QueuePosition {
        at: slot.unwrap_or_else(|| created_at(task)),
        uid: task.uid().unwrap_or_default(),
    }
}
