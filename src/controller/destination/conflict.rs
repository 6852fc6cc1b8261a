//! Detection of destinations that belong to another tenant.
//!
//! The database rejects a directory that contains another tenant's format file (9081), and a
//! directory that is not empty (9080). It accepts an empty directory inside another tenant's
//! directory. There, the other tenant's cleanup, or a user who clears one directory, would destroy
//! both backups. This module detects that case.

use jiff::Timestamp;
use kube::ResourceExt;

use super::logs::path;
use super::root;
use crate::api::LogBackup;
use crate::controller::watch::caches;
use crate::controller::{Context, cluster_of, created_at, namespace, same_database};
use crate::domain::Blocker;
use crate::oceanbase::cluster::ClusterState;
use crate::oceanbase::credentials::ClusterKey;
use crate::oceanbase::destination::Location;
use crate::oceanbase::model::{Snapshot, Tenant};

/// Returns the conflict that blocks a new destination of a tenant's logs.
pub(in crate::controller) fn conflict(
    object: &LogBackup,
    context: &Context,
    snapshot: &Snapshot,
    wanted: &Location,
) -> Option<Blocker> {
    let in_database = snapshot
        .tenants
        .values()
        .find_map(|tenant| destination(tenant, |location| wanted.overlaps(location)));
    let found = in_database.or_else(|| {
        let others = context.caches.log_backups.state();
        let own = rank(object);
        let mut others = others.iter().filter(|other| {
            let of = |object: &LogBackup| cluster_of(object, &object.spec.cluster_ref);
            let is_same_tenant = || {
                other.spec.tenant_name == object.spec.tenant_name
                    && same_database(context, &of(other), &of(object))
            };
            !are_neighbours(other, object) && !is_same_tenant() && rank(other) < own
        });
        others.find_map(|other| {
            let location = location_of(other, context, snapshot)?;
            let whose = format!(
                "the logs of LogBackup '{}' in namespace '{}'",
                other.name_any(),
                namespace(&**other)
            );
            wanted.overlaps(&location).then_some((whose, location))
        })
    });
    let (whose, location) = found?;
    Some(Blocker::permanent(
        "DestinationOwnedByOther",
        format!(
            "'{wanted}' overlaps '{location}', the destination of {whose}; the operator changed \
             nothing. Create a LogBackup with another `path`"
        ),
    ))
}

/// Returns the first matching destination of a tenant's data or logs, with its description.
fn destination(
    tenant: &Tenant,
    is_wanted: impl Fn(&Location) -> bool,
) -> Option<(String, Location)> {
    let logs = tenant.log_dest.as_ref().map(|dest| ("logs", &dest.path));
    let data = tenant.data_dest.as_ref().map(|path| ("data backups", path));
    let locations = logs.into_iter().chain(data);
    locations
        .map(|(what, path)| (what, Location::read_back(path)))
        .find(|(_, location)| is_wanted(location))
        .map(|(what, location)| (format!("the {what} of tenant '{}'", tenant.name), location))
}

/// Returns whether both use the default directories of one cluster, which contain the number of the
/// tenant. The destinations of a thousand new log backups then need no comparison.
fn are_neighbours(one: &LogBackup, other: &LogBackup) -> bool {
    let goes_by_itself = |object: &LogBackup| object.spec.path.is_none();
    goes_by_itself(one)
        && goes_by_itself(other)
        && one.spec.cluster_ref == other.spec.cluster_ref
        && one.spec.storage_ref == other.spec.storage_ref
        && one.metadata.namespace == other.metadata.namespace
}

/// Returns the precedence: log backups that archive come first, then older ones.
fn rank(object: &LogBackup) -> (bool, Timestamp, String, String) {
    let status = object.status.as_ref();
    let archives = status.is_some_and(|status| status.storage_directory.is_some());
    let created_at = created_at(object);
    (!archives, created_at, namespace(object), object.name_any())
}

/// Returns the destination of another object's logs. Returns `None` if it is unknown, or if this
/// database already shows the destination of that tenant.
fn location_of(other: &LogBackup, context: &Context, own: &Snapshot) -> Option<Location> {
    let namespace = namespace(other);
    let storage = caches::find(
        &context.caches.storages,
        &namespace,
        &other.spec.storage_ref.name,
    )?;
    let key = ClusterKey {
        namespace,
        name: other.spec.cluster_ref.name.clone(),
    };
    let snapshot = match context.clusters.state(&key) {
        ClusterState::Up(snapshot) => Some(snapshot),
        ClusterState::Connecting | ClusterState::Down(_) => None,
    };
    if let Some(snapshot) = &snapshot
        && snapshot.identity.database() == own.identity.database()
        && snapshot
            .tenant(&other.spec.tenant_name)
            .is_some_and(|tenant| tenant.log_dest.is_some())
    {
        return None;
    }
    let path = match snapshot {
        Some(snapshot) => path(other, context, &snapshot)?,
        None => other.spec.path.clone()?,
    };
    root(&storage.spec).ok()?.join(&path).ok()
}
