//! `SET` of the session.

use super::lexer::Token;
use super::parser::{Parsed, Parser};
use super::{Action, Kind};

impl Parser<'_> {
    pub(super) fn set(&mut self) -> Parsed<(Kind, Action)> {
        if self.eat("ENCRYPTION") {
            self.expect("ON")?;
            self.expect("IDENTIFIED")?;
            self.expect("BY")?;
            let password = self.string()?;
            self.expect("ONLY")?;
            self.end()?;
            return Ok((Kind::SetEncryption, Action::SetEncryption(password)));
        }
        if self.eat_words(&["DECRYPTION", "IDENTIFIED", "BY"]) {
            let mut passwords = vec![self.string()?];
            while self.eat_sign(',') {
                passwords.push(self.string()?);
            }
            self.end()?;
            return Ok((Kind::SetDecryption, Action::SetDecryption(passwords)));
        }
        let mut variables = Vec::new();
        loop {
            if self.eat("NAMES") {
                self.character_set()?;
            } else if self.eat_words(&["SESSION", "TRANSACTION"]) || self.eat("TRANSACTION") {
                self.swallow();
            } else {
                variables.push(self.assignment()?);
            }
            if !self.eat_sign(',') {
                break;
            }
        }
        self.end()?;
        Ok((Kind::SetVariable, Action::SetVariables(variables)))
    }

    fn character_set(&mut self) -> Parsed<()> {
        self.name()?;
        if self.eat("COLLATE") {
            self.name()?;
        }
        Ok(())
    }

    /// Parses a name in lower case and a value; user variables keep their `@`.
    fn assignment(&mut self) -> Parsed<(String, String)> {
        for scope in ["SESSION", "GLOBAL", "LOCAL"] {
            self.eat(scope);
        }
        let mut signs = 0;
        while self.eat_sign('@') {
            signs += 1;
        }
        let mut name = self.name()?;
        if signs == 2 && self.eat_sign('.') {
            name = self.name()?;
        }
        self.eat_sign(':');
        self.expect_sign('=')?;
        let value = if self.at_sign('(') || self.at_sign('@') {
            self.expression();
            String::new()
        } else {
            self.literal()?
        };
        let name = name.to_ascii_lowercase();
        Ok((if signs == 1 { format!("@{name}") } else { name }, value))
    }

    /// Skips an expression up to the next comma outside parentheses; its value is not needed.
    fn expression(&mut self) {
        let mut depth = 0;
        while let Some(token) = self.peek() {
            match token {
                Token::Sign('(') => depth += 1,
                Token::Sign(')') => depth -= 1,
                Token::Sign(',') if depth == 0 => return,
                _ => {}
            }
            self.take();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::newest as parse;
    use super::*;

    fn variables(text: &str) -> Vec<(String, String)> {
        match parse(text).action {
            Ok(Action::SetVariables(variables)) => variables,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn scopes_and_signs_do_not_change_the_name() {
        for text in [
            "SET time_zone = '+00:00'",
            "SET SESSION time_zone='+00:00'",
            "SET @@session.time_zone := '+00:00'",
        ] {
            let expected = vec![("time_zone".to_owned(), "+00:00".to_owned())];
            assert_eq!(variables(text), expected, "{text}");
        }
    }

    #[test]
    fn what_drivers_send_after_login_is_understood() {
        let text = "SET sql_mode=(SELECT CONCAT(@@sql_mode, ',PIPES_AS_CONCAT')),\
                    time_zone='+00:00',NAMES utf8mb4 COLLATE utf8mb4_unicode_ci";
        assert_eq!(variables(text).len(), 2);
    }

    #[test]
    fn a_backup_password_is_no_variable() {
        assert_eq!(
            parse("SET ENCRYPTION ON IDENTIFIED BY 'pw' ONLY").action,
            Ok(Action::SetEncryption("pw".to_owned()))
        );
    }
}
