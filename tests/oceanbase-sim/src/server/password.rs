//! `mysql_native_password`.

use sha1::{Digest, Sha1};

/// Returns whether `scramble` is the answer to `nonce` of a client that knows `password`.
///
/// The answer is `SHA1(password) XOR SHA1(nonce + SHA1(SHA1(password)))`; for an empty password it
/// is empty.
#[must_use]
pub fn verify(password: &str, nonce: &[u8; 20], scramble: &[u8]) -> bool {
    if password.is_empty() {
        return scramble.is_empty();
    }
    let once = Sha1::digest(password);
    let twice = Sha1::digest(once);
    let mask = Sha1::new()
        .chain_update(nonce)
        .chain_update(twice)
        .finalize();
    once.iter()
        .zip(mask)
        .map(|(byte, mask)| byte ^ mask)
        .eq(scramble.iter().copied())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONCE: &[u8; 20] = b"abcdefghijklmnopqrst";
    /// The answer of an independent implementation for `secret`.
    const SCRAMBLE: [u8; 20] = [
        0x88, 0x17, 0xC5, 0x0F, 0xA7, 0x79, 0xDA, 0xEF, 0x01, 0x0E, 0xE7, 0x57, 0x78, 0x25, 0xB0,
        0x84, 0x7D, 0xF9, 0x84, 0x2E,
    ];

    #[test]
    fn the_right_password_is_recognised() {
        assert!(verify("secret", NONCE, &SCRAMBLE));
    }

    #[test]
    fn another_password_is_refused() {
        assert!(!verify("Secret", NONCE, &SCRAMBLE));
    }

    #[test]
    fn the_answer_to_another_nonce_is_refused() {
        assert!(!verify("secret", b"abcdefghijklmnopqrsT", &SCRAMBLE));
    }

    #[test]
    fn a_truncated_answer_is_refused() {
        assert!(!verify("secret", NONCE, &SCRAMBLE[..19]));
    }

    #[test]
    fn no_answer_is_refused_where_a_password_is_set() {
        assert!(!verify("secret", NONCE, b""));
    }

    #[test]
    fn an_empty_password_is_answered_with_nothing() {
        assert!(verify("", NONCE, b""));
    }

    #[test]
    fn an_answer_is_refused_where_no_password_is_set() {
        assert!(!verify("", NONCE, &SCRAMBLE));
    }
}
