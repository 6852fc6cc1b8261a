//! `CleanupTask`: observes the tenant's backups and cleanups, performs the requested cleanup.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use kube::{Resource, ResourceExt};

use super::reconcile::{Expiry, identity};
use super::watch::triggers::{Change, Changed};
use super::{Context, Reconcile, access_of, cluster_of, database, namespace, same_database};
use crate::api::{BackupStrategy, CleanupTask, CleanupTaskStatus, RecoveryTask};
use crate::domain::cleanup::{self, Effect, ObservedDatabase};
use crate::domain::{Decision, authorization};
use crate::oceanbase::credentials::ClusterKey;
use crate::oceanbase::database::Permit;
use crate::oceanbase::lanes::Lane;
use crate::oceanbase::model::{Answer, Snapshot, Tenant, TenantId};
use crate::oceanbase::sender::statement_lifetime;
use crate::oceanbase::statement::Command;

/// Observation of a pass over a task.
pub struct Observation {
    decision: cleanup::Observation,
    key: Option<ClusterKey>,
}

impl Reconcile for CleanupTask {
    type Observation = Observation;
    type Effect = Effect;
    type Answer = Answer;

    const CONTROLLER: &'static str = "cleanup_task";

    async fn observe(&self, context: &Context) -> Observation {
        let cluster = cluster_of(self, &self.spec.cluster_ref);
        let database = database(context, &cluster.namespace, &cluster.name);
        let key = database.as_ref().ok().map(|(key, _)| key.clone());
        let database = database.map(|(key, snapshot)| {
            let tenant = self.tenant(&snapshot).cloned();
            let name = tenant
                .as_ref()
                .map_or(&self.spec.tenant_name, |it| &it.name);
            ObservedDatabase {
                identity: snapshot.identity.clone(),
                version: snapshot.version,
                settled: context.clusters.is_settled(&key, name, &snapshot),
                predates_task: self.is_younger_than(&snapshot, context.clock.now()),
                tenant,
                newest_cleanup: snapshot.newest_cleanup,
            }
        });
        let intent = self.status.as_ref().and_then(cleanup::open_intent);
        let decision = cleanup::Observation {
            allowed: authorization::tenant(&access_of(context, &cluster), &self.spec.tenant_name),
            database,
            recovery: recovery_from(self, &cluster, context),
            intent_age: context.memory.intent_age(&identity(self), intent),
            statement_lifetime: statement_lifetime(Command::BACKUP_TIMEOUT),
        };
        Observation { decision, key }
    }

    fn decide(
        &self,
        observed: &Observation,
        answer: Option<(&Effect, &Answer)>,
        context: &Context,
    ) -> Decision<CleanupTaskStatus, Effect> {
        let status = self.current_status();
        let task = self.task(&status);
        cleanup::decide(&task, &observed.decision, answer, context.clock.now())
    }

    fn expiry(&self, _context: &Context) -> Expiry {
        let end = self.status.as_ref();
        let end = end.and_then(|status| status.completion_time.as_ref());
        Expiry::of(end, self.spec.ttl_seconds_after_finished)
    }

    fn needs_intent(effect: &Effect) -> bool {
        matches!(effect, Effect::Delete { .. })
    }

    fn waiting(&self, observed: &Observation, context: &Context) -> Option<CleanupTaskStatus> {
        let status = self.current_status();
        let task = self.task(&status);
        Some(cleanup::decide_waiting(&task, &observed.decision, context.clock.now()).status)
    }

    fn lane(&self, observed: &Observation, _: &Effect) -> Option<(ClusterKey, Lane)> {
        Some((observed.key.clone()?, Lane::Serial))
    }

    async fn perform(
        &self,
        effect: &Effect,
        _: &Observation,
        permit: Option<Permit>,
        _: &Context,
    ) -> Answer {
        let Some(mut permit) = permit else {
            return Answer::NotSent("the cluster is busy".to_owned());
        };
        permit.send(&Command::from(effect.clone())).await
    }

    fn affected(change: &Change, context: &Context) -> Vec<Arc<Self>> {
        let tasks = &context.caches.cleanups;
        tasks.state_filter(|task| !is_over(task) && is_affected(task, change, context))
    }
}

impl CleanupTask {
    fn task<'a>(&'a self, status: &'a CleanupTaskStatus) -> cleanup::Task<'a> {
        cleanup::Task {
            generation: self.metadata.generation.unwrap_or_default(),
            owned: is_owned_by_strategy(self),
            created_at: self.meta().creation_timestamp.as_ref().map(|at| at.0),
            spec: &self.spec,
            status,
        }
    }

    /// Returns whether the object may have been created after the snapshot was read. A creation in
    /// the future comes from another clock and is ignored.
    fn is_younger_than(&self, snapshot: &Snapshot, now: Timestamp) -> bool {
        let created = self.meta().creation_timestamp.as_ref();
        created.is_some_and(|created| {
            // The API server truncates fractions of a second.
            let latest = created.0 + SignedDuration::from_secs(1);
            snapshot.read_at < latest && created.0 <= now
        })
    }

    /// Returns the tenant for which the cleanup was started, even after a rename; before that, the
    /// tenant of the given name.
    fn tenant<'a>(&self, snapshot: &'a Snapshot) -> Option<&'a Arc<Tenant>> {
        let status = self.status.as_ref();
        let begun = status.filter(|status| status.statement.is_some() || status.job_id.is_some());
        match begun.and_then(CleanupTaskStatus::tenant_id) {
            Some(id) => snapshot.tenants.get(&TenantId(id)),
            None => snapshot.tenant(&self.spec.tenant_name),
        }
    }
}

/// Returns a running recovery from the tenant's backups, from any namespace.
fn recovery_from(task: &CleanupTask, cluster: &ClusterKey, context: &Context) -> Option<String> {
    let is_it = |recovery: &RecoveryTask| {
        let status = recovery.status.as_ref();
        let runs = status.is_some_and(|it| it.step.is_some() && it.outcome.is_none());
        let source = recovery.spec.source.tenant.as_ref();
        runs && source.is_some_and(|source| source.tenant_name == task.spec.tenant_name)
    };
    let all = context.caches.recoveries.state_filter(is_it);
    let found = all.iter().find(|recovery| {
        let source = recovery.spec.source.tenant.as_ref();
        source.is_some_and(|source| {
            let of = cluster_of(&***recovery, &source.cluster_ref);
            same_database(context, cluster, &of)
        })
    });
    found.map(|recovery| recovery.name_any())
}

/// Returns whether a strategy created the task to show a cleanup of the database.
fn is_owned_by_strategy(task: &CleanupTask) -> bool {
    let owners = task.owner_references();
    owners
        .iter()
        .any(|owner| owner.controller == Some(true) && owner.kind == BackupStrategy::kind(&()))
}

fn is_over(task: &CleanupTask) -> bool {
    let status = task.status.as_ref();
    status.is_some_and(|status| status.outcome.is_some())
}

/// Returns whether a change affects an unfinished task.
fn is_affected(task: &CleanupTask, change: &Change, context: &Context) -> bool {
    let namespace = namespace(task);
    let cluster = &task.spec.cluster_ref.name;
    match change {
        // A recovery may read from another cluster than its target.
        Change::Everything | Change::Object(Changed::Recovery(_)) => true,
        Change::Database { .. } => {
            change.is_about_tenant(&namespace, cluster, &task.spec.tenant_name)
        }
        Change::Object(Changed::Cluster(_)) => {
            change.is_about_cluster(context, &namespace, cluster)
        }
        Change::Object(_) => false,
    }
}
