//! Child objects of a strategy: creates log backups and tasks, updates log backups, deletes old
//! tasks.

use std::sync::Arc;

use kube::api::PostParams;
use kube::{Api, Resource, ResourceExt};

use super::super::annotations::{followed, record_inherited, record_propagation};
use super::super::api_client::said;
use super::super::children::{create, create_log_backup, delete, is_owned_by, metadata_of};
use super::super::labels::Labels;
use super::super::watch::caches;
use super::super::{Context, Reconcile, namespace};
use super::{cleanups, finalize};
use crate::api::{
    BackupStrategy, BackupTask, BackupTaskSpec, CleanupTask, LocalReference, LogBackup,
};
use crate::domain::children::ApplyOutcome;
use crate::domain::strategy::{self, Effect, LogBackupEdit, Observation};

impl BackupStrategy {
    /// Performs an effect on child objects.
    pub(super) async fn perform_on_children(
        &self,
        effect: &Effect,
        observed: &Observation,
        context: &Context,
    ) -> ApplyOutcome {
        let mut created = ApplyOutcome::default();
        match effect {
            Effect::MakeLogBackups(log_backups) => {
                for (name, spec) in log_backups {
                    let (home, strategy) = (namespace(self), self.name_any());
                    let id = observed.tenant_id(&spec.tenant_name);
                    create_log_backup((&home, name), spec, id, strategy, context, &mut created)
                        .await;
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
                        metadata: metadata_of(
                            name,
                            &namespace(self),
                            owner.clone(),
                            self.labels(spec, observed),
                        ),
                        spec: spec.clone(),
                        status: None,
                    };
                    let is_owned = |known: &BackupTask| is_owned_by(known, self);
                    create(&object, is_owned, context, &mut created).await;
                }
            }
            Effect::DeleteTasks(tasks) => {
                for (name, version) in tasks {
                    delete::<BackupTask, _>(self, name, version, context, &mut created).await;
                }
            }
            Effect::StopLogBackups(names) => {
                finalize::stop_log_backups(self, names, context, &mut created).await;
            }
            Effect::MakeCleanups(tasks) => {
                cleanups::create_all(self, tasks, observed, context, &mut created).await;
            }
            Effect::DeleteCleanups(tasks) => {
                for (name, version) in tasks {
                    delete::<CleanupTask, _>(self, name, version, context, &mut created).await;
                }
            }
            // Sent to the database as a statement.
            Effect::ChangePolicy(_) => {}
        }
        created
    }

    /// Returns the labels of a data backup.
    fn labels<'a>(&'a self, spec: &'a BackupTaskSpec, observed: &Observation) -> Labels<'a> {
        Labels {
            tenant_name: &spec.tenant_name,
            tenant_id: observed.tenant_id(&spec.tenant_name).map(|id| id.0),
            type_: Some(spec.type_),
            scheduled_time: spec.scheduled_time.as_ref(),
            ..Labels::of_strategy(self)
        }
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
                created.owned.insert(edit.name.clone());
            }
            Err(kube::Error::Api(refusal)) if matches!(refusal.code, 404 | 409) => {}
            Err(error) => drop(created.errors.insert(edit.name.clone(), said(&error))),
        }
    }
}
