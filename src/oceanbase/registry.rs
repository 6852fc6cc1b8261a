//! Registry of all OceanBaseCluster objects, each with its own reader task, and of the databases
//! that they lead to.
//!
//! # Guarantees
//!
//! * A database is read by one leading session, however many objects describe it.
//! * Commands to a database run one after the other, except in the storage and recovery lanes
//!   ([`Lane`]).
//! * A command requests a new read. [`Clusters::is_settled`] is false until that read is published.
//! * An object that gets no [`Permit`] retries later. Only the few permit holders wait for a slow
//!   database.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::{broadcast, mpsc};
use tokio::task::JoinSet;

use super::client::Connect;
use super::cluster::{Cluster, ClusterState};
use super::credentials::{ClusterKey, Credentials};
use super::database::{BackgroundStatement, Permit};
use super::databases::Databases;
use super::lanes::{Lane, RETRY_DELAY};
use super::lease_guard::LeaseGuard;
use super::model::{BackgroundAnswer, DatabaseId, Privileges, RestoreKey, Snapshot};
use super::reflector::{Intervals, Reflector};
use super::sync::lock;
use super::trigger::Trigger;
use crate::clock::Clock;
use crate::telemetry::Metrics;

/// All clusters that the operator reads.
#[derive(Clone)]
pub struct Clusters {
    known: Arc<Mutex<HashMap<ClusterKey, Arc<Cluster>>>>,
    databases: Databases,
    started: mpsc::UnboundedSender<Arc<Cluster>>,
    trigger: broadcast::Sender<Trigger>,
}

/// Runner of the reflectors and of statements that take minutes. Dropping its future stops them
/// all.
pub struct Readers {
    started: mpsc::UnboundedReceiver<Arc<Cluster>>,
    background_statements: mpsc::UnboundedReceiver<BackgroundStatement>,
    clusters: Clusters,
    connect: Arc<dyn Connect>,
    credentials: Arc<dyn Credentials>,
    intervals: Intervals,
    clock: Clock,
    metrics: Metrics,
}

impl Clusters {
    /// Returns the registry and the part that must be run.
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
        let (background_statements, background_receiver) = mpsc::unbounded_channel();
        let trigger = broadcast::channel(256).0;
        let databases = Databases::new(
            Arc::clone(&connect),
            metrics.clone(),
            lease_guard,
            trigger.clone(),
            background_statements,
        );
        let clusters = Self {
            known: Arc::default(),
            databases,
            started,
            trigger,
        };
        let readers = Readers {
            started: receiver,
            background_statements: background_receiver,
            clusters: clusters.clone(),
            connect,
            credentials,
            intervals,
            clock,
            metrics,
        };
        (clusters, readers)
    }

    /// Starts to read the cluster, unless it is already being read.
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

    /// Requests that the object and the credentials of the cluster are read again.
    pub fn reload(&self, key: &ClusterKey) {
        if let Some(cluster) = self.get(key) {
            cluster.reload();
        }
    }

    /// Returns whether the state may still come from before [`Self::reload`].
    #[must_use]
    pub fn is_reloading(&self, key: &ClusterKey) -> bool {
        self.get(key).is_some_and(|cluster| cluster.is_reloading())
    }

    /// Returns the state of the cluster.
    #[must_use]
    pub fn state(&self, key: &ClusterKey) -> ClusterState {
        self.get(key)
            .map_or(ClusterState::Connecting, |cluster| cluster.state())
    }

    /// Returns all clusters with their state.
    #[must_use]
    pub fn states(&self) -> Vec<(ClusterKey, ClusterState)> {
        let known = lock(&self.known);
        known
            .iter()
            .map(|(key, cluster)| (key.clone(), cluster.state()))
            .collect()
    }

    /// Returns the privileges of the account of an object, or `None` if they are not known.
    #[must_use]
    pub fn privileges(&self, key: &ClusterKey) -> Option<Arc<Privileges>> {
        self.get(key)?.privileges()
    }

    /// Returns the database of the last login of the object.
    #[must_use]
    pub fn database(&self, key: &ClusterKey) -> Option<DatabaseId> {
        Some(self.get(key)?.database()?.id().clone())
    }

    /// Returns whether the snapshot of the tenant is newer than the operator's last command to it.
    #[must_use]
    pub fn is_settled(&self, key: &ClusterKey, tenant: &str, snapshot: &Snapshot) -> bool {
        self.get(key)
            .and_then(|cluster| cluster.database())
            .is_some_and(|database| database.is_settled(tenant, snapshot))
    }

    /// Acquires a permit to send commands to the database; `None` while other statements hold all
    /// of them.
    #[must_use]
    pub fn permit(&self, key: &ClusterKey, lane: &Lane) -> Option<Permit> {
        self.get(key)?.permit(lane)
    }

    /// Returns the delay until an object that got no [`Permit`] retries.
    #[must_use]
    pub fn retry_after(&self, key: &ClusterKey, lane: &Lane) -> Duration {
        let cluster = self.get(key);
        let database = cluster.and_then(|cluster| cluster.database());
        database.map_or(RETRY_DELAY, |database| database.retry_after(lane))
    }

    /// Requests that each read of the next minute includes [`Snapshot::restores`]. If the latest
    /// snapshot lacks them, a read starts immediately and triggers all objects. A caller that needs
    /// them longer must call this again in time.
    pub fn want_restores(&self, key: &ClusterKey) {
        let cluster = self.get(key);
        if let Some(database) = cluster.and_then(|cluster| cluster.database()) {
            database.want_restores();
        }
    }

    /// Requests an immediate read that includes
    /// [`Restores::servers`](super::model::Restores::servers). Reads of the next few seconds
    /// include them as well. All objects are triggered when the servers appear.
    pub fn want_servers(&self, key: &ClusterKey) {
        let cluster = self.get(key);
        if let Some(database) = cluster.and_then(|cluster| cluster.database()) {
            database.want_servers();
        }
    }

    /// Returns the state of the handed-over RESTORE with this key. Returns `None` if this process
    /// has not sent it to the database, or no longer keeps its answer. The answer triggers the
    /// objects of the restored tenant.
    #[must_use]
    pub fn handed_over(&self, cluster: &ClusterKey, key: &RestoreKey) -> Option<BackgroundAnswer> {
        let database = self.get(cluster)?.database()?;
        database.handed_over(key)
    }

    /// Returns a receiver of triggers, which name the objects to reconcile again.
    #[must_use]
    pub fn triggers(&self) -> broadcast::Receiver<Trigger> {
        self.trigger.subscribe()
    }

    fn get(&self, key: &ClusterKey) -> Option<Arc<Cluster>> {
        lock(&self.known).get(key).cloned()
    }

    /// Removes an object that is gone. An object that is recreated under the same name may lead to
    /// another database, and must not inherit the state of this one.
    pub fn forget(&self, key: &ClusterKey) {
        let known = lock(&self.known).remove(key);
        if let Some(cluster) = known {
            self.databases.retire(&cluster);
        }
    }

    /// Removes an object whose reader has ended.
    fn ended(&self, cluster: &Arc<Cluster>) {
        let mut known = lock(&self.known);
        let current = known.get(cluster.key());
        if current.is_some_and(|current| Arc::ptr_eq(current, cluster)) {
            known.remove(cluster.key());
        }
        drop(known);
        self.databases.retire(cluster);
    }
}

impl fmt::Debug for Clusters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clusters")
    }
}

impl Readers {
    /// Reads every watched cluster. Never returns by itself.
    pub async fn run(mut self) {
        let mut readers = JoinSet::new();
        let mut background_statements = JoinSet::new();
        loop {
            tokio::select! {
                Some(cluster) = self.started.recv() => {
                    let reflector = Reflector {
                        cluster: Arc::clone(&cluster),
                        databases: self.clusters.databases.clone(),
                        connect: Arc::clone(&self.connect),
                        credentials: Arc::clone(&self.credentials),
                        intervals: self.intervals,
                        clock: self.clock.clone(),
                        metrics: self.metrics.clone(),
                    };
                    readers.spawn(async move { reflector.run().await; cluster });
                }
                Some(background_statement) = self.background_statements.recv() => {
                    background_statements.spawn(background_statement);
                }
                // The outcome is kept with the answer.
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
