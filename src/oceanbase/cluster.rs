//! One cluster that is read: what is known of it, and the way of commands to it.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, OwnedMutexGuard, broadcast};
use tokio::time::Instant;

use super::client::Account;
use super::command::Command;
use super::credentials::ClusterKey;
use super::model::{Answer, Snapshot};
use super::sender::Sender;
use super::trouble::Trouble;

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

/// The right to send commands to one cluster: nobody else does while it is held.
pub struct Permit {
    cluster: Arc<Cluster>,
    sender: OwnedMutexGuard<Sender>,
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
    /// A cluster of which nothing is known yet.
    pub(super) fn new(key: ClusterKey, sender: Sender, wake: broadcast::Sender<Wake>) -> Self {
        Self {
            key,
            state: Mutex::new(ClusterState::Connecting),
            wake,
            account: Mutex::default(),
            sender: Arc::new(tokio::sync::Mutex::new(sender)),
            poke: Notify::new(),
            reload: AtomicBool::new(false),
            reads: AtomicU64::new(0),
            settled_by: Mutex::default(),
            commanded_at: Mutex::default(),
        }
    }

    /// Looks at the credentials anew, soon.
    pub(super) fn reload(&self) {
        self.reload.store(true, Ordering::Relaxed);
        self.poke.notify_one();
    }

    /// Whether a snapshot is newer than our last command to the tenant.
    pub(super) fn is_settled(&self, tenant: &str, snapshot: &Snapshot) -> bool {
        let settled_by = lock(&self.settled_by);
        settled_by
            .get(tenant)
            .is_none_or(|read| snapshot.sequence >= *read)
    }

    /// The right to send the next command; `None` while another one is sent.
    pub(super) fn permit(self: Arc<Self>) -> Option<Permit> {
        let sender = Arc::clone(&self.sender).try_lock_owned().ok()?;
        Some(Permit {
            cluster: self,
            sender,
        })
    }

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

    pub(super) fn state(&self) -> ClusterState {
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

/// Names of the tenants that differ between two snapshots.
fn changed(before: &Snapshot, after: &Snapshot) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for (id, tenant) in &after.tenants {
        match before.tenants.get(id) {
            Some(known) if Arc::ptr_eq(known, tenant) => {}
            Some(known) => names.extend([known.name.clone(), tenant.name.clone()]),
            None => drop(names.insert(tenant.name.clone())),
        }
    }
    let gone = before
        .tenants
        .iter()
        .filter(|(id, _)| !after.tenants.contains_key(id));
    names.extend(gone.map(|(_, tenant)| tenant.name.clone()));
    names
}

/// A poisoned lock holds what it held: none of the sections above can leave it half done.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
