//! Interface to the database: SQL text in, rows of text out. The same statements and row parsers
//! run against a MySQL connection, the in-process simulator and a recorder.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use futures::future::BoxFuture;
use secrecy::SecretString;

/// `host` and `port` of a node.
pub type Endpoint = (String, u16);

/// Account to log in with, and the nodes to log in to.
#[derive(Clone, Debug)]
pub struct Account {
    /// Nodes, in the order in which they are tried.
    pub endpoints: Vec<Endpoint>,
    /// Full login name: `root@sys`, or `root@sys#cluster` behind OBProxy.
    pub user: String,
    /// The password.
    pub password: SecretString,
    /// Protection of the connection.
    pub tls: Tls,
}

impl PartialEq for Account {
    fn eq(&self, other: &Self) -> bool {
        use secrecy::ExposeSecret;
        self.endpoints == other.endpoints
            && self.user == other.user
            && self.tls == other.tls
            && self.password.expose_secret() == other.password.expose_secret()
    }
}

/// Protection of the connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tls {
    /// Plain TCP.
    Disabled,
    /// Encrypted; every certificate is accepted.
    Required,
    /// Encrypted; the certificate must be signed by one of these authorities (PEM).
    VerifyCa(Vec<u8>),
    /// Like `VerifyCa`, and the certificate must name the host.
    VerifyIdentity(Vec<u8>),
}

/// Rows of one statement, as text; empty for a statement that returns none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rows {
    /// Names of the columns.
    pub columns: Vec<String>,
    /// The rows; `None` is NULL.
    pub rows: Vec<Vec<Option<String>>>,
}

/// Error packet from the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerError {
    /// Error number on the wire.
    pub code: u16,
    /// Error text. It may quote the statement: never log it, never show it.
    pub text: String,
}

/// Reason why there is no session.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConnectError {
    /// No node responds.
    #[error("no endpoint answers: {0}")]
    Unreachable(String),
    /// The protection of the connection failed.
    #[error("the connection could not be protected by TLS: {0}")]
    Tls(String),
    /// The server responded and rejected the login.
    #[error("the database rejects the login (error {})", .0.code)]
    Refused(ServerError),
}

/// Reason why a statement returned no rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum QueryError {
    /// The server rejected the statement, which was not run.
    Server(ServerError),
    /// The connection broke or the timeout expired. The statement may have been run, and the
    /// session is unusable.
    Lost(String),
}

impl fmt::Display for QueryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Server(error) => write!(f, "error {}", error.code),
            Self::Lost(why) => write!(f, "connection lost: {why}"),
        }
    }
}

/// Returns the code of a response for its metric and log line. The code is the server's error
/// number, `0` for success, or `lost` without a response.
#[must_use]
pub fn code_of(answer: &Result<Rows, QueryError>) -> Cow<'static, str> {
    match answer {
        Ok(_) => Cow::Borrowed("0"),
        Err(QueryError::Server(error)) => Cow::Owned(error.code.to_string()),
        Err(QueryError::Lost(_)) => Cow::Borrowed("lost"),
    }
}

/// Opens sessions.
pub trait Connect: Send + Sync + 'static {
    /// Logs in. Tries the endpoints in order.
    fn connect<'a>(
        &'a self,
        account: &'a Account,
    ) -> BoxFuture<'a, Result<Box<dyn Session>, ConnectError>>;
}

/// Session with the database.
pub trait Session: Send + Sync {
    /// Runs one statement and waits for its end, at most for `timeout`.
    fn query<'a>(
        &'a mut self,
        text: &'a str,
        timeout: Duration,
    ) -> BoxFuture<'a, Result<Rows, QueryError>>;
}
