//! The Kubernetes shell around the decisions: what is seen, what is written, what is performed.
//!
//! * [`driver`] one pass over one object, the same for every kind
//! * [`stores`] what is known of all objects; [`wake`] who is concerned when something changes
//! * [`context`] what every pass can use
//! * [`secret`], [`place`] credentials, and where backups go; `claim` whose places they are
//! * `page` what other objects tell about a tenant
//! * one file per kind with what it looks at and how it performs

mod backup_task;
mod claim;
mod cluster;
mod log_backup;
mod page;
mod storage;
mod strategy;

pub mod context;
pub mod driver;
mod event;
mod finalizer;
pub mod place;
pub mod secret;
pub mod stores;
pub mod wake;

use std::sync::Arc;

use futures::{Stream, StreamExt};
use kube::ResourceExt;
use kube_runtime::WatchStreamExt;
use kube_runtime::controller::Controller;
use kube_runtime::reflector::Store;
use kube_runtime::watcher::{self, Event};
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;
use tokio_util::sync::CancellationToken;

pub use context::Context;
pub use driver::{Error, Reconcile, error_policy, reconcile};

use crate::domain::Obstacle;
use crate::oceanbase::cluster::ClusterState;
use crate::oceanbase::credentials::ClusterKey;
use crate::oceanbase::model::Snapshot;
use wake::{Change, Notable, announce};

/// Runs the controller of one kind. After `stop` no new pass begins, and it ends when those under
/// way have.
pub async fn run<K>(
    watched: impl Stream<Item = Result<Event<K>, watcher::Error>> + Send + 'static,
    store: Store<K>,
    bus: broadcast::Sender<Change>,
    context: Arc<Context>,
    stop: CancellationToken,
) where
    K: Reconcile + Notable,
{
    let wakes = woken::<K>(bus.subscribe(), Arc::clone(&context));
    let for_deleted = Arc::clone(&context);
    let objects = watched
        .inspect(move |event| {
            if let Ok(event) = event {
                announce(event, &bus);
            }
            if let Ok(Event::Delete(object)) = event {
                object.deleted(&for_deleted);
            }
        })
        .applied_objects();
    Controller::for_stream(objects, store)
        .reconcile_on(wakes)
        .graceful_shutdown_on(stop.cancelled_owned())
        .run(reconcile::<K>, error_policy::<K>, context)
        .for_each(|_| std::future::ready(()))
        .await;
}

/// Objects of a kind that are to be looked at because something else has changed.
fn woken<K: Reconcile>(
    bus: broadcast::Receiver<Change>,
    context: Arc<Context>,
) -> impl Stream<Item = kube_runtime::reflector::ObjectRef<K>> + Send + 'static {
    futures::stream::unfold((bus, context), |(mut bus, context)| async move {
        let change = match bus.recv().await {
            Ok(change) => change,
            // Changes came faster than they were looked at: which ones is not known any more.
            Err(RecvError::Lagged(_)) => Change::Everything,
            Err(RecvError::Closed) => return None,
        };
        let references = wake::references::<K>(&change, &context);
        Some((futures::stream::iter(references), (bus, context)))
    })
    .flatten()
}

/// What the database of a cluster's object shows now, and what the object's name is to the
/// readers.
fn database(
    context: &Context,
    namespace: &str,
    cluster: &str,
) -> Result<(ClusterKey, Arc<Snapshot>), Obstacle> {
    if stores::find(&context.stores.clusters, namespace, cluster).is_none() {
        return Err(Obstacle::waiting(
            "ClusterNotFound",
            format!("there is no OceanBaseCluster '{cluster}' in namespace '{namespace}'"),
        ));
    }
    let key = ClusterKey {
        namespace: namespace.to_owned(),
        name: cluster.to_owned(),
    };
    context.clusters.watch(&key);
    match context.clusters.state(&key) {
        ClusterState::Up(snapshot) => Ok((key, snapshot)),
        ClusterState::Connecting => Err(Obstacle::waiting(
            "Connecting",
            "the cluster is being connected to",
        )),
        ClusterState::Down(trouble) => Err(Obstacle {
            reason: trouble.reason,
            message: format!("OceanBaseCluster '{cluster}': {}", trouble.message),
            permanent: trouble.permanent,
        }),
    }
}

/// Namespace of an object; all our kinds have one.
fn namespace<K: Reconcile>(object: &K) -> String {
    object.namespace().unwrap_or_default()
}

/// When an object was created; the beginning of time for one that says nothing.
fn created_at<K: Reconcile>(object: &K) -> jiff::Timestamp {
    object
        .creation_timestamp()
        .map_or(jiff::Timestamp::UNIX_EPOCH, |at| at.0)
}
