//! Servers for the protocol tests.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use oceanbase_backup_operator::oceanbase::client::{Account, Connect, ConnectError, Session, Tls};
use oceanbase_backup_operator::oceanbase::mysql::MySql;
use oceanbase_sim::Simulator;
use oceanbase_sim::clock::WallClock;
use oceanbase_sim::scenario::{Scenario, TenantSpec, UserSpec};
use oceanbase_sim::server::Server;
use oceanbase_sim::value::{Acceptance, Backend, End, Login, Reply, SqlError};
use rustls::ServerConfig;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

pub(super) const PASSWORD: &str = "sesame-81c0";

/// Longer than any step here takes.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);

/// A simulated node on a port.
pub(super) struct Node {
    pub(super) simulator: Simulator,
    pub(super) address: SocketAddr,
    _serving: Serving,
}

/// A running server; dropping it ends the server.
pub(super) struct Serving(#[allow(dead_code, reason = "held, not read")] JoinSet<()>);

impl Serving {
    fn run(serving: impl Future<Output = ()> + Send + 'static) -> Self {
        let mut tasks = JoinSet::new();
        tasks.spawn(serving);
        Self(tasks)
    }
}

impl Node {
    /// Starts the tenants `orders`, ready for backups, and `blank`; the user `reader` may only
    /// read.
    pub(super) async fn start(tls: Option<ServerConfig>) -> Self {
        let reader = UserSpec {
            name: "reader".to_owned(),
            tenant: "sys".to_owned(),
            password: PASSWORD.to_owned(),
            alter_system: false,
            select: true,
        };
        let scenario = Scenario::new("4.3.5.2")
            .sys_password(PASSWORD)
            .user(reader)
            .with(TenantSpec::new("orders").ready(Duration::from_hours(24)))
            .tenant("blank");
        let simulator = Simulator::new(&scenario, WallClock).unwrap();
        let (address, serving) = serve(simulator.clone(), tls).await;
        Self {
            simulator,
            address,
            _serving: serving,
        }
    }

    pub(super) fn account(&self) -> Account {
        account(&[self.address])
    }

    pub(super) async fn session(&self) -> Box<dyn Session> {
        MySql.connect(&self.account()).await.unwrap()
    }
}

async fn serve<L: Login>(login: L, tls: Option<ServerConfig>) -> (SocketAddr, Serving) {
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let server = Server::bind(any, Arc::new(login), tls.map(Arc::new));
    let server = server.await.unwrap();
    let address = server.local_addr().unwrap();
    (address, Serving::run(server.run()))
}

/// Returns root of sys, on these endpoints.
pub(super) fn account(endpoints: &[SocketAddr]) -> Account {
    Account {
        endpoints: endpoints
            .iter()
            .map(|address| (address.ip().to_string(), address.port()))
            .collect(),
        user: "root@sys".to_owned(),
        password: PASSWORD.into(),
        tls: Tls::Disabled,
    }
}

/// Returns why the login fails; a session is a failure of the test.
pub(super) async fn refusal(account: &Account) -> ConnectError {
    MySql.connect(account).await.err().unwrap()
}

/// Returns a port without a listener.
pub(super) async fn dead() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    listener.local_addr().unwrap()
}

/// Serves a port that sends these bytes, then nothing, and keeps the connection.
pub(super) async fn parrot(greeting: &'static [u8]) -> (SocketAddr, Serving) {
    use tokio::io::AsyncWriteExt;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let serving = Serving::run(async move {
        let mut kept = Vec::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.write_all(greeting).await;
            kept.push(stream);
        }
    });
    (address, serving)
}

/// Starts a server that accepts every login and answers by a script.
pub(super) async fn scripted(script: fn(&str) -> Reply) -> (SocketAddr, Serving) {
    serve(Scripted(script), None).await
}

struct Scripted(fn(&str) -> Reply);

impl Login for Scripted {
    type Backend = Scripted;

    fn login(
        &self,
        _: &str,
        _: &[u8],
        _: &[u8; 20],
        _: Option<&str>,
    ) -> Result<Scripted, SqlError> {
        Ok(Scripted(self.0))
    }

    fn accepts(&self) -> Acceptance {
        Acceptance::Serve
    }
}

impl Backend for Scripted {
    fn execute(&mut self, text: &str) -> Reply {
        (self.0)(text)
    }

    fn use_database(&mut self, _: &str) -> Result<(), SqlError> {
        Ok(())
    }

    fn reset(&mut self) {}
}

/// Returns a result set of one column of text.
pub(super) fn texts(rows: Vec<Option<String>>) -> Reply {
    use oceanbase_sim::value::{Column, ColumnType, Outcome, ResultSet};
    Reply {
        delay: Duration::ZERO,
        outcomes: vec![Outcome::Rows(ResultSet {
            columns: vec![Column {
                name: "größe".to_owned(),
                ty: ColumnType::LongText,
            }],
            rows: rows.into_iter().map(|value| vec![value]).collect(),
        })],
        end: End::Complete,
    }
}
