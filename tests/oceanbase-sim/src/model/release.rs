//! How the jobs of backup and restore differ between releases, read from the kernel's source.

use crate::views::Version;

/// The first release that takes a full backup in place of an incremental after an upgrade.
const V4_3_3: Version = Version([4, 3, 3, 0]);

/// Outcome of an incremental backup of a tenant that was upgraded after its previous backup set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AfterUpgrade {
    /// The incremental backup is taken.
    Incremental,
    /// The backup is refused with 9040.
    Refused,
    /// A full backup is taken instead.
    Full,
}

/// Returns what becomes of an incremental backup across an upgrade (`update_backup_type_if_need_`).
pub(crate) fn after_upgrade(version: Version) -> AfterUpgrade {
    if version < Version::V4_2 {
        AfterUpgrade::Incremental
    } else if version < V4_3_3 {
        AfterUpgrade::Refused
    } else {
        AfterUpgrade::Full
    }
}

/// Returns whether backup, restore and table recovery ask for the upgrade mode.
pub(crate) fn checks_upgrade_mode(version: Version) -> bool {
    version >= Version::V4_1
}

/// Returns whether a tenant that cannot start is left out. Before, sys retries it until a user
/// cancels the job.
pub(crate) fn leaves_out_failed_children(version: Version) -> bool {
    version >= Version::V4_2
}

/// Returns whether `PLUS ARCHIVELOG` is carried out.
pub(crate) fn takes_plus_archivelog(version: Version) -> bool {
    version >= Version::V4_2
}

#[cfg(test)]
mod tests {
    use super::*;

    fn each<T, const N: usize>(versions: [&str; N], ask: impl Fn(Version) -> T) -> [T; N] {
        versions.map(|version| ask(version.parse().unwrap()))
    }

    #[test]
    fn an_increment_across_an_upgrade_is_made_then_refused_then_a_full() {
        let releases = [
            "4.0.0.0", "4.1.0.2", "4.2.0.0", "4.2.5.0", "4.3.2.0", "4.3.3.0",
        ];
        assert_eq!(
            each(releases, after_upgrade),
            [
                AfterUpgrade::Incremental,
                AfterUpgrade::Incremental,
                AfterUpgrade::Refused,
                AfterUpgrade::Refused,
                AfterUpgrade::Refused,
                AfterUpgrade::Full
            ]
        );
    }
}
