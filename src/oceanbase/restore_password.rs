//! Password that protects a backup and is needed to restore it.

use secrecy::{ExposeSecret, SecretString};

/// Longest accepted password, in bytes.
const LIMIT: usize = 128;

/// Validated restore password, which cannot break out of the quotes of a statement. Its `Debug`
/// output hides it from logs.
#[derive(Clone, Debug)]
pub struct RestorePassword(SecretString);

/// Password that cannot be used in a statement. The error text never contains any part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the restore password must have 1 to 128 printable ASCII characters, none of them a quote or a backslash"
)]
pub struct RestorePasswordError;

impl RestorePassword {
    /// Validates a password.
    ///
    /// # Errors
    /// Returns an error if the password is empty or too long, or could break out of its quotes in
    /// some SQL mode.
    pub fn new(password: SecretString) -> Result<Self, RestorePasswordError> {
        let text = password.expose_secret();
        let is_safe = |c: char| (' '..='~').contains(&c) && !matches!(c, '\'' | '"' | '`' | '\\');
        if text.is_empty() || text.len() > LIMIT || !text.chars().all(is_safe) {
            return Err(RestorePasswordError);
        }
        Ok(Self(password))
    }

    /// Returns `SET ENCRYPTION`, which protects the next backup of the session. With `ONLY`, this
    /// password alone protects the backup, and nothing is encrypted with it (mode `PASSWORD`).
    #[must_use]
    pub fn statement(&self) -> SecretString {
        let password = self.0.expose_secret();
        format!("SET ENCRYPTION ON IDENTIFIED BY '{password}' ONLY").into()
    }
}

/// Returns `SET DECRYPTION`, with which the session can restore backup sets with these passwords;
/// `None` without passwords.
#[must_use]
pub fn decryption(passwords: &[RestorePassword]) -> Option<SecretString> {
    if passwords.is_empty() {
        return None;
    }
    let quoted = passwords
        .iter()
        .map(|password| format!("'{}'", password.0.expose_secret()));
    let quoted = quoted.collect::<Vec<_>>().join(", ");
    Some(format!("SET DECRYPTION IDENTIFIED BY {quoted}").into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn password(text: &str) -> Result<RestorePassword, RestorePasswordError> {
        RestorePassword::new(text.to_owned().into())
    }

    #[test]
    fn a_password_stands_in_its_statement_as_it_is() {
        let statement = password("s3same; open --#").unwrap().statement();
        assert_eq!(
            statement.expose_secret(),
            "SET ENCRYPTION ON IDENTIFIED BY 's3same; open --#' ONLY"
        );
    }

    #[test]
    fn a_password_that_could_leave_its_quotes_is_none() {
        for bad in [
            "",
            "a'b",
            "a\"b",
            "a`b",
            "a\\",
            "a\nb",
            "ä",
            "a\u{ff07}b",
            "a\0",
        ] {
            assert!(password(bad).is_err(), "{bad:?}");
        }
        assert!(password(&"x".repeat(129)).is_err());
        assert!(password(&"x".repeat(128)).is_ok());
    }

    #[test]
    fn all_passwords_of_a_restore_stand_in_one_statement() {
        let both = ["full", "incr"].map(|text| password(text).unwrap());
        let statement = decryption(&both).unwrap();
        assert_eq!(
            statement.expose_secret(),
            "SET DECRYPTION IDENTIFIED BY 'full', 'incr'"
        );
        assert!(decryption(&[]).is_none());
    }

    #[test]
    fn nothing_of_a_password_is_shown() {
        assert!(!format!("{:?}", password("sesame").unwrap()).contains("sesame"));
    }
}
