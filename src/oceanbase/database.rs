//! One database: its snapshot, and the permits and sessions for commands to it.
//!
//! Several objects may describe the same database. Each object logs in separately, so that a
//! problem of one object does not affect the others. One object then leads: its session reads for
//! all of them. When it can no longer read, it resigns, and the next object that has logged in
//! leads.

mod background;
mod changes;
mod permit;

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::{Notify, broadcast, mpsc};
use tokio::time::Instant;

use super::client::Account;
use super::credentials::ClusterKey;
use super::lanes::{Lane, SendPermits};
use super::model::{BackgroundAnswer, DatabaseId, RestoreKey, Snapshot};
use super::reader_signal::ReaderSignal;
use super::sender::Sender;
use super::sync::lock;
use super::trigger::Trigger;
pub(super) use background::BackgroundStatement;
use background::BackgroundStatements;
use changes::{Changed, Progress, affects_all, changed};
pub use permit::Permit;

/// State that all objects of one database share.
pub(super) struct Database {
    id: DatabaseId,
    trigger: broadcast::Sender<Trigger>,
    roles: Mutex<Roles>,
    /// Notified when the leader resigns.
    vacant: Notify,
    /// Notified when an object no longer describes the database.
    left: Notify,
    /// Latest snapshot; `None` before the first read, and when no object can read any longer.
    latest: Mutex<Option<Arc<Snapshot>>>,
    progress: Mutex<Progress>,
    sender: tokio::sync::Mutex<Sender>,
    /// Senders of the storage lane, each with a session, and since when they are idle.
    idle: Mutex<Vec<(Sender, Instant)>>,
    /// Template for further senders.
    pattern: Sender,
    permits: SendPermits,
    poke: Notify,
    reads: AtomicU64,
    commands: AtomicU64,
    settled_by: Mutex<HashMap<String, CommandMark>>,
    commanded_at: Mutex<Option<Instant>>,
    /// Time until which restores are read as well.
    restores_until: Mutex<Option<Instant>>,
    /// Whether the next read of restores includes the servers.
    servers_wanted: AtomicBool,
    /// Answers to commands that were handed over, by key.
    background_answers: BackgroundStatements,
    background_statements: mpsc::UnboundedSender<BackgroundStatement>,
}

/// Objects that describe the database.
#[derive(Default)]
struct Roles {
    members: BTreeSet<ClusterKey>,
    leader: Option<ClusterKey>,
}

/// Effect of the operator's last command to a tenant on the snapshots.
#[derive(Clone, Copy)]
struct CommandMark {
    /// First read that shows the tenant as the command left it.
    read: u64,
    /// Number that distinguishes the command from others to the same tenant.
    command: u64,
}

/// Time for which a session of the storage lane is kept after a command. A new strategy sets many
/// destinations one after the other.
const SESSION_IDLE_TIMEOUT: Duration = Duration::from_secs(10);

/// Time for which restores are read after a request.
const RESTORES_WANTED_FOR: Duration = Duration::from_mins(1);

/// Right of one object to read for all; released on drop.
pub(super) struct ReaderLeadership {
    database: Arc<Database>,
}

impl Database {
    /// Returns a database that has not been read yet.
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
            background_answers: BackgroundStatements::default(),
            background_statements,
        }
    }

    pub(super) fn id(&self) -> &DatabaseId {
        &self.id
    }

    pub(super) fn latest(&self) -> Option<Arc<Snapshot>> {
        lock(&self.latest).clone()
    }

    /// Adds an object that has logged in to this database.
    pub(super) fn join(&self, key: &ClusterKey) {
        lock(&self.roles).members.insert(key.clone());
    }

    /// Removes an object that is gone or leads to another database. Returns whether no object is
    /// left.
    pub(super) fn leave(&self, key: &ClusterKey) -> bool {
        let mut roles = lock(&self.roles);
        roles.members.remove(key);
        self.left.notify_waiters();
        roles.members.is_empty()
    }

    /// Waits until no object describes the database any longer.
    async fn abandoned(&self) {
        loop {
            let left = self.left.notified();
            if lock(&self.roles).members.is_empty() {
                return;
            }
            left.await;
        }
    }

    /// Makes the object the leader; `None` while another object leads.
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

    /// Discards the latest snapshot if no object reads any longer. Otherwise an outdated snapshot
    /// would be used later.
    pub(super) fn record_silence(&self) {
        let roles = lock(&self.roles);
        if roles.leader.is_none() {
            *lock(&self.latest) = None;
        }
    }

    /// Waits until the leader resigns; may return earlier.
    pub(super) async fn vacated(&self) {
        let vacant = self.vacant.notified();
        if lock(&self.roles).leader.is_some() {
            vacant.await;
        }
    }

    /// Returns whether the snapshot is newer than the operator's last command to the tenant.
    pub(super) fn is_settled(&self, tenant: &str, snapshot: &Snapshot) -> bool {
        let settled_by = lock(&self.settled_by);
        settled_by
            .get(tenant)
            .is_none_or(|mark| snapshot.sequence >= mark.read)
    }

    /// Acquires a send permit for this object; `None` while other statements hold all of them.
    pub(super) fn permit(
        self: Arc<Self>,
        reader: Arc<ReaderSignal>,
        account: Account,
        lane: &Lane,
    ) -> Option<Permit> {
        let permit = self.permits.acquire(lane)?;
        Some(Permit {
            database: self,
            reader,
            account,
            lane: Arc::new(permit),
        })
    }

    /// Returns the delay until an object that got no permit retries.
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

    /// Closes sessions of the storage lane that have been idle too long.
    pub(super) fn close_idle(&self) {
        lock(&self.idle).retain(|(_, since)| since.elapsed() < SESSION_IDLE_TIMEOUT);
    }

    /// Publishes a new snapshot and triggers the objects that it affects. Returns whether that was
    /// all objects. If a log archive has advanced and nothing else changed, triggers at most once
    /// per `pause`.
    pub(super) fn publish(&self, snapshot: Snapshot, pause: Duration) -> bool {
        let snapshot = Arc::new(snapshot);
        let before = lock(&self.latest).replace(Arc::clone(&snapshot));
        let Some(before) = before.filter(|before| !affects_all(before, &snapshot)) else {
            lock(&self.progress).notified_all();
            self.notify(None);
            return true;
        };
        let Changed {
            tenants: mut affected,
            progress,
            is_of_sys,
        } = changed(&before, &snapshot);
        // A read without changes still completes the wait for it. The marks stay, because a
        // reconcile may still use an older snapshot.
        let awaited = before.sequence + 1..=snapshot.sequence;
        for (name, mark) in &*lock(&self.settled_by) {
            if awaited.contains(&mark.read) {
                affected.insert(name.clone());
            }
        }
        let progress = lock(&self.progress).due(progress, &affected, pause);
        affected.extend(progress);
        if is_of_sys || !affected.is_empty() {
            self.notify(Some(&Arc::new(affected)));
        }
        false
    }

    /// Triggers a reconcile of the objects of this tenant.
    fn trigger_tenant(&self, name: &str) {
        self.notify(Some(&Arc::new(BTreeSet::from([name.to_owned()]))));
    }

    /// Triggers a reconcile of the objects of these tenants, or of all.
    fn notify(&self, tenants: Option<&Arc<BTreeSet<String>>>) {
        let members = lock(&self.roles).members.clone();
        for cluster in members {
            let tenants = tenants.cloned();
            // No controller listens while the operator starts. Each controller then reconciles
            // everything.
            let _ = self.trigger.send(Trigger { cluster, tenants });
        }
    }

    /// Returns the state of the handed-over command with this key.
    pub(super) fn handed_over(&self, key: &RestoreKey) -> Option<BackgroundAnswer> {
        self.background_answers.get(key)
    }

    /// Requests that restores are read for a while, and immediately if they are not known.
    pub(super) fn want_restores(&self) {
        *lock(&self.restores_until) = Some(Instant::now() + RESTORES_WANTED_FOR);
        let latest = self.latest();
        if latest.is_none_or(|latest| latest.restores.is_none()) {
            self.poke.notify_one();
        }
    }

    /// Requests that the servers are read once, immediately.
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

    /// Marks the snapshot of the tenant as outdated until the next read. Returns the previous mark.
    fn mark_stale(&self, tenant: &str, command: u64) -> Option<CommandMark> {
        let read = self.reads.load(Ordering::SeqCst) + 1;
        lock(&self.settled_by).insert(tenant.to_owned(), CommandMark { read, command })
    }

    pub(super) fn begin_read(&self) -> u64 {
        self.reads.fetch_add(1, Ordering::SeqCst) + 1
    }

    /// Waits for a request to read, such as after a command.
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
