//! Text positions in a statement: names of unnamed columns, and syntax errors.

use sqlparser::ast::{Expr, Value as Literal};
use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Location, Token, TokenWithSpan};

/// Returns the name of a column without an alias: the column's own name, the text of a literal, or
/// the expression as written.
pub(super) fn name(expr: &Expr, written: Option<&String>) -> String {
    match expr {
        Expr::Identifier(name) => name.value.clone(),
        Expr::CompoundIdentifier(names)
            if names
                .first()
                .is_none_or(|first| !first.value.starts_with('@')) =>
        {
            names
                .last()
                .map(|name| name.value.clone())
                .unwrap_or_default()
        }
        Expr::Value(value) => match &value.value {
            Literal::SingleQuotedString(text) | Literal::DoubleQuotedString(text) => text.clone(),
            Literal::Null => "NULL".to_owned(),
            other => written.cloned().unwrap_or_else(|| other.to_string()),
        },
        other => written.cloned().unwrap_or_else(|| other.to_string()),
    }
}

/// Returns the position of a location in the text, in bytes.
pub(super) fn offset(text: &str, location: Location) -> usize {
    let column = usize::try_from(location.column)
        .unwrap_or(usize::MAX)
        .saturating_sub(1);
    let mut start = 0;
    for _ in 1..location.line {
        match text[start..].find('\n') {
            Some(end) => start += end + 1,
            None => return text.len(),
        }
    }
    text[start..]
        .char_indices()
        .nth(column)
        .map_or(text.len(), |(at, _)| start + at)
}

/// Returns the items of the first select list, as written.
pub(super) fn select_list(text: &str, tokens: &[TokenWithSpan]) -> Vec<String> {
    let words = tokens
        .iter()
        .filter(|token| !matches!(token.token, Token::Whitespace(_)))
        .skip_while(|token| keyword(token) != Keyword::SELECT)
        .skip(1)
        .skip_while(|token| matches!(keyword(token), Keyword::DISTINCT | Keyword::ALL));
    let mut items = Vec::new();
    let mut depth = 0_usize;
    let mut item: Option<(Location, Location)> = None;
    for token in words {
        match token.token {
            Token::LParen => depth += 1,
            Token::RParen if depth == 0 => break,
            Token::RParen => depth -= 1,
            Token::SemiColon | Token::EOF => break,
            Token::Comma if depth == 0 => {
                items.push(item.take());
                continue;
            }
            _ if depth == 0 && ends_list(keyword(token)) => break,
            _ => {}
        }
        let start = item.map_or(token.span.start, |(start, _)| start);
        item = Some((start, token.span.end));
    }
    items.push(item);
    let written = |(start, end)| text.get(offset(text, start)..offset(text, end));
    items
        .into_iter()
        .map(|item| item.and_then(written).unwrap_or_default().to_owned())
        .collect()
}

/// Finds a `FROM` where an expression is required: the parser would take it for a column's name.
pub(super) fn missing_item(tokens: &[TokenWithSpan]) -> Option<Location> {
    let words: Vec<&TokenWithSpan> = tokens
        .iter()
        .filter(|token| !matches!(token.token, Token::Whitespace(_)))
        .collect();
    words.windows(2).find_map(|pair| {
        let expects = pair[0].token == Token::Comma || keyword(pair[0]) == Keyword::SELECT;
        (expects && keyword(pair[1]) == Keyword::FROM).then_some(pair[1].span.start)
    })
}

fn keyword(token: &TokenWithSpan) -> Keyword {
    match &token.token {
        Token::Word(word) if word.quote_style.is_none() => word.keyword,
        _ => Keyword::NoKeyword,
    }
}

fn ends_list(keyword: Keyword) -> bool {
    matches!(
        keyword,
        Keyword::FROM
            | Keyword::WHERE
            | Keyword::GROUP
            | Keyword::HAVING
            | Keyword::ORDER
            | Keyword::LIMIT
            | Keyword::UNION
    )
}
