//! The Kubernetes shell around the decisions: what is seen, what is written, what is performed.
//!
//! * [`driver`] one pass over one object, the same for every kind
//! * [`lease`] which of several operators acts
//! * [`caches`] what is known of all objects, [`unreadable`] of those that can not be read; `joined` how
//!   several namespaces become one; [`trigger`] who is concerned when something changes
//! * [`context`] what every pass can use
//! * [`requests`] how the Kubernetes API is asked; [`event`] what it is told beside the passes
//! * [`secret`], [`location`] credentials, to which hosts they may go (`binding`), and where backups go;
//!   `claim` whose places they are; `identity` which objects stand for one database
//! * [`live`] what is true at the moment of a scrape
//! * `page` what other objects tell about a tenant; `holdings` what lies where; `finalizer` what is done before an object goes
//! * one file per kind with what it looks at and how it performs

mod backup_task;
mod cleanup_task;
mod cluster;
mod destination_conflict;
mod log_backup;
mod page;
mod recovery_task;
mod secret_scope;
mod storage;
mod strategy;

pub mod api_client;
pub mod caches;
mod cluster_lookup;
pub mod context;
pub mod destination;
pub mod driver;
pub mod event_publisher;
mod finalizer;
pub mod gauges;
mod joined;
pub mod leader_election;
pub mod process_state;
pub mod secret;
mod stored_backups;
pub mod trigger;
pub mod unreadable;

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
pub use driver::{Error, Reconcile, error_policy, reconcile};

use crate::api::LocalReference;
use crate::oceanbase::credentials::ClusterKey;
use cluster_lookup::{access_of, allowed, connecting, database, same_database};
use trigger::{Change, ChangeNotifier, Notifies};

/// How many passes over objects of a kind are under way at a time. Each event polls all of them; and
/// were there a thousand, an intent would be written after a thousand other statuses, while its
/// statement holds up the line. Those that wait for the answer to a statement are eight per database
/// at most: see [`crate::oceanbase::rights`].
const MAX_CONCURRENT_RECONCILES: u16 = 64;

/// Runs the controller of one kind. After `stop` no new pass begins, and it ends when those under
/// way have.
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
                for_deleted.memory.forget(&driver::identity(object));
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

/// Objects of a kind that are to be looked at because something else has changed.
fn requeued<K: Reconcile>(
    bus: broadcast::Receiver<Change>,
    context: Arc<Context>,
) -> impl Stream<Item = kube_runtime::reflector::ObjectRef<K>> + Send + 'static {
    let rested = Instant::now();
    let states = (bus, context, rested);
    futures::stream::unfold(states, |(mut bus, context, mut rested)| async move {
        let change = match bus.recv().await {
            Ok(change) => change,
            // Changes came faster than they were looked at: which ones is not known any more.
            Err(RecvError::Lagged(_)) => Change::Everything,
            Err(RecvError::Closed) => return None,
        };
        let mut references: Vec<_> = trigger::references::<K>(&change, &context).collect();
        if !references.is_empty() && !K::DEBOUNCE.is_zero() {
            tokio::time::sleep_until(rested).await;
            loop {
                let change = match bus.try_recv() {
                    Ok(change) => change,
                    Err(TryRecvError::Lagged(_)) => Change::Everything,
                    Err(TryRecvError::Empty | TryRecvError::Closed) => break,
                };
                references.extend(trigger::references::<K>(&change, &context));
            }
            rested = Instant::now() + K::DEBOUNCE;
        }
        Some((futures::stream::iter(references), (bus, context, rested)))
    })
    .flatten()
}

/// Namespace of an object; all our kinds have one.
fn namespace<K: Reconcile>(object: &K) -> String {
    object.namespace().unwrap_or_default()
}

/// The cluster that an object refers to: references are within one namespace.
fn cluster_of<K: Reconcile>(object: &K, reference: &LocalReference) -> ClusterKey {
    ClusterKey::new(&namespace(object), &reference.name)
}

/// An object's name as it is said in the cluster's namespace.
fn qualified(cluster: &ClusterKey, namespace: &str, name: &str) -> String {
    if cluster.namespace == namespace {
        name.to_owned()
    } else {
        format!("{namespace}/{name}")
    }
}

/// When an object was created; the beginning of time for one that says nothing.
fn created_at<K: Reconcile>(object: &K) -> jiff::Timestamp {
    object
        .creation_timestamp()
        .map_or(jiff::Timestamp::UNIX_EPOCH, |at| at.0)
}
