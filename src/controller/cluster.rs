//! `OceanBaseCluster`: sees the database, performs nothing.

use std::convert::Infallible;
use std::sync::Arc;

use kube::ResourceExt;

use super::wake::Change;
use super::{Context, Reconcile, cluster_of, database, namespace, same_database};
use crate::api::{OceanBaseCluster, OceanBaseClusterStatus};
use crate::domain::{Decision, cluster};
use crate::oceanbase::credentials::ClusterKey;
use crate::oceanbase::database::Permit;

impl Reconcile for OceanBaseCluster {
    type Seen = cluster::Seen;
    type Effect = Infallible;
    type Answer = Infallible;

    const CONTROLLER: &'static str = "cluster";

    async fn observe(&self, context: &Context) -> cluster::Seen {
        let (namespace, name) = (namespace(self), self.name_any());
        let key = ClusterKey::new(&namespace, &name);
        let observed = self
            .status
            .as_ref()
            .and_then(|status| status.observed_generation);
        if observed != self.metadata.generation {
            // Endpoints, account or protection may be others now.
            context.clusters.reload(&key);
        }
        let mut strategies = context.stores.strategies.state();
        strategies.retain(|strategy| {
            let of = cluster_of(&**strategy, &strategy.spec.cluster_ref);
            same_database(context, &key, &of)
        });
        let shown = || strategies.iter().map(|strategy| strategy.status.as_ref());
        cluster::Seen {
            database: database(context, &namespace, &name).map(|(_, snapshot)| snapshot),
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
        seen: &cluster::Seen,
        _: Option<(&Infallible, &Infallible)>,
        context: &Context,
    ) -> Decision<OceanBaseClusterStatus, Infallible> {
        let generation = self.metadata.generation.unwrap_or_default();
        cluster::decide(
            generation,
            &self.current_status(),
            seen,
            context.clock.now(),
        )
    }

    fn cluster(&self, _: &cluster::Seen, effect: &Infallible) -> Option<ClusterKey> {
        match *effect {}
    }

    async fn perform(
        &self,
        effect: &Infallible,
        _: &cluster::Seen,
        _: Option<Permit>,
        _: &Context,
    ) -> Infallible {
        match *effect {}
    }

    fn deleted(&self, context: &Context) {
        // Its reader looks for the object, finds none, and hangs up.
        context
            .clusters
            .reload(&ClusterKey::new(&namespace(self), &self.name_any()));
    }

    fn concerned(change: &Change, context: &Context) -> Vec<Arc<Self>> {
        let mut clusters = context.stores.clusters.state();
        clusters.retain(|cluster| {
            // Its own changes come by its own watch.
            !matches!(change, Change::Object(super::wake::Changed::Cluster(_)))
                && change.is_about_cluster(context, &namespace(&**cluster), &cluster.name_any())
        });
        clusters
    }
}
