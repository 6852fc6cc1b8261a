//! Keys of the store that a tenant's database enters it with.

use super::super::secret::checked_user;
use super::super::{Context, cluster_of, namespace, place, stores};
use super::store_of;
use crate::api::{LocalReference, LogBackup};
use crate::domain::Obstacle;
use crate::domain::log_backup::{StoreKeys, rotation_obstacle};
use crate::oceanbase::command::Rotation;
use crate::oceanbase::credentials::ClusterKey;
use crate::oceanbase::database::Permit;
use crate::oceanbase::destination::Place;
use crate::oceanbase::model::{Answer, Snapshot, Tenant, TenantId, TenantName};
use crate::oceanbase::version::Capability;

/// What is known of the store's keys, and the tenant's places there.
pub(super) fn store_keys(
    object: &LogBackup,
    context: &Context,
    snapshot: &Snapshot,
    logs: Option<&Place>,
) -> Option<StoreKeys> {
    let home = namespace(object);
    let name = &object.spec.storage_ref.name;
    let storage = stores::find(&context.stores.storages, &home, name)?;
    let known = storage.status.as_ref()?.credentials.as_ref()?;
    let tenant = snapshot.tenant(&object.spec.tenant_name)?;
    let store = store_of(object, context)?;
    let version = snapshot.version;
    let cluster = cluster_of(object, &object.spec.cluster_ref);
    let obstacle = rotation_obstacle(
        &tenant.name,
        &version.to_string(),
        version.can(Capability::ChangeStoreKeys),
        account(context, &cluster, &tenant.name).is_some(),
    );
    Some(StoreKeys {
        version: known.secret_resource_version.clone(),
        places: places(tenant, &store, logs),
        obstacle,
    })
}

/// Where the tenant's logs and data go, as far as that is in the store.
fn places(tenant: &Tenant, store: &Place, logs: Option<&Place>) -> Vec<String> {
    let of_logs = tenant
        .log_dest
        .as_ref()
        .map(|dest| Place::read_back(&dest.path))
        .filter(|shown| logs.is_some_and(|logs| logs.is_same_as(shown)));
    let of_data = tenant.data_dest.as_deref().map(Place::read_back);
    let of_data = of_data.filter(|shown| store.path_to(shown).is_some());
    let all = of_logs.into_iter().chain(of_data);
    all.map(|place| place.root().to_owned()).collect()
}

/// The Secret with an account of the tenant.
fn account(context: &Context, cluster: &ClusterKey, tenant: &str) -> Option<LocalReference> {
    let object = stores::find(&context.stores.clusters, &cluster.namespace, &cluster.name)?;
    let mut known = object.spec.tenant_credentials.iter();
    let found = known.find(|known| known.tenant_name == tenant)?;
    Some(found.secret_ref.clone())
}

/// What is given to the database.
pub(super) struct New<'a> {
    pub(super) tenant: (&'a TenantName, TenantId),
    /// The place, without keys.
    pub(super) place: &'a str,
    /// `resourceVersion` of the Secret that holds the keys.
    pub(super) version: &'a str,
}

/// Gives the database new keys for one place of the tenant.
pub(super) async fn rotate(
    object: &LogBackup,
    new: New<'_>,
    permit: &mut Permit,
    context: &Context,
) -> Answer {
    match rotation(object, &new, permit, context).await {
        Ok(Some(rotation)) => permit.rotate(&rotation).await,
        Ok(None) => Answer::NotSent(
            "the Secret has changed once more, or an object is gone; it is read again within minutes"
                .to_owned(),
        ),
        Err(obstacle) => obstacle.into(),
    }
}

async fn rotation(
    object: &LogBackup,
    new: &New<'_>,
    permit: &Permit,
    context: &Context,
) -> Result<Option<Rotation>, Obstacle> {
    let home = namespace(object);
    let storage = place::storage(context, &home, &object.spec.storage_ref.name)?;
    let store = place::root(&storage.spec)?;
    let (tenant, tenant_id) = new.tenant;
    let cluster = cluster_of(object, &object.spec.cluster_ref);
    let Some(reference) = account(context, &cluster, tenant.as_str()) else {
        return Ok(None);
    };
    let shown = Place::read_back(new.place);
    let Some(path) = store.path_to(&shown) else {
        return Ok(None);
    };
    let database = permit.endpoints();
    let found = place::with_version(&context.secrets, &home, &storage.spec, path, database);
    let (destination, found) = found.await?;
    if found.as_deref() != Some(new.version) {
        return Ok(None);
    }
    let secret = context.secrets.read(&home, &reference).await?;
    secret.check_database(database)?;
    let user = match secret.optional("username")? {
        Some(name) => checked_user(&name)?,
        None => "root".to_owned(),
    };
    Ok(Some(Rotation {
        tenant: tenant.clone(),
        tenant_id,
        user,
        password: secret.required("password")?,
        destination,
    }))
}
