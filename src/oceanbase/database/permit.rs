//! Permits to send commands to one database.
//!
//! # Flow
//!
//! * An object acquires a permit in a lane, sends commands with it, and drops it.
//! * A command of the serial lane waits for the database's one sender. A command of another lane
//!   uses a sender of its own.
//! * A RESTORE is handed over to a background task, which holds the permit until the answer.
//!
//! # Guarantees
//!
//! * From before a command is sent until the next read, the snapshot of its tenant counts as
//!   outdated. Otherwise a dropped pass would decide on a snapshot from before its own statement.
//! * A command that was not sent leaves no such mark, so that no object waits for a read in vain.
//! * A command uses the account of its object. Another object's account may have more privileges.
//! * If no session can be opened, the reader of the object checks its account and its endpoints.
//!
//! # Assumptions
//!
//! * The lanes limit the number of permits; see [`crate::oceanbase::lanes`].
//!
//! # Caveats
//!
//! * Without a snapshot, nothing is sent: the version of the servers is not known.
//! * Only the newest answers of background tasks are kept.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use futures::FutureExt;
use tokio::time::Instant;

use super::background::BackgroundGuard;
use super::{CommandMark, Database};
use crate::oceanbase::capability::Capability;
use crate::oceanbase::client::{Account, Endpoint};
use crate::oceanbase::lanes::SendPermit;
use crate::oceanbase::model::{Answer, RestoreKey};
use crate::oceanbase::reader_signal::ReaderSignal;
use crate::oceanbase::sender::{Inspection, Sender};
use crate::oceanbase::statement::{Command, StorageUpdate};
use crate::oceanbase::sync::lock;

/// Message of a command that has no snapshot: the version of the servers is not known.
const NOT_READ_YET: &str = "the operator has not read the cluster yet";

/// Message of a RESTORE in a lane in which it would delay other statements for minutes.
const WRONG_LANE: &str = "RESTORE was requested with a permit that is not of the recovery lane; \
                          report this as a bug of the operator";

/// Permit to send commands to one database.
pub struct Permit {
    pub(super) database: Arc<Database>,
    /// Reader of the object that sends the command.
    pub(super) reader: Arc<ReaderSignal>,
    /// Account of the object. Another object's account may have more privileges.
    pub(super) account: Account,
    pub(super) lane: Arc<SendPermit>,
}

impl Permit {
    /// Returns the endpoints that commands may be sent to.
    #[must_use]
    pub fn endpoints(&self) -> &[Endpoint] {
        &self.account.endpoints
    }

    /// Returns whether the servers have the capability, as of the last read.
    #[must_use]
    pub fn can(&self, what: Capability) -> bool {
        let snapshot = self.database.latest();
        snapshot.is_some_and(|snapshot| snapshot.version.can(what))
    }

    /// Sends a command and returns its outcome. In the serial lane, the command waits for its
    /// predecessors. In the other lanes, the command is sent immediately. A RESTORE takes minutes
    /// and is handed over: its answer is
    /// [kept](crate::oceanbase::registry::Clusters::handed_over).
    pub async fn send(&mut self, command: &Command) -> Answer {
        if let Some(key) = command.restore_key() {
            return self.hand_over(key, command);
        }
        match *self.lane {
            SendPermit::Serial(_) => {
                let mut sender = self.database.sender.lock().await;
                self.send_by(&mut sender, command).await
            }
            SendPermit::Storage(_) => {
                let mut sender = self.database.sender_for_a_storage();
                let answer = self.send_by(&mut sender, command).await;
                self.database.keep(sender);
                answer
            }
            SendPermit::Recovery(_) => {
                let mut sender = self.database.pattern.another();
                self.send_by(&mut sender, command).await
            }
        }
    }

    /// Checks a restored tenant, on sessions that are used for nothing else. It changes nothing.
    pub async fn inspect(&mut self, inspection: &Inspection) -> Answer {
        let Some(snapshot) = self.database.latest() else {
            return Answer::NotSent(NOT_READ_YET.to_owned());
        };
        let mut sender = self.database.pattern.another();
        let answer = sender
            .inspect(&self.account, snapshot.version, inspection)
            .await;
        if sender.is_shut_out() {
            self.reader.request_check();
        }
        answer
    }

    /// Changes the keys or limits of a tenant's storage, on a session of the tenant.
    pub async fn update_storage(&mut self, change: &StorageUpdate) -> Answer {
        let Some(snapshot) = self.database.latest() else {
            return Answer::NotSent(NOT_READ_YET.to_owned());
        };
        let mut guard = StaleGuard::new(&self.database, change.tenant.as_str());
        let mut sender = self.database.pattern.another();
        let answer = sender
            .update_storage(&self.account, snapshot.version, change)
            .await;
        if sender.is_shut_out() {
            self.reader.request_check();
        }
        guard.is_sent = !matches!(answer, Answer::NotSent(_));
        answer
    }

    /// Hands the command over to a background task, which holds the permit until the answer.
    fn hand_over(&self, key: &RestoreKey, command: &Command) -> Answer {
        if !matches!(*self.lane, SendPermit::Recovery(_)) {
            return Answer::NotSent(WRONG_LANE.to_owned());
        }
        let Some(underway) = BackgroundGuard::begin(&self.database, key, command.tenant()) else {
            return Answer::HandedOver;
        };
        let permit = Self {
            database: Arc::clone(&self.database),
            reader: Arc::clone(&self.reader),
            account: self.account.clone(),
            lane: Arc::clone(&self.lane),
        };
        let command = command.clone();
        let background_statement = async move {
            let mut sender = permit.database.pattern.another();
            tokio::select! {
                biased;
                () = permit.database.abandoned() => {}
                answer = permit.send_by(&mut sender, &command) => underway.end(answer),
            }
        };
        // The receiver is gone only when the operator stops.
        let _ = self
            .database
            .background_statements
            .send(background_statement.boxed());
        Answer::HandedOver
    }

    async fn send_by(&self, sender: &mut Sender, command: &Command) -> Answer {
        let Some(snapshot) = self.database.latest() else {
            return Answer::NotSent(NOT_READ_YET.to_owned());
        };
        // From here on, the snapshot of the tenant is outdated, whatever happens to the statement.
        // This includes a drop of this future.
        let mut guard = StaleGuard::new(&self.database, command.tenant().as_str());
        let sent = sender.send(&self.account, snapshot.version, command);
        let answer = sent.await;
        if sender.is_shut_out() {
            self.reader.request_check();
        }
        guard.is_sent = !matches!(answer, Answer::NotSent(_));
        answer
    }
}

impl fmt::Debug for Permit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Permit({:?})", self.database.id)
    }
}

/// Marks the snapshot of a tenant as outdated, before and after a command.
struct StaleGuard<'a> {
    database: &'a Database,
    tenant: &'a str,
    /// Number of the command.
    command: u64,
    /// Mark of the previous command.
    before: Option<CommandMark>,
    /// Whether a statement may have left the process.
    is_sent: bool,
}

impl<'a> StaleGuard<'a> {
    fn new(database: &'a Database, tenant: &'a str) -> Self {
        let command = database.commands.fetch_add(1, Ordering::SeqCst);
        let before = database.mark_stale(tenant, command);
        Self {
            database,
            tenant,
            command,
            before,
            is_sent: true,
        }
    }
}

impl Drop for StaleGuard<'_> {
    fn drop(&mut self) {
        if self.is_sent {
            self.database.mark_stale(self.tenant, self.command);
            *lock(&self.database.commanded_at) = Some(Instant::now());
            self.database.poke.notify_one();
            return;
        }
        // Nothing has changed: no object has to wait for a read, and no read is needed.
        let mut settled_by = lock(&self.database.settled_by);
        let last = settled_by.get(self.tenant);
        if last.is_some_and(|last| last.command != self.command) {
            // Another command was sent concurrently.
            return;
        }
        match self.before {
            Some(mark) => settled_by.insert(self.tenant.to_owned(), mark),
            None => settled_by.remove(self.tenant),
        };
    }
}
