//! `SELECT`, `SHOW` and `DESC` over the views, answered as an OceanBase tenant of MySQL mode does.
//!
//! A statement is parsed, its names are resolved against the [`Catalog`] into typed expressions,
//! and these are evaluated row by row. An unknown column is therefore an error even over no rows.
//! Unsupported features answer 1235 and are never guessed.
//!
//! * `statement`, `dialect`, `heading`, `refusal` text in, names of columns and errors out
//! * `binder` names and types; `expression` values; `aggregate` `COUNT` and friends
//! * `plan` a whole query; `selection` one `SELECT`; `source` its tables; `order` its sorting
//! * `show` everything but `SELECT`
//! * `datum`, `decimal`, `moment` values: comparison, exact numbers, times and zones
//! * [`conformance`] the statements that a real engine must answer alike

mod aggregate;
mod binder;
pub mod conformance;
mod datum;
mod decimal;
mod dialect;
mod expression;
mod heading;
mod moment;
mod operator;
mod order;
mod plan;
mod refusal;
mod selection;
mod show;
mod source;
mod statement;

use jiff::tz::TimeZone;

use crate::value::{ResultSet, SqlError, Value};
use crate::views::{ColumnDef, Version};

/// The rows of a view and its columns.
#[derive(Clone, Debug, Default)]
pub struct Table {
    /// The columns, in order.
    pub columns: Vec<ColumnDef>,
    /// The rows; each has one value per column.
    pub rows: Vec<Vec<Value>>,
}

/// The requested value of a system variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VariableScope {
    /// `@@name`, `@@session.name`, `@@local.name`.
    Session,
    /// `@@global.name`.
    Global,
}

/// The visible state for a session while one statement runs.
pub trait Catalog {
    /// Returns the view of this name in the schema `oceanbase`, in upper case; `None` answers 1146.
    fn table(&self, name: &str) -> Option<Table>;
    /// Returns the names of all views that the session's tenant can read.
    fn table_names(&self) -> Vec<String>;
    /// Returns a system variable by its name in lower case; `None` answers 1193.
    fn variable(&self, name: &str, scope: VariableScope) -> Option<Value>;
    /// Returns all system variables, for `SHOW VARIABLES`.
    fn variables(&self, scope: VariableScope) -> Vec<(String, Value)>;
    /// Returns the time of the statement in microseconds since the epoch.
    fn now_micros(&self) -> i64;
    /// Returns the answer of `OB_VERSION()`.
    fn version(&self) -> Version;
    /// Returns the session's tenant; `SHOW PARAMETERS` leaves other tenants' parameters out.
    fn tenant_id(&self) -> u64;
    /// Returns the database in use.
    fn database(&self) -> Option<String>;
    /// Returns the answer of `USER()`, `root@10.0.0.7`.
    fn user(&self) -> String;
    /// Returns `@@time_zone`, the zone of shown timestamps and of literals.
    fn session_time_zone(&self) -> &TimeZone;
    /// Returns `@@system_time_zone`, the zone of `SCN_TO_TIMESTAMP`.
    fn server_time_zone(&self) -> &TimeZone;
}

/// Answers one `SELECT`, `SHOW` or `DESC` statement.
pub fn query(text: &str, catalog: &dyn Catalog) -> Result<ResultSet, SqlError> {
    statement::answer(text, catalog)
}

#[cfg(test)]
mod tests;
