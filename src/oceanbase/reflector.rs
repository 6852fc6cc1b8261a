//! Reflector for OceanBase: reads a database repeatedly and publishes each snapshot.
//!
//! # Flow
//!
//! * Each OceanBaseCluster object has a task that logs in and identifies the database.
//! * The first task to do so leads: it reads the `CDB_OB_*` views of all tenants on one connection.
//! * The other tasks read once to check their account, and disconnect. They log in again at
//!   intervals, after a change of their object, or when the leader resigns.
//! * Each read covers tenants, archive rounds, destinations and running jobs.
//! * Sets and pieces are read only after a change, and every [`Intervals::full`]. Ended jobs are
//!   also read after a command.
//! * Restores are read only while a controller requests them.
//!
//! # Guarantees
//!
//! * It changes nothing in the database.
//! * At most one task of the process publishes snapshots of a database.
//! * A pause follows each read: three times its duration, but at most the interval.
//! * A broken connection is reported only if the next session fails too.
//!
//! # Assumptions
//!
//! * The account can read the views of the sys tenant.
//!
//! # Caveats
//!
//! * A snapshot is not one transaction: its rows come from several queries.
//! * Privileges are read only at login.
//! * Behind OBProxy, an upgrade of the servers is noticed only at the next full read.

mod intervals;
mod login;

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

use super::client::{Account, Connect, Session};
use super::cluster::Cluster;
use super::credentials::{Credentials, CredentialsError};
use super::database::Database;
use super::databases::Databases;
use super::model::{Identity, JobKey, Restore, Snapshot};
use super::problem::ConnectionProblem;
use super::snapshot::{History, ReadScope, Reading};
use super::version::Version;
use crate::clock::Clock;
use crate::telemetry::Metrics;

pub use intervals::Intervals;

/// Timeout of each query.
const QUERY_TIMEOUT: Duration = Duration::from_secs(10);

/// Time after a command during which the cluster is read at the busy pace. Jobs of a command that
/// sys passes on may appear late.
const BUSY_AFTER_COMMAND: Duration = Duration::from_mins(1);

/// Minimum time between triggers for progress of log archives at the busy pace.
const PROGRESS_INTERVAL: Duration = Duration::from_secs(15);

/// Length of the pause after a read, as a multiple of its duration. The pause limits the load on
/// the database.
const READ_PAUSE_FACTOR: u32 = 3;

/// Task that reads the cluster of one object.
pub(super) struct Reflector {
    pub(super) cluster: Arc<Cluster>,
    pub(super) databases: Databases,
    pub(super) connect: Arc<dyn Connect>,
    pub(super) credentials: Arc<dyn Credentials>,
    pub(super) intervals: Intervals,
    pub(super) clock: Clock,
    pub(super) metrics: Metrics,
}

/// Database at the other end of a session.
struct SessionContext {
    identity: Identity,
    version: Version,
    community: bool,
}

/// Reason why a session of the reflector ended.
enum SessionEnd {
    /// The cluster's object is gone.
    Gone,
    /// A new login is needed, such as after a change of the credentials or the leader.
    Again,
    /// The session failed. `served` is true if it had read the cluster before.
    Problem {
        problem: ConnectionProblem,
        served: bool,
    },
}

impl Reflector {
    /// Reads the cluster until its object is gone.
    pub(super) async fn run(self) {
        let mut failures = 0;
        while !self.cluster.is_retired() {
            let asked = self.cluster.reload_requests();
            match self.session(asked).await {
                SessionEnd::Gone => return,
                // Any connection may break. Only a failure of the next session is reported.
                SessionEnd::Again | SessionEnd::Problem { served: true, .. } => failures = 0,
                SessionEnd::Problem {
                    problem,
                    served: false,
                } => {
                    self.cluster.down(problem);
                    self.cluster.record_snapshot(asked);
                    failures += 1;
                    let pause = Duration::from_secs(1 << failures.min(6));
                    let pause = pause.min(self.intervals.unreachable);
                    // A change of the cluster's object ends the pause early.
                    let _ = timeout(pause, self.cluster.poked()).await;
                }
            }
        }
    }

    /// Logs in, then reads until the session ends. `asked` was determined before the login.
    async fn session(&self, asked: u64) -> SessionEnd {
        let account = match self.credentials.account(self.cluster.key()).await {
            Ok(account) => account,
            Err(CredentialsError::Gone) => return SessionEnd::Gone,
            Err(error) => return end(error.into(), false),
        };
        let mut session = match self.connect.connect(&account).await {
            Ok(session) => session,
            Err(error) => return end(ConnectionProblem::without_session(&error, &account), false),
        };
        let context = match self.identify(session.as_mut()).await {
            Ok(context) => context,
            Err(problem) => return end(problem, false),
        };
        let id = context.identity.database();
        let Some((database, joined)) = self.databases.join(&self.cluster, id, &account) else {
            return SessionEnd::Gone;
        };
        let Some(_lead) = database.lead(self.cluster.key()) else {
            return match self.check_rights(session.as_mut(), context.version).await {
                Ok(()) => {
                    drop(session);
                    self.follow(&database, joined, asked).await
                }
                Err(problem) => end(problem, false),
            };
        };
        self.serve(session.as_mut(), &account, &database, &context, asked)
            .await
    }

    /// Reads once what the leader reads, because the leader's account may have more privileges.
    async fn check_rights(
        &self,
        session: &mut dyn Session,
        version: Version,
    ) -> Result<(), ConnectionProblem> {
        let mut history = History::default();
        Reading::new(session, version, &self.metrics, QUERY_TIMEOUT)
            .read(&mut history, ReadScope::Hot, self.clock.now())
            .await?;
        Ok(())
    }

    /// Leaves the reading to the leader until this object's account must be checked again.
    async fn follow(&self, database: &Database, joined: bool, asked: u64) -> SessionEnd {
        if self.cluster.clear_problem() || joined {
            self.cluster.trigger();
        }
        self.cluster.record_snapshot(asked);
        tokio::select! {
            () = database.vacated() => {}
            _ = timeout(self.intervals.credentials, self.cluster.poked()) => {}
        }
        SessionEnd::Again
    }

    /// Checks the account and the endpoints with a second login. The reading session would outlive
    /// a change of either.
    async fn verify(&self, account: &Account, context: &SessionContext) -> Option<SessionEnd> {
        let session = match self.connect.connect(account).await {
            Ok(session) => Ok(session),
            Err(error) => Err(ConnectionProblem::without_session(&error, account)),
        };
        let found = match session {
            Ok(mut session) => self.identify(session.as_mut()).await,
            Err(problem) => Err(problem),
        };
        match found {
            Ok(found) if found.identity.database() != context.identity.database() => {
                Some(SessionEnd::Again)
            }
            Err(problem) if problem.permanent => Some(end(problem, false)),
            // A temporary problem, such as too many connections, does not end a working session.
            _ => None,
        }
    }

    /// Waits until the next read is due, or a command or a changed object requests one.
    async fn wait_for_next_read(&self, database: &Database, busy: bool, took: Duration) {
        let interval = if busy {
            self.intervals.busy
        } else {
            self.intervals.idle
        };
        // Without this pause, a series of statements would cause reads of 1,000 tenants without a
        // break.
        let pause = (took * READ_PAUSE_FACTOR).min(interval);
        sleep(pause).await;
        let poked = async {
            tokio::select! {
                () = database.poked() => {}
                () = self.cluster.poked() => {}
            }
        };
        let _ = timeout(interval.saturating_sub(pause), poked).await;
    }

    async fn serve(
        &self,
        session: &mut dyn Session,
        account: &Account,
        database: &Database,
        context: &SessionContext,
        asked: u64,
    ) -> SessionEnd {
        let mut history = History::default();
        let mut credentials_at = Instant::now() + self.intervals.credentials;
        let mut full_at = Instant::now();
        let mut served = false;
        loop {
            let now = Instant::now();
            let sequence = database.begin_read();
            let read_at = self.clock.now();
            let mut reading = Reading::new(session, context.version, &self.metrics, QUERY_TIMEOUT);
            if served && now >= full_at {
                // Behind OBProxy, a session outlives an upgrade of the servers.
                match reading.version().await {
                    Ok(version) if version == context.version => {}
                    Ok(_) => return SessionEnd::Again,
                    Err(problem) => return end(problem.into(), served),
                }
            }
            let scope = if now >= full_at {
                ReadScope::Full
            } else if database.commanded_within(BUSY_AFTER_COMMAND) {
                ReadScope::AfterCommand
            } else {
                ReadScope::Hot
            };
            let read = reading.read(&mut history, scope, read_at).await;
            let (tenants, parents, was_full) = match read {
                Ok(read) => read,
                Err(problem) => return end(problem.into(), served),
            };
            let mut restores = None;
            if database.wants_restores() {
                let with_servers = database.take_want_of_servers();
                let read = reading.restores(&mut history, with_servers, read_at);
                match read.await {
                    Ok(read) => restores = Some(read),
                    Err(problem) => return end(problem.into(), served),
                }
            }
            let took = now.elapsed();
            if was_full {
                full_at = now + self.intervals.full;
            }
            let snapshot = Snapshot {
                sequence,
                read_at,
                identity: context.identity.clone(),
                version: context.version,
                community: context.community,
                tenants,
                parents,
                is_upgrading: history.is_upgrading(),
                newest_cleanup: history.newest_cleanup(),
                storages: history.storages(),
                restores,
            };
            let busy = is_busy(&snapshot) || database.commanded_within(BUSY_AFTER_COMMAND);
            let had_problem = self.cluster.clear_problem();
            let progress = if busy {
                PROGRESS_INTERVAL
            } else {
                Duration::ZERO
            };
            let notified_all = database.publish(snapshot, progress);
            database.close_idle();
            if had_problem && !notified_all {
                self.cluster.trigger();
            }
            self.cluster.record_snapshot(asked);
            served = true;
            self.wait_for_next_read(database, busy, took).await;
            if self.cluster.is_retired() {
                return SessionEnd::Gone;
            }
            if self.cluster.take_check_request()
                && let Some(end) = self.verify(account, context).await
            {
                return end;
            }
            if Instant::now() >= credentials_at || self.cluster.is_reloading() {
                credentials_at = Instant::now() + self.intervals.credentials;
                let asked = self.cluster.reload_requests();
                match self.credentials.account(self.cluster.key()).await {
                    Ok(current) if current == *account => {
                        // A DBA may have granted or revoked privileges since the login.
                        if let Err(problem) = self.read_privileges(session, context.version).await {
                            return end(problem, served);
                        }
                        self.cluster.record_snapshot(asked);
                    }
                    Ok(_) => return SessionEnd::Again,
                    Err(CredentialsError::Gone) => return SessionEnd::Gone,
                    Err(CredentialsError::Unavailable(_)) => {}
                    Err(error) => return end(error.into(), false),
                }
            }
        }
    }
}

/// Returns whether a job of the operator runs, or log archiving is changing its state.
fn is_busy(snapshot: &Snapshot) -> bool {
    let read = snapshot.restores.iter();
    let restores = read.flat_map(|read| read.restores.iter().chain(&read.tables));
    restores.into_iter().any(Restore::is_running_of_ours)
        || snapshot.tenants.values().any(|tenant| {
            tenant
                .running_jobs()
                .any(|job| job.description.starts_with(JobKey::PREFIX))
                || tenant.is_cleaned_by_sys()
                || tenant
                    .round
                    .as_ref()
                    .is_some_and(|round| round.status.is_moving())
        })
}

fn end(problem: ConnectionProblem, served: bool) -> SessionEnd {
    SessionEnd::Problem { problem, served }
}

#[cfg(test)]
mod tests;
