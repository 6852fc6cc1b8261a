//! Creation of objects that another object of the operator owns.

use std::fmt::Debug;

use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference};
use kube::api::{DeleteParams, PostParams, Preconditions};
use kube::{Api, Resource, ResourceExt};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::annotations::record_inherited;
use super::api_client::said;
use super::labels::Labels;
use super::watch::caches;
use super::{Context, Reconcile, namespace};
use crate::api::strategy::Inherited;
use crate::api::{BackupStrategy, LogBackup, LogBackupSpec};
use crate::domain::children::ApplyOutcome;
use crate::domain::strategy;
use crate::oceanbase::model::TenantId;

/// Returns the metadata of a child. Labels and annotations of the parent are not copied: another
/// tool, such as Argo CD, would treat the child as its own and delete it.
pub(super) fn metadata_of(
    name: &str,
    namespace: &str,
    owner: Option<OwnerReference>,
    labels: Labels<'_>,
) -> ObjectMeta {
    ObjectMeta {
        name: Some(name.to_owned()),
        namespace: Some(namespace.to_owned()),
        labels: Some(labels.to_map()),
        owner_references: owner.map(|owner| vec![owner]),
        ..ObjectMeta::default()
    }
}

/// Creates a log backup, or finds that it exists. The cluster owns it, so the log backup remains
/// after its creator is deleted. If no strategy created it (`""`), the log backup follows the first
/// strategy of the tenant.
pub(super) async fn create_log_backup(
    (namespace, name): (&str, &str),
    spec: &LogBackupSpec,
    tenant_id: Option<TenantId>,
    strategy: String,
    context: &Context,
    created: &mut ApplyOutcome,
) {
    let cluster = &spec.cluster_ref.name;
    let owner = caches::find(&context.caches.clusters, namespace, cluster)
        .and_then(|cluster| cluster.controller_owner_ref(&()));
    let labels = Labels {
        cluster: Some(cluster),
        tenant_name: &spec.tenant_name,
        tenant_id: tenant_id.map(|id| id.0),
        ..Labels::default()
    };
    let mut metadata = metadata_of(name, namespace, owner, labels);
    let inherited = Inherited {
        strategy,
        log_backup: strategy::settings_of(spec),
        recovery_window: None,
    };
    record_inherited(&mut metadata, &inherited);
    let object = LogBackup {
        metadata,
        spec: spec.clone(),
        status: None,
    };
    // Any creator is accepted: it is the tenant's log backup.
    let is_for_tenant = |found: &LogBackup| {
        found.spec.cluster_ref == spec.cluster_ref && found.spec.tenant_name == spec.tenant_name
    };
    create(&object, is_for_tenant, context, created).await;
}

/// Creates an object, or finds that it exists.
pub(super) async fn create<K>(
    object: &K,
    is_owned: impl Fn(&K) -> bool,
    context: &Context,
    created: &mut ApplyOutcome,
) where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope>
        + Clone
        + Serialize
        + DeserializeOwned
        + Debug,
{
    let name = object.name_any();
    let namespace = object.namespace().unwrap_or_default();
    // With the owner's uid: an owner that was recreated under the same name has created nothing
    // yet.
    let owner = object.owner_references().first();
    let owner = owner.map_or("", |owner| &owner.uid);
    let known_as = format!("{}/{namespace}/{name} of {owner}", K::kind(&()));
    if context.memory.was_recently_created(&known_as) {
        created.owned.insert(name);
        return;
    }
    let api = Api::<K>::namespaced(context.client.clone(), &namespace);
    context.metrics.wrote(BackupStrategy::CONTROLLER, "create");
    match api.create(&PostParams::default(), object).await {
        Ok(_) => {
            context.memory.created(known_as);
            created.owned.insert(name);
        }
        // From the API, because the cache may not show the object yet.
        Err(kube::Error::Api(refusal)) if refusal.code == 409 => match api.get(&name).await {
            Ok(known) if is_owned(&known) => {
                created.owned.insert(name);
            }
            Ok(_) => {
                created.foreign.insert(name);
            }
            Err(error) => drop(created.errors.insert(name, said(&error))),
        },
        Err(error) => drop(created.errors.insert(name, said(&error))),
    }
}

/// Deletes a task only if it is unchanged: a task that was changed or recreated remains.
pub(super) async fn delete<K: Reconcile, O: Reconcile>(
    owner: &O,
    name: &str,
    (uid, resource_version): &(String, String),
    context: &Context,
    created: &mut ApplyOutcome,
) {
    let api = Api::<K>::namespaced(context.client.clone(), &namespace(owner));
    let parameters = DeleteParams::background().preconditions(Preconditions {
        uid: Some(uid.clone()),
        resource_version: Some(resource_version.clone()),
    });
    context.metrics.wrote(O::CONTROLLER, "delete");
    match api.delete(name, &parameters).await {
        Ok(_) => {
            created.owned.insert(name.to_owned());
        }
        Err(kube::Error::Api(refusal)) if matches!(refusal.code, 404 | 409) => {}
        Err(error) => drop(created.errors.insert(name.to_owned(), said(&error))),
    }
}

/// Returns whether this object owns the task. Compares uids: an owner that was recreated under the
/// same name is another owner.
pub(super) fn is_owned_by<K: Resource, O: Resource>(task: &K, owner: &O) -> bool {
    let uid = owner.meta().uid.as_ref();
    let owners = task.owner_references();
    owners.iter().any(|owner| Some(&owner.uid) == uid)
}
