//! The engine's error numbers and texts (`ob_errno.def`).
//!
//! On the wire an error carries the MySQL number where the engine maps one, and otherwise the
//! absolute OceanBase code. `RESULT` columns contain the negative OceanBase code.

mod resource;
mod texts;

pub(crate) use resource::*;
pub use texts::{result_text, wire_text};

use crate::value::SqlError;
use crate::views::Version;

const GENERAL: &str = "HY000";

fn error(code: u16, state: &'static str, message: impl Into<String>) -> SqlError {
    SqlError {
        code,
        state,
        message: message.into(),
    }
}

/// Creates an error with the number on the wire, SQLSTATE `HY000` and a text.
#[must_use]
pub fn with_code(code: u16, message: impl Into<String>) -> SqlError {
    error(code, GENERAL, message)
}

pub(crate) fn syntax(near: &str, line: usize) -> SqlError {
    error(
        1064,
        "42000",
        format!(
            "You have an error in your SQL syntax; check the manual that corresponds to your \
             OceanBase version for the right syntax to use near '{near}' at line {line}"
        ),
    )
}

/// Returns 1235 with the generic text.
pub(crate) fn unsupported() -> SqlError {
    error(1235, "0A000", "Not supported feature or function")
}

/// Returns 1235; the engine itself appends "not supported".
pub(crate) fn not_supported(detail: &str) -> SqlError {
    error(1235, "0A000", format!("{detail} not supported"))
}

/// Returns the error of a release that only has the grammar of a statement.
pub(crate) fn function_not_supported() -> SqlError {
    not_supported("function is")
}

/// Returns 4179 with the generic text.
pub(crate) fn operation_not_allowed() -> SqlError {
    with_code(4179, "Operation not allowed now")
}

/// Returns 4179; the engine itself appends "not allowed".
pub(crate) fn not_allowed(detail: &str) -> SqlError {
    with_code(4179, format!("{detail} not allowed"))
}

pub(crate) fn invalid_argument() -> SqlError {
    with_code(1210, "Invalid argument")
}

pub(crate) fn access_denied(privilege: &str) -> SqlError {
    error(
        1227,
        "42501",
        format!(
            "Access denied; you need (at least one of) the {privilege} privilege(s) for this \
             operation"
        ),
    )
}

/// Returns 1227 for a statement that only sys may run: the engine names no privilege.
pub(crate) fn wrong_tenant() -> SqlError {
    error(1227, "42501", "Access denied")
}

/// Returns 1045. The host is masked, and an unknown tenant reads like a wrong password.
pub(crate) fn login_refused(user: &str, with_password: bool) -> SqlError {
    let using = if with_password { "YES" } else { "NO" };
    error(
        1045,
        "42000",
        format!("Access denied for user '{user}'@'xxx.xxx.xxx.xxx' (using password: {using})"),
    )
}

pub(crate) fn tenant_is_locked(tenant: &str) -> SqlError {
    with_code(5260, format!("Tenant '{tenant}' is locked"))
}

pub(crate) fn select_denied(user: &str, table: &str) -> SqlError {
    error(
        1142,
        "42501",
        format!("SELECT command denied to user '{user}'@'%' for table '{table}'"),
    )
}

pub(crate) fn no_such_grant(user: &str) -> SqlError {
    error(
        1141,
        "42000",
        format!("There is no such grant defined for user '{user}' on host '%'"),
    )
}

pub(crate) fn unknown_database(name: &str) -> SqlError {
    error(1049, "42000", format!("Unknown database '{name}'"))
}

pub(crate) fn empty_query() -> SqlError {
    error(1065, "42000", "Query was empty")
}

pub(crate) fn unknown_tenant() -> SqlError {
    with_code(5160, "invalid tenant name specified in connection string")
}

pub(crate) fn unknown_parameter() -> SqlError {
    error(5099, "42000", "System config unknown")
}

pub(crate) fn unknown_variable(name: &str) -> SqlError {
    with_code(1193, format!("Unknown system variable '{name}'"))
}

pub(crate) fn unknown_time_zone(name: &str) -> SqlError {
    with_code(1298, format!("Unknown or incorrect time zone: '{name}'"))
}

pub(crate) fn duplicate_policy(tenant: u64, name: &str) -> SqlError {
    error(
        1062,
        "23000",
        format!("Duplicate entry '{tenant}-{name}' for key 'PRIMARY'"),
    )
}

pub(crate) fn internal() -> SqlError {
    with_code(4016, "Internal error")
}

pub(crate) fn timeout(limit_micros: u64) -> SqlError {
    with_code(
        4012,
        format!(
            "Timeout, query has reached the maximum query timeout: {limit_micros}(us), maybe you \
             can adjust the session variable ob_query_timeout or query_timeout hint, and try again."
        ),
    )
}

pub(crate) fn cannot_start_archive() -> SqlError {
    with_code(9023, "cannot start log archive backup")
}

/// Returns 9026 with the destination, keys included: the engine does not hide them.
pub(crate) fn invalid_uri(uri: &str) -> SqlError {
    with_code(9026, format!("'{uri}' is not a valid uri"))
}

pub(crate) fn backup_in_progress() -> SqlError {
    with_code(9036, "Backup is in progress")
}

pub(crate) fn cannot_start_backup(why: &str) -> SqlError {
    with_code(9040, format!("backup can not start, because {why}"))
}

pub(crate) fn cannot_start_backup_plain() -> SqlError {
    with_code(9040, "backup can not start")
}

pub(crate) fn destination_unreachable() -> SqlError {
    with_code(9070, "can not connect to backup destination")
}

pub(crate) fn destination_forbidden() -> SqlError {
    with_code(
        9071,
        "no I/O operation permission at the backup destination",
    )
}

pub(crate) fn format_file_missing() -> SqlError {
    with_code(
        9080,
        "format file does not exist, try to set a new directory.",
    )
}

pub(crate) fn format_file_foreign() -> SqlError {
    with_code(
        9081,
        "format file does not match, try to set a new directory.",
    )
}

/// Rewrites an error about a format file as a release words it.
#[must_use]
pub(crate) fn in_words_of(version: Version, error: SqlError) -> SqlError {
    match texts::text_before_4_3(-i64::from(error.code)) {
        Some(text) if version < Version::V4_3 => with_code(error.code, text),
        _ => error,
    }
}

/// Returns the text of an OceanBase code in a release, as in `COMMENT` columns.
#[must_use]
pub(crate) fn result_text_of(version: Version, code: i64) -> &'static str {
    let older = texts::text_before_4_3(code).filter(|_| version < Version::V4_3);
    older.unwrap_or_else(|| result_text(code))
}

pub(crate) fn destination_full() -> SqlError {
    with_code(9082, "backup device out of space")
}

pub(crate) fn already_archiving() -> SqlError {
    with_code(9091, "Already in ARCHIVELOG mode")
}

pub(crate) fn already_not_archiving() -> SqlError {
    with_code(9092, "Already in NOARCHIVELOG mode")
}

/// Returns 4018 for a path that is unknown to a tenant.
pub(crate) fn no_such_path() -> SqlError {
    with_code(4018, "the path does not exist")
}

/// Returns 4018 with the generic text.
pub(crate) fn no_such_entry() -> SqlError {
    with_code(4018, "Entry not exist")
}

/// Returns 9116: the storage rejects the keys or does not know them.
pub(crate) fn store_permission_denied() -> SqlError {
    with_code(9116, "no I/O operation permission of the object storage")
}

pub(crate) fn checksum_type(name: &str) -> SqlError {
    with_code(
        9113,
        format!("checksum type {name} is not supported for the input destination"),
    )
}

pub(crate) fn missing_argument(name: &str) -> SqlError {
    with_code(4277, format!("Miss argument for {name}"))
}

/// Returns 5157, for a statement about one tenant that does not exist.
pub(crate) fn no_tenant(name: &str) -> SqlError {
    with_code(5157, format!("Unknown tenant '{name}'"))
}

/// Returns 1210; the engine itself appends the detail to its own words.
pub(crate) fn incorrect_arguments(detail: &str) -> SqlError {
    with_code(1210, format!("Incorrect arguments to {detail}"))
}

/// Returns 1525 for a text that is not a time.
pub(crate) fn incorrect_timestamp(text: &str) -> SqlError {
    with_code(1525, format!("Incorrect TIMESTAMP value: '{text}'"))
}

pub(crate) fn nothing_to_restore() -> SqlError {
    with_code(
        4018,
        "no backup set path or log piece can be used to restore",
    )
}

pub(crate) fn not_enough_log_before() -> SqlError {
    with_code(4018, "No enough log for restore")
}

pub(crate) fn restore_in_progress() -> SqlError {
    with_code(9014, "Another restore is in progress")
}

pub(crate) fn wrong_backup_password() -> SqlError {
    with_code(9047, "invalid password for backup")
}

pub(crate) fn log_not_continuous_with_data() -> SqlError {
    with_code(9064, "the archive log and backup data are not continuous")
}

pub(crate) fn rounds_not_continuous() -> SqlError {
    with_code(9077, "log discontinuous between two archive rounds")
}

/// Returns the internal state error that 4.1 to 4.2.1.2 answer instead of a restore's error.
pub(crate) fn restore_failed_without_reason() -> SqlError {
    with_code(5, "Unknown error")
}

pub(crate) fn restore_failed(tenant: &str, comment: &str) -> SqlError {
    with_code(9099, format!("`{tenant}` restore failed, `{comment}`"))
}

/// Returns 9119 with what is missing.
pub(crate) fn not_enough_source(detail: &str) -> SqlError {
    with_code(9119, format!("do not have enough restore source, {detail}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_engine_appends_its_own_words_to_a_detail() {
        assert_eq!(
            not_supported("change archive dest when archive is running is").message,
            "change archive dest when archive is running is not supported"
        );
    }

    #[test]
    fn a_wrong_password_masks_the_host() {
        assert_eq!(
            login_refused("root", true).message,
            "Access denied for user 'root'@'xxx.xxx.xxx.xxx' (using password: YES)"
        );
    }
}
