//! Reads a database again and again and publishes what it saw: a reflector for OceanBase.
//!
//! Each object that describes a cluster has a task that logs in and asks with which database it
//! speaks. One task per database then reads the `CDB_OB_*` views of the sys tenant for all tenants
//! at once, on one standing connection; the tasks of other objects hang up and only look now and
//! then whether they could still log in. Five queries are made on every tick; sets, pieces and
//! ended jobs only when a job or a piece changed, and every five minutes; restores while somebody
//! wants them. It never changes anything.

mod intervals;

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

use super::client::{Account, Connect, QueryError, Session};
use super::cluster::Cluster;
use super::credentials::{Credentials, CredentialsError};
use super::database::Database;
use super::model::{Identity, JobKey, Restore, Snapshot};
use super::problem::ConnectionProblem;
use super::query::{self, Query};
use super::registry::Clusters;
use super::snapshot::{History, ReadScope, Reading};
use super::statement::SESSION_SETUP;
use super::version::Version;
use crate::clock::Clock;
use crate::telemetry::Metrics;

pub use intervals::Intervals;

/// How long the database may take to answer a query.
const QUERY_TIMEOUT: Duration = Duration::from_secs(10);

/// How long after a command of ours the cluster is read at the busy pace: jobs of statements that
/// sys sends may show up late.
const BUSY_AFTER_COMMAND: Duration = Duration::from_mins(1);

/// How often at most it is told at the busy pace that log archives have come further.
const PROGRESS_INTERVAL: Duration = Duration::from_secs(15);

/// How many times as long as a read took nothing is read after it, whatever happens: to answer takes
/// the database as long as it takes us to read.
const READ_PAUSE_FACTOR: u32 = 3;

/// What a reflector is made of.
pub(super) struct Reflector {
    pub(super) cluster: Arc<Cluster>,
    pub(super) clusters: Clusters,
    pub(super) connect: Arc<dyn Connect>,
    pub(super) credentials: Arc<dyn Credentials>,
    pub(super) intervals: Intervals,
    pub(super) clock: Clock,
    pub(super) metrics: Metrics,
}

/// With whom a session speaks.
struct SessionContext {
    identity: Identity,
    version: Version,
    community: bool,
}

/// Why a session of the reflector ended.
enum SessionEnd {
    /// The cluster's object is gone.
    Gone,
    /// It is time to log in anew: the credentials changed, or somebody must read.
    Again,
    /// The session was good for nothing any more; `served` when it had read the cluster before.
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
            let asked = self.cluster.asked();
            match self.session(asked).await {
                SessionEnd::Gone => return,
                // A connection that was good breaks now and then; only a second failure is news.
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
                    // Ended early by whoever changed the cluster's object.
                    let _ = timeout(pause, self.cluster.poked()).await;
                }
            }
        }
    }

    /// Logs in, and reads until that ends. `asked` is from before it.
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
        let (identity, version, community) = match self.introduce(session.as_mut()).await {
            Ok(known) => known,
            Err(problem) => return end(problem, false),
        };
        let id = identity.database();
        let Some((database, joined)) = self.clusters.join(&self.cluster, id, &account) else {
            return SessionEnd::Gone;
        };
        let Some(_lead) = database.lead(self.cluster.key()) else {
            return match self.check_rights(session.as_mut(), version).await {
                Ok(()) => {
                    drop(session);
                    self.follow(&database, joined, asked).await
                }
                Err(problem) => end(problem, false),
            };
        };
        let context = SessionContext {
            identity,
            version,
            community,
        };
        self.serve(session.as_mut(), &account, &database, &context, asked)
            .await
    }

    /// Reads once what the leader reads: its account may see more than the own one.
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

    /// Lets another object's session read, and looks now and then whether the own account is still
    /// good.
    async fn follow(&self, database: &Database, joined: bool, asked: u64) -> SessionEnd {
        if self.cluster.clear_trouble() || joined {
            self.cluster.trigger();
        }
        self.cluster.record_snapshot(asked);
        tokio::select! {
            () = database.vacated() => {}
            _ = timeout(self.intervals.credentials, self.cluster.poked()) => {}
        }
        SessionEnd::Again
    }

    /// Sets up the session and learns with whom it speaks.
    async fn introduce(
        &self,
        session: &mut dyn Session,
    ) -> Result<(Identity, Version, bool), ConnectionProblem> {
        let mut read = Reading::new(session, Version::OLDEST, &self.metrics, QUERY_TIMEOUT);
        read.execute(SESSION_SETUP).await?;
        let answer = read.ask(&Query::Version).await?;
        let (version, community) = query::version(&answer)?;
        if version < Version::OLDEST {
            return Err(ConnectionProblem {
                reason: "UnsupportedServerVersion",
                message: format!(
                    "the server is version {version}; this operator needs {} or later",
                    Version::OLDEST
                ),
                permanent: true,
                outage: false,
            });
        }
        let parameters = read.ask(&Query::Identity).await?;
        let birth = read.ask(&Query::Bootstrap).await?;
        let identity = query::identity(&parameters, &birth)?;
        // The privileges are read at login only. A timeout would leave them unknown until the next one.
        let mut grants = read.ask(&Query::Grants).await;
        if matches!(grants, Err(QueryError::Server(_))) {
            grants = read.ask(&Query::Grants).await;
        }
        // What cannot be read is not known, and refuses nothing.
        let privileges = match grants {
            Ok(answer) => Some(query::privileges(&answer)),
            Err(QueryError::Server(error)) => {
                tracing::warn!(
                    code = error.code,
                    "privileges of the account cannot be read"
                );
                None
            }
            Err(error) => return Err(error.into()),
        };
        self.cluster.set_privileges(privileges);
        Ok((identity, version, community))
    }

    /// Logs in beside the session that reads: that goes on as long as it lives, whatever became of
    /// the account and the endpoints.
    async fn verify(&self, account: &Account, context: &SessionContext) -> Option<SessionEnd> {
        let session = match self.connect.connect(account).await {
            Ok(session) => Ok(session),
            Err(error) => Err(ConnectionProblem::without_session(&error, account)),
        };
        let known = match session {
            Ok(mut session) => self.introduce(session.as_mut()).await,
            Err(problem) => Err(problem),
        };
        match known {
            Ok((identity, ..)) if identity.database() != context.identity.database() => {
                Some(SessionEnd::Again)
            }
            Err(problem) if problem.permanent => Some(end(problem, false)),
            // What passes, such as too many connections, does not end a session that is good.
            _ => None,
        }
    }

    /// Waits until the next read is due, or until a command or a changed object asks for one.
    async fn wait_for_next_read(&self, database: &Database, busy: bool, took: Duration) {
        let interval = if busy {
            self.intervals.busy
        } else {
            self.intervals.idle
        };
        // Without this pause, statements that follow each other would read 1,000 tenants all the time.
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
                // Behind OBProxy a session outlives the upgrade of the servers.
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
            let had_trouble = self.cluster.clear_trouble();
            let progress = if busy {
                PROGRESS_INTERVAL
            } else {
                Duration::ZERO
            };
            let notified_all = database.publish(snapshot, progress);
            database.close_idle();
            if had_trouble && !notified_all {
                self.cluster.trigger();
            }
            self.cluster.record_snapshot(asked);
            served = true;
            self.wait_for_next_read(database, busy, took).await;
            if self.cluster.is_retired() {
                return SessionEnd::Gone;
            }
            if self.cluster.take_doubt()
                && let Some(end) = self.verify(account, context).await
            {
                return end;
            }
            if Instant::now() >= credentials_at || self.cluster.is_reloading() {
                credentials_at = Instant::now() + self.intervals.credentials;
                let asked = self.cluster.asked();
                match self.credentials.account(self.cluster.key()).await {
                    Ok(current) if current == *account => self.cluster.record_snapshot(asked),
                    Ok(_) => return SessionEnd::Again,
                    Err(CredentialsError::Gone) => return SessionEnd::Gone,
                    Err(CredentialsError::Unavailable(_)) => {}
                    Err(error) => return end(error.into(), false),
                }
            }
        }
    }
}

/// Whether something of ours runs, or log archiving moves from one state to another.
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
