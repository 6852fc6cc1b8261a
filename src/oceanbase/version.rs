//! Versions of the server (`SELECT OB_VERSION()`).

use std::fmt;
use std::str::FromStr;

/// Version of an OceanBase server, such as `4.3.5.2`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(pub [u16; 4]);

/// Text that is not a version.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not a version such as 4.3.5.2")]
pub struct VersionError(String);

impl FromStr for Version {
    type Err = VersionError;

    fn from_str(text: &str) -> Result<Self, VersionError> {
        let mut parts = [0; 4];
        let mut count = 0;
        for part in text.trim().split('.') {
            let slot = parts
                .get_mut(count)
                .ok_or_else(|| VersionError(text.to_owned()))?;
            *slot = part.parse().map_err(|_| VersionError(text.to_owned()))?;
            count += 1;
        }
        if count < 2 {
            Err(VersionError(text.to_owned()))
        } else {
            Ok(Self(parts))
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [major, minor, patch, build] = self.0;
        write!(f, "{major}.{minor}.{patch}.{build}")
    }
}

impl Version {
    /// The oldest version that the operator supports.
    pub const OLDEST: Self = Self([4, 0, 0, 0]);

    /// Returns the release line that the version belongs to. Each line gets its own patches. 4.2.1
    /// is a separate line beside 4.2.
    #[must_use]
    pub fn release_line(self) -> (u16, u16, Option<u16>) {
        let [major, minor, patch, _] = self.0;
        let long_term = (major, minor, patch) == (4, 2, 1);
        (major, minor, long_term.then_some(patch))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> Version {
        text.parse().unwrap()
    }

    #[test]
    fn a_version_is_read_with_two_to_four_parts() {
        assert_eq!(version("4.3.5.2"), Version([4, 3, 5, 2]));
        assert_eq!(version("4.0"), Version([4, 0, 0, 0]));
        for bad in ["", "4", "4.x", "4.3.5.2.1", "V4.2"] {
            assert!(bad.parse::<Version>().is_err(), "{bad}");
        }
    }

    #[test]
    fn patches_of_4_2_1_are_a_line_of_their_own() {
        let line = |text: &str| version(text).release_line();
        assert_eq!(line("4.2.1.3"), line("4.2.1.10"));
        assert_ne!(line("4.2.1.3"), line("4.2.2.0"));
        assert_eq!(line("4.3.0.0"), line("4.3.5.2"));
    }
}
