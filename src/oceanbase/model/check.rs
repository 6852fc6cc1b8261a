//! Check queries to a restored tenant. Only this module turns a user's text into a statement.

use super::Failure;

/// Words of statements that change or lock something, or access files. Columns with such names must
/// be in back quotes.
const FORBIDDEN: [&str; 33] = [
    "ALTER",
    "ANALYZE",
    "BEGIN",
    "BENCHMARK",
    "CALL",
    "COMMIT",
    "CREATE",
    "DELETE",
    "DROP",
    "DUMPFILE",
    "EXECUTE",
    "GET_LOCK",
    "GRANT",
    "HANDLER",
    "INSERT",
    "INTO",
    "KILL",
    "LOAD",
    "LOAD_FILE",
    "LOCK",
    "MERGE",
    "OUTFILE",
    "PREPARE",
    "PURGE",
    "RELEASE_LOCK",
    "RENAME",
    "REVOKE",
    "ROLLBACK",
    "SET",
    "SHARE",
    "SLEEP",
    "TRUNCATE",
    "UPDATE",
];

/// Longest accepted statement, in bytes.
const LIMIT: usize = 4096;

/// One statement that only reads: SELECT, or WITH and SELECT.
///
/// It contains no `;`, no backslash and no comment, not even in quotes. The end of a literal
/// depends on the `sql_mode` of the tenant. Otherwise that mode could decide whether there is a
/// second statement.
#[derive(Clone, PartialEq, Eq)]
pub struct CheckQuery(String);

impl CheckQuery {
    /// Parses a statement.
    ///
    /// # Errors
    /// Returns what is wrong with the statement, without any of its text.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let text = text.trim();
        if text.len() > LIMIT {
            return Err("it is longer than 4096 bytes");
        }
        let is_bad =
            |c: char| matches!(c, ';' | '\\' | '#') || c.is_control() && !c.is_whitespace();
        if text.contains(is_bad) || text.contains("--") || text.contains("/*") {
            return Err(
                "it contains ';', a backslash, a comment or a control character; these are not \
                 allowed, even within quotes",
            );
        }
        let words = words(text).ok_or("a quote is not closed")?;
        let is = |word: &str, known: &str| word.eq_ignore_ascii_case(known);
        if !words
            .first()
            .is_some_and(|first| is(first, "SELECT") || is(first, "WITH"))
            || !words.iter().any(|word| is(word, "SELECT"))
        {
            return Err("it does not start with SELECT or with WITH … SELECT");
        }
        if words
            .iter()
            .any(|word| FORBIDDEN.iter().any(|known| is(word, known)))
        {
            return Err(
                "it contains a keyword of a statement that changes or locks data; write such a \
                 name of a column in back quotes",
            );
        }
        Ok(Self(text.to_owned()))
    }

    /// Returns the statement.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Shows only the length: the statement may quote data.
impl std::fmt::Debug for CheckQuery {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "CheckQuery({} bytes)", self.0.len())
    }
}

/// Returns the words outside of quotes; `None` if a quote is not closed. Literals and quoted names
/// do not count. A quote within quotes is doubled.
fn words(text: &str) -> Option<Vec<&str>> {
    let mut words = Vec::new();
    let mut open = None;
    let mut start = None;
    for (at, c) in text.char_indices() {
        if let Some(quote) = open {
            if c == quote {
                open = None;
            }
            continue;
        }
        let is_part = c.is_alphanumeric() || c == '_' || c == '$' || c == '@';
        match (start, is_part) {
            (None, true) => start = Some(at),
            (Some(from), false) => {
                words.extend(text.get(from..at));
                start = None;
            }
            _ => {}
        }
        if matches!(c, '\'' | '"' | '`') {
            open = Some(c);
        }
    }
    words.extend(start.and_then(|from| text.get(from..)));
    open.is_none().then_some(words)
}

/// Result of a check. It never contains values that the statement returned, because they are data
/// of the tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CheckResult {
    /// One row with the expected value.
    ExpectedValue,
    /// One row with another value.
    UnexpectedValue,
    /// No row.
    NoRow,
    /// More than one row.
    MultipleRows,
    /// Rows of more than one column.
    MultipleColumns,
    /// The tenant rejected the login or the statement.
    Refused(Failure),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_that_only_read_are_taken() {
        for text in [
            "SELECT COUNT(*) FROM shop.orders",
            "select 1",
            "SELECT(1)",
            "SELECT REPLACE(name, 'a', 'b') FROM t WHERE x = 'it''s'",
            "WITH x AS (SELECT 1 AS a) SELECT a FROM x",
            "SELECT `update` FROM t WHERE kind = 'delete' AND updated_at > \"2026\"",
            "SELECT MAX(id)\nFROM shop.items\n",
        ] {
            assert!(CheckQuery::parse(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn statements_that_could_change_something_are_refused() {
        for text in [
            "",
            "DELETE FROM t",
            "SHOW TABLES",
            "SELECT 1; DROP TABLE t",
            "SELECT 'a;b'",
            "SELECT 'a\\'",
            "SELECT 1 -- x",
            "SELECT 1 # x",
            "SELECT /*+ parallel(8) */ 1",
            "SELECT 1 /*! INTO OUTFILE 'x' */",
            "SELECT 1 INTO @x",
            "SELECT * FROM t FOR UPDATE",
            "SELECT * FROM t LOCK IN SHARE MODE",
            "WITH x AS (SELECT 1) DELETE FROM t",
            "WITH x AS (SELECT 1) INSERT INTO t SELECT 1",
            "WITH x",
            "SELECT SLEEP(1000)",
            "SELECT get_lock('x', 1)",
            "SELECT LOAD_FILE('/etc/passwd')",
            "SELECT 'open",
            "SELECT 1\0",
            "SELECTED",
        ] {
            assert!(CheckQuery::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_statement_shows_nothing_of_itself() {
        let query = CheckQuery::parse("SELECT 'secret'").unwrap();
        assert!(!format!("{query:?}").contains("secret"));
    }
}
