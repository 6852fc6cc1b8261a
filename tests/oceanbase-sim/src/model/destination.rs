//! The destinations of a tenant: attributes of `LOG_ARCHIVE_DEST`, and the result of checks.

use std::time::Duration;

use super::{DestId, Scn, Uri, parse_duration};
use crate::error;
use crate::value::SqlError;
use crate::views::Version;

/// `BINDING`: whether writes or archiving yield when the storage is slow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Binding {
    /// Logs that were not archived may be recycled.
    #[default]
    Optional,
    /// Logs are kept; writes may stall.
    Mandatory,
}

impl Binding {
    /// Returns the name in the form of queries.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Optional => "OPTIONAL",
            Self::Mandatory => "MANDATORY",
        }
    }
}

/// `LOG_ARCHIVE_DEST` of a tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArchiveDest {
    /// The location.
    pub uri: Uri,
    /// `dest_id`.
    pub id: DestId,
    /// `binding`.
    pub binding: Binding,
    /// `piece_switch_interval`.
    pub interval: Duration,
    /// The interval in the user's spelling, which is the one read back.
    pub interval_text: String,
    /// Whether `compression=enable` was given.
    pub compression: bool,
}

const DAY: Duration = Duration::from_hours(24);

/// Parses the piece switch interval, a time literal in `[1d,7d]`.
///
/// # Errors
/// 1210 for no time literal, 1235 with the engine's text if it is out of range.
pub fn parse_interval(text: &str) -> Result<Duration, SqlError> {
    let interval = parse_duration(text).ok_or_else(error::invalid_argument)?;
    if (DAY..=DAY * 7).contains(&interval) {
        Ok(interval)
    } else {
        Err(error::not_supported(
            "invalid piece_switch_interval out of range [1d,7d] is",
        ))
    }
}

impl ArchiveDest {
    /// Parses the text of `LOG_ARCHIVE_DEST`: `KEY=VALUE` separated by spaces. A missing attribute
    /// gets its default, whatever was set before.
    ///
    /// # Errors
    /// 1235, 1210 or 9026, with the texts of `ob_backup_config.cpp`.
    pub fn parse(text: &str, version: Version) -> Result<Self, SqlError> {
        let mut location = None;
        let mut binding = Binding::default();
        let mut interval_text = "1d";
        let mut compression = false;
        for token in text.split(' ').filter(|token| !token.is_empty()) {
            let (key, value) = token.split_once('=').ok_or_else(error::unsupported)?;
            match key.to_ascii_uppercase().as_str() {
                "LOCATION" => location = Some(value),
                "BINDING" if value.eq_ignore_ascii_case("optional") => {
                    binding = Binding::Optional;
                }
                "BINDING" if value.eq_ignore_ascii_case("mandatory") => {
                    binding = Binding::Mandatory;
                }
                "PIECE_SWITCH_INTERVAL" => interval_text = value,
                "COMPRESSION" if value.eq_ignore_ascii_case("enable") => compression = true,
                "COMPRESSION" if value.eq_ignore_ascii_case("disable") => compression = false,
                "BINDING" | "COMPRESSION" => return Err(error::invalid_argument()),
                _ => return Err(error::unsupported()),
            }
        }
        let location = location
            .filter(|location| !location.is_empty())
            .ok_or_else(|| error::not_supported("set archive dest without location is"))?;
        Ok(Self {
            uri: Uri::parse(location, version)?,
            id: DestId::default(),
            binding,
            interval: parse_interval(interval_text)?,
            interval_text: interval_text.to_owned(),
            compression,
        })
    }
}

/// `DATA_BACKUP_DEST` of a tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataDest {
    /// The location.
    pub uri: Uri,
    /// `DEST_ID`.
    pub id: DestId,
}

/// The result of the connectivity check of SET in `*_BACKUP_STORAGE_INFO`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StorageCheck {
    /// The location.
    pub uri: Uri,
    /// `DEST_ID`.
    pub id: DestId,
    /// `DEST_TYPE`.
    pub purpose: super::Purpose,
    /// `LAST_CHECK_TIMESTAMP`; also in the name of the check file.
    pub checked_at: Scn,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<ArchiveDest, SqlError> {
        ArchiveDest::parse(text, Version::V4_3_5)
    }

    #[test]
    fn keys_are_read_in_any_case() {
        let dest = parse("location=file:///b binding=Mandatory piece_switch_interval=48h").unwrap();
        assert_eq!((dest.binding, dest.interval), (Binding::Mandatory, DAY * 2));
    }

    #[test]
    fn attributes_that_are_left_out_fall_back() {
        let dest = parse("LOCATION=file:///b").unwrap();
        assert_eq!(
            (dest.binding.name(), dest.interval_text.as_str()),
            ("OPTIONAL", "1d")
        );
    }

    #[test]
    fn each_bad_attribute_has_its_error() {
        let refused = |text: &str| parse(text).unwrap_err();
        assert_eq!(
            refused("BINDING=Optional").message,
            "set archive dest without location is not supported"
        );
        assert_eq!(refused("LOCATION=file:///b BINDING=Maybe").code, 1210);
        assert_eq!(
            refused("LOCATION=file:///b PIECE_SWITCH_INTERVAL=8d").message,
            "invalid piece_switch_interval out of range [1d,7d] is not supported"
        );
        assert_eq!(
            refused("LOCATION=file:///b PIECE_SWITCH_INTERVAL=3x").code,
            1210
        );
        assert_eq!(refused("LOCATION=file:///b COLOUR=red").code, 1235);
    }

    #[test]
    fn a_space_in_a_path_breaks_the_text() {
        assert_eq!(parse("LOCATION=file:///my backups").unwrap_err().code, 1235);
    }
}
