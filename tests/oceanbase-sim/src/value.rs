//! Results of statements.

use std::time::Duration;

/// The type of a column in the MySQL protocol and in a `CREATE TABLE`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnType {
    /// `bigint(20)`: LONGLONG, signed.
    BigInt,
    /// `bigint(20) unsigned`: LONGLONG, unsigned; the type of every SCN.
    BigIntUnsigned,
    /// `decimal(p, s)`: NEWDECIMAL.
    Decimal(u8, u8),
    /// `varchar(n)`: `VAR_STRING`.
    Varchar(u32),
    /// `longtext`: BLOB with a character set.
    LongText,
    /// `timestamp(6)`: TIMESTAMP, shown in the session's time zone.
    Timestamp,
    /// `datetime(6)`: DATETIME, shown without conversion.
    DateTime,
}

/// A column of a result set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// The name that the client requested (alias, or the view's own spelling).
    pub name: String,
    /// Its type on the wire.
    pub ty: ColumnType,
}

/// A value; the text form is the one that the text protocol sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// SQL `NULL`.
    Null,
    /// An integer of either signedness.
    Int(i128),
    /// A decimal number, already rounded to its scale.
    Decimal(String),
    /// Text.
    Text(String),
    /// An instant in microseconds since the Unix epoch; shown in the session's time zone.
    Timestamp(i64),
    /// An instant in microseconds since the Unix epoch; shown in the server's time zone.
    DateTime(i64),
}

/// Rows and the columns that describe them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResultSet {
    /// The columns, in order.
    pub columns: Vec<Column>,
    /// The rows; each value is the text that the text protocol sends, `None` for `NULL`.
    pub rows: Vec<Vec<Option<String>>>,
}

/// The answer to one successful statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// An OK packet.
    Done {
        /// Number of rows changed.
        affected_rows: u64,
    },
    /// A result set.
    Rows(ResultSet),
}

/// An error as the client receives it: the mapped MySQL number, or the absolute OceanBase code.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("ERROR {code} ({state}): {message}")]
pub struct SqlError {
    /// The number on the wire.
    pub code: u16,
    /// The five characters of SQLSTATE.
    pub state: &'static str,
    /// The text.
    pub message: String,
}

/// The reaction of a session to the text of one `COM_QUERY`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The delay before the node answers.
    pub delay: Duration,
    /// The answers, in order; statements after the first error are not run.
    pub outcomes: Vec<Outcome>,
    /// How it ends.
    pub end: End,
}

impl Reply {
    /// Returns what a client receives for the last statement; no rows if it has none.
    pub fn last(self) -> Result<ResultSet, NoAnswer> {
        match self.end {
            End::HangUp => Err(NoAnswer::HungUp),
            End::Error(error) => Err(NoAnswer::Refused(error)),
            End::Complete => Ok(match self.outcomes.into_iter().next_back() {
                Some(Outcome::Rows(set)) => set,
                _ => ResultSet::default(),
            }),
        }
    }
}

/// Why a client receives no rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoAnswer {
    /// A statement was refused.
    Refused(SqlError),
    /// The connection broke.
    HungUp,
}

/// How a [`Reply`] ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// All statements were executed.
    Complete,
    /// A statement was refused.
    Error(SqlError),
    /// The connection breaks without an answer; the client cannot know what was executed.
    HangUp,
}

/// One logged-in session of a node.
pub trait Backend: Send {
    /// Runs the text of one `COM_QUERY`: one or several statements separated by `;`.
    fn execute(&mut self, text: &str) -> Reply;
    /// Handles `COM_INIT_DB`.
    fn use_database(&mut self, name: &str) -> Result<(), SqlError>;
    /// Handles `COM_RESET_CONNECTION` and `COM_CHANGE_USER`: resets session variables.
    fn reset(&mut self);
    /// Returns whether the connection is still open when a delayed answer is ready.
    fn survives(&self) -> bool {
        true
    }
}

/// The service at a listening port.
pub trait Login: Send + Sync + 'static {
    /// The session type that a successful login opens.
    type Backend: Backend + 'static;

    /// Checks a `mysql_native_password` scramble. `user` is the name as sent, `root@orders#c1` and
    /// the like.
    ///
    /// # Errors
    /// 1045 with the masked host, for a wrong password as for an unknown tenant.
    fn login(
        &self,
        user: &str,
        scramble: &[u8],
        nonce: &[u8; 20],
        database: Option<&str>,
    ) -> Result<Self::Backend, SqlError>;

    /// Returns whether a new connection is accepted (not by a dead or silent node).
    fn accepts(&self) -> Acceptance;
}

/// How a node treats a new TCP connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Acceptance {
    /// Normal handshake.
    Serve,
    /// The connection is closed at once.
    Refuse,
    /// The connection stays open without any data: a silent cluster.
    Silent,
}
