//! Session settings beside commands.

use std::time::Duration;

use secrecy::SecretString;

use crate::oceanbase::model::Privilege;

/// Session setting for one statement only.
#[derive(Clone, Debug)]
pub struct SessionSetting {
    /// Fixed name of the setting, which labels its metric.
    pub name: &'static str,
    /// Text of the setting, which contains a password.
    pub text: SecretString,
    /// Privilege that the setting needs.
    pub privilege: Privilege,
}

/// Returns the session setting for the database's timeout of the next command.
#[must_use]
pub fn limit(timeout: Duration) -> String {
    format!("SET ob_query_timeout = {}", timeout.as_micros())
}

/// Session settings for checks of a restored tenant. Only reads are possible. The server returns at
/// most two rows, which suffices to detect that there is more than one.
pub const READ_ONLY: [&str; 2] = ["SET tx_read_only = 1", "SET sql_select_limit = 2"];

/// First setting of each session: instants are in UTC, whatever the time zone of the server.
pub const SESSION_SETUP: &str = "SET time_zone = '+00:00'";
