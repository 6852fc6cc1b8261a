//! Conversion of a statement's text to its result set.

use sqlparser::ast::Statement;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Location, Token, TokenWithSpan, Tokenizer};

use super::Catalog;
use super::dialect::TenantDialect;
use super::moment::Zones;
use super::source::Relation;
use super::{heading, plan, refusal, show};
use crate::value::{Column, ResultSet, SqlError};

/// More words than any query needs; a chain of operators of this length still fits the stack.
const MAX_TOKENS: usize = 4000;

pub(super) fn answer(text: &str, catalog: &dyn Catalog) -> Result<ResultSet, SqlError> {
    let text = text.trim().trim_end_matches(';').trim_end();
    let zones = Zones {
        session: catalog.session_time_zone(),
        server: catalog.server_time_zone(),
    };
    let tokens = tokenize(text)?;
    let words: Vec<&Token> = tokens
        .iter()
        .map(|token| &token.token)
        .filter(|token| !matches!(token, Token::Whitespace(_)))
        .collect();
    if let Some(show) = show::parse(&words, text)? {
        return show.answer(catalog, zones);
    }
    let headings = heading::select_list(text, &tokens);
    let statement = parse(text, tokens)?;
    let Statement::Query(query) = statement else {
        return Err(refusal::unsupported("statement other than a query"));
    };
    let relation = plan::run(&query, &headings, catalog, zones)?;
    Ok(result_set(relation, zones))
}

/// Returns the relation as the text protocol sends it.
pub(super) fn result_set(relation: Relation, zones: Zones) -> ResultSet {
    let fields = relation.fields;
    let rows = relation
        .rows
        .iter()
        .map(|row| {
            row.iter()
                .zip(&fields)
                .map(|(d, field)| d.text(field.ty, zones))
                .collect()
        })
        .collect();
    let columns = fields
        .iter()
        .map(|field| Column {
            name: field.name.clone(),
            ty: field.ty,
        })
        .collect();
    ResultSet { columns, rows }
}

pub(super) fn tokenize(text: &str) -> Result<Vec<TokenWithSpan>, SqlError> {
    let tokens = Tokenizer::new(&TenantDialect, text)
        .tokenize_with_location()
        .map_err(|error| syntax_error(text, error.location))?;
    if tokens.len() > MAX_TOKENS {
        return Err(refusal::unsupported("statement of so many words"));
    }
    Ok(tokens)
}

fn syntax_error(text: &str, at: Location) -> SqlError {
    refusal::syntax(&text[heading::offset(text, at)..], at.line)
}

fn parse(text: &str, tokens: Vec<TokenWithSpan>) -> Result<Statement, SqlError> {
    if let Some(at) = heading::missing_item(&tokens) {
        return Err(syntax_error(text, at));
    }
    let last = last_word(&tokens);
    let mut parser = Parser::new(&TenantDialect).with_tokens_with_locations(tokens);
    let statement = parser
        .parse_statement()
        .map_err(|error| parse_error(text, &error, last))?;
    let rest = parser.peek_token();
    match rest.token {
        Token::EOF => Ok(statement),
        Token::SemiColon => Err(refusal::unsupported("several statements at once")),
        _ => Err(syntax_error(text, rest.span.start)),
    }
}

fn last_word(tokens: &[TokenWithSpan]) -> Location {
    tokens
        .iter()
        .rfind(|token| !matches!(token.token, Token::Whitespace(_) | Token::EOF))
        .map_or(Location { line: 1, column: 1 }, |token| token.span.start)
}

/// Converts a parser error, whose position is only in its message, and not at the end of the text.
pub(super) fn parse_error(text: &str, error: &ParserError, last: Location) -> SqlError {
    let (ParserError::ParserError(message) | ParserError::TokenizerError(message)) = error else {
        return refusal::unsupported("query nested so deeply");
    };
    let place = || {
        let (_, place) = message.rsplit_once(" at Line: ")?;
        let (line, column) = place.split_once(", Column: ")?;
        Some(Location {
            line: line.parse().ok()?,
            column: column.parse().ok()?,
        })
    };
    syntax_error(text, place().unwrap_or(last))
}

/// Parses a condition of its own, as in `SHOW ... WHERE`.
pub(super) fn parse_condition(text: &str) -> Result<sqlparser::ast::Expr, SqlError> {
    let tokens = tokenize(text)?;
    let last = last_word(&tokens);
    let mut parser = Parser::new(&TenantDialect).with_tokens_with_locations(tokens);
    let condition = parser
        .parse_expr()
        .map_err(|error| parse_error(text, &error, last))?;
    match parser.peek_token() {
        TokenWithSpan {
            token: Token::EOF, ..
        } => Ok(condition),
        rest => Err(syntax_error(text, rest.span.start)),
    }
}
