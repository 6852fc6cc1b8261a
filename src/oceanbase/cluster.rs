//! One object that describes a cluster: whether it leads to a database, and to which.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use tokio::sync::{Notify, broadcast};

use super::client::Account;
use super::credentials::ClusterKey;
use super::database::{Database, Permit, lock};
use super::lanes::Lane;
use super::model::{Privileges, Snapshot};
use super::problem::ConnectionProblem;

/// What is known of a cluster now.
#[derive(Clone, Debug)]
pub enum ClusterState {
    /// Nothing yet.
    Connecting,
    /// The latest read.
    Up(Arc<Snapshot>),
    /// It can not be read.
    Down(Arc<ConnectionProblem>),
}

/// Says whose objects should be looked at again.
#[derive(Clone, Debug)]
pub struct Trigger {
    /// The cluster.
    pub cluster: ClusterKey,
    /// Names of the tenants that changed, or came further some time ago; `None` when all objects of the
    /// cluster are concerned.
    pub tenants: Option<Arc<BTreeSet<String>>>,
}

/// One object that describes a cluster.
pub(super) struct Cluster {
    key: ClusterKey,
    trigger: broadcast::Sender<Trigger>,
    reach: Mutex<ConnectionState>,
    poke: Notify,
    /// How often the credentials were asked to be looked at anew.
    asked: AtomicU64,
    /// Up to which of these times that was done.
    looked: AtomicU64,
    doubt: AtomicBool,
    retired: AtomicBool,
}

/// How far the object leads.
#[derive(Default)]
struct ConnectionState {
    /// The database that was last logged in to.
    database: Option<Arc<Database>>,
    /// As whom.
    account: Option<Account>,
    /// What keeps from logging in now.
    problem: Option<Arc<ConnectionProblem>>,
    /// What the account may do; none where that is not known.
    privileges: Option<Arc<Privileges>>,
}

impl Cluster {
    /// An object of which nothing is known yet.
    pub(super) fn new(key: ClusterKey, trigger: broadcast::Sender<Trigger>) -> Self {
        Self {
            key,
            trigger,
            reach: Mutex::default(),
            poke: Notify::new(),
            asked: AtomicU64::new(0),
            looked: AtomicU64::new(0),
            doubt: AtomicBool::new(false),
            retired: AtomicBool::new(false),
        }
    }

    pub(super) fn key(&self) -> &ClusterKey {
        &self.key
    }

    pub(super) fn state(&self) -> ClusterState {
        let reach = lock(&self.reach);
        if let Some(problem) = &reach.problem {
            return ClusterState::Down(Arc::clone(problem));
        }
        let latest = reach.database.as_ref().and_then(|known| known.latest());
        latest.map_or(ClusterState::Connecting, ClusterState::Up)
    }

    /// The database that was last logged in to.
    pub(super) fn database(&self) -> Option<Arc<Database>> {
        lock(&self.reach).database.clone()
    }

    /// The right to send a command; `None` while others hold it.
    pub(super) fn permit(self: Arc<Self>, lane: &Lane) -> Option<Permit> {
        let (database, account) = {
            let reach = lock(&self.reach);
            (reach.database.clone()?, reach.account.clone()?)
        };
        database.permit(self, account, lane)
    }

    /// Remembers to which database the object leads, and as whom; gives back the one that it led to
    /// before.
    pub(super) fn set_database(
        &self,
        database: Arc<Database>,
        account: &Account,
    ) -> Option<Arc<Database>> {
        let mut reach = lock(&self.reach);
        reach.account = Some(account.clone());
        reach.database.replace(database)
    }

    /// Remembers what the account may do.
    pub(super) fn set_privileges(&self, privileges: Option<Privileges>) {
        let mut reach = lock(&self.reach);
        if reach.privileges.as_deref() == privileges.as_ref() {
            return;
        }
        let is_change = reach.privileges.is_some();
        reach.privileges = privileges.map(Arc::new);
        drop(reach);
        // After the first login everything is looked at anyway.
        if is_change {
            self.trigger();
        }
    }

    /// Returns what the account may do, or `None` where that is not known.
    pub(super) fn privileges(&self) -> Option<Arc<Privileges>> {
        lock(&self.reach).privileges.clone()
    }

    /// Forgets what kept from logging in; says whether there was something.
    pub(super) fn clear_trouble(&self) -> bool {
        lock(&self.reach).problem.take().is_some()
    }

    /// Shows what keeps from logging in.
    pub(super) fn down(&self, problem: ConnectionProblem) {
        let mut reach = lock(&self.reach);
        if let Some(database) = &reach.database {
            database.record_silence();
        }
        if reach.problem.as_deref() == Some(&problem) {
            return;
        }
        reach.problem = Some(Arc::new(problem));
        drop(reach);
        self.trigger();
    }

    /// Has everything that refers to the object looked at again.
    pub(super) fn trigger(&self) {
        self.trigger_tenants(None);
    }

    fn trigger_tenants(&self, tenants: Option<Arc<BTreeSet<String>>>) {
        // Nobody listens while the operator starts; its controllers then look at everything.
        let _ = self.trigger.send(Trigger {
            cluster: self.key.clone(),
            tenants,
        });
    }

    /// Looks at the credentials anew, soon.
    pub(super) fn reload(&self) {
        self.asked.fetch_add(1, Ordering::Relaxed);
        self.poke.notify_one();
    }

    /// Whether what is shown may still be by credentials of before `reload`.
    pub(super) fn is_reloading(&self) -> bool {
        self.looked.load(Ordering::Relaxed) < self.asked()
    }

    /// What to say to `record_snapshot` about a look at the credentials that begins now.
    pub(super) fn asked(&self) -> u64 {
        self.asked.load(Ordering::Relaxed)
    }

    /// What is shown is by the credentials as they were looked at: also that they lead nowhere.
    pub(super) fn record_snapshot(&self, asked: u64) {
        if self.looked.fetch_max(asked, Ordering::Relaxed) < asked {
            // Of the tenants nothing is new by that.
            self.trigger_tenants(Some(Arc::default()));
        }
    }

    /// Tries soon whether the account and the endpoints are still good.
    pub(super) fn doubt(&self) {
        self.doubt.store(true, Ordering::Relaxed);
        self.poke.notify_one();
    }

    pub(super) fn take_doubt(&self) -> bool {
        self.doubt.swap(false, Ordering::Relaxed)
    }

    /// The object is gone: whoever reads for it ends. Says whether it was there till now.
    pub(super) fn retire(&self) -> bool {
        let was_there = !self.retired.swap(true, Ordering::Relaxed);
        self.poke.notify_one();
        was_there
    }

    pub(super) fn is_retired(&self) -> bool {
        self.retired.load(Ordering::Relaxed)
    }

    /// Returns when somebody changed the object, or doubts that it is good.
    pub(super) async fn poked(&self) {
        self.poke.notified().await;
    }
}
