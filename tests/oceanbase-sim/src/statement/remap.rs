//! `REMAP` of `RECOVER TABLE`.
//!
//! The first three releases of 4.2.1 read a pair as one token without blanks and quotes. Later
//! releases combine it from names. Most of those still read an unquoted `db.tb` as one token, and
//! no rule joins that token with two quoted names after the colon.

use super::lexer::Token;
use super::parser::{Parsed, Parser};
use super::{RecoverTable, TableName, release};

/// One side of a pair.
struct Side {
    first: String,
    second: Option<Second>,
    /// Whether both names are unquoted and adjacent.
    joined: bool,
}

enum Second {
    Table(String),
    Star,
}

/// Words that are names only with quotes. The parser has more; these are plausible names of tables.
const RESERVED: [&str; 40] = [
    "ALTER",
    "ANALYZE",
    "AND",
    "AS",
    "BETWEEN",
    "BY",
    "CASE",
    "CHANGE",
    "CHECK",
    "COLUMN",
    "CONDITION",
    "CREATE",
    "CROSS",
    "DATABASE",
    "DELETE",
    "DESC",
    "DROP",
    "FROM",
    "GROUP",
    "INDEX",
    "INSERT",
    "INTO",
    "JOIN",
    "KEY",
    "KEYS",
    "LIMIT",
    "LOCK",
    "NOT",
    "NULL",
    "OPTION",
    "ORDER",
    "RANGE",
    "READ",
    "SELECT",
    "SET",
    "TABLE",
    "UNION",
    "UPDATE",
    "USAGE",
    "WHERE",
];

fn is_word(c: char) -> bool {
    !c.is_ascii() || c.is_ascii_alphanumeric() || c == '_' || c == '$'
}

impl Parser<'_> {
    /// Parses `REMAP TABLE …`, `REMAP TABLEGROUP …`, `REMAP TABLESPACE …` in any order.
    pub(super) fn remaps(&mut self, asked: &mut RecoverTable) -> Parsed<()> {
        let mut known = Vec::new();
        while self.eat("REMAP") {
            let mut kinds = ["TABLE", "TABLEGROUP", "TABLESPACE"].into_iter();
            let kind = kinds.find(|kind| self.eat(kind));
            let kind = kind.ok_or_else(|| self.unexpected())?;
            if known.contains(&kind) {
                asked.repeated.get_or_insert(kind);
            }
            known.push(kind);
            loop {
                let start = self.next;
                let (from, to) = self.pair(asked)?;
                let fits = match kind {
                    "TABLE" => asked.rename_table(from, to),
                    "TABLEGROUP" => rename(&mut asked.tablegroups, from, to),
                    _ => rename(&mut asked.tablespaces, from, to),
                };
                if !fits {
                    self.next = start;
                    return Err(self.unexpected());
                }
                if !self.eat_sign(',') {
                    break;
                }
            }
        }
        Ok(())
    }

    fn pair(&mut self, asked: &mut RecoverTable) -> Parsed<(Side, Side)> {
        let start = self.next;
        if !self.since(release::REMAP_NAMES) {
            let token = self.raw(|c| is_word(c) || matches!(c, '.' | ':' | '*'))?;
            let mut sides = token.split(':').map(Side::parse);
            let pair = (sides.next().flatten(), sides.next().flatten());
            asked.partition |= sides.next().is_some();
            if let (Some(from), Some(to)) = pair {
                return Ok((from, to));
            }
            self.next = start;
            return Err(self.unexpected());
        }
        let from = self.side()?;
        self.expect_sign(':')?;
        let second = self.next;
        let to = self.side()?;
        let two_names = matches!(to.second, Some(Second::Table(_)));
        if self.since(release::REMAP_JOINED) && from.joined && two_names && !to.joined {
            self.next = second;
            return Err(self.unexpected());
        }
        Ok((from, to))
    }

    /// Parses `db`, `db.tb` or `db.*`.
    fn side(&mut self) -> Parsed<Side> {
        let start = self.next;
        let at = self.tokens.get(start).map_or(0, |token| token.at);
        let (first, first_bare) = self.remap_name()?;
        let end = at + first.len();
        let has_point = self.at_sign('.');
        let point = self.tokens.get(self.next).map_or(0, |token| token.at);
        let one_token = self.since(release::REMAP_JOINED) && has_point && point == end;
        let reserved = RESERVED.iter().any(|word| first.eq_ignore_ascii_case(word));
        if first_bare && reserved && !one_token {
            self.next = start;
            return Err(self.unexpected());
        }
        if !self.eat_sign('.') {
            return Ok(Side {
                first,
                second: None,
                joined: false,
            });
        }
        if self.eat_sign('*') {
            return Ok(Side {
                first,
                second: Some(Second::Star),
                joined: false,
            });
        }
        let behind = self.tokens.get(self.next).map_or(0, |token| token.at);
        let (table, bare) = self.remap_name()?;
        Ok(Side {
            first,
            second: Some(Second::Table(table)),
            joined: first_bare && bare && point == end && behind == point + 1,
        })
    }

    /// Parses a name, and whether it is unquoted. Digits alone are a number.
    fn remap_name(&mut self) -> Parsed<(String, bool)> {
        if let Some(Token::Quoted(name)) = self.peek() {
            let name = name.clone();
            self.next += 1;
            return Ok((name, false));
        }
        let start = self.next;
        let name = self.raw(is_word)?;
        if name.chars().all(|c| c.is_ascii_digit()) {
            self.next = start;
            return Err(self.unexpected());
        }
        Ok((name, true))
    }

    /// Reads the characters from the next token on that belong to one word.
    fn raw(&mut self, belongs: impl Fn(char) -> bool) -> Parsed<String> {
        let at = self.tokens.get(self.next).map(|token| token.at);
        let rest = at.and_then(|at| self.text.get(at..)).unwrap_or_default();
        let length = rest.find(|c| !belongs(c)).unwrap_or(rest.len());
        let word = rest[..length].to_owned();
        let Some(end) = at.map(|at| at + length).filter(|_| length > 0) else {
            return Err(self.unexpected());
        };
        let inside = |next: usize| self.tokens.get(next).is_some_and(|token| token.at < end);
        let mut next = self.next;
        while inside(next) {
            next += 1;
        }
        self.next = next;
        Ok(word)
    }
}

impl Side {
    /// Parses the text of a side that is part of one token.
    fn parse(text: &str) -> Option<Self> {
        let mut names = text.split('.');
        let (first, second) = (names.next()?, names.next());
        let fits = names.next().is_none() && !first.is_empty() && !first.contains('*');
        let second = match second {
            Some("") => return None,
            Some("*") => Some(Second::Star),
            Some(table) if table.contains('*') => return None,
            Some(table) => Some(Second::Table(table.to_owned())),
            None => None,
        };
        fits.then(|| Self {
            first: first.to_owned(),
            second,
            joined: false,
        })
    }
}

impl RecoverTable {
    /// Adds a pair; `false` if the sides do not match. A single name keeps the database.
    fn rename_table(&mut self, from: Side, to: Side) -> bool {
        let (database, table) = match (to.second, &from.second) {
            (Some(Second::Star), Some(Second::Star)) => {
                self.databases.push((from.first, to.first));
                return true;
            }
            (Some(Second::Table(table)), _) => (to.first, table),
            (None, _) => (from.first.clone(), to.first),
            (Some(Second::Star), _) => return false,
        };
        let Some(Second::Table(source)) = from.second else {
            return false;
        };
        let source = TableName {
            database: from.first,
            table: source,
        };
        self.tables.push((source, TableName { database, table }));
        true
    }
}

/// Adds a pair of single names.
fn rename(pairs: &mut Vec<(String, String)>, from: Side, to: Side) -> bool {
    let lone = from.second.is_none() && to.second.is_none();
    if lone {
        pairs.push((from.first, to.first));
    }
    lone
}

#[cfg(test)]
#[path = "remap_tests.rs"]
mod tests;
