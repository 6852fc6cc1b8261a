//! The password that whoever restores a backup must give.

use secrecy::{ExposeSecret, SecretString};

/// Longest password that is taken, in bytes.
const LIMIT: usize = 128;

/// A restore password, checked: it can not leave the quotes of a statement. It reaches no log: its
/// `Debug` shows nothing of it.
#[derive(Clone, Debug)]
pub struct RestorePassword(SecretString);

/// A password that can not stand in a statement. The text never holds any of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the restore password must have 1 to 128 printable ASCII characters, none of them a quote or a backslash"
)]
pub struct RestorePasswordError;

impl RestorePassword {
    /// Takes a password.
    ///
    /// # Errors
    /// It is empty or too long, or holds what could leave its quotes in some SQL mode.
    pub fn new(password: SecretString) -> Result<Self, RestorePasswordError> {
        let text = password.expose_secret();
        let is_safe = |c: char| (' '..='~').contains(&c) && !matches!(c, '\'' | '"' | '`' | '\\');
        if text.is_empty() || text.len() > LIMIT || !text.chars().all(is_safe) {
            return Err(RestorePasswordError);
        }
        Ok(Self(password))
    }

    /// `SET ENCRYPTION`: the next backup of this session is protected. `ONLY` means by this
    /// password alone, and nothing is encrypted by it (mode `PASSWORD`).
    #[must_use]
    pub fn statement(&self) -> SecretString {
        let password = self.0.expose_secret();
        format!("SET ENCRYPTION ON IDENTIFIED BY '{password}' ONLY").into()
    }
}

/// `SET DECRYPTION`: backup sets with these passwords can be restored by this session; `None` where
/// there is no password.
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
