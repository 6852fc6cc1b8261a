//! Caches of all objects: one cache per kind, filled by one watch, or by one watch per namespace.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures::stream::BoxStream;
use futures::{Stream, StreamExt};
use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::{Api, Client, Resource};
use kube_runtime::WatchStreamExt;
use kube_runtime::reflector::{self, Store, store::Writer};
use kube_runtime::watcher::{self, Event};
use serde::de::DeserializeOwned;
use tokio::sync::{broadcast, watch};

use super::malformed::{Guarded, MalformedObjects};
use super::merged::merged;
use super::triggers::Change;
use crate::api::{
    BackupStorage, BackupStrategy, BackupTask, CleanupTask, LogBackup, OceanBaseCluster,
    RecoveryDrill, RecoveryTask,
};
use crate::telemetry::Metrics;

/// Objects of all kinds, as last observed.
#[derive(Clone)]
pub struct Caches {
    /// Clusters.
    pub clusters: Store<OceanBaseCluster>,
    /// Storages.
    pub storages: Store<BackupStorage>,
    /// Strategies.
    pub strategies: Store<BackupStrategy>,
    /// Data backups.
    pub tasks: Store<BackupTask>,
    /// Log backups.
    pub log_backups: Store<LogBackup>,
    /// Recoveries.
    pub recoveries: Store<RecoveryTask>,
    /// Cleanups.
    pub cleanups: Store<CleanupTask>,
    /// Drills.
    pub drills: Store<RecoveryDrill>,
    /// Objects that cannot be read.
    pub unreadable: MalformedObjects,
    listed: watch::Sender<BTreeSet<&'static str>>,
}

/// Number of kinds.
const KINDS: usize = 8;

/// Writers of the caches; each belongs to the watch of its kind.
pub struct Writers {
    /// Clusters.
    pub clusters: Writer<OceanBaseCluster>,
    /// Storages.
    pub storages: Writer<BackupStorage>,
    /// Strategies.
    pub strategies: Writer<BackupStrategy>,
    /// Data backups.
    pub tasks: Writer<BackupTask>,
    /// Log backups.
    pub log_backups: Writer<LogBackup>,
    /// Recoveries.
    pub recoveries: Writer<RecoveryTask>,
    /// Cleanups.
    pub cleanups: Writer<CleanupTask>,
    /// Drills.
    pub drills: Writer<RecoveryDrill>,
}

impl Caches {
    /// Creates empty caches.
    #[must_use]
    pub fn new() -> (Self, Writers) {
        let (clusters, clusters_writer) = reflector::store();
        let (storages, storages_writer) = reflector::store();
        let (strategies, strategies_writer) = reflector::store();
        let (tasks, tasks_writer) = reflector::store();
        let (log_backups, log_backups_writer) = reflector::store();
        let (recoveries, recoveries_writer) = reflector::store();
        let (cleanups, cleanups_writer) = reflector::store();
        let (drills, drills_writer) = reflector::store();
        let listed = watch::Sender::default();
        let caches = Self {
            clusters,
            storages,
            strategies,
            tasks,
            log_backups,
            recoveries,
            cleanups,
            drills,
            unreadable: MalformedObjects::default(),
            listed,
        };
        let writers = Writers {
            clusters: clusters_writer,
            storages: storages_writer,
            strategies: strategies_writer,
            tasks: tasks_writer,
            log_backups: log_backups_writer,
            recoveries: recoveries_writer,
            cleanups: cleanups_writer,
            drills: drills_writer,
        };
        (caches, writers)
    }

    /// Creates empty caches that count as listed.
    #[cfg(test)]
    pub(in crate::controller) fn listed() -> Self {
        let (caches, _) = Self::new();
        let kinds = ["a", "b", "c", "d", "e", "f", "g", "h"];
        caches.listed.send_modify(|listed| listed.extend(kinds));
        caches
    }

    /// Waits until every kind has been listed once: earlier, a decision would treat unlisted
    /// objects as missing.
    ///
    /// [`Store::wait_until_ready`] is unsuitable: of several waiters on one store it notifies only
    /// the last, and the controller waits on the store too.
    pub async fn ready(&self) {
        // An error means that the operator stops.
        let _ = self
            .listed
            .subscribe()
            .wait_for(|kinds| kinds.len() == KINDS)
            .await;
    }

    /// Returns whether every kind has been listed once.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.listed.borrow().len() == KINDS
    }
}

/// Finds an object by namespace and name.
#[must_use]
pub fn find<K>(store: &Store<K>, namespace: &str, name: &str) -> Option<Arc<K>>
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope> + Clone + 'static,
{
    store.get(&reflector::ObjectRef::new(name).within(namespace))
}

/// Returns the objects of a namespace.
pub fn within<K>(store: &Store<K>, namespace: &str) -> impl Iterator<Item = Arc<K>>
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope> + Clone + 'static,
{
    let is_within = |object: &K| object.meta().namespace.as_deref() == Some(namespace);
    store.state_filter(is_within).into_iter()
}

/// Watches all objects of a kind in the given namespaces, or in all if none is given, and fills its
/// cache.
///
/// An object that cannot be read is omitted, counted and logged; its kind continues. Its last
/// readable version is dropped, because no status could be written to it. [`Caches::unreadable`]
/// keeps the parts that other objects need.
pub fn watched<K>(
    client: &Client,
    namespaces: &[String],
    writer: Writer<K>,
    caches: &Caches,
    metrics: Metrics,
    bus: broadcast::Sender<Change>,
) -> impl Stream<Item = Result<Event<K>, watcher::Error>> + Send + use<K>
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope>
        + Clone
        + DeserializeOwned
        + std::fmt::Debug
        + Send
        + Sync
        + 'static,
{
    let events = events(client, namespaces, &metrics);
    let listed = caches.listed.clone();
    let mut reading = Reading {
        known: writer.as_reader(),
        unreadable: caches.unreadable.clone(),
        listed: Vec::new(),
        metrics,
        bus,
    };
    events
        .filter_map(move |event| {
            let event = match event {
                Ok(event) => reading.readable(event).map(Ok),
                Err(error) => Some(Err(error)),
            };
            std::future::ready(event)
        })
        .reflect(writer)
        .inspect(move |event| {
            if let Ok(Event::InitDone) = event {
                listed.send_modify(|kinds| {
                    kinds.insert(std::any::type_name::<K>());
                });
            }
        })
}

/// Returns the events of a kind. Each namespace is retried independently: one that cannot be listed
/// delays the first list, but no later events of other namespaces.
fn events<K>(
    client: &Client,
    namespaces: &[String],
    metrics: &Metrics,
) -> BoxStream<'static, watcher::Result<Event<Guarded<K>>>>
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope>
        + Clone
        + DeserializeOwned
        + std::fmt::Debug
        + Send
        + 'static,
{
    let watch = |objects: Api<Guarded<K>>, namespace: String| {
        // Pages limit the memory peak at startup.
        let config = watcher::Config::default().page_size(50);
        let metrics = metrics.clone();
        let notify = move |event: &watcher::Result<_>| {
            if let Err(error) = event {
                metrics.operator.watch_failures.add_one([&K::kind(&())]);
                tracing::warn!(
                    kind = %K::kind(&()),
                    namespace,
                    %error,
                    "watch failed; the operator retries"
                );
            }
        };
        let events = watcher::watcher(objects, config).default_backoff();
        events.inspect(notify).boxed()
    };
    let of = |namespace: &String| {
        let objects = Api::namespaced(client.clone(), namespace);
        watch(objects, namespace.clone())
    };
    match namespaces {
        [] => watch(Api::all(client.clone()), "all".to_owned()),
        [only] => of(only),
        several => {
            let named = several
                .iter()
                .map(|namespace| (namespace.clone(), of(namespace)));
            merged(named.collect(), Guarded::deleted).boxed()
        }
    }
}

/// Separates readable objects from unreadable ones.
struct Reading<K>
where
    K: Resource<DynamicType = ()> + Clone + 'static,
{
    known: Store<K>,
    unreadable: MalformedObjects,
    /// Unreadable objects of the list that is being read.
    listed: Vec<ObjectMeta>,
    metrics: Metrics,
    bus: broadcast::Sender<Change>,
}

impl<K> Reading<K>
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope> + Clone + 'static,
{
    fn readable(&mut self, event: Event<Guarded<K>>) -> Option<Event<K>> {
        match event {
            Event::Init => {
                self.listed.clear();
                Some(Event::Init)
            }
            Event::InitApply(guarded) => match self.read(guarded) {
                Ok(object) => Some(Event::InitApply(object)),
                Err(metadata) => {
                    self.listed.push(*metadata);
                    None
                }
            },
            Event::InitDone => {
                self.unreadable.keep::<K>(&self.listed);
                Some(Event::InitDone)
            }
            Event::Apply(guarded) => match self.read(guarded) {
                Ok(object) => Some(Event::Apply(object)),
                Err(metadata) => self.forget(&metadata),
            },
            Event::Delete(guarded) => {
                let metadata = guarded.meta().clone();
                if self.unreadable.remove::<K>(&metadata) {
                    self.notify();
                }
                match guarded.0 {
                    Ok(object) => Some(Event::Delete(object)),
                    Err(_) => self.forget(&metadata),
                }
            }
        }
    }

    fn read(&self, guarded: Guarded<K>) -> Result<K, Box<ObjectMeta>> {
        let metadata = guarded.meta();
        let has_changed = match &guarded.0 {
            Ok(_) => self.unreadable.remove::<K>(metadata),
            Err(unread) => {
                self.metrics.operator.malformed.add_one([&K::kind(&())]);
                tracing::error!(
                    kind = %K::kind(&()),
                    namespace = metadata.namespace,
                    name = metadata.name,
                    error = %unread.error,
                    "a stored object cannot be read and is ignored; correct it or delete it"
                );
                self.unreadable.insert::<K>(unread)
            }
        };
        if has_changed {
            self.notify();
        }
        match guarded.0 {
            Ok(mut object) => {
                // Managed fields are half of an object's size and are not used.
                object.meta_mut().managed_fields = None;
                Ok(object)
            }
            Err(unread) => Err(Box::new(unread.metadata)),
        }
    }

    fn forget(&self, metadata: &ObjectMeta) -> Option<Event<K>> {
        let namespace = metadata.namespace.as_deref().unwrap_or_default();
        let name = metadata.name.as_deref().unwrap_or_default();
        let before = find(&self.known, namespace, name)?;
        Some(Event::Delete((*before).clone()))
    }

    /// Requeues the objects that refer to this object: their error message changes.
    fn notify(&self) {
        // An error means that no controller listens yet; each reconciles everything when it starts.
        let _ = self.bus.send(Change::Everything);
    }
}
