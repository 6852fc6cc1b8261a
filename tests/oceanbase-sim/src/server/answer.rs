//! The packets of an answer: OK, EOF, ERR and text result sets.

use tokio::io::{AsyncRead, AsyncWrite};

use super::field::{put_integer, put_text};
use super::packet::Packets;
use crate::value::{Column, ColumnType, Outcome, ResultSet, SqlError};

/// `SERVER_STATUS_AUTOCOMMIT` and `SERVER_QUERY_NO_INDEX_USED`: the status of every observer's OK.
const STATUS: u16 = 0x0022;
const MORE_RESULTS_EXIST: u16 = 0x0008;

const BINARY_CHARSET: u16 = 63;
const UTF8MB4_BIN: u16 = 46;

const BLOB_FLAG: u16 = 1 << 4;
const UNSIGNED_FLAG: u16 = 1 << 5;
const BINARY_FLAG: u16 = 1 << 7;

/// Returns an OK without a message.
pub(super) fn ok() -> Vec<u8> {
    done(0, STATUS)
}

/// Returns an ERR.
pub(super) fn error(error: &SqlError) -> Vec<u8> {
    let mut packet = vec![0xFF];
    packet.extend_from_slice(&error.code.to_le_bytes());
    packet.push(b'#');
    packet.extend_from_slice(error.state.as_bytes());
    packet.extend_from_slice(error.message.as_bytes());
    packet
}

/// Adds the packets of one statement's outcome; `more` announces another answer.
pub(super) fn push_outcome<S>(packets: &mut Packets<S>, outcome: &Outcome, more: bool)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let status = if more {
        STATUS | MORE_RESULTS_EXIST
    } else {
        STATUS
    };
    match outcome {
        Outcome::Done { affected_rows } => packets.push(&done(*affected_rows, status)),
        Outcome::Rows(rows) => push_rows(packets, rows, status),
    }
}

fn push_rows<S>(packets: &mut Packets<S>, rows: &ResultSet, status: u16)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut count = Vec::new();
    put_integer(&mut count, rows.columns.len() as u64);
    packets.push(&count);
    for column in &rows.columns {
        packets.push(&definition(column));
    }
    packets.push(&eof(status));
    for row in &rows.rows {
        packets.push(&text_row(row));
    }
    packets.push(&eof(status));
}

fn done(affected_rows: u64, status: u16) -> Vec<u8> {
    let mut packet = vec![0];
    put_integer(&mut packet, affected_rows);
    put_integer(&mut packet, 0);
    packet.extend_from_slice(&status.to_le_bytes());
    packet.extend_from_slice(&[0, 0]);
    packet
}

fn eof(status: u16) -> Vec<u8> {
    let mut packet = vec![0xFE, 0, 0];
    packet.extend_from_slice(&status.to_le_bytes());
    packet
}

fn text_row(row: &[Option<String>]) -> Vec<u8> {
    let mut packet = Vec::new();
    for value in row {
        match value {
            Some(text) => put_text(&mut packet, text),
            None => packet.push(0xFB),
        }
    }
    packet
}

fn definition(column: &Column) -> Vec<u8> {
    let field = Field::of(column.ty);
    let mut packet = Vec::new();
    for text in ["def", "", "", "", &column.name, &column.name] {
        put_text(&mut packet, text);
    }
    packet.push(0x0C);
    packet.extend_from_slice(&field.charset.to_le_bytes());
    packet.extend_from_slice(&field.length.to_le_bytes());
    packet.push(field.code);
    packet.extend_from_slice(&field.flags.to_le_bytes());
    packet.push(field.decimals);
    packet.extend_from_slice(&[0, 0]);
    packet
}

/// The protocol's description of a type.
struct Field {
    code: u8,
    charset: u16,
    flags: u16,
    length: u32,
    decimals: u8,
}

impl Field {
    fn of(ty: ColumnType) -> Self {
        let number = |code, length, decimals| Self {
            code,
            charset: BINARY_CHARSET,
            flags: BINARY_FLAG,
            length,
            decimals,
        };
        let text = |code, length, flags| Self {
            code,
            charset: UTF8MB4_BIN,
            flags,
            length,
            decimals: 0,
        };
        match ty {
            ColumnType::BigInt => number(0x08, 20, 0),
            ColumnType::BigIntUnsigned => Self {
                flags: BINARY_FLAG | UNSIGNED_FLAG,
                ..number(0x08, 20, 0)
            },
            // Sign and point are counted.
            ColumnType::Decimal(precision, scale) => {
                number(0xF6, u32::from(precision) + 1 + u32::from(scale > 0), scale)
            }
            // A character takes up to four bytes.
            ColumnType::Varchar(characters) => text(0xFD, characters.saturating_mul(4), 0),
            ColumnType::LongText => text(0xFC, u32::MAX, BLOB_FLAG),
            ColumnType::Timestamp => number(0x07, 26, 6),
            ColumnType::DateTime => number(0x0C, 26, 6),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ok_says_autocommit_and_no_index() {
        assert_eq!(ok(), [0, 0, 0, 0x22, 0, 0, 0]);
    }

    #[test]
    fn an_error_carries_number_state_and_text() {
        let refused = SqlError {
            code: 9031,
            state: "HY000",
            message: "log archive is not running".into(),
        };
        assert_eq!(
            error(&refused),
            b"\xFF\x47\x23#HY000log archive is not running"
        );
    }

    #[test]
    fn a_column_definition_ends_with_charset_length_type_flags_and_decimals() {
        let column = Column {
            name: "SCN".into(),
            ty: ColumnType::BigIntUnsigned,
        };
        let expected = b"\x03def\0\0\0\x03SCN\x03SCN\x0C\x3F\0\x14\0\0\0\x08\xA0\0\0\0\0";
        assert_eq!(definition(&column), expected);
    }

    #[test]
    fn a_null_is_one_byte_in_a_row() {
        assert_eq!(
            text_row(&[Some("a".into()), None, Some(String::new())]),
            b"\x01a\xFB\0"
        );
    }

    #[test]
    fn the_longest_varchar_does_not_overflow() {
        assert_eq!(Field::of(ColumnType::Varchar(u32::MAX)).length, u32::MAX);
    }
}
