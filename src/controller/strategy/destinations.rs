//! Contents of the namespace's storages that belong to a strategy's tenants.

use std::collections::BTreeMap;

use kube::ResourceExt;

use super::super::stored_backups::holdings;
use super::super::watch::caches;
use super::super::{Context, destination, namespace};
use crate::api::BackupStrategy;
use crate::domain::strategy::{DestinationContents, TenantContents};
use crate::oceanbase::destination::Location;
use crate::oceanbase::model::{Snapshot, Tenant};

/// Returns the contents of each storage of the namespace and of each recorded destination of the
/// strategy, for all tenants shown. Backups elsewhere do not belong to the strategy.
pub(super) fn locations(
    context: &Context,
    strategy: &BackupStrategy,
    snapshot: &Snapshot,
) -> Vec<DestinationContents> {
    let mut contents = empty_contents(context, strategy);
    for tenant in snapshot.tenants.values() {
        let mut record = |at: &Location, held: TenantContents| {
            let holding = contents.iter_mut().filter(|(root, _)| root.holds(at));
            // Of nested locations, the inner one counts.
            let found = holding.max_by_key(|(root, _)| root.root().len());
            if let Some((_, location)) = found {
                let sum = location.tenants.entry(tenant.id).or_default();
                *sum = sum.and(held);
            }
        };
        for holding in holdings(snapshot, tenant) {
            let held = TenantContents {
                bytes: holding.data_bytes.saturating_add(holding.log_bytes),
                in_use: false,
                first: holding.first,
                last: holding.last,
            };
            record(&holding.location, held);
        }
        for at in destinations(tenant) {
            let held = TenantContents {
                in_use: true,
                ..TenantContents::default()
            };
            record(&at, held);
        }
    }
    contents.into_iter().map(|(_, location)| location).collect()
}

/// Returns the current destinations of a tenant's backups.
fn destinations(tenant: &Tenant) -> impl Iterator<Item = Location> {
    let log = tenant.log_dest.as_ref().map(|dest| dest.path.as_str());
    let data = tenant.data_dest.as_deref();
    [data, log].into_iter().flatten().map(Location::read_back)
}

/// Returns all locations, the strategy's own last: of two objects for one location, it takes
/// precedence.
fn empty_contents(
    context: &Context,
    strategy: &BackupStrategy,
) -> Vec<(Location, DestinationContents)> {
    let home = namespace(strategy);
    let own = &strategy.spec.storage_ref.name;
    let mut storages: Vec<_> = caches::within(&context.caches.storages, &home).collect();
    storages.sort_by_key(|storage| (storage.name_any() == *own, storage.name_any()));
    let mut contents: Vec<(Location, DestinationContents)> = Vec::new();
    let observed = |storage: String, root: &Location| DestinationContents {
        storage,
        path: root.root().to_owned(),
        tenants: BTreeMap::new(),
    };
    for storage in storages {
        if let Ok(root) = destination::root(&storage.spec) {
            contents.retain(|(other, _)| other.root() != root.root());
            contents.push((root.clone(), observed(storage.name_any(), &root)));
        }
    }
    let recorded = strategy
        .status
        .iter()
        .flat_map(|status| &status.destinations);
    for record in recorded {
        let root = Location::read_back(&record.path);
        if !contents
            .iter()
            .any(|(other, _)| other.root() == root.root())
        {
            contents.push((root.clone(), observed(record.storage.clone(), &root)));
        }
    }
    contents
}
