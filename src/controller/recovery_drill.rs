//! `RecoveryDrill`: observes the tenants of its strategy and its RecoveryTasks, which it creates and
//! deletes.

mod perform;

use std::sync::Arc;

use kube::ResourceExt;

use super::children::is_owned_by;
use super::competitors::rivals;
use super::recovery_task::recovered;
use super::strategy::data_locations;
use super::watch::caches;
use super::watch::malformed::missing;
use super::watch::triggers::{Change, Changed};
use super::{Context, Reconcile, database, destination, namespace};
use crate::api::{BackupStrategy, RecoveryDrill, RecoveryDrillStatus, RecoveryTask};
use crate::domain::children::ApplyOutcome;
use crate::domain::drill::{self, Effect, Observation, ObservedStrategy, ObservedTask};
use crate::domain::strategy::matched;
use crate::domain::strategy::overlap::{is_for, is_for_one_of, may_share_tenants};
use crate::domain::{Blocker, Decision};
use crate::oceanbase::credentials::ClusterKey;
use crate::oceanbase::database::Permit;
use crate::oceanbase::lanes::Lane;

impl Reconcile for RecoveryDrill {
    type Observation = Observation;
    type Effect = Effect;
    type Answer = ApplyOutcome;

    const CONTROLLER: &'static str = "recovery_drill";

    async fn observe(&self, context: &Context) -> Observation {
        Observation {
            strategy: self.observed_strategy(context),
            tasks: self.tasks(context),
        }
    }

    fn decide(
        &self,
        observed: &Observation,
        answer: Option<(&Effect, &ApplyOutcome)>,
        context: &Context,
    ) -> Decision<RecoveryDrillStatus, Effect> {
        let (name, status) = (self.name_any(), self.current_status());
        let subject = drill::Drill {
            name: &name,
            uid: self.metadata.uid.as_deref().unwrap_or_default(),
            generation: self.metadata.generation.unwrap_or_default(),
            spec: &self.spec,
            status: &status,
        };
        let created = answer.map(|(_, created)| created);
        drill::decide(&subject, observed, created, context.clock.now())
    }

    fn lane(&self, _: &Observation, _: &Effect) -> Option<(ClusterKey, Lane)> {
        None
    }

    async fn perform(
        &self,
        effect: &Effect,
        _: &Observation,
        _: Option<Permit>,
        context: &Context,
    ) -> ApplyOutcome {
        self.perform_on_tasks(effect, context).await
    }

    fn affected(change: &Change, context: &Context) -> Vec<Arc<Self>> {
        if let Change::Object(Changed::Recovery(task)) = change
            && let Some(owner) = owner_of(task, context)
        {
            return vec![owner];
        }
        let all = &context.caches.drills;
        match change {
            Change::Object(
                Changed::Task(_) | Changed::LogBackup(_) | Changed::Cleanup(_) | Changed::Drill(_),
            ) => Vec::new(),
            _ => all.state_filter(|drill| drill.is_affected(change, context)),
        }
    }
}

impl RecoveryDrill {
    fn strategy(&self, context: &Context) -> Option<Arc<BackupStrategy>> {
        let name = &self.spec.strategy_ref.name;
        caches::find(&context.caches.strategies, &namespace(self), name)
    }

    fn observed_strategy(&self, context: &Context) -> Result<ObservedStrategy, Blocker> {
        let (namespace, name) = (namespace(self), &self.spec.strategy_ref.name);
        let strategy = self.strategy(context).ok_or_else(|| {
            let reason = "StrategyNotFound";
            missing::<BackupStrategy>(context, "strategyRef", reason, &namespace, name)
        })?;
        let spec = &strategy.spec;
        // A cluster that rejects the login now may accept it later.
        let database = database(context, &namespace, &spec.cluster_ref.name);
        let (key, snapshot) = database.map_err(|blocker| blocker.as_waiting())?;
        let snapshot = snapshot.narrowed(|tenant| is_for(spec, &tenant.name));
        let storage = destination::storage(context, &namespace, &spec.storage_ref.name)?;
        let root = destination::desired_location(&storage, Some(snapshot.version), None)?;
        let (with_full_backup, _) = data_locations(&snapshot, &root, spec.data_template());
        let rivals = rivals(context, &key, |other| may_share_tenants(spec, other));
        let recovered = recovered(context, &key);
        let tenants = snapshot.tenants.values();
        Ok(ObservedStrategy {
            cluster: spec.cluster_ref.clone(),
            tenants: matched(name, &rivals, tenants, &recovered),
            with_full_backup,
        })
    }

    /// Returns the existing RecoveryTasks.
    fn tasks(&self, context: &Context) -> Vec<ObservedTask> {
        let namespace = namespace(self);
        caches::within(&context.caches.recoveries, &namespace)
            .filter(|task| is_owned_by(&**task, self))
            .map(|task| {
                let status = task.status.clone().unwrap_or_default();
                let source = task.spec.source.tenant.as_ref();
                ObservedTask {
                    name: task.name_any(),
                    version: (
                        task.uid().unwrap_or_default(),
                        task.resource_version().unwrap_or_default(),
                    ),
                    tenant_name: source
                        .map(|source| source.tenant_name.clone())
                        .unwrap_or_default(),
                    deleting: task.metadata.deletion_timestamp.is_some(),
                    outcome: status.outcome,
                    completed_at: status.completion_time.map(|at| at.0),
                    rto_seconds: status
                        .verification
                        .and_then(|progress| progress.rto_seconds),
                    restore_time: status.restore_time,
                    cause: status.cause,
                }
            })
            .collect()
    }

    fn is_affected(&self, change: &Change, context: &Context) -> bool {
        let namespace = namespace(self);
        if let Change::Object(Changed::Strategy(strategy)) = change
            && strategy.metadata.namespace == self.metadata.namespace
            && strategy.name_any() == self.spec.strategy_ref.name
        {
            return true;
        }
        let Some(strategy) = self.strategy(context) else {
            return matches!(change, Change::Everything);
        };
        let spec = &strategy.spec;
        let may_matter = match change {
            Change::Object(Changed::Strategy(other)) => may_share_tenants(spec, &other.spec),
            Change::Database {
                tenants: Some(tenants),
                ..
            } => is_for_one_of(spec, tenants),
            _ => true,
        };
        may_matter
            && (change.is_about_cluster(context, &namespace, &spec.cluster_ref.name)
                || change.is_storage(&namespace, &spec.storage_ref.name))
    }
}

/// Returns the drill that created a task. An owner is in the same namespace.
fn owner_of(task: &RecoveryTask, context: &Context) -> Option<Arc<RecoveryDrill>> {
    let namespace = namespace(task);
    let owners = task.owner_references().iter();
    let mut known =
        owners.filter_map(|owner| caches::find(&context.caches.drills, &namespace, &owner.name));
    known.find(|drill| is_owned_by(task, &**drill))
}
