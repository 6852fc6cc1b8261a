//! What a session is told besides commands.

use std::time::Duration;

use secrecy::SecretString;

use crate::oceanbase::model::Privilege;

/// What a session is told before one statement, which is for that statement alone.
#[derive(Clone, Debug)]
pub struct SessionSetting {
    /// Its fixed name: the label of its metric.
    pub name: &'static str,
    /// Its text, with a password in it.
    pub text: SecretString,
    /// The privilege that it needs.
    pub privilege: Privilege,
}

/// What a session is told before a command: how long the database may work on it.
#[must_use]
pub fn limit(timeout: Duration) -> String {
    format!("SET ob_query_timeout = {}", timeout.as_micros())
}

/// What a session is told that asks a restored tenant: it can only read, and of an answer no more than is
/// needed to see that it is too long comes over the wire.
pub const READ_ONLY: [&str; 2] = ["SET tx_read_only = 1", "SET sql_select_limit = 2"];

/// What each session is told first: instants are shown in UTC, whatever the server's zone.
pub const SESSION_SETUP: &str = "SET time_zone = '+00:00'";
