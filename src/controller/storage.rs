//! `BackupStorage`: observes its Secret and its users, performs nothing.

mod usage;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use kube::ResourceExt;

use super::watch::caches;
use super::watch::triggers::{Change, Changed};
use super::{Context, Reconcile, created_at, destination, namespace};
use crate::api::backup_task::Scope;
use crate::api::condition::types::ARCHIVING;
use crate::api::{BackupStorage, BackupStorageStatus, BackupTask, BackupTaskStatus};
use crate::domain::{Decision, storage};
use crate::oceanbase::credentials::ClusterKey;
use crate::oceanbase::database::Permit;
use crate::oceanbase::lanes::Lane;

impl Reconcile for BackupStorage {
    type Observation = storage::Observation;
    type Effect = Infallible;
    type Answer = Infallible;

    const CONTROLLER: &'static str = "storage";
    const DEBOUNCE: Duration = Duration::from_secs(1);

    async fn observe(&self, context: &Context) -> storage::Observation {
        let (namespace, name) = (namespace(self), self.name_any());
        // Any path is sufficient: only the Secret and the values are checked, and they are sent
        // nowhere.
        let checked =
            destination::with_version(&context.secrets, &namespace, &self.spec, "data", &[]).await;
        let secret_version = checked
            .as_ref()
            .ok()
            .and_then(|(_, version)| version.clone());
        let log_backups: Vec<_> = caches::within(&context.caches.log_backups, &namespace)
            .filter(|object| object.spec.storage_ref.name == name)
            .map(|object| {
                let status = object.status.clone().unwrap_or_default();
                storage::LogBackupUse {
                    name: object.name_any(),
                    // The phase is unsuitable: it remains unchanged while the database does not
                    // answer.
                    archiving: status
                        .conditions
                        .iter()
                        .any(|known| known.type_ == ARCHIVING && known.status == "True"),
                    cause: status.cause,
                    keys: status.credentials.map(|known| storage::AppliedCredentials {
                        version: known.secret_resource_version,
                        cause: known.cause,
                    }),
                    limits: status.storage_limits,
                }
            })
            .collect();
        let strategies = caches::within(&context.caches.strategies, &namespace)
            .filter(|strategy| strategy.spec.storage_ref.name == name)
            .count();
        let root = destination::root(&self.spec);
        let limits = destination::limits(&self.spec);
        let found = root.as_ref().ok().map(|root| {
            let users = usage::users(context, &namespace, &name);
            usage::found(context, &namespace, root, &users)
        });
        let tasks: Vec<_> = caches::within(&context.caches.tasks, &namespace)
            .filter(|task| storage_of(task) == Some(&name))
            .collect();
        let loose = tasks.iter().filter(|task| uses_by_itself(task)).count();
        storage::Observation {
            location: checked.and(root).and_then(|location| {
                limits.clone()?;
                Ok(location.root().to_owned())
            }),
            limits: limits.unwrap_or_default(),
            secret_version,
            users: i32::try_from(log_backups.len() + strategies + loose).unwrap_or(i32::MAX),
            log_backups,
            data_backup: newest_with_result(&tasks),
            tried_at: found.as_ref().and_then(|found| found.tried_at),
            figures: found.and_then(|found| found.figures),
            capacity: self
                .spec
                .capacity
                .clone()
                .map(|quantity| storage::Capacity {
                    quantity,
                    alert_percent: self.spec.capacity_alert_percent,
                }),
        }
    }

    fn decide(
        &self,
        observed: &storage::Observation,
        _: Option<(&Infallible, &Infallible)>,
        context: &Context,
    ) -> Decision<BackupStorageStatus, Infallible> {
        let generation = self.metadata.generation.unwrap_or_default();
        storage::decide(
            generation,
            &self.current_status(),
            observed,
            context.clock.now(),
        )
    }

    fn lane(&self, _: &storage::Observation, effect: &Infallible) -> Option<(ClusterKey, Lane)> {
        match *effect {}
    }

    async fn perform(
        &self,
        effect: &Infallible,
        _: &storage::Observation,
        _: Option<Permit>,
        _: &Context,
    ) -> Infallible {
        match *effect {}
    }

    fn affected(change: &Change, context: &Context) -> Vec<Arc<Self>> {
        let (of, name) = match change {
            Change::Everything => return context.caches.storages.state(),
            Change::Object(Changed::LogBackup(object)) => {
                (object.namespace(), &object.spec.storage_ref.name)
            }
            Change::Object(Changed::Strategy(object)) => {
                (object.namespace(), &object.spec.storage_ref.name)
            }
            Change::Object(Changed::Task(object)) if is_relevant(object) => {
                match storage_of(object) {
                    Some(name) => (object.namespace(), name),
                    None => return Vec::new(),
                }
            }
            // A cluster was connected, or an object was deleted.
            Change::Database {
                cluster,
                tenants: None,
            } => {
                return in_namespace(context, &cluster.namespace);
            }
            Change::Object(Changed::Cleanup(task)) => {
                return in_namespace(context, &namespace(&**task));
            }
            _ => return Vec::new(),
        };
        let store = &context.caches.storages;
        caches::find(store, &of.unwrap_or_default(), name)
            .into_iter()
            .collect()
    }
}

fn in_namespace(context: &Context, namespace: &str) -> Vec<Arc<BackupStorage>> {
    caches::within(&context.caches.storages, namespace).collect()
}

/// Returns the storage of a task's backup. An external backup goes to the destination chosen by its
/// initiator.
fn storage_of(task: &BackupTask) -> Option<&String> {
    let status = task.status.as_ref();
    let known = status.and_then(|status| status.storage.as_ref());
    let named = task.spec.storage_ref.as_ref();
    known.or(named.map(|reference| &reference.name))
}

/// Returns whether an unfinished task uses the storage without a strategy or a parent task.
fn uses_by_itself(task: &BackupTask) -> bool {
    let status = task.status.as_ref();
    let is_open = status.is_none_or(|status| status.outcome.is_none());
    is_open && task.spec.storage_ref.is_some() && task.owner_references().is_empty()
}

/// Returns whether a task's change may affect its storage. Progress does not count, because each
/// pass over the storage reads its Secret.
fn is_relevant(task: &BackupTask) -> bool {
    let is_over = |status: &BackupTaskStatus| status.outcome.is_some();
    let reports = |status| storage::result_of(status, created_at(task)).is_some();
    let status = task.status.as_ref();
    uses_by_itself(task) || status.is_some_and(|status| is_over(status) || reports(status))
}

fn newest_with_result(tasks: &[Arc<BackupTask>]) -> Option<storage::DataBackupUse> {
    let alone = tasks.iter().filter(|task| task.spec.scope == Scope::Tenant);
    let with_result = alone.filter_map(|task| {
        let (at, cause) = storage::result_of(task.status.as_ref()?, created_at(&**task))?;
        Some((at, cause, task))
    });
    let newest = with_result.max_by_key(|(at, cause, _)| (*at, cause.is_none()));
    newest.map(|(at, cause, task)| storage::DataBackupUse {
        name: task.name_any(),
        at,
        cause: cause.cloned(),
    })
}
