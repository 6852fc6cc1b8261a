//! Destination of a log backup's logs: the desired one, and the one in use.

use super::{desired_location, log_path, root, storage};
use crate::api::LogBackup;
use crate::api::log_backup::StorageChangePolicy;
use crate::controller::{Context, namespace};
use crate::domain::log_backup::own_locations;
use crate::domain::{ObservedDestination, database_id};
use crate::oceanbase::destination::Location;
use crate::oceanbase::model::{Snapshot, Tenant, TenantId};

/// Returns the directory in the storage: the directory in use, if logs were already sent to one.
pub(in crate::controller) fn path(
    object: &LogBackup,
    context: &Context,
    snapshot: &Snapshot,
) -> Option<String> {
    if let Some(path) = &object.spec.path {
        return Some(path.clone());
    }
    let tenant = snapshot.tenant(&object.spec.tenant_name)?;
    let root = storage_location(object, context);
    let pinned = root
        .as_ref()
        .and_then(|root| pinned(object, snapshot, tenant.id, root));
    let (root, identity) = (root.as_ref(), &snapshot.identity);
    pinned.or_else(|| Some(log_path(root, None, identity, tenant)))
}

/// Returns the location of the log backup's storage.
pub(in crate::controller) fn storage_location(
    object: &LogBackup,
    context: &Context,
) -> Option<Location> {
    let name = &object.spec.storage_ref.name;
    let storage = storage(context, &namespace(object), name).ok()?;
    root(&storage.spec).ok()
}

/// Returns the directory to which the object has sent the logs of this tenant.
pub(in crate::controller) fn pinned(
    object: &LogBackup,
    snapshot: &Snapshot,
    tenant: TenantId,
    root: &Location,
) -> Option<String> {
    let status = object.status.as_ref()?;
    let is_of_tenant = status.tenant_id() == Some(tenant.0)
        && status.database.as_ref().map(database_id) == Some(snapshot.identity.database());
    let directory = status.storage_directory.as_ref().filter(|_| is_of_tenant)?;
    let location = Location::read_back(directory);
    root.path_to(&location).map(str::to_owned)
}

/// Returns the destination of a log backup's logs.
pub(in crate::controller) fn location_of(
    context: &Context,
    object: &LogBackup,
    snapshot: &Snapshot,
) -> Option<Location> {
    let home = namespace(object);
    let storage = storage(context, &home, &object.spec.storage_ref.name).ok()?;
    let path = path(object, context, snapshot)?;
    desired_location(&storage, Some(snapshot.version), Some(&path)).ok()
}

/// Returns whether a storage migration is due: the log backup set the tenant's current log
/// destination, and its desired destination is another one.
pub(in crate::controller) fn needs_migration(
    object: &LogBackup,
    tenant: &Tenant,
    desired: &Location,
) -> bool {
    let current = tenant.log_dest.as_ref().map(|dest| dest.path.as_str());
    let own = object.status.iter().flat_map(own_locations);
    let mut own = own.map(Location::read_back);
    object.spec.storage_change_policy == StorageChangePolicy::StopAndSwitch
        && matches!(
            observe_destination(current, Some(desired)),
            ObservedDestination::Elsewhere(_)
        )
        && own.any(|own| observe_destination(current, Some(&own)) == ObservedDestination::Ours)
}

/// Compares the tenant's current destination in the database with the desired one.
pub(in crate::controller) fn observe_destination(
    current: Option<&str>,
    desired: Option<&Location>,
) -> ObservedDestination {
    let Some(current) = current.map(Location::read_back) else {
        return ObservedDestination::Unset;
    };
    match desired {
        Some(desired) if desired.is_same_as(&current) => ObservedDestination::Ours,
        _ => ObservedDestination::Elsewhere(current.root().to_owned()),
    }
}
