//! The seam to the database: SQL text goes in, rows of text come out. The same statements and the
//! same reading of rows run against a MySQL connection, the simulator in process, and a recorder.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use futures::future::BoxFuture;
use secrecy::SecretString;

/// `host` and `port` of a node.
pub type Endpoint = (String, u16);

/// Whom to log in as, and where.
#[derive(Clone, Debug)]
pub struct Account {
    /// The nodes, tried in order.
    pub endpoints: Vec<Endpoint>,
    /// The full login name: `root@sys`, behind OBProxy `root@sys#cluster`.
    pub user: String,
    /// The password.
    pub password: SecretString,
    /// How the connection is protected.
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

/// How the connection is protected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tls {
    /// Plain TCP.
    Disabled,
    /// Encrypted; any certificate is taken.
    Required,
    /// Encrypted; the certificate is signed by one of these (PEM).
    VerifyCa(Vec<u8>),
    /// As `VerifyCa`, and the certificate names the host.
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

/// An error packet of the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerError {
    /// The number on the wire.
    pub code: u16,
    /// The text. It may quote the statement: never log it, never show it.
    pub text: String,
}

/// Why there is no session.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConnectError {
    /// No node answers.
    #[error("no endpoint answers: {0}")]
    Unreachable(String),
    /// The protection of the connection failed.
    #[error("the connection could not be protected: {0}")]
    Tls(String),
    /// The server answered and refused.
    #[error("the database refuses the login (error {})", .0.code)]
    Refused(ServerError),
}

/// Why a statement has no rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum QueryError {
    /// The server refused it: it was not run.
    Server(ServerError),
    /// The connection broke or the time was up: it may have been run. The session is of no use.
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

/// The code of an answer, for its metric and log line: the server's error number, `0` where it
/// reported none, and `lost` where no answer came.
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
    /// Logs in; tries the endpoints in order.
    fn connect<'a>(
        &'a self,
        account: &'a Account,
    ) -> BoxFuture<'a, Result<Box<dyn Session>, ConnectError>>;
}

/// One session of the database.
pub trait Session: Send + Sync {
    /// Runs one statement and waits for its end, at most `timeout`.
    fn query<'a>(
        &'a mut self,
        text: &'a str,
        timeout: Duration,
    ) -> BoxFuture<'a, Result<Rows, QueryError>>;
}
