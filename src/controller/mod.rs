//! Kubernetes side of the operator: observes objects, writes statuses and performs the effects that
//! [`crate::domain`] decides.
//!
//! * [`mod@reconcile`]: reconcile pass over one object, the same for every kind
//! * [`leader_election`]: choice of the operator process that acts
//! * [`watch`]: caches of all objects, and the objects to requeue after a change
//! * [`context`]: shared resources of every pass; [`process_state`]: state of this process only
//! * [`api_client`]: requests to the Kubernetes API; [`event_publisher`]: events
//! * [`secret`]: credentials; `secret_scope`: hosts to which credentials may be sent
//! * [`destination`]: destinations of backups, and their owners
//! * `cluster_lookup`: objects that refer to one database; `competitors`: its strategies
//! * `children`: creation of owned objects; `annotations`: what a strategy records in its log backups
//! * [`gauges`]: metrics computed at each scrape
//! * `stored_backups`: contents of destinations
//! * one file per kind with its observations and effects

mod annotations;
mod backup_task;
mod children;
mod cleanup_task;
mod cluster;
mod competitors;
mod labels;
mod log_backup;
mod recovery_drill;
mod recovery_task;
mod secret_scope;
mod storage;
mod strategy;

pub mod api_client;
mod cluster_lookup;
pub mod context;
pub mod destination;
pub mod event_publisher;
pub mod gauges;
pub mod leader_election;
pub mod process_state;
pub mod reconcile;
pub mod secret;
mod stored_backups;
pub mod watch;

use std::sync::Arc;

use futures::{Stream, StreamExt};
use kube::ResourceExt;
use kube_runtime::WatchStreamExt;
use kube_runtime::controller::{self, Controller};
use kube_runtime::reflector::Store;
use kube_runtime::watcher::{self, Event};
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

pub use context::Context;
pub use reconcile::{Error, Reconcile, error_policy, reconcile};

use crate::api::LocalReference;
use crate::oceanbase::credentials::ClusterKey;
use cluster_lookup::{access_of, allowed, connecting, database, same_database};
use watch::triggers::{self, Change, ChangeNotifier, Notifies};

/// Maximum number of concurrent passes for each kind. Each event polls all passes. With a thousand
/// passes, an intent would wait for a thousand other status writes, and its statement would block
/// the lane. Passes that wait for the answer to a statement are limited by
/// [`crate::oceanbase::lanes`].
const MAX_CONCURRENT_RECONCILES: u16 = 64;

/// Runs the controller of one kind. After `stop`, no new pass starts, and the controller ends when
/// the running passes have ended.
pub async fn run<K>(
    watched: impl Stream<Item = Result<Event<K>, watcher::Error>> + Send + 'static,
    store: Store<K>,
    bus: broadcast::Sender<Change>,
    context: Arc<Context>,
    stop: CancellationToken,
) where
    K: Reconcile + Notifies,
{
    let triggers = requeued::<K>(bus.subscribe(), Arc::clone(&context));
    let for_deleted = Arc::clone(&context);
    let mut notifier = ChangeNotifier::new(bus, store.clone());
    let objects = watched
        .inspect(move |event| {
            if let Ok(event) = event {
                notifier.announce(event);
            }
            if let Ok(Event::Delete(object)) = event {
                for_deleted.memory.forget(&reconcile::identity(object));
                object.deleted(&for_deleted);
            }
        })
        .applied_objects();
    Controller::for_stream(objects, store)
        .with_config(controller::Config::default().concurrency(MAX_CONCURRENT_RECONCILES))
        .reconcile_on(triggers)
        .graceful_shutdown_on(stop.cancelled_owned())
        .run(reconcile::<K>, error_policy::<K>, context)
        .for_each(|_| std::future::ready(()))
        .await;
}

/// Streams the objects of a kind that a change elsewhere requeues.
fn requeued<K: Reconcile>(
    bus: broadcast::Receiver<Change>,
    context: Arc<Context>,
) -> impl Stream<Item = kube_runtime::reflector::ObjectRef<K>> + Send + 'static {
    let rested = Instant::now();
    let states = (bus, context, rested);
    futures::stream::unfold(states, |(mut bus, context, mut rested)| async move {
        let change = match bus.recv().await {
            Ok(change) => change,
            // Changes came faster than they were processed, and some are lost.
            Err(RecvError::Lagged(_)) => Change::Everything,
            Err(RecvError::Closed) => return None,
        };
        let mut references: Vec<_> = triggers::references::<K>(&change, &context).collect();
        if !references.is_empty() && !K::DEBOUNCE.is_zero() {
            tokio::time::sleep_until(rested).await;
            loop {
                let change = match bus.try_recv() {
                    Ok(change) => change,
                    Err(TryRecvError::Lagged(_)) => Change::Everything,
                    Err(TryRecvError::Empty | TryRecvError::Closed) => break,
                };
                references.extend(triggers::references::<K>(&change, &context));
            }
            rested = Instant::now() + K::DEBOUNCE;
        }
        Some((futures::stream::iter(references), (bus, context, rested)))
    })
    .flatten()
}

/// Returns the namespace of an object; all kinds of the operator have one.
fn namespace<K: Reconcile>(object: &K) -> String {
    object.namespace().unwrap_or_default()
}

/// Returns the cluster that an object refers to: references stay within one namespace.
fn cluster_of<K: Reconcile>(object: &K, reference: &LocalReference) -> ClusterKey {
    ClusterKey::new(&namespace(object), &reference.name)
}

/// Returns the name of an object, relative to the namespace of the cluster.
fn qualified(cluster: &ClusterKey, namespace: &str, name: &str) -> String {
    if cluster.namespace == namespace {
        name.to_owned()
    } else {
        format!("{namespace}/{name}")
    }
}

/// Returns the creation time of an object; the Unix epoch if it has none.
fn created_at<K: Reconcile>(object: &K) -> jiff::Timestamp {
    object
        .creation_timestamp()
        .map_or(jiff::Timestamp::UNIX_EPOCH, |at| at.0)
}
