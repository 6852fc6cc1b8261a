//! One OceanBaseCluster object: whether it leads to a database, and to which.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use tokio::sync::broadcast;

use super::client::Account;
use super::credentials::ClusterKey;
use super::database::{Database, Permit};
use super::lanes::Lane;
use super::model::{Privileges, Snapshot};
use super::problem::ConnectionProblem;
use super::reader_signal::ReaderSignal;
use super::sync::lock;
use super::trigger::Trigger;

/// State of a cluster as the operator knows it.
#[derive(Clone, Debug)]
pub enum ClusterState {
    /// Nothing is known yet.
    Connecting,
    /// The latest snapshot.
    Up(Arc<Snapshot>),
    /// The cluster cannot be read.
    Down(Arc<ConnectionProblem>),
}

/// One OceanBaseCluster object.
pub(super) struct Cluster {
    key: ClusterKey,
    trigger: broadcast::Sender<Trigger>,
    reach: Mutex<ConnectionState>,
    reader: Arc<ReaderSignal>,
    /// Number of requests to read the credentials again.
    reload_requests: AtomicU64,
    /// Last of these requests that was served.
    served_reloads: AtomicU64,
    retired: AtomicBool,
}

/// Connection of the object.
#[derive(Default)]
struct ConnectionState {
    /// Database of the last login.
    database: Option<Arc<Database>>,
    /// Account of the last login.
    account: Option<Account>,
    /// Problem that currently prevents a login.
    problem: Option<Arc<ConnectionProblem>>,
    /// Privileges of the account; `None` if they are not known.
    privileges: Option<Arc<Privileges>>,
}

impl Cluster {
    /// Returns an object about which nothing is known yet.
    pub(super) fn new(key: ClusterKey, trigger: broadcast::Sender<Trigger>) -> Self {
        Self {
            key,
            trigger,
            reach: Mutex::default(),
            reader: Arc::default(),
            reload_requests: AtomicU64::new(0),
            served_reloads: AtomicU64::new(0),
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

    /// Returns the database of the last login.
    pub(super) fn database(&self) -> Option<Arc<Database>> {
        lock(&self.reach).database.clone()
    }

    /// Acquires a send permit; `None` while other statements hold all of them.
    pub(super) fn permit(&self, lane: &Lane) -> Option<Permit> {
        let (database, account) = {
            let reach = lock(&self.reach);
            (reach.database.clone()?, reach.account.clone()?)
        };
        database.permit(Arc::clone(&self.reader), account, lane)
    }

    /// Records the database and the account of the object. Returns the previous database.
    pub(super) fn set_database(
        &self,
        database: Arc<Database>,
        account: &Account,
    ) -> Option<Arc<Database>> {
        let mut reach = lock(&self.reach);
        reach.account = Some(account.clone());
        reach.database.replace(database)
    }

    /// Records the privileges of the account.
    pub(super) fn set_privileges(&self, privileges: Option<Privileges>) {
        let mut reach = lock(&self.reach);
        if reach.privileges.as_deref() == privileges.as_ref() {
            return;
        }
        let is_change = reach.privileges.is_some();
        reach.privileges = privileges.map(Arc::new);
        drop(reach);
        // After the first login, all objects are reconciled anyway.
        if is_change {
            self.trigger();
        }
    }

    /// Returns the privileges of the account, or `None` if they are not known.
    pub(super) fn privileges(&self) -> Option<Arc<Privileges>> {
        lock(&self.reach).privileges.clone()
    }

    /// Clears the connection problem. Returns whether there was one.
    pub(super) fn clear_problem(&self) -> bool {
        lock(&self.reach).problem.take().is_some()
    }

    /// Records a problem that prevents a login.
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

    /// Triggers a reconcile of everything that refers to the object.
    pub(super) fn trigger(&self) {
        self.trigger_tenants(None);
    }

    fn trigger_tenants(&self, tenants: Option<Arc<BTreeSet<String>>>) {
        // No controller listens while the operator starts. Each controller then reconciles
        // everything.
        let _ = self.trigger.send(Trigger {
            cluster: self.key.clone(),
            tenants,
        });
    }

    /// Requests that the credentials are read again.
    pub(super) fn reload(&self) {
        self.reload_requests.fetch_add(1, Ordering::Relaxed);
        self.reader.poke();
    }

    /// Returns whether the state may still come from the credentials before `reload`.
    pub(super) fn is_reloading(&self) -> bool {
        self.served_reloads.load(Ordering::Relaxed) < self.reload_requests()
    }

    /// Returns the number to pass to `record_snapshot` for a read of the credentials that starts
    /// now.
    pub(super) fn reload_requests(&self) -> u64 {
        self.reload_requests.load(Ordering::Relaxed)
    }

    /// Records that the state comes from the current credentials, even if the login with them
    /// fails.
    pub(super) fn record_snapshot(&self, reload_requests: u64) {
        if self
            .served_reloads
            .fetch_max(reload_requests, Ordering::Relaxed)
            < reload_requests
        {
            // This changes nothing about the tenants.
            self.trigger_tenants(Some(Arc::default()));
        }
    }

    pub(super) fn take_check_request(&self) -> bool {
        self.reader.take_check_request()
    }

    /// Marks the object as gone, which ends its reader. Returns whether the object was still
    /// present.
    pub(super) fn retire(&self) -> bool {
        let was_there = !self.retired.swap(true, Ordering::Relaxed);
        self.reader.poke();
        was_there
    }

    pub(super) fn is_retired(&self) -> bool {
        self.retired.load(Ordering::Relaxed)
    }

    /// Waits until the object has changed, or a check of its connection was requested.
    pub(super) async fn poked(&self) {
        self.reader.poked().await;
    }
}
