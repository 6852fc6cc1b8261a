//! The fields of packets: integers, zero-terminated and length-encoded strings.

use super::packet::WireError;

const CUT_SHORT: WireError = WireError::Malformed("a field is cut short");

/// Reader of fields from the front of a payload; a truncated field is malformed.
pub(super) struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    pub(super) fn new(payload: &'a [u8]) -> Self {
        Self(payload)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn take(&mut self, length: usize) -> Result<&'a [u8], WireError> {
        let (field, rest) = self.0.split_at_checked(length).ok_or(CUT_SHORT)?;
        self.0 = rest;
        Ok(field)
    }

    /// Reads a little-endian integer of up to eight bytes.
    fn integer(&mut self, width: usize) -> Result<u64, WireError> {
        Ok(self
            .take(width)?
            .iter()
            .rev()
            .fold(0, |value, byte| value << 8 | u64::from(*byte)))
    }

    pub(super) fn byte(&mut self) -> Result<u8, WireError> {
        let (byte, rest) = self.0.split_first().ok_or(CUT_SHORT)?;
        self.0 = rest;
        Ok(*byte)
    }

    pub(super) fn flags(&mut self) -> Result<u32, WireError> {
        let (flags, rest) = self.0.split_first_chunk().ok_or(CUT_SHORT)?;
        self.0 = rest;
        Ok(u32::from_le_bytes(*flags))
    }

    /// Reads a string that ends with a zero byte.
    pub(super) fn terminated(&mut self) -> Result<&'a [u8], WireError> {
        let end = self.0.iter().position(|byte| *byte == 0);
        let field = self.take(end.ok_or(WireError::Malformed("a string does not end"))?)?;
        self.take(1)?;
        Ok(field)
    }

    /// Reads a string after its length in the given number of bytes.
    pub(super) fn counted(&mut self) -> Result<&'a [u8], WireError> {
        let length = self.byte()?;
        self.take(length.into())
    }

    /// Reads a string after its length-encoded length.
    pub(super) fn length_encoded(&mut self) -> Result<&'a [u8], WireError> {
        let length = match self.byte()? {
            0xFC => self.integer(2)?,
            0xFD => self.integer(3)?,
            0xFE => self.integer(8)?,
            0xFB | 0xFF => return Err(WireError::Malformed("not a length")),
            short => short.into(),
        };
        self.take(usize::try_from(length).map_err(|_| WireError::Malformed("length overflow"))?)
    }
}

/// Appends a length-encoded integer.
pub(super) fn put_integer(packet: &mut Vec<u8>, value: u64) {
    let bytes = value.to_le_bytes();
    let (prefix, width) = match value {
        0..0xFB => (None, 1),
        0xFB..0x1_0000 => (Some(0xFC), 2),
        0x1_0000..0x100_0000 => (Some(0xFD), 3),
        0x100_0000.. => (Some(0xFE), 8),
    };
    packet.extend(prefix);
    packet.extend(bytes.iter().take(width));
}

/// Appends a length-encoded string.
pub(super) fn put_text(packet: &mut Vec<u8>, text: &str) {
    put_integer(packet, text.len() as u64);
    packet.extend_from_slice(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(value: u64) -> Vec<u8> {
        let mut packet = Vec::new();
        put_integer(&mut packet, value);
        packet
    }

    #[test]
    fn an_integer_below_251_takes_one_byte() {
        assert_eq!(encoded(250), [250]);
    }

    #[test]
    fn an_integer_from_251_takes_two_bytes_and_a_prefix() {
        assert_eq!(encoded(251), [0xFC, 251, 0]);
    }

    #[test]
    fn an_integer_of_65536_takes_three_bytes_and_a_prefix() {
        assert_eq!(encoded(65_536), [0xFD, 0, 0, 1]);
    }

    #[test]
    fn an_integer_of_16_mib_takes_eight_bytes_and_a_prefix() {
        assert_eq!(encoded(1 << 24), [0xFE, 0, 0, 0, 1, 0, 0, 0, 0]);
    }

    #[test]
    fn a_length_encoded_string_is_read_as_it_was_written_at_every_width() {
        for length in [0, 250, 251, 65_535, 65_536, 1 << 24] {
            let text = "x".repeat(length);
            let mut packet = Vec::new();
            put_text(&mut packet, &text);
            assert_eq!(
                Fields::new(&packet).length_encoded().unwrap(),
                text.as_bytes()
            );
        }
    }

    #[test]
    fn a_length_beyond_the_payload_is_malformed() {
        let length = [0xFE, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF];
        assert!(Fields::new(&length).length_encoded().is_err());
    }

    #[test]
    fn a_string_without_its_zero_is_malformed() {
        assert!(Fields::new(b"root").terminated().is_err());
    }
}
