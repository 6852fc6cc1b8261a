//! `BackupTask`: sees its tenant and its job, performs BACKUP and CANCEL BACKUP.

use std::sync::Arc;

use jiff::Timestamp;
use kube::ResourceExt;

use super::log_backup::{destination_seen, refused};
use super::strategy::{is_owned_by_strategy, rivals};
use super::wake::{Change, Changed};
use super::{
    Context, Reconcile, allowed, cluster_of, created_at, database, namespace, place, stores,
};
use crate::api::{BackupStorage, BackupTask, BackupTaskStatus};
use crate::domain::backup::{self, DatabaseSeen, Effect, Target};
use crate::domain::schedule::Schedule;
use crate::domain::{Decision, Obstacle, TenantSeen, naming, strategy};
use crate::oceanbase::command::Command;
use crate::oceanbase::credentials::ClusterKey;
use crate::oceanbase::database::Permit;
use crate::oceanbase::model::{Answer, Identity, Snapshot, Tenant, TenantId};
use crate::oceanbase::sender::surely_over;

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

/// Where a task's references lead.
struct References {
    cluster: String,
    storage: String,
    strategy_generation: Option<i64>,
    /// The strategy's template, or the directory itself where it is known.
    data_path: Option<String>,
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
        let tenant = snapshot.as_ref().and_then(|s| tenant_of(self, s));
        let template = references
            .as_ref()
            .ok()
            .and_then(|references| references.data_path.as_deref());
        let path = snapshot
            .as_ref()
            .zip(tenant)
            .map(|(snapshot, tenant)| naming::data_path(template, &snapshot.identity, tenant));
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
            let cluster = ClusterKey::new(&namespace, &references.cluster);
            allowed(
                context,
                &cluster,
                &self.spec.tenant_name,
                &references.storage,
            )?;
            place.as_ref().map_err(Obstacle::clone)?;
            Ok(Target {
                cluster: references.cluster,
                storage: references.storage,
                strategy_generation: references.strategy_generation,
                data_path: path.clone(),
                scheduled: is_owned_by_strategy(self),
            })
        });
        let storage = storage.ok();
        let wanted = place.as_ref().ok();
        let database = database.map(|(key, snapshot)| {
            let tenant = tenant_of(self, &snapshot).cloned();
            let shown = tenant
                .as_ref()
                .and_then(|tenant| tenant.data_dest.as_deref());
            DatabaseSeen {
                identity: snapshot.identity.clone(),
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
            may_start_at: may_start_at(self, context, &namespace),
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
                    place::destination(&context.secrets, &namespace, &storage.spec, path).await;
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
            } => Command::Backup {
                tenant,
                incremental,
                key,
            },
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
        if matches!(
            change,
            Change::Object(Changed::Task(_) | Changed::LogBackup(_))
        ) {
            return Vec::new();
        }
        let mut tasks = context.stores.tasks.state();
        tasks.retain(|task| {
            let ended = task
                .status
                .as_ref()
                .is_some_and(|status| status.outcome.is_some());
            !ended && is_concerned(task, change, context)
        });
        tasks
    }

    fn written(&self, before: &BackupTaskStatus, context: &Context) {
        let after = self.current_status();
        if let (None, Some(outcome)) = (&before.outcome, &after.outcome) {
            let kind = after.type_.as_deref().unwrap_or("Full").to_lowercase();
            context.metrics.task_ended(&kind, &outcome.to_lowercase());
        }
    }
}

/// When a blackout window ends that holds a task of its strategy back. What a person asks for is
/// not held back.
fn may_start_at(task: &BackupTask, context: &Context, namespace: &str) -> Option<Timestamp> {
    let reference = task.spec.strategy_ref.as_ref();
    let reference = reference.filter(|_| is_owned_by_strategy(task))?;
    let strategy = stores::find(&context.stores.strategies, namespace, &reference.name)?;
    let schedule = &strategy.spec.schedule;
    if schedule.blackout_windows.is_empty() {
        return None;
    }
    let schedule = Schedule::parse(schedule).ok()?;
    let blackout = schedule.blackout(context.clock.now())?;
    Some(blackout.until)
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
    let cluster = &references.cluster;
    let is_about = |tenant: &str| change.is_about_tenant(&namespace, cluster, tenant);
    let current_name = || {
        let (_, snapshot) = database(context, &namespace, cluster).ok()?;
        Some(tenant_of(task, &snapshot)?.name.clone())
    };
    is_about(&task.spec.tenant_name)
        || current_name().is_some_and(|name| is_about(&name))
        || change.is_storage(&namespace, &references.storage)
        || (matches!(change, Change::Object(Changed::Cluster(_)))
            && change.is_about_cluster(context, &namespace, &references.cluster))
}

/// The task's tenant: the one to which BACKUP was sent, whatever it is called by now; before that
/// the one of the name.
fn tenant_of<'a>(task: &BackupTask, snapshot: &'a Snapshot) -> Option<&'a Arc<Tenant>> {
    let status = task.status.as_ref();
    let sent = status.filter(|status| !status.attempts.is_empty());
    sent.and_then(|status| snapshot.tenants.get(&TenantId(status.tenant_id?)))
        .or_else(|| snapshot.tenant(&task.spec.tenant_name))
}

fn references(
    task: &BackupTask,
    context: &Context,
    namespace: &str,
) -> Result<References, Obstacle> {
    let spec = &task.spec;
    // What was sent is followed where it was sent: the strategy may be gone by now, or be another
    // one of the same name.
    let status = task.current_status();
    if !status.attempts.is_empty()
        && let (Some(cluster), Some(storage)) = (status.cluster, status.storage)
    {
        return Ok(References {
            cluster,
            storage,
            strategy_generation: status.strategy_generation,
            data_path: status.data_path,
        });
    }
    if let (Some(cluster), Some(storage)) = (&spec.cluster_ref, &spec.storage_ref) {
        return Ok(References {
            cluster: cluster.name.clone(),
            storage: storage.name.clone(),
            strategy_generation: None,
            data_path: None,
        });
    }
    let Some(reference) = &spec.strategy_ref else {
        return Err(Obstacle::permanent(
            "InvalidSpec",
            "`strategyRef` is missing",
        ));
    };
    let name = &reference.name;
    let Some(object) = stores::find(&context.stores.strategies, namespace, name) else {
        return Err(Obstacle::waiting(
            "StrategyNotFound",
            format!("there is no BackupStrategy '{name}' in namespace '{namespace}'"),
        ));
    };
    let rivals = rivals(context, &cluster_of(&*object, &object.spec.cluster_ref));
    if !strategy::covers(name, &rivals, &spec.tenant_name) {
        return Err(Obstacle::permanent(
            "TenantNotInStrategy",
            format!(
                "BackupStrategy '{name}' is not for tenant '{}'; name the strategy that is, or a \
                 cluster and a storage",
                spec.tenant_name
            ),
        ));
    }
    Ok(References {
        cluster: object.spec.cluster_ref.name.clone(),
        storage: object.spec.storage_ref.name.clone(),
        strategy_generation: object.metadata.generation,
        data_path: object
            .spec
            .paths
            .as_ref()
            .and_then(|paths| paths.data.clone()),
    })
}

/// Whether a backup that was sent can be followed in this cluster: all clusters count their jobs
/// and tenants alike, so that another one's would be taken for ours.
fn same_cluster(status: &BackupTaskStatus, current: &Identity) -> Result<(), Obstacle> {
    let Some(pinned) = status.cluster_id.filter(|_| !status.attempts.is_empty()) else {
        return Ok(());
    };
    let created_at = status.cluster_create_time.as_ref().map(|time| time.0);
    if (pinned, created_at) == (current.cluster_id, Some(current.created_at)) {
        return Ok(());
    }
    let name = status.cluster_name.as_deref().unwrap_or_default();
    Err(Obstacle::waiting(
        "ClusterReplaced",
        format!(
            "the backup was sent to cluster {name} (id {pinned}), and the OceanBaseCluster now \
             reaches {} (id {}) of {}: point it back to see how the backup ended",
            current.cluster_name, current.cluster_id, current.created_at
        ),
    ))
}
