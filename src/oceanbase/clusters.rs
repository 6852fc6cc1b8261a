//! One reflector for each cluster, and the way of commands to it.
//!
//! Guarantees: commands to one cluster run one after the other; after each, the cluster is read at
//! once, and [`Clusters::is_settled`] is false until that read is there. Whoever finds the
//! [`Permit`] taken comes back: nobody waits for a slow database.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, OwnedMutexGuard, broadcast, mpsc};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::client::{Account, Connect};
use super::command::Command;
use super::credentials::{ClusterKey, Credentials, Trouble};
use super::model::{Answer, Snapshot};
use super::reflector::{Intervals, Reflector, changed};
use super::sender::Sender;
use crate::clock::Clock;
use crate::telemetry::Metrics;

/// What is known of a cluster now.
#[derive(Clone, Debug)]
pub enum ClusterState {
    /// Nothing yet.
    Connecting,
    /// The latest read.
    Up(Arc<Snapshot>),
    /// It can not be read.
    Down(Arc<Trouble>),
}

/// Says whose objects should be looked at again.
#[derive(Clone, Debug)]
pub struct Wake {
    /// The cluster.
    pub cluster: ClusterKey,
    /// Names of the tenants that changed; `None` when all objects of the cluster are concerned.
    pub tenants: Option<Arc<BTreeSet<String>>>,
}

/// All clusters that are read.
#[derive(Clone)]
pub struct Clusters {
    known: Arc<Mutex<HashMap<ClusterKey, Arc<Cluster>>>>,
    started: mpsc::UnboundedSender<Arc<Cluster>>,
    wake: broadcast::Sender<Wake>,
    connect: Arc<dyn Connect>,
    metrics: Metrics,
}

/// The right to send commands to one cluster: nobody else does while it is held.
pub struct Permit {
    cluster: Arc<Cluster>,
    sender: OwnedMutexGuard<Sender>,
}

/// What runs the reflectors; dropping its future stops them all.
pub struct Readers {
    started: mpsc::UnboundedReceiver<Arc<Cluster>>,
    clusters: Clusters,
    credentials: Arc<dyn Credentials>,
    intervals: Intervals,
    clock: Clock,
}

/// One cluster that is read.
pub(super) struct Cluster {
    key: ClusterKey,
    state: Mutex<ClusterState>,
    wake: broadcast::Sender<Wake>,
    account: Mutex<Option<Account>>,
    sender: Arc<tokio::sync::Mutex<Sender>>,
    poke: Notify,
    reload: AtomicBool,
    reads: AtomicU64,
    /// From which read on a tenant is seen as our last command left it.
    settled_by: Mutex<HashMap<String, u64>>,
    commanded_at: Mutex<Option<Instant>>,
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
    ) -> (Self, Readers) {
        let (started, receiver) = mpsc::unbounded_channel();
        let clusters = Self {
            known: Arc::default(),
            started,
            wake: broadcast::channel(256).0,
            connect,
            metrics,
        };
        let readers = Readers {
            started: receiver,
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
        let cluster = Arc::new(Cluster {
            key: key.clone(),
            state: Mutex::new(ClusterState::Connecting),
            wake: self.wake.clone(),
            account: Mutex::default(),
            sender: Arc::new(tokio::sync::Mutex::new(Sender::new(
                Arc::clone(&self.connect),
                self.metrics.clone(),
            ))),
            poke: Notify::new(),
            reload: AtomicBool::new(false),
            reads: AtomicU64::new(0),
            settled_by: Mutex::default(),
            commanded_at: Mutex::default(),
        });
        known.insert(key.clone(), Arc::clone(&cluster));
        // The receiver is gone only when the operator stops.
        let _ = self.started.send(cluster);
    }

    /// Looks at the cluster's object and credentials anew, soon.
    pub fn reload(&self, key: &ClusterKey) {
        if let Some(cluster) = self.get(key) {
            cluster.reload.store(true, Ordering::Relaxed);
            cluster.poke.notify_one();
        }
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

    /// Whether what is known of the tenant is newer than our last command to it.
    #[must_use]
    pub fn is_settled(&self, key: &ClusterKey, tenant: &str, snapshot: &Snapshot) -> bool {
        self.get(key).is_some_and(|cluster| {
            let settled_by = lock(&cluster.settled_by);
            settled_by
                .get(tenant)
                .is_none_or(|read| snapshot.sequence >= *read)
        })
    }

    /// The right to send the next command to the cluster; `None` while another one is sent.
    #[must_use]
    pub fn permit(&self, key: &ClusterKey) -> Option<Permit> {
        let cluster = self.get(key)?;
        let sender = Arc::clone(&cluster.sender).try_lock_owned().ok()?;
        Some(Permit { cluster, sender })
    }

    /// Tells whose objects should be looked at again.
    #[must_use]
    pub fn wakes(&self) -> broadcast::Receiver<Wake> {
        self.wake.subscribe()
    }

    fn get(&self, key: &ClusterKey) -> Option<Arc<Cluster>> {
        lock(&self.known).get(key).cloned()
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
        loop {
            tokio::select! {
                Some(cluster) = self.started.recv() => {
                    let key = cluster.key.clone();
                    let reflector = Reflector {
                        cluster,
                        connect: Arc::clone(&self.clusters.connect),
                        credentials: Arc::clone(&self.credentials),
                        intervals: self.intervals,
                        clock: self.clock.clone(),
                        metrics: self.clusters.metrics.clone(),
                    };
                    readers.spawn(async move { reflector.run().await; key });
                }
                Some(Ok(key)) = readers.join_next() => {
                    lock(&self.clusters.known).remove(&key);
                }
                else => std::future::pending().await,
            }
        }
    }
}

impl Permit {
    /// Sends a command and says what became of it.
    pub async fn send(&mut self, command: &Command) -> Answer {
        let ClusterState::Up(snapshot) = self.cluster.state() else {
            return Answer::NotSent("the cluster does not answer".to_owned());
        };
        let Some(account) = lock(&self.cluster.account).clone() else {
            return Answer::NotSent("the cluster is not known yet".to_owned());
        };
        // Whatever happens to the statement from here on, what is known of the tenant is old: also
        // when this future is dropped in the middle.
        let settling = Settling {
            cluster: &self.cluster,
            tenant: command.tenant().as_str(),
        };
        settling.mark();
        self.sender.send(&account, snapshot.version, command).await
    }
}

impl fmt::Debug for Permit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Permit({})", self.cluster.key)
    }
}

impl Cluster {
    pub(super) fn key(&self) -> &ClusterKey {
        &self.key
    }

    pub(super) fn publish(&self, state: ClusterState) {
        let after = state.clone();
        let before = std::mem::replace(&mut *lock(&self.state), state);
        let tenants = match (&before, &after) {
            (ClusterState::Up(before), ClusterState::Up(after)) => {
                let names = changed(before, after);
                // A read that shows nothing new still ends the waiting for it.
                // What was awaited stays known: somebody may still hold a snapshot from before.
                let awaited = lock(&self.settled_by)
                    .iter()
                    .filter(|(_, read)| (before.sequence + 1..=after.sequence).contains(read))
                    .map(|(name, _)| name.clone())
                    .collect::<Vec<_>>();
                Some(names.into_iter().chain(awaited).collect::<BTreeSet<_>>())
            }
            (ClusterState::Down(before), ClusterState::Down(after)) if before == after => return,
            _ => None,
        };
        if tenants.as_ref().is_some_and(BTreeSet::is_empty) {
            return;
        }
        // Nobody listens while the operator starts; its controllers then look at everything.
        let _ = self.wake.send(Wake {
            cluster: self.key.clone(),
            tenants: tenants.map(Arc::new),
        });
    }

    pub(super) fn set_account(&self, account: Account) {
        *lock(&self.account) = Some(account);
    }

    pub(super) fn begin_read(&self) -> u64 {
        self.reads.fetch_add(1, Ordering::SeqCst) + 1
    }

    pub(super) async fn poked(&self) {
        self.poke.notified().await;
    }

    pub(super) fn take_reload(&self) -> bool {
        self.reload.swap(false, Ordering::Relaxed)
    }

    pub(super) fn commanded_within(&self, duration: Duration) -> bool {
        lock(&self.commanded_at).is_some_and(|at| at.elapsed() < duration)
    }

    fn state(&self) -> ClusterState {
        lock(&self.state).clone()
    }
}

/// Marks a tenant as changed by us, before and after a command.
struct Settling<'a> {
    cluster: &'a Cluster,
    tenant: &'a str,
}

impl Settling<'_> {
    fn mark(&self) {
        let next = self.cluster.reads.load(Ordering::SeqCst) + 1;
        lock(&self.cluster.settled_by).insert(self.tenant.to_owned(), next);
        *lock(&self.cluster.commanded_at) = Some(Instant::now());
    }
}

impl Drop for Settling<'_> {
    fn drop(&mut self) {
        self.mark();
        self.cluster.poke.notify_one();
    }
}

/// A poisoned lock holds what it held: none of the sections above can leave it half done.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
