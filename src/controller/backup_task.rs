//! `BackupTask`: observes its tenant and its job, performs BACKUP and CANCEL BACKUP.

mod children;
mod expiry;
mod log_backup;
mod metrics;
mod migration;
mod ownership;
mod perform;
pub(super) mod queue;
mod references;
mod task_tenant;
mod triggers;

use std::sync::Arc;
use std::time::Duration;

use kube::{Resource, ResourceExt};

pub(super) use metrics::type_label;
use references::{allowed, references, same_cluster, supported};
use task_tenant::TaskTenant;
use triggers::is_affected;

use super::destination::logs::observe_destination;
use super::reconcile::{Expiry, identity};
use super::strategy::is_owned_by_strategy;
use super::watch::caches;
use super::watch::triggers::{Change, Changed};
use super::{Context, Reconcile, created_at, database, destination, namespace};
use crate::api::backup_task::Scope;
use crate::api::{BackupStorage, BackupStrategy, BackupTask, BackupTaskStatus};
use crate::domain::backup::queue::Queue;
use crate::domain::backup::{self, Effect, Held, ObservedDatabase, Target};
use crate::domain::children::ApplyOutcome;
use crate::domain::schedule::Schedule;
use crate::domain::{Blocker, Decision, ObservedTenant};
use crate::oceanbase::credentials::ClusterKey;
use crate::oceanbase::database::Permit;
use crate::oceanbase::destination::Location;
use crate::oceanbase::lanes::Lane;
use crate::oceanbase::model::{Answer, BackupSet, Snapshot, Tenant, TenantId};
use crate::oceanbase::sender::statement_lifetime;
use crate::oceanbase::statement::Command;

/// Observation of a pass over a task.
pub struct Observation {
    decision: backup::Observation,
    key: Option<ClusterKey>,
    storage: Option<Arc<BackupStorage>>,
    path: Option<String>,
}

/// Result of an effect.
pub enum EffectAnswer {
    /// Result of a statement.
    Database(Answer),
    /// Result of changes to objects.
    Objects(ApplyOutcome),
}

impl Observation {
    fn tenant_id(&self) -> Option<TenantId> {
        let database = self.decision.database.as_ref().ok()?;
        Some(database.tenant.tenant.as_ref()?.id)
    }
}

impl Reconcile for BackupTask {
    type Observation = Observation;
    type Effect = Effect;
    type Answer = EffectAnswer;

    const CONTROLLER: &'static str = "backup_task";

    async fn observe(&self, context: &Context) -> Observation {
        let namespace = namespace(self);
        let references = references(self, context, &namespace);
        let database = match &references {
            Ok(references) => database(context, &namespace, &references.cluster),
            Err(blocker) => Err(blocker.clone()),
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
        let version = snapshot.as_ref().map(|snapshot| snapshot.version);
        let storage = references
            .as_ref()
            .map_err(Blocker::clone)
            .and_then(|references| destination::storage(context, &namespace, &references.storage));
        let root = storage
            .as_ref()
            .ok()
            .and_then(|it| destination::root(&it.spec).ok());
        let path = snapshot.as_ref().zip(tenant).map(|(snapshot, tenant)| {
            destination::data_path(root.as_ref(), template, &snapshot.identity, tenant)
        });
        let location = storage
            .as_ref()
            .map_err(Blocker::clone)
            .and_then(|storage| destination::desired_location(storage, version, path.as_deref()));
        let target = references.and_then(|references| {
            allowed(self, context, &references)?;
            let location = location.as_ref().map_err(Blocker::clone)?;
            ownership::check_rejected_edit(self, context, database.as_ref().ok(), location)?;
            supported(&references.settings, version)?;
            Ok(Target {
                cluster: references.cluster,
                storage: references.storage,
                strategy_generation: references.strategy_generation,
                data_path: path.clone(),
                scheduled: is_owned_by_strategy(self),
                settings: references.settings,
                incremental_not_possible: references.incremental_not_possible,
            })
        });
        let queue = match (&key, &snapshot) {
            (Some(key), Some(snapshot)) if backup::may_be_sent(self.status.as_ref()) => {
                queue::queue(self, context, key, snapshot)
            }
            _ => Queue::default(),
        };
        let storage = storage.ok();
        let desired = location.as_ref().ok();
        let observed = (snapshot.as_deref(), tenant.map(Arc::as_ref));
        let task_tenant = TaskTenant::of(self, context, key.as_ref(), storage.as_deref(), observed);
        let logs = task_tenant.and_then(log_backup::observed_archiving);
        let other_owner = task_tenant.and_then(ownership::other_owner);
        let migration =
            task_tenant.and_then(|task_tenant| migration::migration_state(task_tenant, desired?));
        let database = database
            .map(|(key, snapshot)| self.observed_database(context, &key, &snapshot, desired));
        let decision = backup::Observation {
            target,
            database,
            queue,
            children: children::observed(self, context, snapshot.as_deref()),
            logs,
            other_owner,
            migration,
            held: held(self, context, &namespace),
            intent_age: self.intent_age(context),
            statement_lifetime: statement_lifetime(Command::BACKUP_TIMEOUT),
        };
        Observation {
            decision,
            key,
            storage,
            path,
        }
    }

    fn decide(
        &self,
        observed: &Observation,
        answer: Option<(&Effect, &EffectAnswer)>,
        context: &Context,
    ) -> Decision<BackupTaskStatus, Effect> {
        let (uid, name, status) = self.identity();
        let task = self.task(&uid, &name, &status);
        let now = context.clock.now();
        let answer = match answer {
            Some((_, EffectAnswer::Objects(created))) => {
                return backup::on_objects_applied(&task, &observed.decision, created, now);
            }
            Some((effect, EffectAnswer::Database(answer))) => Some((effect, answer)),
            None => None,
        };
        backup::decide(&task, &observed.decision, answer, now)
    }

    fn expiry(&self, context: &Context) -> Expiry {
        expiry::expiry(self, context)
    }

    fn needs_intent(effect: &Effect) -> bool {
        matches!(effect, Effect::Backup { .. })
    }

    fn waiting(&self, observed: &Observation, context: &Context) -> Option<BackupTaskStatus> {
        let (uid, name, status) = self.identity();
        let task = self.task(&uid, &name, &status);
        Some(backup::decide_waiting(&task, &observed.decision, context.clock.now()).status)
    }

    fn lane(&self, observed: &Observation, effect: &Effect) -> Option<(ClusterKey, Lane)> {
        let lane = match effect {
            Effect::SetDestination(_) => {
                let storage_root = observed.storage.as_ref();
                let storage_root = storage_root
                    .and_then(|storage_root| destination::root(&storage_root.spec).ok());
                storage_root.map_or(Lane::Serial, Lane::Storage)
            }
            Effect::Backup { .. } | Effect::Find { .. } | Effect::Cancel { .. } => Lane::Serial,
            Effect::MakeLogBackup(..) | Effect::MakeChildren(_) | Effect::CancelChildren(_) => {
                return None;
            }
        };
        Some((observed.key.clone()?, lane))
    }

    async fn perform(
        &self,
        effect: &Effect,
        observed: &Observation,
        permit: Option<Permit>,
        context: &Context,
    ) -> EffectAnswer {
        match effect {
            Effect::MakeLogBackup(name, spec) => {
                let creation = children::create_log_backup(self, name, spec, observed, context);
                EffectAnswer::Objects(creation.await)
            }
            Effect::MakeChildren(children) => {
                let creation = children::create_all(self, children, observed, context);
                EffectAnswer::Objects(creation.await)
            }
            Effect::CancelChildren(children) => {
                EffectAnswer::Objects(children::cancel_all(self, children, context).await)
            }
            statement => EffectAnswer::Database(match permit {
                Some(permit) => perform::send(self, statement, observed, permit, context).await,
                None => Answer::NotSent("the cluster is busy".to_owned()),
            }),
        }
    }

    fn affected(change: &Change, context: &Context) -> Vec<Arc<Self>> {
        let mut requeued = queue::requeued(change, context);
        requeued.extend(children::parent_of(change, context));
        if matches!(change, Change::Object(Changed::Task(_))) {
            return requeued;
        }
        let mut tasks = context.caches.tasks.state_filter(queue::is_open);
        tasks.retain(|task| is_affected(task, change, context));
        requeued.extend(tasks);
        requeued
    }

    fn written(&self, before: &BackupTaskStatus, context: &Context) {
        let after = self.current_status();
        // Counts each backup once: not again for the task for several tenants.
        if self.spec.scope == Scope::Tenant && self.spec.external_job.is_none() {
            metrics::ended(self, before, &after, &context.metrics.work);
        }
    }
}

impl BackupTask {
    /// Returns the state of the database.
    fn observed_database(
        &self,
        context: &Context,
        key: &ClusterKey,
        snapshot: &Snapshot,
        wanted: Option<&Location>,
    ) -> ObservedDatabase {
        let tenant = tenant_of(self, snapshot).cloned();
        let shown = tenant.as_ref();
        let shown = shown.and_then(|tenant| tenant.data_dest.as_deref());
        let clusters = &context.clusters;
        ObservedDatabase {
            identity: snapshot.identity.clone(),
            version: snapshot.version,
            is_upgrading: snapshot.is_upgrading,
            previous_set: tenant.as_deref().and_then(previous_set),
            parents: Arc::clone(&snapshot.parents),
            tenant: ObservedTenant {
                destination: observe_destination(shown, wanted),
                settled: clusters.is_settled(key, &self.spec.tenant_name, snapshot),
                tenant,
            },
        }
    }

    /// Returns how long this process has known the intent in the status.
    fn intent_age(&self, context: &Context) -> Duration {
        let intent = self.status.as_ref().and_then(backup::open_intent);
        context.memory.intent_age(&identity(self), intent)
    }

    fn identity(&self) -> (String, String, BackupTaskStatus) {
        let uid = self.uid().unwrap_or_default();
        (uid, self.name_any(), self.current_status())
    }

    /// Returns the subject of a decision.
    fn task<'a>(
        &'a self,
        uid: &'a str,
        name: &'a str,
        status: &'a BackupTaskStatus,
    ) -> backup::Task<'a> {
        backup::Task {
            uid,
            name,
            owned: is_owned(self),
            generation: self.metadata.generation.unwrap_or_default(),
            created_at: created_at(self),
            spec: &self.spec,
            status,
        }
    }
}

/// Returns the newest backup set in the tenant's current data destination: the base of the next
/// incremental backup.
fn previous_set(tenant: &Tenant) -> Option<BackupSet> {
    let destination = Location::read_back(tenant.data_dest.as_deref()?);
    let here = tenant
        .sets
        .iter()
        .filter(|set| set.success && destination.is_same_as(&Location::read_back(&set.path)));
    here.max_by_key(|set| set.id.0).cloned()
}

/// Returns what delays a task of a strategy. A user's task is not delayed.
fn held(task: &BackupTask, context: &Context, namespace: &str) -> Option<Held> {
    let reference = task.spec.strategy_ref.as_ref();
    let reference = reference.filter(|_| is_owned_by_strategy(task))?;
    let strategy = caches::find(&context.caches.strategies, namespace, &reference.name)?;
    if strategy.spec.suspend {
        return Some(Held::Suspended);
    }
    let schedule = &strategy.spec.schedule;
    if schedule.blackout_windows.is_empty() {
        return None;
    }
    let schedule = Schedule::parse(schedule).ok()?;
    let blackout = schedule.blackout(context.clock.now())?;
    Some(Held::Blackout(blackout.until))
}

/// Returns the tenant of a sent backup, even after a rename; otherwise the tenant that has, or had,
/// the name.
fn tenant_of<'a>(task: &BackupTask, snapshot: &'a Snapshot) -> Option<&'a Arc<Tenant>> {
    let status = task.status.as_ref();
    let known = status.and_then(|status| snapshot.tenants.get(&TenantId(status.tenant_id()?)));
    let has_sent = status.is_some_and(|status| !status.attempts.is_empty());
    known
        .filter(|_| has_sent || task.spec.external_job.is_some())
        .or_else(|| snapshot.tenant(&task.spec.tenant_name))
        .or(known)
}

/// Returns whether a strategy or a task owns the task. No other tool then reapplies it.
fn is_owned(task: &BackupTask) -> bool {
    let kinds = [BackupStrategy::kind(&()), BackupTask::kind(&())];
    let owners = task.owner_references();
    owners
        .iter()
        .any(|owner| owner.controller == Some(true) && kinds.iter().any(|kind| *kind == owner.kind))
}
