//! The statement log: each statement, its sender and its result.

use std::collections::VecDeque;
use std::fmt;

use crate::model::Scn;
use crate::statement::Kind;
use crate::value::SqlError;

/// How a statement ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// OK.
    Done,
    /// This many rows.
    Rows(usize),
    /// An error.
    Refused(SqlError),
    /// OK without an effect.
    Swallowed,
    /// The connection broke before the statement ran.
    LostBefore,
    /// It was executed, and the connection broke before the answer; `None` if it succeeded.
    LostAfter(Option<SqlError>),
}

/// One statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its number, from 1.
    pub number: u64,
    /// When it arrived.
    pub at: Scn,
    /// The session.
    pub session: u64,
    /// The user, without the tenant.
    pub user: String,
    /// The tenant of the session.
    pub tenant: String,
    /// Its kind.
    pub kind: Kind,
    /// The tenants that it names.
    pub named: Vec<String>,
    /// The text as it was sent, secrets included; [`Display`](fmt::Display) masks them.
    pub text: String,
    /// How it ended.
    pub ending: Ending,
}

impl Entry {
    /// Returns whether its kind changes the database.
    #[must_use]
    pub fn is_changing(&self) -> bool {
        self.kind.is_changing()
    }

    /// Returns whether the engine executed it without an error, whatever the client received.
    #[must_use]
    pub fn took_effect(&self) -> bool {
        matches!(
            self.ending,
            Ending::Done | Ending::Rows(_) | Ending::LostAfter(None)
        )
    }

    /// Returns whether it concerns this tenant: it names the tenant, or names none in its session.
    #[must_use]
    pub fn concerns(&self, tenant: &str) -> bool {
        concerns(&self.named, &self.tenant, tenant)
    }
}

pub(crate) fn concerns(named: &[String], session: &str, tenant: &str) -> bool {
    if named.is_empty() {
        session == tenant
    } else {
        named.iter().any(|name| name == tenant)
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            number,
            session,
            user,
            tenant,
            ..
        } = self;
        write!(
            f,
            "{number} [{session} {user}@{tenant}] {} => ",
            mask(&self.text)
        )?;
        match &self.ending {
            Ending::Done => write!(f, "OK"),
            Ending::Rows(count) => write!(f, "{count} rows"),
            Ending::Refused(error) => write!(f, "{}: {}", error.code, mask(&error.message)),
            Ending::Swallowed => write!(f, "OK, and nothing was done"),
            Ending::LostBefore => write!(f, "lost before it was run"),
            Ending::LostAfter(_) => write!(f, "lost after it was run"),
        }
    }
}

/// Masks access keys and passwords.
#[must_use]
pub fn mask(text: &str) -> String {
    const SECRETS: [(&str, &[char]); 5] = [
        ("decryption identified by ", &[';']),
        ("access_key=", &['&', '\'', '"', ' ']),
        ("password=", &['&', '\'', '"', ' ']),
        ("identified by '", &['\'']),
        ("password: ", &['\n', '\'', ',', '}']),
    ];
    let mut masked = text.to_owned();
    for (marker, ends) in SECRETS {
        let mut from = 0;
        while let Some(found) = masked.to_ascii_lowercase()[from..].find(marker) {
            let start = from + found + marker.len();
            let rest = masked.get(start..).unwrap_or_default();
            let length = rest.find(ends).unwrap_or(rest.len());
            masked.replace_range(start..start + length, "***");
            from = start + 3;
        }
    }
    masked
}

/// Statements in the order in which they arrived.
#[derive(Clone, Debug)]
pub struct StatementLog {
    entries: VecDeque<Entry>,
    total: u64,
    limit: usize,
}

impl Default for StatementLog {
    fn default() -> Self {
        Self {
            entries: VecDeque::new(),
            total: 0,
            limit: usize::MAX,
        }
    }
}

impl StatementLog {
    /// Keeps only the newest entries; counters continue.
    pub fn keep(&mut self, limit: usize) {
        self.limit = limit;
    }

    pub(crate) fn push(&mut self, mut entry: Entry) {
        self.total += 1;
        entry.number = self.total;
        if self.entries.len() >= self.limit {
            self.entries.pop_front();
        }
        self.entries.push_back(entry);
    }

    /// Returns the total number of statements.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.total
    }

    /// Returns all kept entries.
    #[must_use]
    pub fn entries(&self) -> impl DoubleEndedIterator<Item = &Entry> {
        self.entries.iter()
    }

    /// Returns entries of kinds that change the database.
    #[must_use]
    pub fn changing(&self) -> impl DoubleEndedIterator<Item = &Entry> {
        self.entries().filter(|entry| entry.is_changing())
    }

    /// Returns entries of one kind.
    #[must_use]
    pub fn of_kind(&self, kind: Kind) -> impl DoubleEndedIterator<Item = &Entry> {
        self.entries().filter(move |entry| entry.kind == kind)
    }

    /// Returns how many statements of a kind took effect on a tenant, to check "sent exactly once".
    #[must_use]
    pub fn effects(&self, kind: Kind, tenant: &str) -> usize {
        self.of_kind(kind)
            .filter(|entry| entry.took_effect() && entry.concerns(tenant))
            .count()
    }

    /// Removes the entries; numbers continue.
    pub fn clear(&mut self) {
        self.entries.clear();
    }
}

/// Connections of a simulator.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Connections {
    /// Currently open connections.
    pub current: usize,
    /// The most connections that were open at once.
    pub most: usize,
    /// Number of successful logins.
    pub logins: u64,
    /// Number of refused logins.
    pub refused: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_masked_wherever_they_stand() {
        let text = "set 'oss://b?host=h&access_id=i&access_key=k1&x=y'; \
                    SET ENCRYPTION ON IDENTIFIED BY 'pw' ONLY; 'access_key=k2'";
        let masked = mask(text);
        for secret in ["k1", "k2", "'pw'"] {
            assert!(!masked.contains(secret), "{masked}");
        }
        assert!(
            masked.contains("access_id=i&access_key=***&x=y"),
            "{masked}"
        );
    }

    #[test]
    fn every_password_of_a_decryption_is_masked() {
        let masked = mask("SET DECRYPTION IDENTIFIED BY 'one','two'; SELECT 1");
        assert_eq!(masked, "SET DECRYPTION IDENTIFIED BY ***; SELECT 1");
    }

    #[test]
    fn a_log_with_a_limit_goes_on_counting() {
        let mut log = StatementLog::default();
        log.keep(2);
        for _ in 0..5 {
            log.push(Entry {
                number: 0,
                at: Scn::ZERO,
                session: 1,
                user: "root".to_owned(),
                tenant: "sys".to_owned(),
                kind: Kind::Select,
                named: Vec::new(),
                text: "SELECT 1".to_owned(),
                ending: Ending::Rows(1),
            });
        }
        assert_eq!((log.total(), log.entries().count()), (5, 2));
    }
}
