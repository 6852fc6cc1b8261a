//! Differences between releases in jobs of backup and restore, read from the kernel's source.

use crate::views::Version;

/// The first release of the 4.2.1 line that reports why a restore failed to its statement, and that
/// shows `BACKUP_META_FINISH`.
const V4_2_1_3: Version = Version([4, 2, 1, 3]);
/// The first patch of 4.2.1 that came after 4.2.2.
const V4_2_1_7: Version = Version([4, 2, 1, 7]);
const V4_2_3: Version = Version([4, 2, 3, 0]);
/// The first releases of their lines in which RESTORE sets its own limit for all of its work.
const V4_2_4: Version = Version([4, 2, 4, 0]);
const V4_3_2: Version = Version([4, 3, 2, 0]);
/// The first release that takes a full backup instead of an incremental after an upgrade.
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

/// Returns the outcome of an incremental backup across an upgrade (`update_backup_type_if_need_`).
pub(crate) fn after_upgrade(version: Version) -> AfterUpgrade {
    if version < Version::V4_2 {
        AfterUpgrade::Incremental
    } else if version < V4_3_3 {
        AfterUpgrade::Refused
    } else {
        AfterUpgrade::Full
    }
}

/// Returns whether a backup checks the upgrade mode. RESTORE and RECOVER TABLE do on all releases.
pub(crate) fn checks_upgrade_mode(version: Version) -> bool {
    version >= Version::V4_1
}

/// Returns whether a tenant that cannot start is left out. Before, sys retries it until a user
/// cancels the job.
pub(crate) fn leaves_out_failed_children(version: Version) -> bool {
    version >= Version::V4_2
}

/// Returns whether `PLUS ARCHIVELOG` is executed.
pub(crate) fn takes_plus_archivelog(version: Version) -> bool {
    version >= Version::V4_2
}

/// Returns whether a tenant has a `LOG_MODE`. In 4.0 the statement itself opens the round.
pub(crate) fn has_log_mode(version: Version) -> bool {
    version >= Version::V4_1
}

/// Returns whether `BACKUP_META_FINISH` is a phase of a backup.
pub(crate) fn has_meta_finish(version: Version) -> bool {
    version >= V4_2_1_3
}

/// Returns whether the phases of a backup have the names of 4.3.3.
pub(crate) fn has_fused_phases(version: Version) -> bool {
    version >= V4_3_3
}

/// Returns whether `PREPARE_BACKUP_LOG` is a phase. It came between 4.3.3 and 4.3.5.1.
pub(crate) fn has_prepare_log(version: Version) -> bool {
    version >= Version::V4_3_5
}

/// How RESTORE answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RestoreAnswer {
    /// OK when the job is recorded.
    AtOnce,
    /// The statement waits; a failure is an internal number without a meaning.
    Number,
    /// The statement waits; a failure is 9099 with the comment of the job.
    Comment,
}

/// Returns how RESTORE answers (`sync_wait_tenant_created_`).
pub(crate) fn restore_answer(version: Version) -> RestoreAnswer {
    if version < Version::V4_1 {
        RestoreAnswer::AtOnce
    } else if version < V4_2_1_3 {
        RestoreAnswer::Number
    } else {
        RestoreAnswer::Comment
    }
}

/// Returns whether the limit of ten minutes applies to the whole RESTORE. Before,
/// `ob_query_timeout` limits reading the storage, and only the wait for the tenant has the limit.
pub(crate) fn limits_reading(version: Version) -> bool {
    version.has(&[V4_2_4, V4_3_2])
}

/// Returns whether UNTIL TIME is in the zone of the server. From 4.1 on it is in the backup's zone.
pub(crate) fn reads_time_of_server(version: Version) -> bool {
    version < Version::V4_1
}

/// Returns the error for FROM together with restore sources, without its last words.
pub(crate) fn words_of_two_sources(version: Version) -> &'static str {
    if version.has(&[V4_2_1_7, V4_2_3, V4_3_2]) {
        "have backup_dest and restore_source at the same time"
    } else {
        "should not have backup_dest and restore_source at the same time"
    }
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

    #[test]
    fn a_failed_restore_reaches_its_statement_from_4_2_1_3_on() {
        let releases = [
            "4.0.0.0", "4.1.0.0", "4.2.0.0", "4.2.1.2", "4.2.1.3", "4.2.2.0", "4.3.0.0",
        ];
        assert_eq!(
            each(releases, restore_answer),
            [
                RestoreAnswer::AtOnce,
                RestoreAnswer::Number,
                RestoreAnswer::Number,
                RestoreAnswer::Number,
                RestoreAnswer::Comment,
                RestoreAnswer::Comment,
                RestoreAnswer::Comment
            ]
        );
    }
}
