//! `BackupStrategy`: observes tenants, log backups and tasks. Its effects change its child objects
//! and the tenants' delete policies.

mod cleanups;
mod delete_policy;
mod destinations;
mod finalize;
mod perform;
mod placement;

pub(super) use placement::{data_locations, log_backups_to_migrate};

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use kube::{Resource, ResourceExt};
use placement::{directories, logs_elsewhere, same_storages, with_logs_here};

use super::annotations::inherited;
use super::children::is_owned_by;
use super::competitors::rivals;
use super::recovery_task::recovered;
use super::watch::caches;
use super::watch::triggers::{Change, Changed};
use super::{
    Context, Reconcile, access_of, cluster_of, created_at, database, destination, namespace,
    qualified, same_database,
};
use crate::api::log_backup::LogBackupMode;
use crate::api::{
    BackupStrategy, BackupStrategyStatus, BackupTask, DeletionPolicy, DesiredState, LogBackup,
};
use crate::domain::children::ApplyOutcome;
use crate::domain::strategy::overlap::{is_for, is_for_one_of, may_share_tenants};
use crate::domain::strategy::{self, Effect, ObservedLogBackup, ObservedTask};
use crate::domain::{self, Decision, Finalization, authorization};
use crate::oceanbase::credentials::ClusterKey;
use crate::oceanbase::database::Permit;
use crate::oceanbase::lanes::Lane;
use crate::oceanbase::model::TenantId;

impl Reconcile for BackupStrategy {
    type Observation = strategy::Observation;
    type Effect = Effect;
    type Answer = ApplyOutcome;

    const CONTROLLER: &'static str = "strategy";

    async fn observe(&self, context: &Context) -> strategy::Observation {
        let namespace = namespace(self);
        let cluster = &self.spec.cluster_ref.name;
        // Narrowed: a thousand strategies of one tenant each must not process a thousand tenants
        // each.
        let database = database(context, &namespace, cluster)
            .map(|(_, snapshot)| snapshot.narrowed(|tenant| is_for(&self.spec, &tenant.name)));
        let storage = destination::storage(context, &namespace, &self.spec.storage_ref.name);
        let storage_over = storage
            .as_ref()
            .ok()
            .and_then(|storage| domain::storage::over(&storage.spec, storage.status.as_ref()));
        let version = database.as_ref().ok().map(|snapshot| snapshot.version);
        let root =
            storage.and_then(|storage| destination::desired_location(&storage, version, None));
        let with_logs_here = match (&database, &root) {
            (Ok(snapshot), Ok(root)) => with_logs_here(snapshot, root, &self.spec),
            _ => BTreeSet::new(),
        };
        let key = cluster_of(self, &self.spec.cluster_ref);
        let log_backups = log_backups(context, self, &key);
        let logs_elsewhere = match (&database, &root) {
            (Ok(snapshot), Ok(root)) => {
                logs_elsewhere(context, snapshot, root, &self.spec, &log_backups)
            }
            _ => BTreeSet::new(),
        };
        let (with_full_backup, data_elsewhere) = match (&database, &root) {
            (Ok(snapshot), Ok(root)) => data_locations(snapshot, root, self.spec.data_template()),
            _ => Default::default(),
        };
        let directories = match (&database, &root) {
            (Ok(snapshot), Ok(root)) => directories(snapshot, root, &self.spec),
            _ => BTreeMap::new(),
        };
        let external = match &database {
            Ok(snapshot) => strategy::external_jobs::external(snapshot),
            Err(_) => strategy::external_jobs::ExternalJobs::new(),
        };
        let unsettled = database.as_ref().map_or_else(
            |_| BTreeSet::new(),
            |snapshot| delete_policy::unsettled(context, &key, snapshot),
        );
        let same_storages = root.as_ref().map_or_else(
            |_| BTreeSet::new(),
            |root| same_storages(context, &key, &log_backups, root),
        );
        let access = access_of(context, &key);
        let target =
            root.and_then(|_| authorization::storage(&access, &self.spec.storage_ref.name));
        strategy::Observation {
            target,
            identity: database
                .as_ref()
                .map(|snapshot| snapshot.identity.clone())
                .unwrap_or_default(),
            is_upgrading: database
                .as_ref()
                .is_ok_and(|snapshot| snapshot.is_upgrading),
            rivals: rivals(context, &key, |other| may_share_tenants(&self.spec, other)),
            log_backups: log_backups
                .iter()
                .map(|of| observed_log_backup(&key, of, context))
                .collect(),
            same_storages,
            tasks: self.tasks(context, &namespace),
            locations: database.as_ref().map_or_else(
                |_| Vec::new(),
                |snapshot| destinations::locations(context, self, snapshot),
            ),
            database: database.map(|snapshot| snapshot.tenants.values().cloned().collect()),
            unsettled,
            with_full_backup,
            with_logs_here,
            external,
            logs_elsewhere,
            data_elsewhere,
            directories,
            recovered: recovered(context, &key),
            drills: self.drills(context, &namespace),
            cleanups: cleanups::observed(self, context),
            asked_cleanups: cleanups::asked(self, &key, context),
            storage_over,
            least_window_days: context.least_window_days,
        }
    }

    fn decide(
        &self,
        observed: &strategy::Observation,
        answer: Option<(&Effect, &ApplyOutcome)>,
        context: &Context,
    ) -> Decision<BackupStrategyStatus, Effect> {
        let created = answer.map(|(_, created)| created);
        let (name, status) = (self.name_any(), self.current_status());
        let strategy = self.strategy(&name, &status);
        strategy::decide(&strategy, observed, created, context.clock.now())
    }

    fn needs_finalizer(&self) -> bool {
        self.spec.deletion_policy == DeletionPolicy::Stop
    }

    fn finalize(
        &self,
        observed: &strategy::Observation,
        answer: Option<(&Effect, &ApplyOutcome)>,
        context: &Context,
    ) -> Finalization<BackupStrategyStatus, Effect> {
        let now = context.clock.now();
        let deleted_at = self.metadata.deletion_timestamp.as_ref();
        let deleted_at = deleted_at.map_or(now, |at| at.0);
        let created = answer.map(|(_, created)| created);
        let (name, status) = (self.name_any(), self.current_status());
        strategy::finalize(
            &self.strategy(&name, &status),
            observed,
            created,
            deleted_at,
            now,
        )
    }

    fn lane(&self, _: &strategy::Observation, effect: &Effect) -> Option<(ClusterKey, Lane)> {
        let cluster = || cluster_of(self, &self.spec.cluster_ref);
        matches!(effect, Effect::ChangePolicy(_)).then(|| (cluster(), Lane::Serial))
    }

    async fn perform(
        &self,
        effect: &Effect,
        observed: &strategy::Observation,
        permit: Option<Permit>,
        context: &Context,
    ) -> ApplyOutcome {
        match effect {
            Effect::ChangePolicy(change) => ApplyOutcome {
                answer: Some(delete_policy::change(change, permit).await),
                ..ApplyOutcome::default()
            },
            _ => self.perform_on_children(effect, observed, context).await,
        }
    }

    fn affected(change: &Change, context: &Context) -> Vec<Arc<Self>> {
        if let Change::Object(Changed::Task(task)) = change {
            return owner_of(&**task, context).into_iter().collect();
        }
        if let Change::Object(Changed::Drill(drill)) = change {
            let name = &drill.spec.strategy_ref.name;
            let strategy = caches::find(&context.caches.strategies, &namespace(&**drill), name);
            return strategy.into_iter().collect();
        }
        if let Change::Object(Changed::Cleanup(task)) = change {
            return owner_of(&**task, context).into_iter().collect();
        }
        // Cheap checks first: a thousand strategies are checked at each change.
        let all = &context.caches.strategies;
        let mut strategies = all.state_filter(|strategy| match change {
            Change::Object(Changed::Strategy(other)) => {
                other.metadata.uid != strategy.metadata.uid
                    && may_share_tenants(&strategy.spec, &other.spec)
            }
            Change::Object(Changed::LogBackup(object)) => {
                is_for(&strategy.spec, &object.spec.tenant_name)
            }
            Change::Database {
                tenants: Some(tenants),
                ..
            } => is_for_one_of(&strategy.spec, tenants),
            Change::Object(Changed::Recovery(task)) => {
                is_for(&strategy.spec, &task.spec.target.tenant_name)
            }
            _ => true,
        });
        strategies.retain(|strategy| {
            let namespace = namespace(&**strategy);
            change.is_about_cluster(context, &namespace, &strategy.spec.cluster_ref.name)
                || change.is_storage(&namespace, &strategy.spec.storage_ref.name)
        });
        strategies
    }

    fn written(&self, before: &BackupStrategyStatus, context: &Context) {
        let (after, slots) = (self.current_status(), &context.metrics.work.slots);
        for (_, outcome) in strategy::closed(&self.spec, before, &after) {
            slots.add_one([&namespace(self), &self.name_any(), &outcome.to_lowercase()]);
        }
    }
}

impl BackupStrategy {
    /// Returns the names of the drills of this strategy.
    fn drills(&self, context: &Context, namespace: &str) -> BTreeSet<String> {
        let name = self.name_any();
        caches::within(&context.caches.drills, namespace)
            .filter(|drill| drill.spec.strategy_ref.name == name)
            .map(|drill| drill.name_any())
            .collect()
    }

    /// Returns the subject of a decision.
    fn strategy<'a>(
        &'a self,
        name: &'a str,
        status: &'a BackupStrategyStatus,
    ) -> strategy::Strategy<'a> {
        strategy::Strategy {
            name,
            uid: self.metadata.uid.as_deref().unwrap_or_default(),
            generation: self.metadata.generation.unwrap_or_default(),
            created_at: created_at(self),
            spec: &self.spec,
            status,
        }
    }

    fn tasks(&self, context: &Context, namespace: &str) -> Vec<ObservedTask> {
        caches::within(&context.caches.tasks, namespace)
            .filter(|task| is_owned_by(&**task, self))
            .map(|task| {
                let status = task.status.clone().unwrap_or_default();
                ObservedTask {
                    name: task.name_any(),
                    version: (
                        task.uid().unwrap_or_default(),
                        task.resource_version().unwrap_or_default(),
                    ),
                    tenant_name: task.spec.tenant_name.clone(),
                    tenant_id: status.tenant_id().map(TenantId),
                    database: status.database,
                    created_at: created_at(&*task),
                    scheduled_at: task.spec.scheduled_time.as_ref().map(|at| at.0),
                    full: task.spec.type_ == crate::api::BackupType::Full,
                    external: task.spec.external_job.is_some(),
                    mirrored_since: task.spec.external_job.as_ref().map(|it| it.start_time.0),
                    deleting: task.metadata.deletion_timestamp.is_some(),
                    started_at: status.start_time.map(|at| at.0),
                    outcome: status.outcome,
                    completed_at: status.completion_time.map(|at| at.0),
                    cause: status.cause,
                }
            })
            .collect()
    }
}

/// Returns the strategy that created a task. An owner is in the same namespace.
fn owner_of<K: Reconcile>(task: &K, context: &Context) -> Option<Arc<BackupStrategy>> {
    let namespace = namespace(task);
    let owners = task.owner_references().iter();
    let mut known = owners
        .filter_map(|owner| caches::find(&context.caches.strategies, &namespace, &owner.name));
    known.find(|strategy| is_owned_by(task, &**strategy))
}

/// Returns whether a strategy created the task.
pub(super) fn is_owned_by_strategy(task: &BackupTask) -> bool {
    task.owner_references()
        .iter()
        .any(|owner| owner.controller == Some(true) && owner.kind == BackupStrategy::kind(&()))
}

/// Returns the log backups of the cluster's database, in any namespace.
fn log_backups(
    context: &Context,
    strategy: &BackupStrategy,
    cluster: &ClusterKey,
) -> Vec<Arc<LogBackup>> {
    let all = &context.caches.log_backups;
    let mut objects = all.state_filter(|object| is_for(&strategy.spec, &object.spec.tenant_name));
    objects.retain(|object| {
        let of = cluster_of(&**object, &object.spec.cluster_ref);
        same_database(context, cluster, &of)
    });
    objects
}

fn observed_log_backup(
    cluster: &ClusterKey,
    object: &LogBackup,
    context: &Context,
) -> ObservedLogBackup {
    let status = object.status.clone().unwrap_or_default();
    let home = namespace(object);
    ObservedLogBackup {
        name: qualified(cluster, &home, &object.name_any()),
        tenant_name: object.spec.tenant_name.clone(),
        tenant_id: status.tenant_id().map(TenantId),
        database: status.database,
        version: object.resource_version().unwrap_or_default(),
        storage: qualified(cluster, &home, &object.spec.storage_ref.name),
        path: object.spec.path.clone(),
        storage_change_policy: object.spec.storage_change_policy,
        is_migrating: placement::is_migrating(context, cluster, object),
        data_left: status.storage_migration.and_then(|known| known.data_from),
        settings: strategy::settings_of(&object.spec),
        // A strategy edits objects only in its own namespace.
        inherited: inherited(object).filter(|_| cluster.namespace == home),
        created_at: created_at(object),
        desired_state: object.spec.state,
        phase: status.phase,
        around_data_backup: object.spec.mode == LogBackupMode::AroundDataBackup
            && object.spec.state == DesiredState::Running,
        full_backup_wanted_since: status.full_backup_wanted_since.map(|at| at.0),
        cause: status.cause,
    }
}
