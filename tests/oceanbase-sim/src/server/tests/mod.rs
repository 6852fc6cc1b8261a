//! Tests of the server with a real client, over TCP.

#![allow(
    clippy::disallowed_methods,
    reason = "tests run beside real processes, in real time"
)]

mod answers;
mod faults;
mod login;
mod raw;
mod tls;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use mysql_async::{Conn, Opts, OptsBuilder, Row, prelude::Queryable};
use tokio::task::JoinHandle;
use tokio_rustls::rustls::ServerConfig;

use super::{Server, verify};
use crate::value::{Acceptance, Backend, Column, End, Login, Outcome, Reply, ResultSet, SqlError};

/// A node whose sessions answer every statement by the same script.
struct Node {
    script: fn(&str) -> Reply,
    acceptance: Mutex<Acceptance>,
    journal: Arc<Mutex<Vec<String>>>,
}

/// A session of a [`Node`]: it answers by the script and records the received text.
struct Session {
    user: String,
    script: fn(&str) -> Reply,
    journal: Arc<Mutex<Vec<String>>>,
}

impl Session {
    fn record(&self, entry: &str) {
        self.journal
            .lock()
            .unwrap()
            .push(format!("{}: {entry}", self.user));
    }
}

impl Backend for Session {
    fn execute(&mut self, text: &str) -> Reply {
        self.record(&text.chars().take(40).collect::<String>());
        (self.script)(text)
    }

    fn use_database(&mut self, name: &str) -> Result<(), SqlError> {
        self.record(&format!("use {name}"));
        match name {
            "oceanbase" => Ok(()),
            _ => Err(refused(1049, "42000", "Unknown database")),
        }
    }

    fn reset(&mut self) {
        self.record("reset");
    }
}

impl Login for Node {
    type Backend = Session;

    fn login(
        &self,
        user: &str,
        scramble: &[u8],
        nonce: &[u8; 20],
        database: Option<&str>,
    ) -> Result<Session, SqlError> {
        let password = match user {
            "root@sys" => "secret",
            "root@orders#c1" => "",
            _ => return Err(denied(user)),
        };
        if !verify(password, nonce, scramble) {
            return Err(denied(user));
        }
        let session = Session {
            user: user.into(),
            script: self.script,
            journal: Arc::clone(&self.journal),
        };
        session.record(&format!("login to {}", database.unwrap_or("nothing")));
        Ok(session)
    }

    fn accepts(&self) -> Acceptance {
        *self.acceptance.lock().unwrap()
    }
}

fn denied(user: &str) -> SqlError {
    let user = user.split('@').next().unwrap_or_default();
    refused(
        1045,
        "42000",
        &format!("Access denied for user '{user}'@'xxx.xxx.xxx.xxx'"),
    )
}

fn refused(code: u16, state: &'static str, message: &str) -> SqlError {
    SqlError {
        code,
        state,
        message: message.into(),
    }
}

/// A node that serves on a port until it is stopped or the test ends.
struct Running {
    address: SocketAddr,
    node: Arc<Node>,
    task: JoinHandle<()>,
}

impl Running {
    async fn start(script: fn(&str) -> Reply) -> Self {
        Self::start_on(([127, 0, 0, 1], 0).into(), script, None).await
    }

    async fn start_on(
        address: SocketAddr,
        script: fn(&str) -> Reply,
        tls: Option<Arc<ServerConfig>>,
    ) -> Self {
        let node = Arc::new(Node {
            script,
            acceptance: Mutex::new(Acceptance::Serve),
            journal: Arc::default(),
        });
        let server = Server::bind(address, Arc::clone(&node), tls).await.unwrap();
        let address = server.local_addr().unwrap();
        Self {
            address,
            node,
            task: tokio::spawn(server.run()),
        }
    }

    /// Returns options under which the client sends no statement of its own.
    fn options(&self) -> OptsBuilder {
        OptsBuilder::default()
            .ip_or_hostname(self.address.ip().to_string())
            .tcp_port(self.address.port())
            .user(Some("root@sys"))
            .pass(Some("secret"))
            .prefer_socket(false)
            .max_allowed_packet(Some(64 << 20))
            .wait_timeout(Some(28_800))
            .stmt_cache_size(0)
    }

    async fn connect(&self) -> Conn {
        connect(self.options()).await.unwrap()
    }

    fn journal(&self) -> Vec<String> {
        self.node.journal.lock().unwrap().clone()
    }

    async fn stop(self) {
        self.task.abort();
        assert!(self.task.await.unwrap_err().is_cancelled());
    }
}

async fn connect(options: impl Into<Opts>) -> mysql_async::Result<Conn> {
    Conn::new(options).await
}

fn reply(outcomes: Vec<Outcome>, end: End) -> Reply {
    Reply {
        delay: Duration::ZERO,
        outcomes,
        end,
    }
}

/// Answers OK to everything.
fn agreeable(_: &str) -> Reply {
    reply(vec![Outcome::Done { affected_rows: 0 }], End::Complete)
}

/// Returns a result set of one text column and one row.
fn one(text: String) -> Outcome {
    let column = Column {
        name: "answer".into(),
        ty: crate::value::ColumnType::Varchar(64),
    };
    Outcome::Rows(ResultSet {
        columns: vec![column],
        rows: vec![vec![Some(text)]],
    })
}

/// Returns the number, SQLSTATE and text of the server's error.
fn server_error<T: std::fmt::Debug>(result: mysql_async::Result<T>) -> (u16, String, String) {
    match result.unwrap_err() {
        mysql_async::Error::Server(error) => (error.code, error.state, error.message),
        other => panic!("not the server's error: {other}"),
    }
}

async fn first_row(connection: &mut Conn, statement: &str) -> Option<Row> {
    connection.query_first(statement).await.unwrap()
}
