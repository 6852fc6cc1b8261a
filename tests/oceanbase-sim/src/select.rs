//! `SELECT`, `SHOW` and `DESC` over the views, answered as an OceanBase tenant of MySQL mode does.
//!
//! A statement is parsed, its names are resolved against the [`Catalog`] into typed expressions
//! (so that an unknown column is an error even over no rows), and these are evaluated row by row.
//! What the evaluator does not know is refused with 1235, never guessed.
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

/// The rows of a view and what its columns are.
#[derive(Clone, Debug, Default)]
pub struct Table {
    /// The columns, in order.
    pub columns: Vec<ColumnDef>,
    /// The rows; each has one value per column.
    pub rows: Vec<Vec<Value>>,
}

/// Which value of a system variable is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VariableScope {
    /// `@@name`, `@@session.name`, `@@local.name`.
    Session,
    /// `@@global.name`.
    Global,
}

/// What a session sees while one statement runs.
pub trait Catalog {
    /// The view of the schema `oceanbase` of this name, given in upper case; `None` answers 1146.
    fn table(&self, name: &str) -> Option<Table>;
    /// The names of all views that the session's tenant can see.
    fn table_names(&self) -> Vec<String>;
    /// A system variable, its name given in lower case; `None` answers 1193.
    fn variable(&self, name: &str, scope: VariableScope) -> Option<Value>;
    /// All system variables, for `SHOW VARIABLES`.
    fn variables(&self, scope: VariableScope) -> Vec<(String, Value)>;
    /// The time of the statement in microseconds since the epoch.
    fn now_micros(&self) -> i64;
    /// What `OB_VERSION()` answers.
    fn version(&self) -> Version;
    /// The session's tenant; `SHOW PARAMETERS` leaves other tenants' parameters out.
    fn tenant_id(&self) -> u64;
    /// The database in use.
    fn database(&self) -> Option<String>;
    /// What `USER()` answers, `root@10.0.0.7`.
    fn user(&self) -> String;
    /// `@@time_zone`: shows timestamps, reads the times in literals.
    fn session_time_zone(&self) -> &TimeZone;
    /// `@@system_time_zone`: shows what `SCN_TO_TIMESTAMP` answers.
    fn server_time_zone(&self) -> &TimeZone;
}

/// Answers one `SELECT`, `SHOW` or `DESC` statement.
pub fn query(text: &str, catalog: &dyn Catalog) -> Result<ResultSet, SqlError> {
    statement::answer(text, catalog)
}

#[cfg(test)]
mod tests;
