//! The commands of a client, by their first byte.

use super::packet::WireError;

/// A command and its arguments.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Command<'a> {
    /// `COM_QUIT`.
    Quit,
    /// `COM_INIT_DB` and the name of the database.
    InitDatabase(&'a [u8]),
    /// `COM_QUERY` and its text.
    Query(&'a [u8]),
    /// `COM_STATISTICS`.
    Statistics,
    /// `COM_PING`.
    Ping,
    /// `COM_CHANGE_USER` and its body.
    ChangeUser(&'a [u8]),
    /// `COM_STMT_PREPARE`.
    Prepare,
    /// `COM_STMT_SEND_LONG_DATA` and `COM_STMT_CLOSE`, which servers do not answer.
    Unanswered,
    /// `COM_RESET_CONNECTION`.
    ResetConnection,
    /// A command of the protocol that the server rejects.
    Unsupported,
    /// Not a command of the protocol.
    Unknown,
}

impl<'a> Command<'a> {
    pub(super) fn parse(packet: &'a [u8]) -> Result<Self, WireError> {
        let (code, body) = packet
            .split_first()
            .ok_or(WireError::Malformed("a command without its byte"))?;
        Ok(match code {
            0x01 => Self::Quit,
            0x02 => Self::InitDatabase(body),
            0x03 => Self::Query(body),
            0x09 => Self::Statistics,
            0x0E => Self::Ping,
            0x11 => Self::ChangeUser(body),
            0x16 => Self::Prepare,
            0x18 | 0x19 => Self::Unanswered,
            0x1F => Self::ResetConnection,
            0x00..=0x1F => Self::Unsupported,
            0x20.. => Self::Unknown,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_carries_its_text() {
        assert_eq!(
            Command::parse(b"\x03select 1").unwrap(),
            Command::Query(b"select 1")
        );
    }

    #[test]
    fn an_empty_packet_is_not_a_command() {
        assert!(Command::parse(b"").is_err());
    }

    #[test]
    fn every_byte_is_a_command_of_some_kind() {
        assert!((0..=u8::MAX).all(|code| Command::parse(&[code]).is_ok()));
    }

    #[test]
    fn the_last_command_of_the_protocol_is_reset_connection() {
        let kinds = [0x1F, 0x20].map(|code| Command::parse(&[code]).unwrap() == Command::Unknown);
        assert_eq!(kinds, [false, true]);
    }
}
