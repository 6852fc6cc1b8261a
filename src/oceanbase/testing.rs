//! Test doubles of [`Connect`]: the in-process simulator under tokio's paused clock, and views with
//! given rows.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use jiff::Timestamp;
use oceanbase_sim::Simulator;
use oceanbase_sim::model::Scn;
use oceanbase_sim::scenario::{Scenario, TenantSpec};
use oceanbase_sim::value::{Acceptance, Backend, Login, NoAnswer, SqlError};
use secrecy::ExposeSecret;
use tokio::time::{Instant, sleep};

use super::client::{Account, Connect, ConnectError, QueryError, Rows, ServerError, Session, Tls};
use super::model::DatabaseId;
use crate::clock::Clock;

pub(crate) const PASSWORD: &str = "sesame";

/// 2026-11-20 02:00:00 UTC.
const START: u64 = 1_795_140_000_000_000_000;

/// Returns root of sys. Endpoints have no meaning in the process.
pub(crate) fn account() -> Account {
    Account {
        endpoints: vec![("node".to_owned(), 2881)],
        user: "root@sys".to_owned(),
        password: PASSWORD.into(),
        tls: Tls::Disabled,
    }
}

/// Time of the test, which advances with tokio's clock.
#[derive(Clone, Copy)]
pub(crate) struct Paused(Instant);

impl Paused {
    pub(crate) fn new() -> Self {
        Self(Instant::now())
    }

    pub(crate) fn clock(self) -> Clock {
        Clock::new(move || {
            let nanos = i128::from(oceanbase_sim::clock::Clock::now(&self).0);
            Timestamp::from_nanosecond(nanos).unwrap()
        })
    }
}

impl oceanbase_sim::clock::Clock for Paused {
    fn now(&self) -> Scn {
        Scn(START).plus(self.0.elapsed())
    }
}

/// Simulated node as a [`Connect`].
#[derive(Clone)]
pub(crate) struct InProcess {
    pub(crate) simulator: Simulator,
    pub(crate) time: Paused,
    /// Times of all login attempts.
    pub(crate) attempts: Arc<Mutex<Vec<Instant>>>,
    /// View, and the delay before the next query that names it.
    pub(crate) pause: Arc<Mutex<Option<(&'static str, Duration)>>>,
    /// Whether new sessions are rejected. Open sessions continue.
    pub(crate) is_full: Arc<AtomicBool>,
}

impl InProcess {
    /// Returns a node with the tenants `orders` and `billing`, ready for backups.
    pub(crate) fn new() -> Self {
        Self::of("4.3.5.2")
    }

    /// Returns such a node with another version.
    pub(crate) fn of(version: &str) -> Self {
        let day = Duration::from_hours(24);
        let scenario = Scenario::new(version)
            .sys_password(PASSWORD)
            .with(TenantSpec::new("orders").ready(day))
            .with(TenantSpec::new("billing").ready(day));
        let time = Paused::new();
        Self {
            simulator: Simulator::new(&scenario, time).unwrap(),
            time,
            attempts: Arc::default(),
            pause: Arc::default(),
            is_full: Arc::default(),
        }
    }

    /// Returns the database of the node. Its views show microseconds.
    pub(crate) fn database(&self) -> DatabaseId {
        let (id, created) = self
            .simulator
            .world(|world| (world.identity.id, world.created_at.0));
        let created_at = Timestamp::from_microsecond(i64::try_from(created / 1000).unwrap());
        DatabaseId::new(i64::try_from(id).unwrap(), created_at.unwrap())
    }

    /// Returns the number of statements so far that name a view.
    pub(crate) fn count(&self, view: &str) -> usize {
        let look = |log: &oceanbase_sim::log::StatementLog| {
            log.entries().filter(|e| e.text.contains(view)).count()
        };
        self.simulator.log(look)
    }
}

impl Connect for InProcess {
    fn connect<'a>(
        &'a self,
        account: &'a Account,
    ) -> BoxFuture<'a, Result<Box<dyn Session>, ConnectError>> {
        async move {
            lock(&self.attempts).push(Instant::now());
            if self.is_full.load(Ordering::Relaxed) {
                return Err(ConnectError::Unreachable("full".to_owned()));
            }
            match self.simulator.accepts() {
                Acceptance::Serve => {}
                Acceptance::Refuse => {
                    return Err(ConnectError::Unreachable("refused".to_owned()));
                }
                Acceptance::Silent => {
                    sleep(Duration::from_secs(5)).await;
                    return Err(ConnectError::Unreachable("silent".to_owned()));
                }
            }
            let password = account.password.expose_secret();
            let session = self.simulator.connect(&account.user, password);
            let session = session.map_err(|error| ConnectError::Refused(server_error(error)))?;
            Ok(Box::new(InProcessSession {
                session: Some(Mutex::new(session)),
                pause: Arc::clone(&self.pause),
            }) as _)
        }
        .boxed()
    }
}

struct InProcessSession {
    session: Option<Mutex<oceanbase_sim::Session>>,
    pause: Arc<Mutex<Option<(&'static str, Duration)>>>,
}

impl Session for InProcessSession {
    fn query<'a>(
        &'a mut self,
        text: &'a str,
        timeout: Duration,
    ) -> BoxFuture<'a, Result<Rows, QueryError>> {
        async move {
            let lost = |why: &str| Err(QueryError::Lost(why.to_owned()));
            let pause = lock(&self.pause).take_if(|(view, _)| text.contains(*view));
            if let Some((_, pause)) = pause {
                sleep(pause).await;
            }
            let Some(session) = self.session.take() else {
                return lost("used after an answer was lost");
            };
            let reply = lock(&session).execute(text);
            if reply.delay > timeout {
                sleep(timeout).await;
                return lost("time is up");
            }
            sleep(reply.delay).await;
            let set = match reply.last() {
                Err(NoAnswer::HungUp) => return lost("hung up"),
                Err(NoAnswer::Refused(error)) => {
                    self.session = Some(session);
                    return Err(QueryError::Server(server_error(error)));
                }
                Ok(set) => set,
            };
            self.session = Some(session);
            Ok(Rows {
                columns: set.columns.into_iter().map(|column| column.name).collect(),
                rows: set.rows,
            })
        }
        .boxed()
    }
}

fn server_error(error: SqlError) -> ServerError {
    ServerError {
        code: error.code,
        text: error.message,
    }
}

/// Sessions whose views show given rows.
#[derive(Clone, Default)]
pub(crate) struct FixedViews {
    views: Arc<Mutex<HashMap<&'static str, Rows>>>,
    asked: Arc<Mutex<Vec<String>>>,
    /// Faults for the next statements that contain a text.
    next: Arc<Mutex<Vec<(&'static str, StatementFault)>>>,
    /// Number of logins.
    pub(crate) logins: Arc<AtomicUsize>,
}

/// Fault of a statement.
#[derive(Clone)]
pub(crate) enum StatementFault {
    /// The statement takes this long.
    Takes(Duration),
    /// The statement takes this long and is rejected with this number and text.
    Refused(Duration, u16, &'static str),
    /// The connection breaks.
    Lost,
}

impl FixedViews {
    /// Returns a database of V4.3.5.2, cluster 7, with the user tenant 1002, `orders`.
    pub(crate) fn database() -> Self {
        let given = Self::default();
        given.set(
            "OB_VERSION()",
            "OB_VERSION, VERSION",
            &[&[Some("4.3.5.2"), Some("5.7.25-OceanBase_CE-v4.3.5.2")]],
        );
        let parameter = |name, value| ["1", name, value].map(Some);
        let rows = [parameter("cluster", "obprod"), parameter("cluster_id", "7")];
        given.set(
            "GV$OB_PARAMETERS",
            "TENANT_ID, NAME, VALUE",
            &[&rows[0], &rows[1]],
        );
        given.tenants(&[("1002", "orders", "PRIMARY")]);
        given
    }

    /// Returns the ID of [`Self::database`].
    pub(crate) fn id() -> DatabaseId {
        DatabaseId::new(7, "2026-01-01T00:00:00Z".parse().unwrap())
    }

    /// Replaces the user tenants: numbers, names, roles.
    pub(crate) fn tenants(&self, tenants: &[(&str, &str, &str)]) {
        let row = |(id, name, role): &(&str, &str, &str)| {
            let rest = ["NORMAL", "NO", role, "NORMAL", "NOARCHIVELOG", "4.3.5.2"];
            let row = ["2026-01-01 00:00:00", id, name].into_iter().chain(rest);
            row.map(|value| Some(value.to_owned())).collect::<Vec<_>>()
        };
        let rows: Vec<_> = tenants.iter().map(row).collect();
        let rows: Vec<Vec<_>> = rows
            .iter()
            .map(|row| row.iter().map(Option::as_deref).collect())
            .collect();
        let rows: Vec<_> = rows.iter().map(Vec::as_slice).collect();
        let columns = "CREATE_TIME, TENANT_ID, TENANT_NAME, STATUS, LOCKED, TENANT_ROLE, \
                       SWITCHOVER_STATUS, LOG_MODE, COMPATIBLE";
        self.set("DBA_OB_TENANTS", columns, &rows);
    }

    /// Replaces the rows of a view. `view` is its name without the schema, or part of the text if a
    /// statement names no view.
    pub(crate) fn set(&self, view: &'static str, columns: &str, rows: &[&[Option<&str>]]) {
        let row = |row: &&[Option<&str>]| row.iter().map(|v| v.map(str::to_owned)).collect();
        let rows = Rows {
            columns: columns.split(", ").map(str::to_owned).collect(),
            rows: rows.iter().map(row).collect(),
        };
        lock(&self.views).insert(view, rows);
    }

    /// Sets a fault for the next statement that contains this text.
    pub(crate) fn next(&self, text: &'static str, happens: StatementFault) {
        lock(&self.next).push((text, happens));
    }

    /// Returns the queries since the last call, in order.
    pub(crate) fn take_asked(&self) -> Vec<String> {
        std::mem::take(&mut *lock(&self.asked))
    }

    /// Returns the number of statements with this text since the last `take_asked`.
    pub(crate) fn count(&self, text: &str) -> usize {
        lock(&self.asked)
            .iter()
            .filter(|asked| asked.contains(text))
            .count()
    }

    fn answer(&self, text: &str) -> Rows {
        let view = text.split("oceanbase.").nth(1).unwrap_or_default();
        let view = view.split(' ').next().unwrap_or_default();
        let views = lock(&self.views);
        let named = views
            .iter()
            .find(|(name, _)| view.is_empty() && text.contains(**name));
        views
            .get(view)
            .or(named.map(|(_, rows)| rows))
            .cloned()
            .unwrap_or_default()
    }
}

impl Connect for FixedViews {
    fn connect<'a>(
        &'a self,
        _: &'a Account,
    ) -> BoxFuture<'a, Result<Box<dyn Session>, ConnectError>> {
        self.logins.fetch_add(1, Ordering::Relaxed);
        async move { Ok(Box::new(self.clone()) as Box<dyn Session>) }.boxed()
    }
}

impl Session for FixedViews {
    fn query<'a>(
        &'a mut self,
        text: &'a str,
        timeout: Duration,
    ) -> BoxFuture<'a, Result<Rows, QueryError>> {
        lock(&self.asked).push(text.to_owned());
        let mut next = lock(&self.next);
        let position = next.iter().position(|(part, _)| text.contains(part));
        let happens = position.map(|position| next.remove(position).1);
        drop(next);
        let rows = self.answer(text);
        async move {
            let (delay, answer) = match happens {
                None => (Duration::ZERO, Ok(rows)),
                Some(StatementFault::Takes(delay)) => (delay, Ok(rows)),
                Some(StatementFault::Refused(delay, code, text)) => {
                    let text = text.to_owned();
                    (delay, Err(QueryError::Server(ServerError { code, text })))
                }
                Some(StatementFault::Lost) => {
                    (Duration::ZERO, Err(QueryError::Lost("cut".to_owned())))
                }
            };
            if delay > timeout {
                sleep(timeout).await;
                return Err(QueryError::Lost("time is up".to_owned()));
            }
            sleep(delay).await;
            answer
        }
        .boxed()
    }
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap()
}
