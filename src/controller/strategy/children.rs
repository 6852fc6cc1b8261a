//! Child objects of a strategy: creates log backups and tasks, updates log backups, deletes old
//! tasks.

use std::fmt::Debug;
use std::sync::Arc;

use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference};
use kube::api::{DeleteParams, PostParams, Preconditions};
use kube::{Api, Resource, ResourceExt};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::super::api_client::said;
use super::super::log_backup::followed;
use super::super::{Context, Reconcile, caches, namespace};
use super::{cleanups, finalize, is_owned_by, verifications};
use crate::api::strategy::{FOLLOWED, Followed, INHERITED, Inherited};
use crate::api::{
    BackupStrategy, BackupTask, CleanupTask, LocalReference, LogBackup, LogBackupSpec, RecoveryTask,
};
use crate::domain::strategy::{self, ApplyOutcome, Effect, LogBackupEdit};

impl BackupStrategy {
    /// Performs an effect on child objects.
    pub(super) async fn perform_on_children(
        &self,
        effect: &Effect,
        context: &Context,
    ) -> ApplyOutcome {
        let mut created = ApplyOutcome::default();
        match effect {
            Effect::MakeLogBackups(log_backups) => {
                for (name, spec) in log_backups {
                    let (home, strategy) = (namespace(self), self.name_any());
                    create_log_backup((&home, name), spec, strategy, context, &mut created).await;
                }
            }
            Effect::EditLogBackups(edits) => {
                for edit in edits {
                    self.edit_log_backup(edit, context, &mut created).await;
                }
            }
            Effect::MakeTasks(tasks) => {
                let owner = self.controller_owner_ref(&());
                for (name, spec) in tasks {
                    let object = BackupTask {
                        metadata: metadata_of(name, &namespace(self), owner.clone()),
                        spec: spec.clone(),
                        status: None,
                    };
                    let is_ours = |known: &BackupTask| is_owned_by(known, self);
                    create(&object, is_ours, context, &mut created).await;
                }
            }
            Effect::DeleteTasks(tasks) => {
                for (name, version) in tasks {
                    delete::<BackupTask>(self, name, version, context, &mut created).await;
                }
            }
            Effect::MakeVerification(name, spec) => {
                verifications::create_verification(self, (name, spec), context, &mut created).await;
            }
            Effect::DeleteVerifications(tasks) => {
                for (name, version) in tasks {
                    delete::<RecoveryTask>(self, name, version, context, &mut created).await;
                }
            }
            Effect::StopLogBackups(names) => {
                finalize::stop_log_backups(self, names, context, &mut created).await;
            }
            Effect::MakeCleanups(tasks) => {
                cleanups::create_all(self, tasks, context, &mut created).await;
            }
            Effect::DeleteCleanups(tasks) => {
                for (name, version) in tasks {
                    delete::<CleanupTask>(self, name, version, context, &mut created).await;
                }
            }
            // Sent to the database as a statement.
            Effect::ChangePolicy(_) => {}
        }
        created
    }

    /// Edits a log backup only if it is unchanged: concurrent edits by other tools or users remain.
    async fn edit_log_backup(
        &self,
        edit: &LogBackupEdit,
        context: &Context,
        created: &mut ApplyOutcome,
    ) {
        let namespace = namespace(self);
        let known = caches::find(&context.caches.log_backups, &namespace, &edit.name);
        let is_as_observed =
            |known: &Arc<LogBackup>| known.resource_version().as_ref() == Some(&edit.version);
        let Some(known) = known.filter(is_as_observed) else {
            return;
        };
        let mut object = LogBackup::clone(&known);
        strategy::give(&edit.settings, &mut object.spec);
        object.spec.storage_change_policy = edit.storage_change_policy;
        if let Some((storage, path)) = &edit.location {
            object.spec.storage_ref = LocalReference::new(storage);
            object.spec.path.clone_from(path);
        }
        record_inherited(&mut object.metadata, &edit.inherited);
        let generation = known.metadata.generation.unwrap_or_default();
        let noted = strategy::followed(&known.spec, &object.spec, generation, followed(&known));
        record_propagation(&mut object.metadata, noted);
        let api = Api::<LogBackup>::namespaced(context.client.clone(), &namespace);
        context.metrics.wrote(Self::CONTROLLER, "update");
        match api
            .replace(&edit.name, &PostParams::default(), &object)
            .await
        {
            Ok(_) => {
                created.ours.insert(edit.name.clone());
            }
            Err(kube::Error::Api(refusal)) if matches!(refusal.code, 404 | 409) => {}
            Err(error) => drop(created.errors.insert(edit.name.clone(), said(&error))),
        }
    }
}

/// Deletes a task only if it is unchanged: a task that was changed or recreated remains.
async fn delete<K: Reconcile>(
    strategy: &BackupStrategy,
    name: &str,
    (uid, resource_version): &(String, String),
    context: &Context,
    created: &mut ApplyOutcome,
) {
    let api = Api::<K>::namespaced(context.client.clone(), &namespace(strategy));
    let parameters = DeleteParams::background().preconditions(Preconditions {
        uid: Some(uid.clone()),
        resource_version: Some(resource_version.clone()),
    });
    context.metrics.wrote(BackupStrategy::CONTROLLER, "delete");
    match api.delete(name, &parameters).await {
        Ok(_) => {
            created.ours.insert(name.to_owned());
        }
        Err(kube::Error::Api(refusal)) if matches!(refusal.code, 404 | 409) => {}
        Err(error) => drop(created.errors.insert(name.to_owned(), said(&error))),
    }
}

/// Returns the metadata of a child. Labels and annotations of the parent are not copied: another
/// tool, such as Argo CD, would treat the child as its own and delete it.
pub(super) fn metadata_of(
    name: &str,
    namespace: &str,
    owner: Option<OwnerReference>,
) -> ObjectMeta {
    ObjectMeta {
        name: Some(name.to_owned()),
        namespace: Some(namespace.to_owned()),
        owner_references: owner.map(|owner| vec![owner]),
        ..ObjectMeta::default()
    }
}

/// Creates a log backup, or finds that it exists. The cluster owns it, so the log backup remains
/// after its creator is deleted. If no strategy created it (`""`), the log backup follows the first
/// strategy of the tenant.
pub(in crate::controller) async fn create_log_backup(
    (namespace, name): (&str, &str),
    spec: &LogBackupSpec,
    strategy: String,
    context: &Context,
    created: &mut ApplyOutcome,
) {
    let cluster = &spec.cluster_ref.name;
    let owner = caches::find(&context.caches.clusters, namespace, cluster)
        .and_then(|cluster| cluster.controller_owner_ref(&()));
    let mut metadata = metadata_of(name, namespace, owner);
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
    let is_ours = |known: &LogBackup| {
        known.spec.cluster_ref == spec.cluster_ref && known.spec.tenant_name == spec.tenant_name
    };
    create(&object, is_ours, context, created).await;
}

/// Creates an object, or finds that it exists.
pub(in crate::controller) async fn create<K>(
    object: &K,
    is_ours: impl Fn(&K) -> bool,
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
        created.ours.insert(name);
        return;
    }
    let api = Api::<K>::namespaced(context.client.clone(), &namespace);
    context.metrics.wrote(BackupStrategy::CONTROLLER, "create");
    match api.create(&PostParams::default(), object).await {
        Ok(_) => {
            context.memory.created(known_as);
            created.ours.insert(name);
        }
        // From the API, because the cache may not show the object yet.
        Err(kube::Error::Api(refusal)) if refusal.code == 409 => match api.get(&name).await {
            Ok(known) if is_ours(&known) => {
                created.ours.insert(name);
            }
            Ok(_) => {
                created.foreign.insert(name);
            }
            Err(error) => drop(created.errors.insert(name, said(&error))),
        },
        Err(error) => drop(created.errors.insert(name, said(&error))),
    }
}

/// Records the settings from the strategy in a log backup's metadata.
fn record_inherited(metadata: &mut ObjectMeta, inherited: &Inherited) {
    if let Ok(text) = serde_json::to_string(inherited) {
        let annotations = metadata.annotations.get_or_insert_default();
        annotations.insert(INHERITED.to_owned(), text);
    }
}

/// Records the strategy's generations in a log backup's metadata.
fn record_propagation(metadata: &mut ObjectMeta, followed: Option<Followed>) {
    let text = followed.and_then(|followed| serde_json::to_string(&followed).ok());
    let annotations = metadata.annotations.get_or_insert_default();
    match text {
        Some(text) => drop(annotations.insert(FOLLOWED.to_owned(), text)),
        None => drop(annotations.remove(FOLLOWED)),
    }
}
