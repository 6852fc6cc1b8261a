//! The parser, by recursive descent.

use super::lexer::{Spanned, Token, near, spanned};
use super::{Action, Kind, Statement, Tenants};
use crate::value::SqlError;
use crate::views::Version;

/// Parses one statement as the parser of a release does.
#[must_use]
pub fn parse(text: &str, version: Version) -> Statement {
    let unparsable = |error| Statement {
        kind: Kind::Unparsable,
        tenants: Tenants::Unnamed,
        action: Err(error),
    };
    match spanned(text) {
        Err(error) => unparsable(error),
        Ok(tokens) => {
            let mut parser = Parser {
                text,
                version,
                tokens,
                next: 0,
                tenants: Tenants::Unnamed,
            };
            match parser.statement() {
                Ok((kind, action)) => Statement {
                    kind,
                    tenants: parser.tenants,
                    action: Ok(action),
                },
                Err(error) => unparsable(error),
            }
        }
    }
}

pub(super) struct Parser<'a> {
    pub(super) text: &'a str,
    version: Version,
    pub(super) tokens: Vec<Spanned>,
    pub(super) next: usize,
    /// The tenants named so far.
    pub(super) tenants: Tenants,
}

pub(super) type Parsed<T> = Result<T, SqlError>;

impl Parser<'_> {
    fn statement(&mut self) -> Parsed<(Kind, Action)> {
        const TRANSACTION: [&str; 4] = ["BEGIN", "COMMIT", "ROLLBACK", "START"];
        if self.eat_words(&["ALTER", "SYSTEM"]) {
            return self.alter_system();
        }
        if self.eat("SET") {
            return self.set();
        }
        if let Some(found) = self.resource_statement()? {
            return Ok(found);
        }
        if self.eat_words(&["SHOW", "RESTORE", "PREVIEW"]) {
            self.end()?;
            return Ok((Kind::Show, Action::ShowRestorePreview));
        }
        if self.eat_words(&["SHOW", "GRANTS"]) {
            let user = self.grantee()?;
            self.end()?;
            return Ok((Kind::Show, Action::ShowGrants(user)));
        }
        if self.at("SELECT") || self.at_sign('(') || self.at("WITH") {
            return Ok((Kind::Select, Action::Query));
        }
        if ["SHOW", "DESC", "DESCRIBE", "EXPLAIN"]
            .iter()
            .any(|word| self.at(word))
        {
            return Ok((Kind::Show, Action::Query));
        }
        if self.eat("SIMULATE") {
            let faults = self.string()?;
            self.end()?;
            return Ok((Kind::Simulate, Action::Simulate(faults)));
        }
        if self.eat("USE") {
            let name = self.name()?;
            self.end()?;
            return Ok((Kind::Session, Action::Use(name)));
        }
        if TRANSACTION.iter().any(|word| self.at(word)) {
            self.swallow();
            return Ok((Kind::Session, Action::Nothing));
        }
        Err(self.unexpected())
    }

    /// Parses `FOR 'user'[@'host']`; nothing for the current user, in any spelling.
    fn grantee(&mut self) -> Parsed<Option<String>> {
        if !self.eat("FOR") {
            return Ok(None);
        }
        if self.eat("CURRENT_USER") {
            if self.eat_sign('(') {
                self.expect_sign(')')?;
            }
            return Ok(None);
        }
        let user = self.name()?;
        if self.eat_sign('@') {
            self.name()?;
        }
        Ok(Some(user))
    }

    /// Returns whether a form that these releases introduced is in the grammar.
    pub(super) fn since(&self, releases: &[Version]) -> bool {
        self.version.has(releases)
    }

    /// Returns 1064 at the next token.
    pub(super) fn unexpected(&self) -> SqlError {
        near(
            self.text,
            self.tokens
                .get(self.next)
                .map_or(self.text.len(), |token| token.at),
        )
    }

    pub(super) fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.next).map(|spanned| &spanned.token)
    }

    pub(super) fn take(&mut self) -> Option<Token> {
        let token = self
            .tokens
            .get(self.next)
            .map(|spanned| spanned.token.clone());
        self.next += 1;
        token
    }

    pub(super) fn at(&self, word: &str) -> bool {
        matches!(self.peek(), Some(Token::Word(found)) if found.eq_ignore_ascii_case(word))
    }

    pub(super) fn at_sign(&self, sign: char) -> bool {
        self.peek() == Some(&Token::Sign(sign))
    }

    pub(super) fn eat(&mut self, word: &str) -> bool {
        let found = self.at(word);
        self.next += usize::from(found);
        found
    }

    /// Consumes all these words in a row, or none of them.
    pub(super) fn eat_words(&mut self, words: &[&str]) -> bool {
        let start = self.next;
        let all = words.iter().all(|word| self.eat(word));
        if !all {
            self.next = start;
        }
        all
    }

    pub(super) fn eat_sign(&mut self, sign: char) -> bool {
        let found = self.at_sign(sign);
        self.next += usize::from(found);
        found
    }

    pub(super) fn expect(&mut self, word: &str) -> Parsed<()> {
        if self.eat(word) {
            Ok(())
        } else {
            Err(self.unexpected())
        }
    }

    pub(super) fn expect_sign(&mut self, sign: char) -> Parsed<()> {
        if self.eat_sign(sign) {
            Ok(())
        } else {
            Err(self.unexpected())
        }
    }

    pub(super) fn end(&self) -> Parsed<()> {
        if self.peek().is_none() {
            Ok(())
        } else {
            Err(self.unexpected())
        }
    }

    /// Consumes the rest.
    pub(super) fn swallow(&mut self) {
        self.next = self.tokens.len();
    }

    pub(super) fn string(&mut self) -> Parsed<String> {
        match self.peek() {
            Some(Token::Text(text)) => {
                let text = text.clone();
                self.next += 1;
                Ok(text)
            }
            _ => Err(self.unexpected()),
        }
    }

    pub(super) fn integer(&mut self) -> Parsed<i64> {
        match self.peek() {
            Some(Token::Number(digits)) => {
                let number = digits.parse().map_err(|_| self.unexpected())?;
                self.next += 1;
                Ok(number)
            }
            _ => Err(self.unexpected()),
        }
    }

    /// Parses an identifier, a back-quoted one, or a string.
    pub(super) fn name(&mut self) -> Parsed<String> {
        match self.peek() {
            Some(Token::Word(name) | Token::Quoted(name) | Token::Text(name)) => {
                let name = name.clone();
                self.next += 1;
                Ok(name)
            }
            _ => Err(self.unexpected()),
        }
    }

    /// Parses a literal of SET: a string, a number, a word such as ON; never a placeholder.
    pub(super) fn literal(&mut self) -> Parsed<String> {
        let negative = self.eat_sign('-');
        let value = match self.peek() {
            Some(Token::Number(text)) => text.clone(),
            Some(Token::Text(text) | Token::Word(text)) if !negative => text.clone(),
            _ => return Err(self.unexpected()),
        };
        self.next += 1;
        Ok(if negative { format!("-{value}") } else { value })
    }

    /// Parses `TENANT [=] name {, name}`, `ALL`, `ALL_USER`, `ALL_META`, or nothing.
    pub(super) fn tenant_list(&mut self) -> Parsed<Tenants> {
        if !self.eat("TENANT") {
            return Ok(Tenants::Unnamed);
        }
        self.eat_sign('=');
        let tenants = if self.eat("ALL") {
            Tenants::All
        } else if self.eat("ALL_USER") {
            Tenants::AllUser
        } else if self.eat("ALL_META") {
            Tenants::AllMeta
        } else {
            let mut names = vec![self.name()?];
            while self.eat_sign(',') {
                names.push(self.name()?);
            }
            Tenants::Named(names)
        };
        self.tenants = tenants.clone();
        Ok(tenants)
    }

    /// Parses `DESCRIPTION [=] 's'`, or nothing.
    pub(super) fn description(&mut self) -> Parsed<String> {
        if !self.eat("DESCRIPTION") {
            return Ok(String::new());
        }
        self.eat_sign('=');
        self.string()
    }
}
