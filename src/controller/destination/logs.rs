//! Destination of a log backup's logs: the desired one, and the one in use.

use super::{log_path, root, storage, wanted};
use crate::api::LogBackup;
use crate::api::log_backup::StorageChangePolicy;
use crate::controller::{Context, namespace};
use crate::domain::log_backup::own_locations;
use crate::domain::{self, ObservedDestination};
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
    let is_of_tenant = status.tenant_id == Some(tenant.0)
        && status.database.as_ref() == Some(&domain::pinned(&snapshot.identity));
    let known = status.storage_directory.as_ref().filter(|_| is_of_tenant)?;
    root.path_to(&Location::read_back(known)).map(str::to_owned)
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
    wanted(&storage, Some(snapshot.version), Some(&path)).ok()
}

/// Returns whether the tenant's logs go where this object has sent them, and should go elsewhere.
pub(in crate::controller) fn is_away(
    object: &LogBackup,
    tenant: &Tenant,
    wanted: &Location,
) -> bool {
    let shown = tenant.log_dest.as_ref().map(|dest| dest.path.as_str());
    let ours = object.status.iter().flat_map(own_locations);
    let mut ours = ours.map(Location::read_back);
    object.spec.storage_change_policy == StorageChangePolicy::StopAndSwitch
        && matches!(
            observe_destination(shown, Some(wanted)),
            ObservedDestination::Elsewhere(_)
        )
        && ours.any(|known| observe_destination(shown, Some(&known)) == ObservedDestination::Ours)
}

/// Compares the destination that the database shows with the desired one.
pub(in crate::controller) fn observe_destination(
    shown: Option<&str>,
    wanted: Option<&Location>,
) -> ObservedDestination {
    match (shown, wanted) {
        (None, _) => ObservedDestination::Unset,
        (Some(shown), wanted) => {
            let shown = Location::read_back(shown);
            match wanted {
                Some(wanted) if wanted.is_same_as(&shown) => ObservedDestination::Ours,
                _ => ObservedDestination::Elsewhere(shown.root().to_owned()),
            }
        }
    }
}
