//! `RecoveryTask`: observes its backups and its target, performs RESTORE or RECOVER TABLE and
//! related statements.

mod passwords;
mod perform;
mod source;
mod verification;

use std::collections::BTreeSet;
use std::sync::Arc;

use kube::ResourceExt;

use super::reconcile::{Expiry, identity};
use super::watch::caches;
use super::watch::triggers::{Change, Changed};
use super::{Context, Reconcile, cluster_of, database, namespace, same_database};
use crate::api::cluster::Recovery as RecoveryRules;
use crate::api::recovery_task::TargetType;
use crate::api::{RecoveryTask, RecoveryTaskStatus};
use crate::domain::recovery::{self, Effect, ObservedTarget};
use crate::domain::{Blocker, Decision, Finalization, database_id, tenant};
use crate::oceanbase::credentials::ClusterKey;
use crate::oceanbase::database::Permit;
use crate::oceanbase::lanes::Lane;
use crate::oceanbase::model::{Answer, RestoreKey, Snapshot, Tenant, TenantId};

/// Observation of a pass over a task.
pub struct Observation {
    decision: recovery::Observation,
    key: Option<ClusterKey>,
    /// Destinations of the backups.
    locations: Option<source::SourceDestinations>,
}

impl Reconcile for RecoveryTask {
    type Observation = Observation;
    type Effect = Effect;
    type Answer = Answer;

    const CONTROLLER: &'static str = "recovery_task";

    async fn observe(&self, context: &Context) -> Observation {
        let namespace = namespace(self);
        let status = self.current_status();
        let is_over = status.outcome.is_some();
        let target = database(context, &namespace, &self.spec.target.cluster_ref.name);
        let target = target.and_then(|(key, snapshot)| {
            still_there(&status, &snapshot)?;
            Ok((key, snapshot))
        });
        let key = target.as_ref().ok().map(|(key, _)| key.clone());
        if let Some(key) = key.as_ref().filter(|_| !is_over) {
            context.clusters.want_restores(key);
        }
        let found = source::find(self, context);
        let restore_key = status.key.as_deref().and_then(RestoreKey::parse);
        let handed_over = key.as_ref().zip(restore_key);
        let handed_over = handed_over
            .and_then(|(cluster, restore)| context.clusters.handed_over(cluster, &restore));
        let intent = recovery::open_intent(&status).filter(|_| !is_over);
        let locations = found.as_ref().ok().map(|found| found.locations.clone());
        let secrets = match status.step {
            None if !is_over => match passwords::wrong_secret(self, context).await {
                None => verification::wrong_secret(self, context).await,
                wrong => wrong,
            },
            _ => None,
        };
        let turn = key
            .as_ref()
            .filter(|_| !is_over)
            .and_then(|key| verification::turn(self, key, context));
        let decision = recovery::Observation {
            forbidden: self.forbidden(context),
            secrets,
            turn,
            source: found.map(|found| found.observed),
            target: target.map(|(key, snapshot)| self.observed_target(&key, &snapshot, context)),
            handed_over,
            intent_age: context.memory.intent_age(&identity(self), intent),
        };
        let name = self.full_name();
        let task = self.task(&name, &status);
        if let Some(key) = key
            .as_ref()
            .filter(|_| recovery::wants_servers(&task, &decision))
        {
            context.clusters.want_servers(key);
        }
        Observation {
            decision,
            key,
            locations,
        }
    }

    fn decide(
        &self,
        observed: &Observation,
        answer: Option<(&Effect, &Answer)>,
        context: &Context,
    ) -> Decision<RecoveryTaskStatus, Effect> {
        let (status, name) = (self.current_status(), self.full_name());
        let task = self.task(&name, &status);
        let decision = recovery::decide(&task, &observed.decision, answer, context.clock.now());
        if self.spec.verification.is_some() && decision.status.step.is_none() {
            verification::give_back(self, context);
        }
        decision
    }

    /// A verification drops its tenant even if its object is deleted before the end.
    fn needs_finalizer(&self) -> bool {
        self.spec.verification.is_some() && !is_over(self)
    }

    fn finalize(
        &self,
        observed: &Observation,
        answer: Option<(&Effect, &Answer)>,
        context: &Context,
    ) -> Finalization<RecoveryTaskStatus, Effect> {
        let now = context.clock.now();
        let deleted_at = self.metadata.deletion_timestamp.as_ref();
        let deleted_at = deleted_at.map_or(now, |at| at.0);
        let (status, name) = (self.current_status(), self.full_name());
        let task = self.task(&name, &status);
        recovery::finalize(&task, &observed.decision, answer, deleted_at, now)
    }

    fn waiting(&self, observed: &Observation, context: &Context) -> Option<RecoveryTaskStatus> {
        let (name, status) = (self.full_name(), self.current_status());
        let task = self.task(&name, &status);
        let waiting = recovery::decide_waiting(&task, &observed.decision, context.clock.now());
        Some(waiting.status)
    }

    fn expiry(&self, _context: &Context) -> Expiry {
        let end = self.status.as_ref();
        let end = end.and_then(|status| status.completion_time.as_ref());
        Expiry::of(end, self.spec.ttl_seconds_after_finished)
    }

    fn needs_intent(effect: &Effect) -> bool {
        matches!(
            effect,
            Effect::Restore { .. } | Effect::RecoverTables { .. }
        )
    }

    fn lane(&self, observed: &Observation, effect: &Effect) -> Option<(ClusterKey, Lane)> {
        let lane = match effect {
            Effect::CreateUnit(_)
            | Effect::CreatePool(_)
            | Effect::Find { .. }
            | Effect::Upgrade { .. }
            | Effect::FindTables { .. }
            | Effect::CancelTables { .. }
            | Effect::DropPool(_)
            | Effect::DropUnit(_) => Lane::Serial,
            // These statements take long in the database.
            Effect::Preview(_)
            | Effect::Restore { .. }
            | Effect::RecoverTables { .. }
            | Effect::Cancel { .. }
            | Effect::DropTenant { .. }
            | Effect::DropAuxiliary { .. }
            | Effect::Check { .. }
            | Effect::Activate { .. } => Lane::Recovery,
        };
        Some((observed.key.clone()?, lane))
    }

    async fn perform(
        &self,
        effect: &Effect,
        observed: &Observation,
        permit: Option<Permit>,
        context: &Context,
    ) -> Answer {
        match permit {
            Some(permit) => perform::send(self, effect, observed, permit, context).await,
            None => Answer::NotSent("the cluster is busy".to_owned()),
        }
    }

    fn affected(change: &Change, context: &Context) -> Vec<Arc<Self>> {
        context
            .caches
            .recoveries
            .state_filter(|task| !is_over(task) && is_affected(task, change, context))
    }

    fn written(&self, before: &RecoveryTaskStatus, context: &Context) {
        let status = self.current_status();
        if let (None, Some(outcome)) = (&before.outcome, &status.outcome) {
            let work = &context.metrics.work;
            work.recoveries.add_one([&outcome.to_lowercase()]);
            let progress = status.verification.as_ref();
            if let Some(result) = progress.and_then(|progress| progress.result.as_deref()) {
                work.verifications.add_one([&result.to_lowercase()]);
            }
        }
    }
}

impl RecoveryTask {
    /// Returns the unique name of the task.
    fn full_name(&self) -> String {
        format!("{}/{}", namespace(self), self.name_any())
    }

    /// Returns the subject of a decision.
    fn task<'a>(&'a self, name: &'a str, status: &'a RecoveryTaskStatus) -> recovery::Task<'a> {
        recovery::Task {
            generation: self.metadata.generation.unwrap_or_default(),
            name,
            spec: &self.spec,
            status,
        }
    }

    fn observed_target(
        &self,
        key: &ClusterKey,
        snapshot: &Snapshot,
        context: &Context,
    ) -> ObservedTarget {
        let name = &self.spec.target.tenant_name;
        let status = self.status.as_ref();
        let auxiliary = status.and_then(|status| status.auxiliary_tenant.as_deref());
        ObservedTarget {
            identity: snapshot.identity.clone(),
            version: snapshot.version,
            is_upgrading: snapshot.is_upgrading,
            privileges: context.clusters.privileges(key),
            tenant: self.tenant_in(snapshot).cloned(),
            auxiliary: auxiliary.and_then(|name| snapshot.tenant(name).cloned()),
            settled: context.clusters.is_settled(key, name, snapshot),
            restores: snapshot.restores.clone(),
        }
    }

    /// Returns the tenant of the target. For a new tenant, the name is also matched without case:
    /// whether the database distinguishes case depends on its configuration.
    fn tenant_in<'a>(&self, snapshot: &'a Snapshot) -> Option<&'a Arc<Tenant>> {
        let target = &self.spec.target;
        let alike = || {
            let mut tenants = snapshot.tenants.values();
            tenants.find(|tenant| tenant.name.eq_ignore_ascii_case(&target.tenant_name))
        };
        let exact = snapshot.tenant(&target.tenant_name);
        match target.type_ {
            TargetType::NewTenant => exact.or_else(alike),
            TargetType::ExistingTenant => exact,
        }
    }

    /// Returns why the recovery is not allowed; `None` if the OceanBaseCluster that decides it does
    /// not exist.
    fn forbidden(&self, context: &Context) -> Option<Blocker> {
        let spec = &self.spec;
        let target = &spec.target;
        let rules = self.rules(&target.cluster_ref.name, context)?;
        let cluster = &target.cluster_ref.name;
        let verifies = spec.verification.is_some();
        let source_allowed = if verifies {
            recovery::verification_allowed
        } else {
            recovery::source_allowed
        };
        let target_allowed = match target.type_ {
            _ if verifies => recovery::scratch_allowed,
            TargetType::NewTenant => recovery::target_allowed,
            TargetType::ExistingTenant => recovery::existing_target_allowed,
        };
        target_allowed(&rules, cluster, &target.tenant_name)
            .and_then(|()| match &spec.source.storage {
                Some(storage) => source_allowed(&rules, cluster, &storage.tenant_name),
                None => Ok(()),
            })
            .and_then(|()| {
                let Some(tenant) = &spec.source.tenant else {
                    return Ok(());
                };
                let cluster = &tenant.cluster_ref.name;
                match self.rules(cluster, context) {
                    Some(rules) => source_allowed(&rules, cluster, &tenant.tenant_name),
                    None => Ok(()),
                }
            })
            .err()
    }

    /// Returns the recovery rules of an OceanBaseCluster.
    fn rules(&self, cluster: &str, context: &Context) -> Option<RecoveryRules> {
        let object = caches::find(&context.caches.clusters, &namespace(self), cluster)?;
        Some(object.spec.recovery.clone())
    }
}

fn is_over(task: &RecoveryTask) -> bool {
    let status = task.status.as_ref();
    status.is_some_and(|status| status.outcome.is_some())
}

/// Returns whether a change affects an unfinished task.
fn is_affected(task: &RecoveryTask, change: &Change, context: &Context) -> bool {
    let namespace = namespace(task);
    let target = &task.spec.target;
    let source = task.spec.source.tenant.as_ref();
    match change {
        Change::Everything => true,
        Change::Database { .. } => {
            change.is_about_tenant(&namespace, &target.cluster_ref.name, &target.tenant_name)
        }
        Change::Object(Changed::Cluster(_)) => {
            let source = source.map(|source| &source.cluster_ref);
            let mut clusters = source.into_iter().chain([&target.cluster_ref]);
            clusters.any(|cluster| change.is_about_cluster(context, &namespace, &cluster.name))
        }
        Change::Object(Changed::Storage(storage)) => {
            storage.namespace().as_deref() == Some(&*namespace)
        }
        Change::Object(Changed::LogBackup(log_backup)) => {
            log_backup.namespace().as_deref() == Some(&*namespace)
                && source.is_some_and(|source| log_backup.spec.tenant_name == source.tenant_name)
        }
        // A verification starts when another one ends.
        Change::Object(Changed::Recovery(other)) => {
            let waits = task
                .status
                .as_ref()
                .is_none_or(|status| status.step.is_none());
            waits && task.spec.verification.is_some() && other.spec.verification.is_some()
        }
        Change::Object(
            Changed::Strategy(_) | Changed::Task(_) | Changed::Cleanup(_) | Changed::Drill(_),
        ) => false,
    }
}

/// Returns the tenants that recoveries have created in a cluster's database, as far as their tasks
/// exist.
pub(super) fn recovered(context: &Context, cluster: &ClusterKey) -> BTreeSet<TenantId> {
    let tasks = context.caches.recoveries.state();
    let created = tasks.into_iter().filter_map(|task| {
        let id = task.status.as_ref()?.target_tenant_id()?;
        let target = cluster_of(&*task, &task.spec.target.cluster_ref);
        same_database(context, cluster, &target).then_some(TenantId(id))
    });
    created.collect()
}

/// Checks that a started recovery can be followed in this database: all databases number their jobs
/// and tenants alike.
fn still_there(status: &RecoveryTaskStatus, snapshot: &Snapshot) -> Result<(), Blocker> {
    let began = status.database.as_ref().filter(|_| status.step.is_some());
    if began.is_none_or(|began| database_id(began) == snapshot.identity.database()) {
        return Ok(());
    }
    Err(Blocker::permanent(
        tenant::CLUSTER_REPLACED,
        "the OceanBaseCluster was recreated for another database: check the outcome of the \
         recovery in the database in which it started, then create a new RecoveryTask",
    ))
}
