//! The handshake, protocol 10, as an observer opens it (`ompk_handshake.cpp`), and the answers of
//! clients.

use std::io;

use tokio_rustls::rustls::crypto::ring;

use super::field::Fields;
use super::packet::WireError;

/// `_display_mysql_version`, which clients read as the version of the server.
const SERVER_VERSION: &[u8] = b"5.7.25\0";
/// `utf8mb4_bin`.
const CHARSET: u8 = 46;
/// Lower half of the capabilities: all but COMPRESS; SSL requires a certificate.
const LOWER_CAPABILITIES: u16 = 0xF7DF;
/// `PS_MULTI_RESULTS`, `PLUGIN_AUTH`, `CONNECT_ATTRS`, `SESSION_TRACK` and two private bits.
/// `DEPRECATE_EOF` is missing. So are `MULTI_STATEMENTS` and `MULTI_RESULTS`, although every
/// session has them.
const UPPER_CAPABILITIES: u16 = 0x309C;
const NATIVE_PASSWORD: &[u8] = b"mysql_native_password";

const CONNECT_WITH_DB: u32 = 1 << 3;
const PROTOCOL_41: u32 = 1 << 9;
const SSL: u32 = 1 << 11;
const SECURE_CONNECTION: u32 = 1 << 15;
const PLUGIN_AUTH: u32 = 1 << 19;
const PLUGIN_AUTH_LENENC_CLIENT_DATA: u32 = 1 << 21;

/// The random part of a greeting, which the client mixes with its password.
pub(super) type Nonce = [u8; 20];

/// Draws a nonce of printable characters, so that no zero byte cuts it short.
pub(super) fn draw_nonce() -> io::Result<Nonce> {
    let mut nonce = Nonce::default();
    ring::default_provider()
        .secure_random
        .fill(&mut nonce)
        .map_err(|_| io::Error::other("no random bytes"))?;
    Ok(nonce.map(|byte| b'!' + byte % 94))
}

/// Returns the first packet of a connection.
pub(super) fn greeting(connection: u32, nonce: &Nonce, tls: bool) -> Vec<u8> {
    let lower = if tls {
        LOWER_CAPABILITIES | 0x0800
    } else {
        LOWER_CAPABILITIES
    };
    let (front, back) = nonce.split_at(8);
    let mut packet = vec![10];
    packet.extend_from_slice(SERVER_VERSION);
    packet.extend_from_slice(&connection.to_le_bytes());
    packet.extend_from_slice(front);
    packet.push(0);
    packet.extend_from_slice(&lower.to_le_bytes());
    packet.push(CHARSET);
    packet.extend_from_slice(&[0, 0]);
    packet.extend_from_slice(&UPPER_CAPABILITIES.to_le_bytes());
    packet.push(21);
    packet.extend_from_slice(&[0; 10]);
    packet.extend_from_slice(back);
    packet.push(0);
    packet.extend_from_slice(NATIVE_PASSWORD);
    packet.push(0);
    packet
}

/// Requests the native password for `nonce` from a client that named another method.
pub(super) fn auth_switch(nonce: &Nonce) -> Vec<u8> {
    let mut packet = vec![0xFE];
    packet.extend_from_slice(NATIVE_PASSWORD);
    packet.push(0);
    packet.extend_from_slice(nonce);
    packet.push(0);
    packet
}

/// The client's answer to the greeting.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Opening {
    /// A request to continue inside TLS.
    Tls,
    /// A login.
    Login(LoginRequest),
}

/// The login data of a handshake response or a `COM_CHANGE_USER`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct LoginRequest {
    /// The capabilities that the client uses.
    pub(super) capabilities: u32,
    /// The name as sent, tenant and cluster included.
    pub(super) user: String,
    /// The answer to the nonce.
    pub(super) scramble: Vec<u8>,
    /// The database to use, if one was named.
    pub(super) database: Option<String>,
    /// Whether the scramble is one of `mysql_native_password`.
    pub(super) native: bool,
}

/// Reads the client's first packet, or the first one inside TLS.
pub(super) fn opening(payload: &[u8]) -> Result<Opening, WireError> {
    let mut fields = Fields::new(payload);
    let capabilities = fields.flags()?;
    if capabilities & PROTOCOL_41 == 0 {
        return Err(WireError::Malformed("a client older than 4.1"));
    }
    // The largest packet, the character set and the filler are not needed here.
    fields.take(4 + 1 + 23)?;
    if fields.is_empty() && capabilities & SSL != 0 {
        return Ok(Opening::Tls);
    }

    let user = text(fields.terminated()?);
    let scramble = if capabilities & PLUGIN_AUTH_LENENC_CLIENT_DATA != 0 {
        fields.length_encoded()?
    } else {
        scramble(&mut fields, capabilities)?
    };
    let database = match capabilities & CONNECT_WITH_DB {
        0 => None,
        _ => named(fields.terminated()?),
    };
    Ok(Opening::Login(LoginRequest {
        capabilities,
        user,
        scramble: scramble.to_vec(),
        database,
        native: is_native(&mut fields, capabilities)?,
    }))
}

/// Reads the body of a `COM_CHANGE_USER`; everything after the database is optional.
pub(super) fn change_user(body: &[u8], capabilities: u32) -> Result<LoginRequest, WireError> {
    let mut fields = Fields::new(body);
    let user = text(fields.terminated()?);
    let scramble = scramble(&mut fields, capabilities)?.to_vec();
    let database = named(fields.terminated()?);
    let native = fields.is_empty() || {
        fields.take(2)?;
        is_native(&mut fields, capabilities)?
    };
    Ok(LoginRequest {
        capabilities,
        user,
        scramble,
        database,
        native,
    })
}

fn scramble<'a>(fields: &mut Fields<'a>, capabilities: u32) -> Result<&'a [u8], WireError> {
    match capabilities & SECURE_CONNECTION {
        0 => fields.terminated(),
        _ => fields.counted(),
    }
}

/// Returns whether the method that the client names, if any, is the server's own.
fn is_native(fields: &mut Fields<'_>, capabilities: u32) -> Result<bool, WireError> {
    if capabilities & PLUGIN_AUTH == 0 || fields.is_empty() {
        return Ok(true);
    }
    Ok(fields.terminated()? == NATIVE_PASSWORD)
}

fn named(database: &[u8]) -> Option<String> {
    (!database.is_empty()).then(|| text(database))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONCE: &Nonce = b"abcdefghijklmnopqrst";
    const CLIENT: u32 = PROTOCOL_41 | SECURE_CONNECTION | PLUGIN_AUTH | CONNECT_WITH_DB;

    /// Returns a handshake response up to the user's name.
    fn response(capabilities: u32) -> Vec<u8> {
        let mut packet = capabilities.to_le_bytes().to_vec();
        packet.extend_from_slice(&[0; 28]);
        packet
    }

    fn login(capabilities: u32, rest: &[u8]) -> LoginRequest {
        let mut packet = response(capabilities);
        packet.extend_from_slice(rest);
        match opening(&packet).unwrap() {
            Opening::Login(request) => request,
            Opening::Tls => panic!("not a login"),
        }
    }

    #[test]
    fn the_greeting_is_the_observers_byte_by_byte() {
        let mut expected = b"\x0a5.7.25\0\x07\0\0\0abcdefgh\0".to_vec();
        expected.extend_from_slice(&[0xDF, 0xF7, 46, 0, 0, 0x9C, 0x30, 21]);
        expected.extend_from_slice(&[0; 10]);
        expected.extend_from_slice(b"ijklmnopqrst\0mysql_native_password\0");
        assert_eq!(greeting(7, NONCE, false), expected);
    }

    #[test]
    fn the_greeting_offers_tls_where_there_is_a_certificate() {
        assert_eq!(greeting(7, NONCE, true)[21..23], [0xDF, 0xFF]);
    }

    #[test]
    fn a_nonce_is_printable() {
        assert!(draw_nonce().unwrap().iter().all(u8::is_ascii_graphic));
    }

    #[test]
    fn two_connections_get_different_nonces() {
        assert_ne!(draw_nonce().unwrap(), draw_nonce().unwrap());
    }

    #[test]
    fn a_login_is_read_with_its_user_scramble_and_database() {
        let request = login(
            CLIENT,
            b"root@sys#c1\0\x03abcoceanbase\0mysql_native_password\0",
        );
        assert_eq!(
            request,
            LoginRequest {
                capabilities: CLIENT,
                user: "root@sys#c1".into(),
                scramble: b"abc".to_vec(),
                database: Some("oceanbase".into()),
                native: true,
            }
        );
    }

    #[test]
    fn an_empty_database_is_none() {
        assert_eq!(
            login(CLIENT, b"root\0\0\0mysql_native_password\0").database,
            None
        );
    }

    #[test]
    fn a_scramble_with_a_length_encoded_length_is_read() {
        let capabilities = PROTOCOL_41 | PLUGIN_AUTH_LENENC_CLIENT_DATA;
        assert_eq!(login(capabilities, b"root\0\xFC\x02\0ab").scramble, b"ab");
    }

    #[test]
    fn another_method_is_noticed() {
        assert!(!login(CLIENT, b"root\0\0\0caching_sha2_password\0").native);
    }

    #[test]
    fn a_response_that_ends_before_the_user_asks_for_tls() {
        assert_eq!(opening(&response(CLIENT | SSL)).unwrap(), Opening::Tls);
    }

    #[test]
    fn a_response_without_a_user_is_malformed_outside_tls() {
        assert!(opening(&response(CLIENT)).is_err());
    }

    #[test]
    fn a_client_older_than_4_1_is_malformed() {
        assert!(opening(&response(0)).is_err());
    }

    #[test]
    fn no_cut_of_a_login_is_taken_for_a_login_before_its_database_ends() {
        let mut packet = response(CLIENT);
        packet.extend_from_slice(b"root\0\x03abcoceanbase\0");
        for length in 0..packet.len() {
            assert!(opening(&packet[..length]).is_err(), "{length} bytes");
        }
    }

    #[test]
    fn a_change_of_user_is_read_with_its_user_scramble_and_database() {
        let body = b"backup@orders\0\x02abtest\0\x2E\0mysql_native_password\0";
        assert_eq!(
            change_user(body, CLIENT).unwrap(),
            LoginRequest {
                capabilities: CLIENT,
                user: "backup@orders".into(),
                scramble: b"ab".to_vec(),
                database: Some("test".into()),
                native: true,
            }
        );
    }

    #[test]
    fn a_change_of_user_may_end_after_the_database() {
        assert!(change_user(b"root\0\0\0", CLIENT).unwrap().native);
    }
}
