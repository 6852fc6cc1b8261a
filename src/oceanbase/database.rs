//! One database: what is read of it, and the way of commands to it.
//!
//! Several objects may describe the same database. Each of them logs in by itself, so that its own
//! trouble stays its own. Then one of them leads: its session reads for all of them. When it can
//! not any more it resigns, and the next that has logged in leads.

mod background;
mod changes;
mod permit;

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, broadcast, mpsc};
use tokio::time::Instant;

use super::client::Account;
use super::cluster::{Cluster, Trigger};
use super::credentials::ClusterKey;
use super::lanes::{Lane, SendPermits};
use super::model::{BackgroundAnswer, DatabaseId, RestoreKey, Snapshot};
use super::sender::Sender;
pub(super) use background::BackgroundStatement;
use background::BackgroundStatements;
use changes::{Changed, Progress, changed, is_news_to_all};
pub use permit::Permit;

/// What is shared by all objects that describe one database.
pub(super) struct Database {
    id: DatabaseId,
    trigger: broadcast::Sender<Trigger>,
    roles: Mutex<Roles>,
    /// Told when the leader resigns.
    vacant: Notify,
    /// Told when an object does not describe it any more.
    left: Notify,
    /// The latest read; none before the first, and none since nobody could read any more.
    latest: Mutex<Option<Arc<Snapshot>>>,
    progress: Mutex<Progress>,
    sender: tokio::sync::Mutex<Sender>,
    /// Senders of what is for stores, each with a session, and since when they are idle.
    idle: Mutex<Vec<(Sender, Instant)>>,
    /// What another one of them is made from.
    pattern: Sender,
    permits: SendPermits,
    poke: Notify,
    reads: AtomicU64,
    commands: AtomicU64,
    settled_by: Mutex<HashMap<String, CommandMark>>,
    commanded_at: Mutex<Option<Instant>>,
    /// Until when restores are read too.
    restores_until: Mutex<Option<Instant>>,
    /// Whether the next read of restores shows the servers.
    servers_wanted: AtomicBool,
    /// What became of commands that were handed over, and to whom they are.
    ledger: BackgroundStatements,
    background_statements: mpsc::UnboundedSender<BackgroundStatement>,
}

/// Which objects describe the database.
#[derive(Default)]
struct Roles {
    members: BTreeSet<ClusterKey>,
    leader: Option<ClusterKey>,
}

/// What our last command to a tenant makes of what is known of it.
#[derive(Clone, Copy)]
struct CommandMark {
    /// From which read on the tenant is seen as the command left it.
    read: u64,
    /// Tells the command from others to the same tenant.
    command: u64,
}

/// For how long a session for stores is kept after a command: a strategy that has just been applied
/// sets many destinations one after the other. At rest there is none.
const SESSION_IDLE_TIMEOUT: Duration = Duration::from_secs(10);

/// For how long restores are read after somebody has wanted them.
const RESTORES_WANTED_FOR: Duration = Duration::from_mins(1);

/// The right to read for all; given back when it is dropped.
pub(super) struct ReaderLeadership {
    database: Arc<Database>,
}

impl Database {
    /// A database of which nothing has been read yet.
    pub(super) fn new(
        id: DatabaseId,
        sender: Sender,
        trigger: broadcast::Sender<Trigger>,
        background_statements: mpsc::UnboundedSender<BackgroundStatement>,
    ) -> Self {
        Self {
            id,
            trigger,
            roles: Mutex::default(),
            vacant: Notify::new(),
            left: Notify::new(),
            latest: Mutex::default(),
            progress: Mutex::default(),
            pattern: sender.another(),
            sender: tokio::sync::Mutex::new(sender),
            idle: Mutex::default(),
            permits: SendPermits::new(),
            poke: Notify::new(),
            reads: AtomicU64::new(0),
            commands: AtomicU64::new(0),
            settled_by: Mutex::default(),
            commanded_at: Mutex::default(),
            restores_until: Mutex::default(),
            servers_wanted: AtomicBool::new(false),
            ledger: BackgroundStatements::default(),
            background_statements,
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
        self.left.notify_waiters();
        roles.members.is_empty()
    }

    /// Returns when no object describes the database any more.
    async fn abandoned(&self) {
        loop {
            let left = self.left.notified();
            if lock(&self.roles).members.is_empty() {
                return;
            }
            left.await;
        }
    }

    /// Makes the object read for all; `None` while another one does.
    pub(super) fn lead(self: &Arc<Self>, key: &ClusterKey) -> Option<ReaderLeadership> {
        let mut roles = lock(&self.roles);
        if roles.leader.is_some() {
            return None;
        }
        roles.leader = Some(key.clone());
        Some(ReaderLeadership {
            database: Arc::clone(self),
        })
    }

    /// Forgets the latest read where nobody reads any more: it is old when somebody does again.
    pub(super) fn record_silence(&self) {
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
        lane: &Lane,
    ) -> Option<Permit> {
        let permit = self.permits.acquire(lane)?;
        Some(Permit {
            database: self,
            cluster,
            account,
            lane: Arc::new(permit),
        })
    }

    /// How soon whoever found no right left comes back.
    pub(super) fn retry_after(&self, lane: &Lane) -> Duration {
        self.permits.retry_after(lane)
    }

    fn sender_for_a_storage(&self) -> Sender {
        let idle = lock(&self.idle).pop();
        idle.map_or_else(|| self.pattern.another(), |(sender, _)| sender)
    }

    fn keep(&self, sender: Sender) {
        lock(&self.idle).push((sender, Instant::now()));
    }

    /// Closes the sessions for stores that nobody has used for a while.
    pub(super) fn close_idle(&self) {
        lock(&self.idle).retain(|(_, since)| since.elapsed() < SESSION_IDLE_TIMEOUT);
    }

    /// Shows a new read to everybody whom it concerns; says whether that was simply everybody. Of log
    /// archives that have come further, and nothing else, it is told at most once in `pause`.
    pub(super) fn publish(&self, snapshot: Snapshot, pause: Duration) -> bool {
        let snapshot = Arc::new(snapshot);
        let before = lock(&self.latest).replace(Arc::clone(&snapshot));
        let Some(before) = before.filter(|before| !is_news_to_all(before, &snapshot)) else {
            lock(&self.progress).notified_all();
            self.notify(None);
            return true;
        };
        let Changed {
            mut news,
            progress,
            is_of_sys,
        } = changed(&before, &snapshot);
        // A read that shows nothing new still ends the waiting for it.
        // What was awaited stays known: somebody may still hold a snapshot from before.
        let awaited = before.sequence + 1..=snapshot.sequence;
        for (name, mark) in &*lock(&self.settled_by) {
            if awaited.contains(&mark.read) {
                news.insert(name.clone());
            }
        }
        let progress = lock(&self.progress).due(progress, &news, pause);
        news.extend(progress);
        if is_of_sys || !news.is_empty() {
            self.notify(Some(&Arc::new(news)));
        }
        false
    }

    /// Has the objects of this tenant looked at again.
    fn trigger_tenant(&self, name: &str) {
        self.notify(Some(&Arc::new(BTreeSet::from([name.to_owned()]))));
    }

    /// Has the objects of these tenants looked at again, or all.
    fn notify(&self, tenants: Option<&Arc<BTreeSet<String>>>) {
        let members = lock(&self.roles).members.clone();
        for cluster in members {
            let tenants = tenants.cloned();
            // Nobody listens while the operator starts; its controllers then look at everything.
            let _ = self.trigger.send(Trigger { cluster, tenants });
        }
    }

    /// What became of the command with this key that was handed over.
    pub(super) fn handed_over(&self, key: &RestoreKey) -> Option<BackgroundAnswer> {
        self.ledger.get(key)
    }

    /// Reads restores too for a while, and at once where they are not known.
    pub(super) fn want_restores(&self) {
        *lock(&self.restores_until) = Some(Instant::now() + RESTORES_WANTED_FOR);
        let latest = self.latest();
        if latest.is_none_or(|latest| latest.restores.is_none()) {
            self.poke.notify_one();
        }
    }

    /// Reads the servers once, at once.
    pub(super) fn want_servers(&self) {
        self.servers_wanted.store(true, Ordering::SeqCst);
        self.want_restores();
        self.poke.notify_one();
    }

    pub(super) fn take_want_of_servers(&self) -> bool {
        self.servers_wanted.swap(false, Ordering::SeqCst)
    }

    pub(super) fn wants_restores(&self) -> bool {
        lock(&self.restores_until).is_some_and(|until| Instant::now() < until)
    }

    /// What is known of the tenant is old until the next read; gives back the mark before.
    fn unsettle(&self, tenant: &str, command: u64) -> Option<CommandMark> {
        let read = self.reads.load(Ordering::SeqCst) + 1;
        lock(&self.settled_by).insert(tenant.to_owned(), CommandMark { read, command })
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

impl Drop for ReaderLeadership {
    fn drop(&mut self) {
        lock(&self.database.roles).leader = None;
        self.database.vacant.notify_waiters();
    }
}

/// A poisoned lock holds what it held: none of the sections above can leave it half done.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
