//! Row counts of a tenant's own tables, the only query of them.

use crate::model::{Scn, Table, Tenant};
use crate::statement::{Token, tokens};
use crate::value::{Column, ColumnType, ResultSet};

/// Answers `SELECT COUNT(*) FROM [database.]table [[AS] alias]` for an existing table. All other
/// queries are left to the views.
pub(crate) fn count(
    text: &str,
    tenant: &Tenant,
    database: Option<&str>,
    at: Scn,
) -> Option<ResultSet> {
    let text = text.trim().trim_end_matches(';');
    let (heading, from) = split(text)?;
    let words = tokens(from).ok()?;
    let (database, table) = match &words[..] {
        [table] => (database?.to_owned(), name(table)?),
        [database, Token::Sign('.'), table] => (name(database)?, name(table)?),
        _ => return None,
    };
    let is_it = |known: &&Table| {
        known.name.database.eq_ignore_ascii_case(&database)
            && known.name.table.eq_ignore_ascii_case(&table)
    };
    // A dropped and recreated table is in the list twice.
    let mut tables = tenant.tables.iter().filter(is_it);
    let rows = tables.find_map(|table| table.count(at))?;
    Some(ResultSet {
        columns: vec![Column {
            name: heading,
            ty: ColumnType::BigInt,
        }],
        rows: vec![vec![Some(rows.to_string())]],
    })
}

/// Returns the heading of the one column, and the text after FROM.
fn split(text: &str) -> Option<(String, &str)> {
    let words = tokens(text).ok()?;
    let is = |token: &Token, word: &str| matches!(token, Token::Word(found) if found.eq_ignore_ascii_case(word));
    let [
        select,
        count,
        Token::Sign('('),
        Token::Sign('*'),
        Token::Sign(')'),
        rest @ ..,
    ] = &words[..]
    else {
        return None;
    };
    let alias = match rest {
        [from, ..] if is(from, "FROM") => None,
        [word, alias, from, ..] if is(word, "AS") && is(from, "FROM") => name(alias),
        [alias, from, ..] if is(from, "FROM") => name(alias),
        _ => return None,
    };
    if !is(select, "SELECT") || !is(count, "COUNT") {
        return None;
    }
    let at = text.to_ascii_uppercase().find("FROM")?;
    let heading = alias.unwrap_or_else(|| "COUNT(*)".to_owned());
    Some((heading, text.get(at + 4..)?))
}

fn name(token: &Token) -> Option<String> {
    match token {
        Token::Word(name) | Token::Quoted(name) => Some(name.clone()),
        _ => None,
    }
}

/// Returns whether a tenant has a database of this name.
pub(crate) fn has_database(tenant: &Tenant, name: &str) -> bool {
    let mut tables = tenant.tables.iter();
    tables.any(|table| table.name.database.eq_ignore_ascii_case(name))
}
