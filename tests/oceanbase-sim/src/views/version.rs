//! Server versions and the release lines of a feature.

use std::fmt;
use std::str::FromStr;

/// A server version such as `4.2.5.1`, as `OB_VERSION()` answers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(pub [u16; 4]);

impl Version {
    /// The first release with physical backup per tenant.
    pub const V4_0: Self = Self([4, 0, 0, 0]);
    /// `LOG_MODE` and the role of a tenant in `DBA_OB_TENANTS`.
    pub const V4_1: Self = Self([4, 1, 0, 0]);
    /// `COMPATIBLE` of a tenant, `CLUSTER_VERSION` of a set.
    pub const V4_2: Self = Self([4, 2, 0, 0]);
    /// The first long-term support line.
    pub const V4_2_1: Self = Self([4, 2, 1, 0]);
    /// Backup progress and the S3 family in the 4.2 line.
    pub const V4_2_5: Self = Self([4, 2, 5, 0]);
    /// The start of the 4.3 line.
    pub const V4_3: Self = Self([4, 3, 0, 0]);
    /// Backup progress in the 4.3 line.
    pub const V4_3_1: Self = Self([4, 3, 1, 0]);
    /// Quick restore.
    pub const V4_3_5: Self = Self([4, 3, 5, 0]);
    /// Deletion of sets and pieces by id.
    pub const V4_4_2: Self = Self([4, 4, 2, 0]);

    /// Returns whether a feature that was merged into these releases, one per line and ascending,
    /// exists.
    ///
    /// A later release of an older line lacks features of newer lines: 4.3.0 is greater than 4.2.5
    /// and has no `DATA_PROGRESS`.
    #[must_use]
    pub fn has(self, merged_into: &[Self]) -> bool {
        let line = |version: Self| (version.0[0], version.0[1]);
        // Bundle patches of 4.2.1 are a line of their own: 4.2.2 lacks what came with 4.2.1.3.
        let patched = |release: &Self| release.0[..3] == [4, 2, 1] && release.0[3] > 0;
        let same_line = |release: &Self| {
            line(*release) == line(self) && (!patched(release) || self.0[..3] == [4, 2, 1])
        };
        merged_into
            .iter()
            .any(|release| same_line(release) && *release <= self)
            || merged_into.last().is_some_and(|newest| *newest <= self)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [major, minor, patch, build] = self.0;
        write!(f, "{major}.{minor}.{patch}.{build}")
    }
}

/// The text is not a version of one to four numbers.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a version such as 4.2.5.1")]
pub struct VersionError(String);

impl FromStr for Version {
    type Err = VersionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = || VersionError(text.to_owned());
        let mut parts = [0; 4];
        for (index, part) in text.split('.').enumerate() {
            *parts.get_mut(index).ok_or_else(error)? = part.parse().map_err(|_| error())?;
        }
        Ok(Self(parts))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_is_later_than_nine() {
        assert!("4.2.1.10".parse::<Version>().unwrap() > "4.2.1.9".parse().unwrap());
    }

    #[test]
    fn a_short_version_is_filled_with_zeros() {
        assert_eq!("4.2.5".parse::<Version>().unwrap().to_string(), "4.2.5.0");
    }

    #[test]
    fn words_and_fifth_numbers_are_refused() {
        for text in ["", "4.x", "4.2.1.0.7", "-4", "v4.2.1"] {
            assert!(text.parse::<Version>().is_err(), "{text}");
        }
    }

    #[test]
    fn what_came_with_a_patch_of_4_2_1_stays_in_its_line() {
        let merged = [[4, 2, 1, 3], [4, 2, 3, 0], [4, 3, 0, 0]].map(Version);
        let has = |text: &str| text.parse::<Version>().unwrap().has(&merged);
        assert_eq!(
            ["4.2.1.2", "4.2.1.3", "4.2.2.0", "4.2.3.0", "4.3.0.0"].map(has),
            [false, true, false, true, true]
        );
    }

    #[test]
    fn a_feature_of_two_lines_is_missing_between_them() {
        let merged = [Version::V4_2_5, Version::V4_3_1];
        let has = |text: &str| text.parse::<Version>().unwrap().has(&merged);
        assert_eq!(
            ["4.2.4.9", "4.2.5.0", "4.3.0.0", "4.3.1.0", "4.4.0.0"].map(has),
            [false, true, false, true, true]
        );
    }
}
