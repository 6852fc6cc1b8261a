//! `BackupStrategy`: sees tenants, log backups and tasks, makes log backups and tasks,
//! and keeps the tenants' delete policies.

mod policy;
mod removal;

use std::collections::BTreeSet;
use std::sync::Arc;

use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference};
use kube::api::PostParams;
use kube::{Api, Resource, ResourceExt};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::place::Holds;
use super::wake::{Change, Changed};
use super::{
    Context, Reconcile, cluster_of, created_at, database, namespace, place, qualified,
    same_database, stores,
};
use crate::api::cluster::Access;
use crate::api::{
    BackupStrategy, BackupStrategyStatus, BackupTask, DeletionPolicy, DesiredState, LogBackup,
};
use crate::domain::strategy::{self, Effect, LogBackupSeen, Made, Rival, TaskSeen};
use crate::domain::{Decision, Farewell, access};
use crate::oceanbase::credentials::ClusterKey;
use crate::oceanbase::database::Permit;
use crate::oceanbase::destination::Place;
use crate::oceanbase::model::{Snapshot, TenantId};

impl Reconcile for BackupStrategy {
    type Seen = strategy::Seen;
    type Effect = Effect;
    type Answer = Made;

    const CONTROLLER: &'static str = "strategy";

    async fn observe(&self, context: &Context) -> strategy::Seen {
        let namespace = namespace(self);
        let cluster = &self.spec.cluster_ref.name;
        let database = database(context, &namespace, cluster).map(|(_, snapshot)| snapshot);
        let storage = place::storage(context, &namespace, &self.spec.storage_ref.name);
        let version = database.as_ref().ok().map(|snapshot| snapshot.version);
        let root = storage.and_then(|storage| place::wanted(&storage, version, None));
        let with_full_backup = match (&database, &root) {
            (Ok(snapshot), Ok(root)) => with_full_backup(snapshot, root),
            _ => [].into(),
        };
        let unsettled = database.as_ref().map_or_else(
            |_| BTreeSet::new(),
            |snapshot| {
                policy::unsettled(context, &cluster_of(self, &self.spec.cluster_ref), snapshot)
            },
        );
        let access = self.access(context);
        let target = root.and_then(|_| access::storage(&access, &self.spec.storage_ref.name));
        strategy::Seen {
            target,
            rivals: rivals(context, &cluster_of(self, &self.spec.cluster_ref)),
            log_backups: log_backups(context, self),
            tasks: self.tasks(context, &namespace),
            access,
            database: database.map(|snapshot| snapshot.tenants.values().cloned().collect()),
            unsettled,
            with_full_backup,
        }
    }

    fn decide(
        &self,
        seen: &strategy::Seen,
        heard: Option<(&Effect, &Made)>,
        context: &Context,
    ) -> Decision<BackupStrategyStatus, Effect> {
        let made = heard.map(|(_, made)| made);
        let (name, status) = (self.name_any(), self.current_status());
        let strategy = self.strategy(&name, &status);
        strategy::decide(&strategy, seen, made, context.clock.now())
    }

    fn wants_finalizer(&self) -> bool {
        self.spec.deletion_policy == DeletionPolicy::Stop
    }

    fn farewell(
        &self,
        seen: &strategy::Seen,
        heard: Option<(&Effect, &Made)>,
        context: &Context,
    ) -> Farewell<BackupStrategyStatus, Effect> {
        let now = context.clock.now();
        let deleted_at = self.metadata.deletion_timestamp.as_ref();
        let deleted_at = deleted_at.map_or(now, |at| at.0);
        let made = heard.map(|(_, made)| made);
        let (name, status) = (self.name_any(), self.current_status());
        strategy::leave(&self.strategy(&name, &status), seen, made, deleted_at, now)
    }

    fn cluster(&self, _: &strategy::Seen, effect: &Effect) -> Option<ClusterKey> {
        matches!(effect, Effect::ChangePolicy(_)).then(|| cluster_of(self, &self.spec.cluster_ref))
    }

    async fn perform(
        &self,
        effect: &Effect,
        _: &strategy::Seen,
        permit: Option<Permit>,
        context: &Context,
    ) -> Made {
        let mut made = Made::default();
        match effect {
            Effect::MakeLogBackups(log_backups) => {
                let owner = self.cluster_owner(context);
                for (name, spec) in log_backups {
                    let mut metadata = self.metadata_of(name, owner.clone());
                    metadata.annotations =
                        Some([(removal::MAKER.to_owned(), self.name_any())].into());
                    let object = LogBackup {
                        metadata,
                        spec: spec.clone(),
                        status: None,
                    };
                    // Whoever made it: it is the tenant's log backup.
                    let is_ours = |known: &LogBackup| {
                        known.spec.cluster_ref == spec.cluster_ref
                            && known.spec.tenant_name == spec.tenant_name
                    };
                    make(&object, is_ours, context, &mut made).await;
                }
            }
            Effect::MakeTasks(tasks) => {
                let owner = self.controller_owner_ref(&());
                let uid = self.uid();
                for (name, spec) in tasks {
                    let object = BackupTask {
                        metadata: self.metadata_of(name, owner.clone()),
                        spec: spec.clone(),
                        status: None,
                    };
                    // By uid: a strategy that was made anew under the same name is another one.
                    let is_ours = |known: &BackupTask| {
                        known
                            .owner_references()
                            .iter()
                            .any(|owner| Some(&owner.uid) == uid.as_ref())
                    };
                    make(&object, is_ours, context, &mut made).await;
                }
            }
            Effect::ChangePolicy(change) => {
                made.answer = Some(policy::change(change, permit).await);
            }
            Effect::StopLogBackups(names) => {
                removal::stop_log_backups(self, names, context, &mut made).await;
            }
        }
        made
    }

    fn concerned(change: &Change, context: &Context) -> Vec<Arc<Self>> {
        let mut strategies = context.stores.strategies.state();
        strategies.retain(|strategy| {
            let namespace = namespace(&**strategy);
            match change {
                Change::Object(Changed::Task(task)) => {
                    let owners = task.owner_references();
                    owners
                        .iter()
                        .any(|owner| Some(&owner.uid) == strategy.uid().as_ref())
                }
                Change::Object(Changed::Strategy(other)) if other.uid() == strategy.uid() => false,
                _ => {
                    change.is_about_cluster(context, &namespace, &strategy.spec.cluster_ref.name)
                        || change.is_storage(&namespace, &strategy.spec.storage_ref.name)
                }
            }
        });
        strategies
    }

    fn written(&self, before: &BackupStrategyStatus, context: &Context) {
        let after = self.current_status();
        for (kind, outcome) in strategy::closed(&self.spec, before, &after) {
            let kind = match kind {
                crate::api::BackupType::Full => "full",
                crate::api::BackupType::Incremental => "incremental",
            };
            let outcome = outcome.to_lowercase();
            context.metrics.slot_closed(kind, &outcome);
        }
    }
}

impl BackupStrategy {
    /// What a decision is about.
    fn strategy<'a>(
        &'a self,
        name: &'a str,
        status: &'a BackupStrategyStatus,
    ) -> strategy::Strategy<'a> {
        strategy::Strategy {
            name,
            generation: self.metadata.generation.unwrap_or_default(),
            created_at: created_at(self),
            spec: &self.spec,
            status,
        }
    }

    fn tasks(&self, context: &Context, namespace: &str) -> Vec<TaskSeen> {
        let uid = self.uid();
        stores::within(&context.stores.tasks, namespace)
            .filter(|task| {
                task.owner_references()
                    .iter()
                    .any(|owner| Some(&owner.uid) == uid.as_ref())
            })
            .map(|task| {
                let status = task.status.clone().unwrap_or_default();
                TaskSeen {
                    name: task.name_any(),
                    tenant_name: task.spec.tenant_name.clone(),
                    full: task.spec.type_ == crate::api::BackupType::Full,
                    started_at: status.start_time.map(|at| at.0),
                    outcome: status.outcome,
                    completed_at: status.completion_time.map(|at| at.0),
                    cause: status.cause,
                }
            })
            .collect()
    }

    /// What may be used through the cluster's object; everything while there is none.
    fn access(&self, context: &Context) -> Access {
        let name = &self.spec.cluster_ref.name;
        stores::find(&context.stores.clusters, &namespace(self), name)
            .map(|cluster| cluster.spec.access.clone())
            .unwrap_or_default()
    }

    fn cluster_owner(&self, context: &Context) -> Option<OwnerReference> {
        let name = &self.spec.cluster_ref.name;
        let cluster = stores::find(&context.stores.clusters, &namespace(self), name)?;
        cluster.controller_owner_ref(&())
    }

    /// Metadata of a child: labels and annotations of the parent are not copied, or a Git client
    /// would take the child for its own and delete it.
    fn metadata_of(&self, name: &str, owner: Option<OwnerReference>) -> ObjectMeta {
        ObjectMeta {
            name: Some(name.to_owned()),
            namespace: self.namespace(),
            owner_references: owner.map(|owner| vec![owner]),
            ..ObjectMeta::default()
        }
    }
}

/// Makes an object, or finds that it is there.
async fn make<K>(object: &K, is_ours: impl Fn(&K) -> bool, context: &Context, made: &mut Made)
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope>
        + Clone
        + Serialize
        + DeserializeOwned
        + std::fmt::Debug,
{
    let name = object.name_any();
    let namespace = object.namespace().unwrap_or_default();
    let api = Api::<K>::namespaced(context.client.clone(), &namespace);
    context.metrics.wrote(BackupStrategy::CONTROLLER, "create");
    match api.create(&PostParams::default(), object).await {
        Ok(_) => {
            made.ours.insert(name);
        }
        // From the API, not from the store: the store may not show it yet.
        Err(kube::Error::Api(refusal)) if refusal.code == 409 => match api.get(&name).await {
            Ok(known) if is_ours(&known) => {
                made.ours.insert(name);
            }
            Ok(_) => {
                made.foreign.insert(name);
            }
            Err(error) => made.error = Some(error.to_string()),
        },
        Err(error) => made.error = Some(error.to_string()),
    }
}

/// Whether a strategy made the task.
pub(super) fn is_owned_by_strategy(task: &BackupTask) -> bool {
    task.owner_references()
        .iter()
        .any(|owner| owner.controller == Some(true) && owner.kind == BackupStrategy::kind(&()))
}

/// Strategies of the cluster's database, wherever they are. One that is being deleted makes nothing
/// any more.
pub(super) fn rivals(context: &Context, cluster: &ClusterKey) -> Vec<Rival> {
    let strategies = context.stores.strategies.state();
    strategies
        .iter()
        .filter(|strategy| {
            let of = cluster_of(&***strategy, &strategy.spec.cluster_ref);
            strategy.metadata.deletion_timestamp.is_none() && same_database(context, cluster, &of)
        })
        .map(|strategy| {
            let home = namespace(&**strategy);
            Rival {
                name: qualified(cluster, &home, &strategy.name_any()),
                full_name: (strategy.name_any(), home),
                created_at: created_at(&**strategy),
                tenants: strategy.spec.tenants.clone(),
            }
        })
        .collect()
}

/// Log backups of the cluster's database, wherever they are.
fn log_backups(context: &Context, strategy: &BackupStrategy) -> Vec<LogBackupSeen> {
    let cluster = &cluster_of(strategy, &strategy.spec.cluster_ref);
    let objects = context.stores.log_backups.state();
    objects
        .iter()
        .filter(|object| {
            let of = cluster_of(&***object, &object.spec.cluster_ref);
            same_database(context, cluster, &of)
        })
        .map(|object| log_backup_seen(cluster, strategy, object))
        .collect()
}

fn log_backup_seen(
    cluster: &ClusterKey,
    strategy: &BackupStrategy,
    object: &LogBackup,
) -> LogBackupSeen {
    let status = object.status.clone().unwrap_or_default();
    let home = namespace(object);
    LogBackupSeen {
        name: qualified(cluster, &home, &object.name_any()),
        tenant_name: object.spec.tenant_name.clone(),
        tenant_id: status.tenant_id.map(TenantId),
        storage: qualified(cluster, &home, &object.spec.storage_ref.name),
        created_at: created_at(object),
        is_of_strategy: home == namespace(strategy)
            && object.annotations().get(removal::MAKER) == Some(&strategy.name_any()),
        is_to_stop: object.spec.desired_state == DesiredState::Stopped,
        phase: status.phase,
        cause: status.cause,
    }
}

fn with_full_backup(snapshot: &Snapshot, root: &Place) -> BTreeSet<TenantId> {
    let tenants = snapshot.tenants.values().filter(|tenant| {
        let path = place::default_path(&snapshot.identity, tenant, Holds::Data);
        root.join(&path).is_ok_and(|wanted| {
            tenant.sets.iter().any(|set| {
                set.full
                    && set.success
                    && set.available
                    && wanted.is_same_as(&Place::read_back(&set.path))
            })
        })
    });
    tenants.map(|tenant| tenant.id).collect()
}
