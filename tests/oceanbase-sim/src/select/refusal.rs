//! The engine's errors for queries, with their numbers and texts.

use crate::value::SqlError;

fn error(code: u16, state: &'static str, message: String) -> SqlError {
    SqlError {
        code,
        state,
        message,
    }
}

/// Number of characters of the statement that the engine repeats.
const NEAR_CHARACTERS: usize = 80;

/// `OB_ERR_PARSE_SQL`; `rest` is the statement from the offending word on.
pub(super) fn syntax(rest: &str, line: u64) -> SqlError {
    let near: String = rest.chars().take(NEAR_CHARACTERS).collect();
    error(
        1064,
        "42000",
        format!(
            "You have an error in your SQL syntax; check the manual that corresponds to your \
             OceanBase version for the right syntax to use near '{near}' at line {line}"
        ),
    )
}

/// `OB_NOT_SUPPORTED`, for features that this evaluator lacks.
pub(super) fn unsupported(what: &str) -> SqlError {
    error(1235, "0A000", format!("{what} not supported"))
}

pub(super) fn unknown_column(name: &str, clause: &str) -> SqlError {
    error(
        1054,
        "42S22",
        format!("Unknown column '{name}' in '{clause}'"),
    )
}

pub(super) fn ambiguous_column(name: &str, clause: &str) -> SqlError {
    error(
        1052,
        "23000",
        format!("Column '{name}' in {clause} is ambiguous"),
    )
}

pub(super) fn unknown_table(schema: &str, name: &str) -> SqlError {
    // `lower_case_table_names` is 1 unless a tenant was created with another value.
    let full = format!("{schema}.{name}").to_lowercase();
    error(1146, "42S02", format!("Table '{full}' doesn't exist"))
}

/// The `x` of `SELECT x.*`.
pub(super) fn unknown_alias(name: &str) -> SqlError {
    error(1051, "42S02", format!("Unknown table '{name}'"))
}

pub(super) fn no_table() -> SqlError {
    error(1096, "HY000", "No tables used".to_owned())
}

pub(super) fn no_database() -> SqlError {
    error(1046, "3D000", "No database selected".to_owned())
}

pub(super) fn unknown_database(name: &str) -> SqlError {
    error(1049, "42000", format!("Unknown database '{name}'"))
}

pub(super) fn unknown_variable(name: &str) -> SqlError {
    error(1193, "HY000", format!("Unknown system variable '{name}'"))
}

pub(super) fn misplaced_aggregate() -> SqlError {
    error(1111, "HY000", "Invalid use of group function".to_owned())
}

pub(super) fn wrong_argument_count(function: &str) -> SqlError {
    error(
        1582,
        "42000",
        format!("Incorrect parameter count in the call to native function '{function}'"),
    )
}

pub(super) fn different_column_counts() -> SqlError {
    error(
        1222,
        "21000",
        "The used SELECT statements have a different number of columns".to_owned(),
    )
}

/// `SCN_TO_TIMESTAMP(NULL)` and the like are errors, not `NULL`.
pub(super) fn invalid_argument(function: &str) -> SqlError {
    error(5437, "HY000", format!("Invalid argument for {function}()"))
}

/// A sum or difference that does not fit, such as `SELECT 0 - CHECKPOINT_SCN`.
pub(super) fn out_of_range(kind: &str, expression: &str) -> SqlError {
    error(
        1690,
        "22003",
        format!("{kind} value is out of range in ''({expression})''"),
    )
}
