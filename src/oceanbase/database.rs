//! One database: what is read of it, and the way of commands to it.
//!
//! Several objects may describe the same database. Each of them logs in by itself, so that its own
//! trouble stays its own. Then one of them leads: its session reads for all of them. When it can
//! not any more it resigns, and the next that has logged in leads.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, broadcast};
use tokio::time::Instant;

use super::client::{Account, Endpoint};
use super::cluster::{Cluster, Wake};
use super::command::Command;
use super::credentials::ClusterKey;
use super::model::{Answer, DatabaseId, Snapshot};
use super::rights::{Right, Rights, Way};
use super::sender::Sender;

/// What is shared by all objects that describe one database.
pub(super) struct Database {
    id: DatabaseId,
    wake: broadcast::Sender<Wake>,
    roles: Mutex<Roles>,
    /// Told when the leader resigns.
    vacant: Notify,
    /// The latest read; none before the first, and none since nobody could read any more.
    latest: Mutex<Option<Arc<Snapshot>>>,
    sender: tokio::sync::Mutex<Sender>,
    /// Senders of what is for stores, each with a session, and since when they are idle.
    idle: Mutex<Vec<(Sender, Instant)>>,
    /// What another one of them is made from.
    pattern: Sender,
    rights: Rights,
    poke: Notify,
    reads: AtomicU64,
    commands: AtomicU64,
    settled_by: Mutex<HashMap<String, Mark>>,
    commanded_at: Mutex<Option<Instant>>,
}

/// Which objects describe the database.
#[derive(Default)]
struct Roles {
    members: BTreeSet<ClusterKey>,
    leader: Option<ClusterKey>,
}

/// What our last command to a tenant makes of what is known of it.
#[derive(Clone, Copy)]
struct Mark {
    /// From which read on the tenant is seen as the command left it.
    read: u64,
    /// Tells the command from others to the same tenant.
    command: u64,
}

/// For how long a session for stores is kept after a command: a strategy that has just been applied
/// sets many destinations one after the other. At rest there is none.
const KEPT: Duration = Duration::from_secs(10);

/// The right to send commands to one database.
pub struct Permit {
    database: Arc<Database>,
    /// The object that asks: what its account may not do is not done by another one's.
    cluster: Arc<Cluster>,
    account: Account,
    right: Right,
}

/// The right to read for all; given back when it is dropped.
pub(super) struct Lead {
    database: Arc<Database>,
}

impl Permit {
    /// Where commands are sent to, one or the other of them.
    #[must_use]
    pub fn endpoints(&self) -> &[Endpoint] {
        &self.account.endpoints
    }

    /// Sends a command, and says what became of it: when those before it are answered, or at once
    /// where the right is for a store.
    pub async fn send(&mut self, command: &Command) -> Answer {
        match self.right {
            Right::Line(_) => {
                let mut sender = self.database.sender.lock().await;
                self.send_by(&mut sender, command).await
            }
            Right::Store(_) => {
                let mut sender = self.database.sender_for_a_store();
                let answer = self.send_by(&mut sender, command).await;
                self.database.keep(sender);
                answer
            }
        }
    }

    async fn send_by(&self, sender: &mut Sender, command: &Command) -> Answer {
        let Some(snapshot) = self.database.latest() else {
            return Answer::NotSent("the cluster does not answer".to_owned());
        };
        // Whatever happens to the statement from here on, what is known of the tenant is old: also
        // when this future is dropped in the middle.
        let mut settling = Settling::new(&self.database, command.tenant().as_str());
        let sent = sender.send(&self.account, snapshot.version, command);
        let answer = sent.await;
        if sender.is_shut_out() {
            self.cluster.doubt();
        }
        settling.is_sent = !matches!(answer, Answer::NotSent(_));
        answer
    }
}

impl fmt::Debug for Permit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Permit({:?})", self.database.id)
    }
}

impl Database {
    /// A database of which nothing has been read yet.
    pub(super) fn new(id: DatabaseId, sender: Sender, wake: broadcast::Sender<Wake>) -> Self {
        Self {
            id,
            wake,
            roles: Mutex::default(),
            vacant: Notify::new(),
            latest: Mutex::default(),
            pattern: sender.another(),
            sender: tokio::sync::Mutex::new(sender),
            idle: Mutex::default(),
            rights: Rights::new(),
            poke: Notify::new(),
            reads: AtomicU64::new(0),
            commands: AtomicU64::new(0),
            settled_by: Mutex::default(),
            commanded_at: Mutex::default(),
        }
    }

    pub(super) fn id(&self) -> &DatabaseId {
        &self.id
    }

    pub(super) fn latest(&self) -> Option<Arc<Snapshot>> {
        lock(&self.latest).clone()
    }

    /// Takes an object in that has logged in to this database.
    pub(super) fn join(&self, key: &ClusterKey) {
        lock(&self.roles).members.insert(key.clone());
    }

    /// Forgets an object that is gone or leads elsewhere; says whether none is left.
    pub(super) fn leave(&self, key: &ClusterKey) -> bool {
        let mut roles = lock(&self.roles);
        roles.members.remove(key);
        roles.members.is_empty()
    }

    /// Makes the object read for all; `None` while another one does.
    pub(super) fn lead(self: &Arc<Self>, key: &ClusterKey) -> Option<Lead> {
        let mut roles = lock(&self.roles);
        if roles.leader.is_some() {
            return None;
        }
        roles.leader = Some(key.clone());
        Some(Lead {
            database: Arc::clone(self),
        })
    }

    /// Forgets the latest read where nobody reads any more: it is old when somebody does again.
    pub(super) fn note_silence(&self) {
        let roles = lock(&self.roles);
        if roles.leader.is_none() {
            *lock(&self.latest) = None;
        }
    }

    /// Returns when the leader resigns; may return earlier.
    pub(super) async fn vacated(&self) {
        let vacant = self.vacant.notified();
        if lock(&self.roles).leader.is_some() {
            vacant.await;
        }
    }

    /// Whether a snapshot is newer than our last command to the tenant.
    pub(super) fn is_settled(&self, tenant: &str, snapshot: &Snapshot) -> bool {
        let settled_by = lock(&self.settled_by);
        settled_by
            .get(tenant)
            .is_none_or(|mark| snapshot.sequence >= mark.read)
    }

    /// The right to send a command for this object; `None` while others hold it.
    pub(super) fn permit(
        self: Arc<Self>,
        cluster: Arc<Cluster>,
        account: Account,
        way: &Way,
    ) -> Option<Permit> {
        let right = self.rights.take(way)?;
        Some(Permit {
            database: self,
            cluster,
            account,
            right,
        })
    }

    /// How soon whoever found no right left comes back.
    pub(super) fn turn(&self, way: &Way) -> Duration {
        self.rights.turn(way)
    }

    fn sender_for_a_store(&self) -> Sender {
        let idle = lock(&self.idle).pop();
        idle.map_or_else(|| self.pattern.another(), |(sender, _)| sender)
    }

    fn keep(&self, sender: Sender) {
        lock(&self.idle).push((sender, Instant::now()));
    }

    /// Closes the sessions for stores that nobody has used for a while.
    pub(super) fn close_idle(&self) {
        lock(&self.idle).retain(|(_, since)| since.elapsed() < KEPT);
    }

    /// Shows a new read to everybody whom it concerns; says whether that was simply everybody.
    pub(super) fn publish(&self, snapshot: Snapshot) -> bool {
        let snapshot = Arc::new(snapshot);
        let before = lock(&self.latest).replace(Arc::clone(&snapshot));
        let tenants = before.map(|before| {
            // A read that shows nothing new still ends the waiting for it.
            // What was awaited stays known: somebody may still hold a snapshot from before.
            let awaited = lock(&self.settled_by)
                .iter()
                .filter(|(_, mark)| (before.sequence + 1..=snapshot.sequence).contains(&mark.read))
                .map(|(name, _)| name.clone())
                .collect::<Vec<_>>();
            let names = changed(&before, &snapshot);
            Arc::new(names.into_iter().chain(awaited).collect::<BTreeSet<_>>())
        });
        let everybody = tenants.is_none();
        if tenants.as_ref().is_some_and(|names| names.is_empty()) {
            return everybody;
        }
        let members = lock(&self.roles).members.clone();
        for cluster in members {
            let tenants = tenants.clone();
            // Nobody listens while the operator starts; its controllers then look at everything.
            let _ = self.wake.send(Wake { cluster, tenants });
        }
        everybody
    }

    /// What is known of the tenant is old until the next read; gives back the mark before.
    fn unsettle(&self, tenant: &str, command: u64) -> Option<Mark> {
        let read = self.reads.load(Ordering::SeqCst) + 1;
        lock(&self.settled_by).insert(tenant.to_owned(), Mark { read, command })
    }

    pub(super) fn begin_read(&self) -> u64 {
        self.reads.fetch_add(1, Ordering::SeqCst) + 1
    }

    /// Returns after a command.
    pub(super) async fn poked(&self) {
        self.poke.notified().await;
    }

    pub(super) fn commanded_within(&self, duration: Duration) -> bool {
        lock(&self.commanded_at).is_some_and(|at| at.elapsed() < duration)
    }
}

impl Drop for Lead {
    fn drop(&mut self) {
        lock(&self.database.roles).leader = None;
        self.database.vacant.notify_waiters();
    }
}

/// Marks a tenant as changed by us, before and after a command.
struct Settling<'a> {
    database: &'a Database,
    tenant: &'a str,
    /// The command.
    command: u64,
    /// What the command before had made of what was known.
    before: Option<Mark>,
    /// Whether something may have left the machine.
    is_sent: bool,
}

impl<'a> Settling<'a> {
    fn new(database: &'a Database, tenant: &'a str) -> Self {
        let command = database.commands.fetch_add(1, Ordering::SeqCst);
        let before = database.unsettle(tenant, command);
        Self {
            database,
            tenant,
            command,
            before,
            is_sent: true,
        }
    }
}

impl Drop for Settling<'_> {
    fn drop(&mut self) {
        if self.is_sent {
            self.database.unsettle(self.tenant, self.command);
            *lock(&self.database.commanded_at) = Some(Instant::now());
            self.database.poke.notify_one();
            return;
        }
        // Nothing has changed: nobody has to wait for a read, and none has to be made.
        let mut settled_by = lock(&self.database.settled_by);
        let last = settled_by.get(self.tenant);
        if last.is_some_and(|last| last.command != self.command) {
            // Another one was sent beside it.
            return;
        }
        match self.before {
            Some(mark) => settled_by.insert(self.tenant.to_owned(), mark),
            None => settled_by.remove(self.tenant),
        };
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
