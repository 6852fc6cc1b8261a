//! What is known of all objects: one watch and one store per kind.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures::{Stream, StreamExt};
use k8s_openapi::NamespaceResourceScope;
use kube::core::DeserializeGuard;
use kube::{Api, Resource, ResourceExt};
use kube_runtime::WatchStreamExt;
use kube_runtime::reflector::{self, Store, store::Writer};
use kube_runtime::watcher::{self, Event};
use serde::de::DeserializeOwned;
use tokio::sync::watch;

use crate::api::{BackupStorage, BackupStrategy, BackupTask, LogBackup, OceanBaseCluster};
use crate::telemetry::Metrics;

/// Objects of all kinds, as last seen.
#[derive(Clone)]
pub struct Stores {
    /// Clusters.
    pub clusters: Store<OceanBaseCluster>,
    /// Stores for backups.
    pub storages: Store<BackupStorage>,
    /// Strategies.
    pub strategies: Store<BackupStrategy>,
    /// Data backups.
    pub tasks: Store<BackupTask>,
    /// Log backups.
    pub log_backups: Store<LogBackup>,
    listed: watch::Sender<BTreeSet<&'static str>>,
}

/// How many kinds there are.
const KINDS: usize = 5;

/// The writing ends of the stores; each goes to the watch of its kind.
pub struct Writers {
    /// Clusters.
    pub clusters: Writer<OceanBaseCluster>,
    /// Stores for backups.
    pub storages: Writer<BackupStorage>,
    /// Strategies.
    pub strategies: Writer<BackupStrategy>,
    /// Data backups.
    pub tasks: Writer<BackupTask>,
    /// Log backups.
    pub log_backups: Writer<LogBackup>,
}

impl Stores {
    /// Empty stores.
    #[must_use]
    pub fn new() -> (Self, Writers) {
        let (clusters, clusters_writer) = reflector::store();
        let (storages, storages_writer) = reflector::store();
        let (strategies, strategies_writer) = reflector::store();
        let (tasks, tasks_writer) = reflector::store();
        let (log_backups, log_backups_writer) = reflector::store();
        let listed = watch::Sender::default();
        let stores = Self {
            clusters,
            storages,
            strategies,
            tasks,
            log_backups,
            listed,
        };
        let writers = Writers {
            clusters: clusters_writer,
            storages: storages_writer,
            strategies: strategies_writer,
            tasks: tasks_writer,
            log_backups: log_backups_writer,
        };
        (stores, writers)
    }

    /// Waits until every kind has been listed once: before, a decision would take what is not
    /// listed yet for missing.
    ///
    /// Not by [`Store::wait_until_ready`]: of several that wait on one store it wakes only the
    /// last, and the controller waits on it too.
    pub async fn ready(&self) {
        // An error means that the operator stops.
        let _ = self
            .listed
            .subscribe()
            .wait_for(|kinds| kinds.len() == KINDS)
            .await;
    }

    /// Whether every kind has been listed once.
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

/// Objects of a namespace.
pub fn within<K>(store: &Store<K>, namespace: &str) -> impl Iterator<Item = Arc<K>>
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope> + Clone + 'static,
{
    let objects = store.state();
    objects
        .into_iter()
        .filter(move |object| object.namespace().as_deref() == Some(namespace))
}

/// Watches all objects of a kind and keeps its store.
///
/// A stored object that can not be read (written under another version of the definition) is left
/// out, counted and logged; it does not stop its kind. One that could be read before is forgotten:
/// whatever were decided about its last readable version could not be written.
pub fn watched<K>(
    objects: Api<DeserializeGuard<K>>,
    writer: Writer<K>,
    stores: &Stores,
    metrics: Metrics,
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
    // Pages keep the peak of memory low at the start.
    let config = watcher::Config::default().page_size(50);
    let listed = stores.listed.clone();
    let known = writer.as_reader();
    watcher::watcher(objects, config)
        .default_backoff()
        .filter_map(move |event| {
            let event = match event {
                Ok(event) => readable(event, &known, &metrics).map(Ok),
                Err(error) => {
                    tracing::warn!(kind = %K::kind(&()), %error, "watch failed");
                    Some(Err(error))
                }
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

fn readable<K>(
    event: Event<DeserializeGuard<K>>,
    known: &Store<K>,
    metrics: &Metrics,
) -> Option<Event<K>>
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope> + Clone + 'static,
{
    let read = |guard: DeserializeGuard<K>| match guard.0 {
        Ok(mut object) => {
            // Half of an object's size, and nobody here looks at it.
            object.meta_mut().managed_fields = None;
            Ok(object)
        }
        Err(invalid) => {
            metrics.malformed(&K::kind(&()));
            tracing::error!(
                kind = %K::kind(&()),
                namespace = invalid.metadata.namespace,
                name = invalid.metadata.name,
                error = %invalid.error,
                "a stored object can not be read and is left alone; correct it or delete it"
            );
            let namespace = invalid.metadata.namespace.unwrap_or_default();
            let name = invalid.metadata.name.unwrap_or_default();
            Err(find(known, &namespace, &name))
        }
    };
    let forget = |object: Option<Arc<K>>| Some(Event::Delete((*object?).clone()));
    match event {
        Event::Init => Some(Event::Init),
        Event::InitDone => Some(Event::InitDone),
        Event::InitApply(guard) => read(guard).ok().map(Event::InitApply),
        Event::Apply(guard) => match read(guard) {
            Ok(object) => Some(Event::Apply(object)),
            Err(before) => forget(before),
        },
        Event::Delete(guard) => match read(guard) {
            Ok(object) => Some(Event::Delete(object)),
            Err(before) => forget(before),
        },
    }
}
