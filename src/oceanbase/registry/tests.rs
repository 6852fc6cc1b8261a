//! Restores, from the permit to the answer.

use tokio::time::sleep;

use super::*;
use crate::oceanbase::client::Account;
use crate::oceanbase::credentials::CredentialsError;
use crate::oceanbase::destination::Destination;
use crate::oceanbase::model::{Answer, ResourceName, TenantName};
use crate::oceanbase::statement::{Command, Recovery};
use crate::oceanbase::testing::{FixedViews, Paused, StatementFault, account};
use futures::FutureExt;
use futures::future::BoxFuture;

mod handover;
mod progress;
mod restores;

/// Credentials that are valid until the object is gone.
struct GoodCredentials;

impl Credentials for GoodCredentials {
    fn account<'a>(
        &'a self,
        _: &'a ClusterKey,
    ) -> BoxFuture<'a, Result<Account, CredentialsError>> {
        async { Ok(account()) }.boxed()
    }
}

/// Database of given views that is being read.
struct Desk {
    given: FixedViews,
    clusters: Clusters,
    triggers: broadcast::Receiver<Trigger>,
    key: ClusterKey,
    lease_guard: LeaseGuard,
    running: JoinSet<()>,
}

impl Desk {
    async fn new() -> Self {
        let given = FixedViews::database();
        let lease_guard = LeaseGuard::always();
        let (clusters, readers) = Clusters::new(
            Arc::new(given.clone()),
            Arc::new(GoodCredentials),
            Intervals::default(),
            Paused::new().clock(),
            Metrics::new().unwrap(),
            lease_guard.clone(),
        );
        let key = ClusterKey::new("default", "prod");
        let triggers = clusters.triggers();
        let mut running = JoinSet::new();
        running.spawn(readers.run());
        clusters.watch(&key);
        let desk = Self {
            given,
            clusters,
            triggers,
            key,
            lease_guard,
            running,
        };
        sleep(Duration::from_secs(1)).await;
        desk
    }

    fn snapshot(&self) -> Arc<Snapshot> {
        match self.clusters.state(&self.key) {
            ClusterState::Up(snapshot) => snapshot,
            other => panic!("{other:?}"),
        }
    }

    /// Returns the names of the tenants that were triggered since the last call; `None` for all.
    fn triggers(&mut self) -> Vec<Option<Vec<String>>> {
        let triggers = std::iter::from_fn(|| self.triggers.try_recv().ok());
        triggers
            .map(|trigger| trigger.tenants.map(|names| names.iter().cloned().collect()))
            .collect()
    }
}
