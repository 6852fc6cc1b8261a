//! Usage of a storage by the clusters of the namespace.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use kube::ResourceExt;

use super::super::stored_backups::holdings;
use super::super::watch::caches;
use super::super::{Context, database};
use super::storage_of;
use crate::domain::storage::Figures;
use crate::oceanbase::destination::Location;

/// Contents of a storage, from the views of the databases.
pub(super) struct StorageContents {
    /// Bytes in the storage; none while a cluster that uses the storage does not answer. A partial
    /// sum would look like a deletion.
    pub(super) figures: Option<Figures>,
    /// Time at which a database last checked the storage.
    pub(super) tried_at: Option<Timestamp>,
}

/// Returns the names of the clusters that have backups in the storage, according to their objects.
pub(super) fn users(context: &Context, namespace: &str, storage: &str) -> BTreeSet<String> {
    let all = &context.caches;
    let log_backups = caches::within(&all.log_backups, namespace)
        .filter(|object| object.spec.storage_ref.name == storage)
        .map(|object| object.spec.cluster_ref.name.clone());
    let strategies = caches::within(&all.strategies, namespace)
        .filter(|strategy| {
            let status = strategy.status.as_ref();
            let mut destinations = status.into_iter().flat_map(|status| &status.destinations);
            strategy.spec.storage_ref.name == storage
                || destinations.any(|destination| destination.storage == storage)
        })
        .map(|strategy| strategy.spec.cluster_ref.name.clone());
    let tasks = caches::within(&all.tasks, namespace)
        .filter(|task| storage_of(task).is_some_and(|name| name == storage))
        .filter_map(|task| Some(task.spec.cluster_ref.as_ref()?.name.clone()));
    log_backups.chain(strategies).chain(tasks).collect()
}

/// Returns the contents from all databases of the namespace, each counted once.
pub(super) fn found(
    context: &Context,
    namespace: &str,
    root: &Location,
    users: &BTreeSet<String>,
) -> StorageContents {
    let mut snapshots = BTreeMap::new();
    let mut is_whole = true;
    for cluster in caches::within(&context.caches.clusters, namespace) {
        let name = cluster.name_any();
        match database(context, namespace, &name) {
            Ok((_, snapshot)) => {
                let id = (snapshot.identity.cluster_id, snapshot.identity.created_at);
                snapshots.insert(id, snapshot);
            }
            Err(_) => is_whole &= !users.contains(&name),
        }
    }
    let mut figures = Figures::default();
    let mut tried_at = None;
    for snapshot in snapshots.values() {
        for tenant in snapshot.tenants.values() {
            let held = holdings(snapshot, tenant);
            for holding in held.iter().filter(|held| root.holds(&held.location)) {
                figures.data_bytes = figures.data_bytes.saturating_add(holding.data_bytes);
                figures.log_bytes = figures.log_bytes.saturating_add(holding.log_bytes);
            }
        }
        let tried = snapshot.storages.checks.iter().filter(|check| {
            let host = Some(&*check.host).filter(|host| !host.is_empty());
            root.holds(&Location::read_back(&check.path).at_host(host))
        });
        tried_at = tried
            .map(|check| check.checked_at)
            .max()
            .flatten()
            .max(tried_at);
    }
    let is_known = is_whole && !snapshots.is_empty();
    StorageContents {
        figures: is_known.then_some(figures),
        tried_at,
    }
}
