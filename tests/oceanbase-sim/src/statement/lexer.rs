//! Words, literals and signs of statements.

use crate::error;
use crate::value::SqlError;

/// A lexical token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Token {
    /// A keyword or an identifier.
    Word(String),
    /// A back-quoted identifier.
    Quoted(String),
    /// A string literal, unescaped.
    Text(String),
    /// A number, in its original spelling.
    Number(String),
    /// Any other character.
    Sign(char),
}

/// A token and where it begins.
#[derive(Clone, Debug)]
pub(super) struct Spanned {
    pub(super) token: Token,
    pub(super) at: usize,
}

/// Splits text at each `;` outside quotes and comments, as the engine does for every client. Empty
/// statements are dropped.
#[must_use]
pub fn split(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut start = 0;
    let mut cursor = Cursor { text, at: 0 };
    while cursor.at < text.len() {
        match cursor.skip_blank_or_token() {
            Some(';') => {
                parts.push(&text[start..cursor.at - 1]);
                start = cursor.at;
            }
            Some(_) => {}
            None => break,
        }
    }
    parts.push(&text[start..]);
    parts.retain(|part| !is_blank(part));
    parts
}

fn is_blank(text: &str) -> bool {
    let mut cursor = Cursor { text, at: 0 };
    cursor.skip_blanks();
    cursor.at >= text.len()
}

/// Returns the tokens of a text, without blanks and comments.
///
/// # Errors
/// 1064 for a quote that is not closed.
pub fn tokens(text: &str) -> Result<Vec<Token>, SqlError> {
    let found = spanned(text)?;
    Ok(found.into_iter().map(|spanned| spanned.token).collect())
}

pub(super) fn spanned(text: &str) -> Result<Vec<Spanned>, SqlError> {
    let mut cursor = Cursor { text, at: 0 };
    let mut found = Vec::new();
    loop {
        cursor.skip_blanks();
        let at = cursor.at;
        let Some(first) = cursor.peek() else {
            return Ok(found);
        };
        let token = match first {
            '\'' | '"' | '`' => {
                let body = cursor.quoted().ok_or_else(|| near(text, at))?;
                if first == '`' {
                    Token::Quoted(body)
                } else {
                    Token::Text(body)
                }
            }
            c if c.is_ascii_digit() => Token::Number(cursor.number()),
            c if is_word(c) => Token::Word(cursor.take_while(is_word)),
            c => {
                cursor.at += c.len_utf8();
                Token::Sign(c)
            }
        };
        found.push(Spanned { token, at });
    }
}

/// Returns 1064 at this position; the engine quotes at most 80 characters.
pub(super) fn near(text: &str, at: usize) -> SqlError {
    let rest: String = text
        .get(at..)
        .unwrap_or_default()
        .chars()
        .take(80)
        .collect();
    let line = text.get(..at).unwrap_or_default().matches('\n').count() + 1;
    error::syntax(&rest, line)
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '$'
}

struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

impl Cursor<'_> {
    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn take_while(&mut self, test: impl Fn(char) -> bool) -> String {
        let rest = self.rest();
        let length = rest.find(|c| !test(c)).unwrap_or(rest.len());
        let taken = rest[..length].to_owned();
        self.at += length;
        taken
    }

    /// Reads digits and letters; a point belongs to them after digits only.
    fn number(&mut self) -> String {
        let mut number = self.take_while(|c| c.is_ascii_alphanumeric());
        if self.peek() == Some('.') && number.chars().all(|c| c.is_ascii_digit()) {
            number += &self.take_while(|c| c.is_ascii_alphanumeric() || c == '.');
        }
        number
    }

    /// Skips blanks and comments: `-- `, `#`, `/* */`.
    fn skip_blanks(&mut self) {
        loop {
            let rest = self.rest();
            let trimmed = rest.trim_start();
            self.at += rest.len() - trimmed.len();
            let rest = self.rest();
            let line_comment = rest.starts_with('#')
                || rest
                    .strip_prefix("--")
                    .is_some_and(|r| r.is_empty() || r.starts_with(char::is_whitespace));
            let length = if line_comment {
                rest.find('\n').unwrap_or(rest.len())
            } else if rest.starts_with("/*") {
                rest.find("*/").map_or(rest.len(), |end| end + 2)
            } else {
                return;
            };
            self.at += length;
        }
    }

    fn skip_blank_or_token(&mut self) -> Option<char> {
        self.skip_blanks();
        let first = self.peek()?;
        if !matches!(first, '\'' | '"' | '`') || self.quoted().is_none() {
            self.at += first.len_utf8();
        }
        Some(first)
    }

    /// Reads a quoted text, with doubled quotes, and with backslashes except in identifiers. Does
    /// not move without a closing quote.
    fn quoted(&mut self) -> Option<String> {
        let rest = self.rest();
        let mut chars = rest.char_indices().peekable();
        let (_, quote) = chars.next()?;
        let mut body = String::new();
        while let Some((offset, c)) = chars.next() {
            if c == quote {
                if chars.peek().is_some_and(|(_, next)| *next == quote) {
                    chars.next();
                    body.push(quote);
                } else {
                    self.at += offset + c.len_utf8();
                    return Some(body);
                }
            } else if c == '\\' && quote != '`' {
                let (_, escaped) = chars.next()?;
                body.push(match escaped {
                    'n' => '\n',
                    't' => '\t',
                    'r' => '\r',
                    '0' => '\0',
                    other => other,
                });
            } else {
                body.push(c);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_semicolon_in_a_literal_splits_nothing() {
        assert_eq!(split("select ';'; select 2;"), ["select ';'", " select 2"]);
    }

    #[test]
    fn a_semicolon_in_a_comment_splits_nothing() {
        assert_eq!(
            split("select /* ; */ 1 -- ;\n"),
            ["select /* ; */ 1 -- ;\n"]
        );
    }

    #[test]
    fn quotes_are_doubled_or_escaped() {
        assert_eq!(
            tokens(r"'it''s' 'it\'s'").unwrap(),
            [
                Token::Text("it's".to_owned()),
                Token::Text("it's".to_owned())
            ]
        );
    }

    #[test]
    fn an_open_quote_is_a_syntax_error_and_no_panic() {
        assert_eq!(tokens("alter 'x").unwrap_err().code, 1064);
        assert_eq!(split("alter 'x").len(), 1);
    }

    #[test]
    fn the_error_counts_lines() {
        assert!(near("a\nb c", 4).message.ends_with("near 'c' at line 2"));
    }
}
