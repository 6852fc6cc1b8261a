//! Access of a tenant's database to the storage: keys and limits.

use std::sync::Arc;

use super::super::secret::checked_user;
use super::super::watch::caches;
use super::super::{Context, cluster_of, destination, namespace};
use crate::api::{BackupStorage, LocalReference, LogBackup};
use crate::domain::Blocker;
use crate::domain::log_backup::{ObservedLimits, StorageKeys, limits_blocker, rotation_blocker};
use crate::oceanbase::capability::Capability;
use crate::oceanbase::credentials::ClusterKey;
use crate::oceanbase::database::Permit;
use crate::oceanbase::destination::Location;
use crate::oceanbase::model::{
    Answer, LimitedLocation, Snapshot, StorageLimits, Tenant, TenantId, TenantName,
};
use crate::oceanbase::statement::{StorageUpdate, StorageUpdateKind};
use crate::oceanbase::version::Version;

/// Tenant and its storage.
pub(super) struct StorageAccess<'a> {
    storage: Arc<BackupStorage>,
    root: Location,
    tenant: &'a Tenant,
    version: Version,
    /// Destinations of the tenant's logs and data in the storage, without keys.
    locations: Vec<String>,
    /// Whether an account of the tenant is known.
    has_account: bool,
}

impl<'a> StorageAccess<'a> {
    /// Returns the access of a log backup's tenant. `logs` is the desired destination of its logs.
    pub(super) fn of(
        object: &LogBackup,
        context: &Context,
        snapshot: &'a Snapshot,
        logs: Option<&Location>,
    ) -> Option<Self> {
        let home = namespace(object);
        let storage = destination::storage(context, &home, &object.spec.storage_ref.name).ok()?;
        let root = destination::root(&storage.spec).ok()?;
        let tenant = snapshot.tenant(&object.spec.tenant_name)?;
        let cluster = cluster_of(object, &object.spec.cluster_ref);
        let locations = locations(tenant, &root, logs);
        Some(Self {
            locations: locations
                .map(|location| location.root().to_owned())
                .collect(),
            has_account: account(context, &cluster, &tenant.name).is_some(),
            version: snapshot.version,
            tenant,
            root,
            storage,
        })
    }

    /// Returns the state of the storage's keys.
    pub(super) fn keys(&self) -> Option<StorageKeys> {
        let known = self.storage.status.as_ref()?.credentials.as_ref()?;
        Some(StorageKeys {
            version: known.secret_resource_version.clone(),
            locations: self.locations.clone(),
            blocker: rotation_blocker(
                &self.tenant.name,
                &self.version.to_string(),
                self.version.can(Capability::UpdateStorageKeys),
                self.has_account,
            ),
        })
    }

    /// Returns the state of the storage's limits at the tenant's destinations.
    pub(super) fn limits(&self) -> Option<ObservedLimits> {
        let can = self.version.can(Capability::StorageLimits);
        let inside = |limited: &LimitedLocation| {
            let location = Location::read_back(&limited.path);
            let is_inside = self.root.path_to(&location).is_some();
            is_inside.then(|| (location.root().to_owned(), limited.limits))
        };
        let limited = self.tenant.limited.as_ref();
        let limited = limited.map(|all| all.iter().filter_map(inside).collect());
        Some(ObservedLimits {
            wanted: destination::limits(&self.storage.spec).ok()?,
            // The database never limits a directory of the observers.
            locations: if self.storage.spec.nfs.is_some() {
                Vec::new()
            } else {
                self.locations.clone()
            },
            // An older server does not support limits.
            limited: if can { limited } else { Some(Vec::new()) },
            blocker: limits_blocker(
                &self.tenant.name,
                &self.version.to_string(),
                can,
                self.has_account,
            ),
        })
    }
}

/// Returns the destinations of the tenant's logs and data that are in the storage.
fn locations(
    tenant: &Tenant,
    storage_root: &Location,
    logs: Option<&Location>,
) -> impl Iterator<Item = Location> {
    let of_logs = tenant
        .log_dest
        .as_ref()
        .map(|dest| Location::read_back(&dest.path))
        .filter(|shown| logs.is_some_and(|logs| logs.is_same_as(shown)));
    let of_data = tenant.data_dest.as_deref().map(Location::read_back);
    let of_data = of_data.filter(|shown| storage_root.path_to(shown).is_some());
    of_logs.into_iter().chain(of_data)
}

/// Returns the Secret with an account of the tenant.
fn account(context: &Context, cluster: &ClusterKey, tenant: &str) -> Option<LocalReference> {
    let object = caches::find(&context.caches.clusters, &cluster.namespace, &cluster.name)?;
    let mut known = object.spec.tenant_credentials.iter();
    let found = known.find(|known| known.tenant_name == tenant)?;
    Some(found.secret_ref.clone())
}

/// Change to a destination.
pub(super) enum SettingChange<'a> {
    /// The keys of the Secret with this `resourceVersion`.
    Keys(&'a str),
    /// Limits of the destination.
    Limits(StorageLimits),
}

/// Sends a change of a destination, given without keys, to the database with the tenant's own
/// account.
pub(super) async fn update_settings(
    object: &LogBackup,
    tenant: (&TenantName, TenantId),
    new: (&str, SettingChange<'_>),
    permit: &mut Permit,
    context: &Context,
) -> Answer {
    match change(object, tenant, new, permit, context).await {
        Ok(Some(change)) => permit.update_storage(&change).await,
        Ok(None) => Answer::NotSent(
            "the Secret changed again, or an object no longer exists; the operator reads the \
             Secret again within minutes"
                .to_owned(),
        ),
        Err(blocker) => blocker.into(),
    }
}

async fn change(
    object: &LogBackup,
    (tenant, tenant_id): (&TenantName, TenantId),
    (at, new): (&str, SettingChange<'_>),
    permit: &Permit,
    context: &Context,
) -> Result<Option<StorageUpdate>, Blocker> {
    let home = namespace(object);
    let storage = destination::storage(context, &home, &object.spec.storage_ref.name)?;
    let storage_root = destination::root(&storage.spec)?;
    let cluster = cluster_of(object, &object.spec.cluster_ref);
    let Some(reference) = account(context, &cluster, tenant.as_str()) else {
        return Ok(None);
    };
    let shown = Location::read_back(at);
    let Some(path) = storage_root.path_to(&shown) else {
        return Ok(None);
    };
    let database = permit.endpoints();
    let kind = match new {
        SettingChange::Keys(version) => {
            let found =
                destination::with_version(&context.secrets, &home, &storage.spec, path, database);
            let (destination, found) = found.await?;
            if found.as_deref() != Some(version) {
                return Ok(None);
            }
            StorageUpdateKind::Keys(destination)
        }
        SettingChange::Limits(limits) => {
            let location = storage_root
                .join(path)
                .map_err(|error| destination::invalid(&error))?;
            StorageUpdateKind::Limits(location, limits)
        }
    };
    let secret = context.secrets.read(&home, &reference).await?;
    secret.check_database(database)?;
    let user = match secret.optional("username")? {
        Some(name) => checked_user(&name)?,
        None => "root".to_owned(),
    };
    Ok(Some(StorageUpdate {
        tenant: tenant.clone(),
        tenant_id,
        user,
        password: secret.required("password")?,
        kind,
    }))
}
