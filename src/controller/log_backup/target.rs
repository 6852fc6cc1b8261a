//! Desired destination of a log backup, and the choice of one log backup per tenant.

use std::sync::Arc;

use jiff::Timestamp;
use kube::ResourceExt;

use super::super::destination::logs::pinned;
use super::super::{
    Context, allowed, cluster_of, created_at, destination, namespace, qualified, same_database,
};
use crate::api::storage::StorageType;
use crate::api::{BackupStorageSpec, LogBackup, LogBackupSpec, LogBackupStatus};
use crate::domain::Blocker;
use crate::domain::log_backup::Renamed;
use crate::oceanbase::credentials::ClusterKey;
use crate::oceanbase::destination::Location;
use crate::oceanbase::model::{Snapshot, Tenant, TenantId};

/// Returns the desired destination of the logs.
pub(super) fn target(
    object: &LogBackup,
    context: &Context,
    namespace: &str,
    snapshot: Option<&Snapshot>,
    path: Option<&str>,
) -> Result<Location, Blocker> {
    let spec = &object.spec;
    if let Some(older) = older(object, context, snapshot) {
        return Err(Blocker::permanent(
            "LogBackupExists",
            format!("LogBackup '{older}' of the same tenant is older; delete one of them"),
        ));
    }
    let cluster = cluster_of(object, &spec.cluster_ref);
    allowed(context, &cluster, &spec.tenant_name, &spec.storage_ref.name)?;
    let version = snapshot.map(|snapshot| snapshot.version);
    let storage = destination::storage(context, namespace, &spec.storage_ref.name);
    let wanted = storage.and_then(|storage| {
        fits_lag_target(spec, &storage.spec)?;
        destination::desired_location(&storage, version, path)
    });
    let known = object
        .status
        .as_ref()
        .and_then(|s| s.storage_directory.as_ref());
    match known.filter(|_| object.metadata.deletion_timestamp.is_some()) {
        // A stop needs no storage, which may have been deleted together with the object.
        Some(known) => wanted.or_else(|_| Ok(Location::read_back(known))),
        None => wanted,
    }
}

/// Checks that the database accepts the lag target with a storage of this type.
fn fits_lag_target(spec: &LogBackupSpec, storage: &BackupStorageSpec) -> Result<(), Blocker> {
    let is_short = spec
        .archive_lag_target_seconds
        .is_some_and(|seconds| seconds < 60);
    if storage.type_ == StorageType::S3 && is_short {
        return Err(Blocker::permanent(
            "ArchiveLagTargetTooShort",
            "`archiveLagTargetSeconds` must be at least 60 with S3: the database rejects smaller \
             values",
        ));
    }
    Ok(())
}

/// Returns the name of an older LogBackup of the same tenant and database, which takes precedence.
fn older(object: &LogBackup, context: &Context, snapshot: Option<&Snapshot>) -> Option<String> {
    let cluster = cluster_of(object, &object.spec.cluster_ref);
    let current = snapshot.and_then(|snapshot| snapshot.tenant(&object.spec.tenant_name));
    let id = current.map(|tenant| tenant.id);
    let oldest = oldest_of_tenant(context, &cluster, &object.spec.tenant_name, id)?;
    (rank(&oldest) < rank(object))
        .then(|| qualified(&cluster, &namespace(&*oldest), &oldest.name_any()))
}

/// Returns the LogBackup that is responsible for a tenant of the cluster's database: the oldest, in
/// any namespace. LogBackups of a dropped tenant of the same name do not count.
pub(in crate::controller) fn oldest_of_tenant(
    context: &Context,
    cluster: &ClusterKey,
    tenant: &str,
    id: Option<TenantId>,
) -> Option<Arc<LogBackup>> {
    let is_of_another = |other: &LogBackup| {
        let known = other.status.as_ref().and_then(LogBackupStatus::tenant_id);
        id.zip(known).is_some_and(|(id, known)| id.0 != known)
    };
    // Cheap checks first: each of a thousand log backups compares all others.
    let all = &context.caches.log_backups;
    let mut objects = all.state_filter(|other| other.spec.tenant_name == tenant);
    objects.retain(|other| {
        let of = cluster_of(&**other, &other.spec.cluster_ref);
        same_database(context, cluster, &of) && !is_of_another(other)
    });
    objects.into_iter().min_by_key(|object| rank(object))
}

fn rank(object: &LogBackup) -> (Timestamp, String, String) {
    (created_at(object), object.name_any(), namespace(object))
}

/// Returns the current name of the tenant if it was renamed since its log backup started.
pub(super) fn renamed(
    object: &LogBackup,
    snapshot: &Snapshot,
    storage_root: Option<&Location>,
) -> Option<Renamed> {
    let id = TenantId(object.status.as_ref()?.tenant_id()?);
    let known = snapshot.tenants.get(&id)?;
    let before = Tenant {
        name: object.spec.tenant_name.clone(),
        ..Tenant::clone(known)
    };
    let path = || {
        let named = object.spec.path.clone();
        let pinned = || pinned(object, snapshot, id, storage_root?);
        let default = || destination::log_path(storage_root, None, &snapshot.identity, &before);
        named.or_else(pinned).unwrap_or_else(default)
    };
    (known.name != before.name).then(|| Renamed {
        name: known.name.clone(),
        path: path(),
    })
}
