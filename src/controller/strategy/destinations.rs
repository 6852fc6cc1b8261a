//! Which stores of the namespace hold what of a strategy's tenants.

use std::collections::BTreeMap;

use kube::ResourceExt;

use super::super::stored_backups::holdings;
use super::super::{Context, caches, destination, namespace};
use crate::api::BackupStrategy;
use crate::domain::strategy::{DestinationContents, TenantContents};
use crate::oceanbase::destination::Location;
use crate::oceanbase::model::{Snapshot, Tenant};

/// What lies where, of all tenants that are shown: at each store of the namespace, and at each place
/// that the strategy's ledger has already. What lies elsewhere is not the strategy's.
pub(super) fn locations(
    context: &Context,
    strategy: &BackupStrategy,
    snapshot: &Snapshot,
) -> Vec<DestinationContents> {
    let mut known = known(context, strategy);
    for tenant in snapshot.tenants.values() {
        let mut record = |at: &Location, held: TenantContents| {
            let holding = known.iter_mut().filter(|(root, _)| root.holds(at));
            // Of two, one in the other, the inner one.
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
    known.into_iter().map(|(_, location)| location).collect()
}

/// Where a tenant's backups go now.
fn destinations(tenant: &Tenant) -> impl Iterator<Item = Location> {
    let log = tenant.log_dest.as_ref().map(|dest| dest.path.as_str());
    let data = tenant.data_dest.as_deref();
    [data, log].into_iter().flatten().map(Location::read_back)
}

/// All places, the strategy's own last: of two objects for one place it goes before the other.
fn known(context: &Context, strategy: &BackupStrategy) -> Vec<(Location, DestinationContents)> {
    let home = namespace(strategy);
    let own = &strategy.spec.storage_ref.name;
    let mut storages: Vec<_> = caches::within(&context.caches.storages, &home).collect();
    storages.sort_by_key(|storage| (storage.name_any() == *own, storage.name_any()));
    let mut known: Vec<(Location, DestinationContents)> = Vec::new();
    let observed = |storage: String, root: &Location| DestinationContents {
        storage,
        path: root.root().to_owned(),
        tenants: BTreeMap::new(),
    };
    for storage in storages {
        if let Ok(root) = destination::root(&storage.spec) {
            known.retain(|(other, _)| other.root() != root.root());
            known.push((root.clone(), observed(storage.name_any(), &root)));
        }
    }
    let ledger = strategy
        .status
        .iter()
        .flat_map(|status| &status.destinations);
    for entry in ledger {
        let root = Location::read_back(&entry.path);
        if !known.iter().any(|(other, _)| other.root() == root.root()) {
            known.push((root.clone(), observed(entry.storage.clone(), &root)));
        }
    }
    known
}
