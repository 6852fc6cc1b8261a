//! `OceanBaseCluster`: observes the database, performs nothing.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use kube::ResourceExt;

use super::backup_task::queue;
use super::watch::triggers::{Change, Changed};
use super::{Context, Reconcile, cluster_of, connecting, database, namespace, same_database};
use crate::api::log_backup::LogBackupMode;
use crate::api::{DesiredState, OceanBaseCluster, OceanBaseClusterStatus};
use crate::domain::{Decision, cluster};
use crate::oceanbase::credentials::ClusterKey;
use crate::oceanbase::database::Permit;
use crate::oceanbase::lanes::Lane;
use crate::oceanbase::model::TenantId;

impl Reconcile for OceanBaseCluster {
    type Observation = cluster::Observation;
    type Effect = Infallible;
    type Answer = Infallible;

    const CONTROLLER: &'static str = "cluster";
    const DEBOUNCE: Duration = Duration::from_secs(1);

    async fn observe(&self, context: &Context) -> cluster::Observation {
        let (namespace, name) = (namespace(self), self.name_any());
        let key = ClusterKey::new(&namespace, &name);
        let observed = self
            .status
            .as_ref()
            .and_then(|status| status.observed_generation);
        if observed != self.metadata.generation {
            // Endpoints, account or TLS settings may have changed.
            context.clusters.reload(&key);
        }
        let mut database = database(context, &namespace, &name).map(|(_, snapshot)| snapshot);
        if context.clusters.is_reloading(&key) {
            // The current snapshot may come from the previous settings.
            database = Err(connecting());
        }
        let tasks = queue::tasks_of_database(context, &key);
        let queued = tasks.iter().filter(|task| {
            let status = task.status.as_ref();
            status.is_some_and(|status| status.queue_position.is_some())
        });
        let mut strategies = context.caches.strategies.state();
        strategies.retain(|strategy| {
            let of = cluster_of(&**strategy, &strategy.spec.cluster_ref);
            same_database(context, &key, &of)
        });
        let shown = || strategies.iter().map(|strategy| strategy.status.as_ref());
        cluster::Observation {
            queued_tasks: queued.count(),
            archived_around: archived_around(context, &key),
            database,
            privileges: context.clusters.privileges(&key),
            strategy_phases: shown()
                .map(|status| status.and_then(|status| status.phase.clone()))
                .collect(),
            alerts: shown()
                .filter_map(|status| status?.alert_count)
                .fold(0, i32::saturating_add),
        }
    }

    fn decide(
        &self,
        observed: &cluster::Observation,
        _: Option<(&Infallible, &Infallible)>,
        context: &Context,
    ) -> Decision<OceanBaseClusterStatus, Infallible> {
        let generation = self.metadata.generation.unwrap_or_default();
        cluster::decide(
            &self.spec,
            generation,
            &self.current_status(),
            observed,
            context.clock.now(),
        )
    }

    fn lane(&self, _: &cluster::Observation, effect: &Infallible) -> Option<(ClusterKey, Lane)> {
        match *effect {}
    }

    async fn perform(
        &self,
        effect: &Infallible,
        _: &cluster::Observation,
        _: Option<Permit>,
        _: &Context,
    ) -> Infallible {
        match *effect {}
    }

    fn deleted(&self, context: &Context) {
        context
            .clusters
            .forget(&ClusterKey::new(&namespace(self), &self.name_any()));
    }

    fn affected(change: &Change, context: &Context) -> Vec<Arc<Self>> {
        let mut clusters = context.caches.clusters.state();
        let of_task = match change {
            Change::Object(Changed::Task(task)) => queue::cluster_of(task, context),
            _ => None,
        };
        clusters.retain(|cluster| {
            let key = ClusterKey::new(&namespace(&**cluster), &cluster.name_any());
            let is_of_task = of_task
                .as_ref()
                .is_some_and(|of_task| same_database(context, of_task, &key));
            // Changes of the object itself arrive by its own watch.
            is_of_task
                || !matches!(change, Change::Object(Changed::Cluster(_)))
                    && change.is_about_cluster(context, &key.namespace, &key.name)
        });
        clusters
    }
}

/// Returns the tenants of the cluster's database whose logs are archived only around their data
/// backups, with success. Between two data backups, the database shows no archiving.
fn archived_around(context: &Context, cluster: &ClusterKey) -> BTreeSet<TenantId> {
    let all = &context.caches.log_backups;
    let around = all.state_filter(|object| {
        object.spec.mode == LogBackupMode::AroundDataBackup
            && object.spec.state == DesiredState::Running
    });
    let of_database = around.iter().filter(|object| {
        let of = cluster_of(&***object, &object.spec.cluster_ref);
        same_database(context, cluster, &of)
    });
    let archived = of_database.filter_map(|object| {
        let status = object.status.as_ref()?;
        let phase = status.phase.as_deref()?;
        let goes_well = matches!(phase, "Starting" | "InProgress" | "Stopping" | "Stopped");
        status.tenant_id().filter(|_| goes_well).map(TenantId)
    });
    archived.collect()
}
