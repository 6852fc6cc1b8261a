//! `BackupTask`: sees its tenant and its job, performs BACKUP and CANCEL BACKUP.

pub(super) mod line;
mod references;

use std::sync::Arc;

use kube::ResourceExt;

use references::references;

use super::log_backup::{destination_seen, refused};
use super::place::Holds;
use super::secret::Values;
use super::strategy::is_owned_by_strategy;
use super::wake::{Change, Changed};
use super::{Context, Reconcile, created_at, database, namespace, place};
use crate::api::{BackupStorage, BackupTask, BackupTaskStatus, DataBackupSettings, LocalReference};
use crate::domain::backup::queue::Queue;
use crate::domain::backup::{self, DatabaseSeen, Effect, Target};
use crate::domain::{Decision, Obstacle, TenantSeen};
use crate::oceanbase::cluster::Permit;
use crate::oceanbase::command::Command;
use crate::oceanbase::credentials::ClusterKey;
use crate::oceanbase::model::{Answer, Identity, TenantId};
use crate::oceanbase::password::RestorePassword;
use crate::oceanbase::sender::surely_over;
use crate::oceanbase::version::{Capability, Version};

/// What a pass over a task sees.
pub struct Seen {
    decision: backup::Seen,
    key: Option<ClusterKey>,
    storage: Option<Arc<BackupStorage>>,
    path: Option<String>,
}

impl Seen {
    fn tenant_id(&self) -> Option<TenantId> {
        let database = self.decision.database.as_ref().ok()?;
        Some(database.tenant.tenant.as_ref()?.id)
    }
}

impl Reconcile for BackupTask {
    type Seen = Seen;
    type Effect = Effect;
    type Answer = Answer;

    const CONTROLLER: &'static str = "backup_task";

    async fn observe(&self, context: &Context) -> Seen {
        let namespace = namespace(self);
        let references = references(self, context, &namespace);
        let database = match &references {
            Ok(references) => database(context, &namespace, &references.cluster),
            Err(obstacle) => Err(obstacle.clone()),
        };
        let database = database.and_then(|(key, snapshot)| {
            same_cluster(&self.current_status(), &snapshot.identity)?;
            Ok((key, snapshot))
        });
        let snapshot = database
            .as_ref()
            .ok()
            .map(|(_, snapshot)| Arc::clone(snapshot));
        let key = database.as_ref().ok().map(|(key, _)| key.clone());
        let tenant = snapshot
            .as_ref()
            .and_then(|s| s.tenant(&self.spec.tenant_name));
        let path = snapshot
            .as_ref()
            .zip(tenant)
            .map(|(snapshot, tenant)| place::default_path(&snapshot.identity, tenant, Holds::Data));
        let version = snapshot.as_ref().map(|snapshot| snapshot.version);
        let storage = references
            .as_ref()
            .map_err(Obstacle::clone)
            .and_then(|references| place::storage(context, &namespace, &references.storage));
        let place = storage
            .as_ref()
            .map_err(Obstacle::clone)
            .and_then(|storage| place::wanted(storage, version, path.as_deref()));
        let target = references.and_then(|references| {
            place.as_ref().map_err(Obstacle::clone)?;
            supported(&references.settings, version)?;
            Ok(Target {
                cluster: references.cluster,
                storage: references.storage,
                strategy_generation: references.strategy_generation,
                scheduled: is_owned_by_strategy(self),
                settings: references.settings,
            })
        });
        let queue = match (&key, &snapshot) {
            (Some(key), Some(snapshot)) if backup::may_be_sent(self.status.as_ref()) => {
                line::queue(self, context, key, snapshot)
            }
            _ => Queue::default(),
        };
        let storage = storage.ok();
        let wanted = place.as_ref().ok();
        let database = database.map(|(key, snapshot)| {
            let tenant = snapshot.tenant(&self.spec.tenant_name).cloned();
            let shown = tenant
                .as_ref()
                .and_then(|tenant| tenant.data_dest.as_deref());
            DatabaseSeen {
                cluster_name: snapshot.identity.cluster_name.clone(),
                cluster_id: snapshot.identity.cluster_id,
                parents: Arc::clone(&snapshot.parents),
                tenant: TenantSeen {
                    destination: destination_seen(shown, wanted),
                    settled: context
                        .clusters
                        .is_settled(&key, &self.spec.tenant_name, &snapshot),
                    tenant,
                },
            }
        });
        let uid = self.uid().unwrap_or_default();
        let intent = self.status.as_ref().and_then(backup::open_intent);
        let decision = backup::Seen {
            target,
            database,
            queue,
            intent_age: context.intent_age(&uid, intent),
            surely_over: surely_over(Command::BACKUP_TIMEOUT),
        };
        Seen {
            decision,
            key,
            storage,
            path,
        }
    }

    fn decide(
        &self,
        seen: &Seen,
        heard: Option<(&Effect, &Answer)>,
        context: &Context,
    ) -> Decision<BackupTaskStatus, Effect> {
        let task = backup::Task {
            uid: &self.uid().unwrap_or_default(),
            generation: self.metadata.generation.unwrap_or_default(),
            created_at: created_at(self),
            spec: &self.spec,
            status: &self.current_status(),
        };
        backup::decide(&task, &seen.decision, heard, context.clock.now())
    }

    fn is_fenced(effect: &Effect) -> bool {
        matches!(effect, Effect::Backup { .. })
    }

    fn cluster(&self, seen: &Seen, _: &Effect) -> Option<ClusterKey> {
        seen.key.clone()
    }

    async fn perform(
        &self,
        effect: &Effect,
        seen: &Seen,
        permit: Option<Permit>,
        context: &Context,
    ) -> Answer {
        let Some(mut permit) = permit else {
            return Answer::NotSent("the cluster is busy".to_owned());
        };
        let command = match effect.clone() {
            Effect::SetDestination(tenant) => {
                let (Some(storage), Some(path)) = (&seen.storage, &seen.path) else {
                    return Answer::NotSent("the store is gone".to_owned());
                };
                let Some(tenant_id) = seen.tenant_id() else {
                    return Answer::NotSent("the tenant is gone".to_owned());
                };
                let namespace = namespace(self);
                let destination =
                    place::destination(&context.client, &namespace, &storage.spec, path).await;
                match destination {
                    Ok(destination) => Command::SetDataBackupDest {
                        tenant,
                        tenant_id,
                        destination,
                    },
                    Err(obstacle) => return refused(obstacle),
                }
            }
            Effect::Backup {
                tenant,
                incremental,
                key,
                settings,
            } => {
                let reference = settings.restore_password_secret_ref.as_ref();
                let password = match reference {
                    Some(reference) => match restore_password(self, reference, context).await {
                        Ok(password) => Some(password),
                        Err(obstacle) => return refused(obstacle),
                    },
                    None => None,
                };
                Command::Backup {
                    tenant,
                    incremental,
                    plus_archivelog: settings.plus_archivelog,
                    password,
                    key,
                    places: seen.decision.queue.places,
                }
            }
            Effect::Find { tenant, key } => Command::FindBackup { tenant, key },
            Effect::Cancel {
                tenant,
                tenant_id,
                key,
            } => Command::CancelBackup {
                tenant,
                tenant_id,
                key,
            },
        };
        permit.send(&command).await
    }

    fn concerned(change: &Change, context: &Context) -> Vec<Arc<Self>> {
        let mut woken = line::woken(change, context);
        if matches!(
            change,
            Change::Object(Changed::Task(_) | Changed::LogBackup(_))
        ) {
            return woken;
        }
        let mut tasks = context.stores.tasks.state();
        tasks.retain(|task| {
            let ended = task
                .status
                .as_ref()
                .is_some_and(|status| status.outcome.is_some());
            !ended && is_concerned(task, change, context)
        });
        woken.extend(tasks);
        woken
    }

    fn written(&self, before: &BackupTaskStatus, context: &Context) {
        let after = self.current_status();
        if let (None, Some(outcome)) = (&before.outcome, &after.outcome) {
            let kind = after.type_.as_deref().unwrap_or("Full").to_lowercase();
            context.metrics.task_ended(&kind, &outcome.to_lowercase());
        }
    }
}

fn is_concerned(task: &BackupTask, change: &Change, context: &Context) -> bool {
    let namespace = namespace(task);
    let strategy = task.spec.strategy_ref.as_ref();
    let is_strategy = |name: &str| match change {
        Change::Object(Changed::Strategy(object)) => {
            object.namespace().as_deref() == Some(&*namespace) && object.name_any() == name
        }
        _ => false,
    };
    if matches!(change, Change::Everything)
        || strategy.is_some_and(|reference| is_strategy(&reference.name))
    {
        return true;
    }
    let Ok(references) = references(task, context, &namespace) else {
        return false;
    };
    change.is_about_tenant(&namespace, &references.cluster, &task.spec.tenant_name)
        || change.is_storage(&namespace, &references.storage)
        || (matches!(change, Change::Object(Changed::Cluster(_)))
            && change.is_about_cluster(&namespace, &references.cluster))
}

async fn restore_password(
    task: &BackupTask,
    reference: &LocalReference,
    context: &Context,
) -> Result<RestorePassword, Obstacle> {
    let secret = Values::read(&context.client, &namespace(task), reference).await?;
    RestorePassword::new(secret.required("password")?)
        .map_err(|error| Obstacle::permanent("UnusableRestorePassword", error.to_string()))
}

/// Whether a server of this version can do what is asked for.
fn supported(settings: &DataBackupSettings, version: Option<Version>) -> Result<(), Obstacle> {
    match version {
        Some(version) if settings.plus_archivelog && !version.can(Capability::PlusArchivelog) => {
            Err(Obstacle::permanent(
                "UnsupportedServerVersion",
                format!("OceanBase {version} does not know `plusArchivelog`; leave it out"),
            ))
        }
        _ => Ok(()),
    }
}

/// Whether a backup that was sent can be followed in this cluster: all clusters count their jobs
/// and tenants alike, so that another one's would be taken for ours.
fn same_cluster(status: &BackupTaskStatus, current: &Identity) -> Result<(), Obstacle> {
    let Some(pinned) = status.cluster_id.filter(|_| !status.attempts.is_empty()) else {
        return Ok(());
    };
    let name = status.cluster_name.as_deref().unwrap_or_default();
    if (name, pinned) == (current.cluster_name.as_str(), current.cluster_id) {
        return Ok(());
    }
    Err(Obstacle::waiting(
        "ClusterReplaced",
        format!(
            "the backup was sent to cluster {name} (id {pinned}), and the OceanBaseCluster now \
             reaches {} (id {}): point it back to see how the backup ended",
            current.cluster_name, current.cluster_id
        ),
    ))
}
