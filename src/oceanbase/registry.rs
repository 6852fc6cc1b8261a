//! All objects that describe clusters, each with a task of its own, and the databases that they
//! lead to.
//!
//! Guarantees: however many objects lead to one database, it is read once, and commands to it run
//! one after the other, but for those that wait for a store ([`Lane`]); after each, it is read at
//! once, and [`Clusters::is_settled`] is false until that read is there. Whoever finds each [`Permit`] taken comes back: but for the few who hold one
//! nobody waits for a slow database.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::{broadcast, mpsc};
use tokio::task::JoinSet;

use super::client::{Account, Connect};
use super::cluster::{Cluster, ClusterState, Trigger};
use super::credentials::{ClusterKey, Credentials};
use super::database::{BackgroundStatement, Database, Permit, lock};
use super::lanes::{Lane, RETRY_DELAY};
use super::lease_guard::LeaseGuard;
use super::model::{BackgroundAnswer, DatabaseId, Privileges, RestoreKey, Snapshot};
use super::reflector::{Intervals, Reflector};
use super::sender::Sender;
use crate::clock::Clock;
use crate::telemetry::Metrics;

/// All clusters that are read.
#[derive(Clone)]
pub struct Clusters {
    known: Arc<Mutex<HashMap<ClusterKey, Arc<Cluster>>>>,
    databases: Arc<Mutex<HashMap<DatabaseId, Arc<Database>>>>,
    started: mpsc::UnboundedSender<Arc<Cluster>>,
    background_statements: mpsc::UnboundedSender<BackgroundStatement>,
    trigger: broadcast::Sender<Trigger>,
    connect: Arc<dyn Connect>,
    metrics: Metrics,
    lease_guard: LeaseGuard,
}

/// What runs the reflectors, and waits for statements that take minutes; dropping its future stops
/// them all.
pub struct Readers {
    started: mpsc::UnboundedReceiver<Arc<Cluster>>,
    background_statements: mpsc::UnboundedReceiver<BackgroundStatement>,
    clusters: Clusters,
    credentials: Arc<dyn Credentials>,
    intervals: Intervals,
    clock: Clock,
}

impl Clusters {
    /// The registry, and the part that must be run.
    #[must_use]
    pub fn new(
        connect: Arc<dyn Connect>,
        credentials: Arc<dyn Credentials>,
        intervals: Intervals,
        clock: Clock,
        metrics: Metrics,
        lease_guard: LeaseGuard,
    ) -> (Self, Readers) {
        let (started, receiver) = mpsc::unbounded_channel();
        let (background_statements, errand_receiver) = mpsc::unbounded_channel();
        let clusters = Self {
            known: Arc::default(),
            databases: Arc::default(),
            started,
            background_statements,
            trigger: broadcast::channel(256).0,
            connect,
            metrics,
            lease_guard,
        };
        let readers = Readers {
            started: receiver,
            background_statements: errand_receiver,
            clusters: clusters.clone(),
            credentials,
            intervals,
            clock,
        };
        (clusters, readers)
    }

    /// Makes sure that the cluster is read.
    pub fn watch(&self, key: &ClusterKey) {
        let mut known = lock(&self.known);
        if known.contains_key(key) {
            return;
        }
        let cluster = Arc::new(Cluster::new(key.clone(), self.trigger.clone()));
        known.insert(key.clone(), Arc::clone(&cluster));
        // The receiver is gone only when the operator stops.
        let _ = self.started.send(cluster);
    }

    /// Looks at the cluster's object and credentials anew, soon.
    pub fn reload(&self, key: &ClusterKey) {
        if let Some(cluster) = self.get(key) {
            cluster.reload();
        }
    }

    /// Whether what is known may still be by the object and credentials of before [`Self::reload`].
    #[must_use]
    pub fn is_reloading(&self, key: &ClusterKey) -> bool {
        self.get(key).is_some_and(|cluster| cluster.is_reloading())
    }

    /// What is known of the cluster.
    #[must_use]
    pub fn state(&self, key: &ClusterKey) -> ClusterState {
        self.get(key)
            .map_or(ClusterState::Connecting, |cluster| cluster.state())
    }

    /// All clusters that are read, with what is known of them.
    #[must_use]
    pub fn states(&self) -> Vec<(ClusterKey, ClusterState)> {
        let known = lock(&self.known);
        known
            .iter()
            .map(|(key, cluster)| (key.clone(), cluster.state()))
            .collect()
    }

    /// Returns what the account of an object may do, or `None` where that is not known.
    #[must_use]
    pub fn privileges(&self, key: &ClusterKey) -> Option<Arc<Privileges>> {
        self.get(key)?.privileges()
    }

    /// The database that the object was last seen to lead to.
    #[must_use]
    pub fn database(&self, key: &ClusterKey) -> Option<DatabaseId> {
        Some(self.get(key)?.database()?.id().clone())
    }

    /// Whether what is known of the tenant is newer than our last command to it.
    #[must_use]
    pub fn is_settled(&self, key: &ClusterKey, tenant: &str, snapshot: &Snapshot) -> bool {
        self.get(key)
            .and_then(|cluster| cluster.database())
            .is_some_and(|database| database.is_settled(tenant, snapshot))
    }

    /// The right to send a command to the database; `None` while others hold it.
    #[must_use]
    pub fn permit(&self, key: &ClusterKey, lane: &Lane) -> Option<Permit> {
        self.get(key)?.permit(lane)
    }

    /// How soon whoever got no [`Permit`] comes back.
    #[must_use]
    pub fn retry_after(&self, key: &ClusterKey, lane: &Lane) -> Duration {
        let cluster = self.get(key);
        let database = cluster.and_then(|cluster| cluster.database());
        database.map_or(RETRY_DELAY, |database| database.retry_after(lane))
    }

    /// Has each read of the next minute show [`Snapshot::restores`], too; the first is made at once
    /// where the last did not, and wakes everybody. Whoever needs them longer asks again in time.
    pub fn want_restores(&self, key: &ClusterKey) {
        let cluster = self.get(key);
        if let Some(database) = cluster.and_then(|cluster| cluster.database()) {
            database.want_restores();
        }
    }

    /// Has one read, made at once, show [`Restores::servers`](super::model::Restores::servers), too. The
    /// next ones do so for some seconds more; everybody is woken when they come up.
    pub fn want_servers(&self, key: &ClusterKey) {
        let cluster = self.get(key);
        if let Some(database) = cluster.and_then(|cluster| cluster.database()) {
            database.want_servers();
        }
    }

    /// What became of the RESTORE with this key that was handed over; `None` where this process has
    /// sent none to the database, or has forgotten it over many others. When it is answered, the
    /// objects of the tenant that it makes are woken.
    #[must_use]
    pub fn handed_over(&self, cluster: &ClusterKey, key: &RestoreKey) -> Option<BackgroundAnswer> {
        let database = self.get(cluster)?.database()?;
        database.handed_over(key)
    }

    /// Tells whose objects should be looked at again.
    #[must_use]
    pub fn triggers(&self) -> broadcast::Receiver<Trigger> {
        self.trigger.subscribe()
    }

    fn get(&self, key: &ClusterKey) -> Option<Arc<Cluster>> {
        lock(&self.known).get(key).cloned()
    }

    /// Brings an object that has logged in together with the others of the same database; says
    /// whether it was not one of them before. `None` for one that is gone.
    pub(super) fn join(
        &self,
        cluster: &Cluster,
        id: DatabaseId,
        account: &Account,
    ) -> Option<(Arc<Database>, bool)> {
        let mut databases = lock(&self.databases);
        if cluster.is_retired() {
            return None;
        }
        let database = databases.entry(id.clone()).or_insert_with(|| {
            let sender = Sender::new(
                id.clone(),
                Arc::clone(&self.connect),
                self.metrics.clone(),
                self.lease_guard.clone(),
            );
            let (trigger, background_statements) =
                (self.trigger.clone(), self.background_statements.clone());
            Arc::new(Database::new(id, sender, trigger, background_statements))
        });
        let database = Arc::clone(database);
        database.join(cluster.key());
        let before = cluster.set_database(Arc::clone(&database), account);
        if let Some(before) = &before
            && before.id() == database.id()
        {
            return Some((database, false));
        }
        if let Some(before) = before
            && before.leave(cluster.key())
        {
            databases.remove(before.id());
        }
        Some((database, true))
    }

    /// Forgets an object that is gone, at once: one that is made anew under its name may lead
    /// elsewhere, and must not be taken for what this one was.
    pub fn forget(&self, key: &ClusterKey) {
        let known = lock(&self.known).remove(key);
        if let Some(cluster) = known {
            self.retire(&cluster);
        }
    }

    /// Nobody reads for this object any more.
    fn ended(&self, cluster: &Arc<Cluster>) {
        let mut known = lock(&self.known);
        let current = known.get(cluster.key());
        if current.is_some_and(|current| Arc::ptr_eq(current, cluster)) {
            known.remove(cluster.key());
        }
        drop(known);
        self.retire(cluster);
    }

    fn retire(&self, cluster: &Cluster) {
        let mut databases = lock(&self.databases);
        if cluster.retire()
            && let Some(database) = cluster.database()
            && database.leave(cluster.key())
        {
            databases.remove(database.id());
        }
    }
}

impl fmt::Debug for Clusters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clusters")
    }
}

impl Readers {
    /// Reads every cluster that is watched; never ends by itself.
    pub async fn run(mut self) {
        let mut readers = JoinSet::new();
        let mut background_statements = JoinSet::new();
        loop {
            tokio::select! {
                Some(cluster) = self.started.recv() => {
                    let reflector = Reflector {
                        cluster: Arc::clone(&cluster),
                        clusters: self.clusters.clone(),
                        connect: Arc::clone(&self.clusters.connect),
                        credentials: Arc::clone(&self.credentials),
                        intervals: self.intervals,
                        clock: self.clock.clone(),
                        metrics: self.clusters.metrics.clone(),
                    };
                    readers.spawn(async move { reflector.run().await; cluster });
                }
                Some(background_statement) = self.background_statements.recv() => {
                    background_statements.spawn(background_statement);
                }
                // How it went stands where its answer is kept.
                Some(_) = background_statements.join_next() => {}
                Some(Ok(cluster)) = readers.join_next() => {
                    self.clusters.ended(&cluster);
                }
                else => std::future::pending().await,
            }
        }
    }
}

#[cfg(test)]
mod tests;
