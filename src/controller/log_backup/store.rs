//! How a tenant's database enters the store: with which keys, and how fast.

use std::sync::Arc;

use super::super::secret::checked_user;
use super::super::{Context, cluster_of, namespace, place, stores};
use crate::api::{BackupStorage, LocalReference, LogBackup};
use crate::domain::Blocker;
use crate::domain::log_backup::{ObservedLimits, StoreKeys, limits_blocker, rotation_blocker};
use crate::oceanbase::capability::Capability;
use crate::oceanbase::command::{StoreChange, StoreNews};
use crate::oceanbase::credentials::ClusterKey;
use crate::oceanbase::database::Permit;
use crate::oceanbase::destination::Place;
use crate::oceanbase::model::{
    Answer, LimitedPlace, Snapshot, StoreLimits, Tenant, TenantId, TenantName,
};
use crate::oceanbase::version::Version;

/// A tenant in its store.
pub(super) struct Inside<'a> {
    storage: Arc<BackupStorage>,
    root: Place,
    tenant: &'a Tenant,
    version: Version,
    /// Where its logs and data go there, without keys.
    places: Vec<String>,
    /// Whether an account of it is known.
    has_account: bool,
}

impl<'a> Inside<'a> {
    /// `logs` is where its logs should go.
    pub(super) fn of(
        object: &LogBackup,
        context: &Context,
        snapshot: &'a Snapshot,
        logs: Option<&Place>,
    ) -> Option<Self> {
        let home = namespace(object);
        let storage = place::storage(context, &home, &object.spec.storage_ref.name).ok()?;
        let root = place::root(&storage.spec).ok()?;
        let tenant = snapshot.tenant(&object.spec.tenant_name)?;
        let cluster = cluster_of(object, &object.spec.cluster_ref);
        let places = places(tenant, &root, logs);
        Some(Self {
            places: places.map(|place| place.root().to_owned()).collect(),
            has_account: account(context, &cluster, &tenant.name).is_some(),
            version: snapshot.version,
            tenant,
            root,
            storage,
        })
    }

    /// What is known of the store's keys.
    pub(super) fn keys(&self) -> Option<StoreKeys> {
        let known = self.storage.status.as_ref()?.credentials.as_ref()?;
        Some(StoreKeys {
            version: known.secret_resource_version.clone(),
            places: self.places.clone(),
            blocker: rotation_blocker(
                &self.tenant.name,
                &self.version.to_string(),
                self.version.can(Capability::ChangeStoreKeys),
                self.has_account,
            ),
        })
    }

    /// What is known of the store's limits, and how fast the tenant's places there may be used.
    pub(super) fn limits(&self) -> Option<ObservedLimits> {
        let can = self.version.can(Capability::StoreLimits);
        let inside = |limited: &LimitedPlace| {
            let place = Place::read_back(&limited.path);
            let is_inside = self.root.path_to(&place).is_some();
            is_inside.then(|| (place.root().to_owned(), limited.limits))
        };
        let limited = self.tenant.limited.as_ref();
        let limited = limited.map(|all| all.iter().filter_map(inside).collect());
        Some(ObservedLimits {
            wanted: place::limits(&self.storage.spec).ok()?,
            // A directory of the observers is never limited.
            places: if self.storage.spec.nfs.is_some() {
                Vec::new()
            } else {
                self.places.clone()
            },
            // An older server limits nothing.
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

/// Where the tenant's logs and data go, as far as that is in the store.
fn places(tenant: &Tenant, store: &Place, logs: Option<&Place>) -> impl Iterator<Item = Place> {
    let of_logs = tenant
        .log_dest
        .as_ref()
        .map(|dest| Place::read_back(&dest.path))
        .filter(|shown| logs.is_some_and(|logs| logs.is_same_as(shown)));
    let of_data = tenant.data_dest.as_deref().map(Place::read_back);
    let of_data = of_data.filter(|shown| store.path_to(shown).is_some());
    of_logs.into_iter().chain(of_data)
}

/// The Secret with an account of the tenant.
fn account(context: &Context, cluster: &ClusterKey, tenant: &str) -> Option<LocalReference> {
    let object = stores::find(&context.stores.clusters, &cluster.namespace, &cluster.name)?;
    let mut known = object.spec.tenant_credentials.iter();
    let found = known.find(|known| known.tenant_name == tenant)?;
    Some(found.secret_ref.clone())
}

/// What is new for a place.
pub(super) enum New<'a> {
    /// The keys of the Secret with this `resourceVersion`.
    Keys(&'a str),
    /// How fast it may be used.
    Limits(StoreLimits),
}

/// Gives the database what is new for a place, without keys, by the tenant's own account.
pub(super) async fn give(
    object: &LogBackup,
    tenant: (&TenantName, TenantId),
    new: (&str, New<'_>),
    permit: &mut Permit,
    context: &Context,
) -> Answer {
    match change(object, tenant, new, permit, context).await {
        Ok(Some(change)) => permit.change_store(&change).await,
        Ok(None) => Answer::NotSent(
            "the Secret has changed once more, or an object is gone; it is read again within minutes"
                .to_owned(),
        ),
        Err(blocker) => blocker.into(),
    }
}

async fn change(
    object: &LogBackup,
    (tenant, tenant_id): (&TenantName, TenantId),
    (at, new): (&str, New<'_>),
    permit: &Permit,
    context: &Context,
) -> Result<Option<StoreChange>, Blocker> {
    let home = namespace(object);
    let storage = place::storage(context, &home, &object.spec.storage_ref.name)?;
    let store = place::root(&storage.spec)?;
    let cluster = cluster_of(object, &object.spec.cluster_ref);
    let Some(reference) = account(context, &cluster, tenant.as_str()) else {
        return Ok(None);
    };
    let shown = Place::read_back(at);
    let Some(path) = store.path_to(&shown) else {
        return Ok(None);
    };
    let database = permit.endpoints();
    let news = match new {
        New::Keys(version) => {
            let found = place::with_version(&context.secrets, &home, &storage.spec, path, database);
            let (destination, found) = found.await?;
            if found.as_deref() != Some(version) {
                return Ok(None);
            }
            StoreNews::Keys(destination)
        }
        New::Limits(limits) => {
            let place = store.join(path).map_err(|error| place::invalid(&error))?;
            StoreNews::Limits(place, limits)
        }
    };
    let secret = context.secrets.read(&home, &reference).await?;
    secret.check_database(database)?;
    let user = match secret.optional("username")? {
        Some(name) => checked_user(&name)?,
        None => "root".to_owned(),
    };
    Ok(Some(StoreChange {
        tenant: tenant.clone(),
        tenant_id,
        user,
        password: secret.required("password")?,
        news,
    }))
}
