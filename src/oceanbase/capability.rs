//! Capabilities of OceanBase releases. Only this module defines which release supports what.
//!
//! Each row names the releases that a capability came with and the evidence for it. The tables in
//! `tests/kernel` were read from the kernel's source; a test compares the rows with them.

use super::version::Version;

/// Feature that not every release has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Capability {
    /// Full, incremental and log backup of a tenant.
    TenantBackup,
    /// `LOG_MODE`, `TENANT_ROLE` and more in `DBA_OB_TENANTS`.
    TenantRole,
    /// `LOG_ARCHIVE_DEST_STATE = 'DEFER'`.
    PauseLogBackup,
    /// ARCHIVELOG changes the tenant's mode, and the archive round starts later. Without it, the
    /// statement itself checks the destination and creates the round.
    DeferredArchivelog,
    /// RESTORE waits until the new tenant exists. Without it, the statement returns as soon as the
    /// job is recorded.
    RestoreWaitsForTenant,
    /// Rejects a BACKUP or RESTORE while `enable_upgrade_mode` is true.
    UpgradeModeCheck,
    /// `ALTER SYSTEM RUN UPGRADE JOB` of a restored tenant.
    TenantUpgradeJob,
    /// `BACKUP … PLUS ARCHIVELOG`.
    PlusArchivelog,
    /// The parameter `archive_lag_target`.
    ArchiveLagTarget,
    /// `COMPATIBLE` in `DBA_OB_TENANTS`.
    TenantCompatible,
    /// Skips a tenant that sys cannot start a backup for; the job of sys ends COMPLETED. Without
    /// it, the job of sys stays in INIT until it is canceled.
    SkippedTenantEndsJob,
    /// Rejects the incremental backup of a tenant (9040) if its COMPATIBLE has changed since the
    /// previous backup set.
    IncrementalCompatibilityCheck,
    /// A full backup replaces such an incremental one, and the statement succeeds.
    IncrementalBecomesFull,
    /// `ALTER SYSTEM CANCEL RESTORE`. Without it, the operator drops the half-restored tenant.
    CancelRestore,
    /// Destinations `cos://`.
    CosStorage,
    /// `ALTER SYSTEM RECOVER TABLE`.
    TableRecovery,
    /// Back-quoted names in `REMAP`.
    QuotedRemap,
    /// Reports the failure of an accepted RESTORE in the response to the statement (9099).
    RestoreFailureReported,
    /// `DATA_PROGRESS` in `CDB_OB_BACKUP_TASKS`.
    BackupProgress,
    /// Destinations `s3://`.
    S3Storage,
    /// `RESTORE … PREVIEW` and `SHOW RESTORE PREVIEW`.
    RestorePreview,
    /// `RESTORE_PROGRESS` and `RECOVER_PROGRESS` in `CDB_OB_RESTORE_PROGRESS`.
    RestoreProgress,
    /// `addressing_model` of S3 destinations.
    AddressingModel,
    /// `CHANGE EXTERNAL_STORAGE_DEST` with `ACCESS_INFO`.
    UpdateStorageKeys,
    /// `max_iops` and `max_bandwidth` of destinations, and `CHANGE EXTERNAL_STORAGE_DEST` with
    /// `ATTRIBUTE`. An older release accepts the options and limits nothing.
    StorageLimits,
    /// `DELETE OBSOLETE BACKUP`, `DELETE BACKUPSET` and `DELETE ARCHIVELOG_PIECE`.
    ManualCleanup,
}

/// Where a row of the capability table comes from, strongest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// The release's own SQL parser was run (`tests/kernel/grammar-v4.tsv`).
    Grammar,
    /// The definitions of the release's views were read (`tests/kernel/columns-v4.tsv`).
    ViewDefinition,
    /// The release's source was read.
    Source,
    /// OceanBase's manual or release notes document it.
    Documentation,
    /// A guess. It errs on the side of a later first release.
    Unknown,
}

impl Evidence {
    /// Returns the word for this evidence in the documentation.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Grammar => "grammar",
            Self::ViewDefinition => "view definition",
            Self::Source => "source",
            Self::Documentation => "documentation",
            Self::Unknown => "unknown",
        }
    }
}

/// One row of the capability table.
#[derive(Debug)]
pub struct CapabilityRow {
    /// The capability.
    pub capability: Capability,
    /// Word in `OceanBaseCluster.status.capabilities`; `None` if only the operator needs the
    /// capability.
    pub word: Option<&'static str>,
    /// Description for the documentation.
    pub summary: &'static str,
    /// The first release of each release line that has it, in ascending order. Every release after
    /// the last one has it too.
    pub since: &'static [Version],
    /// Origin of this row.
    pub evidence: Evidence,
    /// Details of the evidence, or what it does not cover.
    pub note: &'static str,
}

const fn v(major: u16, minor: u16, patch: u16, build: u16) -> Version {
    Version([major, minor, patch, build])
}

macro_rules! rows {
    ($($capability:ident $word:expr, $since:expr, $evidence:ident, $summary:literal, $note:literal;)*) => {
        &[$(CapabilityRow {
            capability: Capability::$capability,
            word: $word,
            summary: $summary,
            since: &$since,
            evidence: Evidence::$evidence,
            note: $note,
        }),*]
    };
}

/// Every capability, oldest first.
pub const CAPABILITIES: &[CapabilityRow] = rows! {
    TenantBackup Some("TenantBackup"), [v(4, 0, 0, 0)], Grammar,
        "full, incremental and log backup of a tenant",
        "BACKUP TENANT and ARCHIVELOG TENANT parse in 4.0 and later";
    TenantRole None, [v(4, 1, 0, 0)], ViewDefinition,
        "role, switchover status and log mode of a tenant are visible",
        "DBA_OB_TENANTS has TENANT_ROLE, SWITCHOVER_STATUS and LOG_MODE";
    PauseLogBackup Some("PauseLogBackup"), [v(4, 1, 0, 0)], Documentation,
        "log backup can be paused",
        "4.0 parses DEFER; the manual describes it for 4.1 and later";
    DeferredArchivelog None, [v(4, 1, 0, 0)], Source,
        "ARCHIVELOG succeeds before the destination is checked",
        "ob_tenant_archive_scheduler.cpp: in 4.0 the statement does the I/O and returns error 1235 for most rejections";
    RestoreWaitsForTenant None, [v(4, 1, 0, 0)], Source,
        "RESTORE waits until the new tenant exists",
        "ob_restore_executor.cpp: 4.0 returns when the job is recorded";
    UpgradeModeCheck None, [v(4, 1, 0, 0)], Source,
        "backups are rejected in upgrade mode, as restores are in all releases",
        "ob_backup_data_scheduler.cpp: 4.0 has no check";
    TenantUpgradeJob None, [v(4, 1, 0, 0)], Grammar,
        "a restored tenant of an older release can be upgraded",
        "RUN UPGRADE JOB parses in 4.1 and later";
    PlusArchivelog Some("PlusArchivelog"), [v(4, 2, 0, 0)], Source,
        "a backup set can contain the logs it needs (PLUS ARCHIVELOG)",
        "ob_backup_data_scheduler.cpp: 4.0 and 4.1 parse it and return error 1235";
    ArchiveLagTarget None, [v(4, 2, 0, 0)], Documentation,
        "the archive lag target of a tenant can be set",
        "parameter archive_lag_target";
    TenantCompatible None, [v(4, 2, 0, 0)], ViewDefinition,
        "the data version of a tenant is visible",
        "DBA_OB_TENANTS has COMPATIBLE";
    SkippedTenantEndsJob None, [v(4, 2, 0, 0)], Source,
        "a tenant that sys cannot back up is skipped",
        "ob_backup_data_scheduler.cpp: in 4.0 and 4.1 the job of sys retries in INIT without end";
    IncrementalCompatibilityCheck None, [v(4, 2, 0, 0)], Source,
        "an incremental backup across an upgrade is rejected",
        "ob_backup_data_scheduler.cpp, update_backup_type_if_need_";
    IncrementalBecomesFull None, [v(4, 3, 3, 0)], Source,
        "an incremental backup across an upgrade becomes a full one",
        "ob_backup_data_scheduler.cpp, update_backup_type_if_need_; event compatible_not_match";
    CancelRestore Some("CancelRestore"), [v(4, 2, 0, 0)], Grammar,
        "a running restore can be canceled",
        "CANCEL RESTORE parses in 4.2.0 and later";
    CosStorage Some("COSStorage"), [v(4, 2, 1, 0)], Source,
        "COS as storage",
        "deps/oblib/src/lib/restore";
    TableRecovery Some("TableRecovery"), [v(4, 2, 1, 0)], Grammar,
        "tables can be recovered into an existing tenant",
        "RECOVER TABLE parses in 4.2.1 and later";
    QuotedRemap Some("QuotedTableNames"), [v(4, 2, 1, 3), v(4, 2, 2, 0), v(4, 3, 0, 0)], Grammar,
        "recovered tables can have names that need quotes",
        "REMAP TABLE with back quotes parses";
    RestoreFailureReported None, [v(4, 2, 1, 3), v(4, 2, 2, 0), v(4, 3, 0, 0)], Source,
        "RESTORE reports why the new tenant was not created",
        "ob_restore_executor.cpp: error 9099 with the comment of the history row";
    BackupProgress Some("BackupProgress"), [v(4, 2, 1, 3), v(4, 2, 2, 0), v(4, 3, 0, 0)], ViewDefinition,
        "progress of a backup as a percentage",
        "CDB_OB_BACKUP_TASKS has DATA_PROGRESS; earlier releases count macro blocks";
    S3Storage Some("S3Storage"), [v(4, 2, 1, 7), v(4, 2, 3, 0), v(4, 3, 0, 0)], Source,
        "S3 and S3-compatible storage",
        "deps/oblib/src/lib/restore of the CE tags";
    RestorePreview Some("RestorePreview"), [v(4, 2, 1, 7), v(4, 2, 3, 0), v(4, 3, 2, 0)], Source,
        "the database can preview a restore",
        "ob_tenant_show_restore_preview.cpp: 4.2.1.0 to 4.2.1.6, 4.2.2, 4.3.0 and 4.3.1 parse it and return error 1210";
    RestoreProgress Some("RestoreProgress"), [v(4, 2, 1, 7), v(4, 2, 3, 0), v(4, 3, 3, 0)], ViewDefinition,
        "progress of a restore as a percentage",
        "CDB_OB_RESTORE_PROGRESS has RESTORE_PROGRESS and RECOVER_PROGRESS";
    AddressingModel None, [v(4, 2, 5, 0), v(4, 3, 5, 1)], Source,
        "addressing model of S3 (path style, virtual-hosted style)",
        "read at 4.2.5.0, 4.3.3 (missing) and 4.3.5.1";
    UpdateStorageKeys Some("UpdateStorageKeys"), [v(4, 3, 5, 2), v(4, 4, 2, 0)], Documentation,
        "access keys of a storage can be replaced",
        "CHANGE EXTERNAL_STORAGE_DEST parses in 4.3.3 and later; whether ACCESS_INFO works before 4.3.5.2 is unknown";
    StorageLimits Some("StorageLimits"), [v(4, 3, 5, 2), v(4, 4, 2, 0)], Documentation,
        "I/O and bandwidth limits of a storage",
        "CHANGE EXTERNAL_STORAGE_DEST parses and MAX_IOPS is visible in 4.3.3 and later; whether limits work before 4.3.5.2 is unknown";
    ManualCleanup Some("ManualCleanup"), [v(4, 4, 2, 0)], Source,
        "a user can delete backup sets and pieces",
        "ob_backup_clean_selector.cpp; earlier releases return error 1235. 4.4.0 and 4.4.1 were not read";
};

impl CapabilityRow {
    /// Returns whether a release has the capability.
    #[must_use]
    pub fn is_in(&self, version: Version) -> bool {
        let in_line = self
            .since
            .iter()
            .any(|first| first.release_line() == version.release_line() && *first <= version);
        in_line || self.since.last().is_some_and(|newest| *newest <= version)
    }
}

impl Capability {
    /// Returns the row of the capability.
    #[must_use]
    pub fn row(self) -> Option<&'static CapabilityRow> {
        CAPABILITIES.iter().find(|row| row.capability == self)
    }

    /// Returns the first release of each line with the capability, such as
    /// `4.2.1.7, 4.2.3.0 or 4.3.0.0`.
    #[must_use]
    pub fn releases(self) -> String {
        let row = self.row();
        let since = row.into_iter().flat_map(|row| row.since);
        let since: Vec<_> = since.map(ToString::to_string).collect();
        match since.split_last() {
            Some((last, [])) => last.clone(),
            Some((last, others)) => format!("{} or {last}", others.join(", ")),
            None => String::from("a later release"),
        }
    }
}

impl Version {
    /// Returns whether a server of this version has the capability.
    #[must_use]
    pub fn can(self, capability: Capability) -> bool {
        capability.row().is_some_and(|row| row.is_in(self))
    }

    /// Returns the words of all capabilities of this version, for
    /// `OceanBaseCluster.status.capabilities`.
    pub fn capabilities(self) -> impl Iterator<Item = &'static str> {
        CAPABILITIES
            .iter()
            .filter(move |row| row.is_in(self))
            .filter_map(|row| row.word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> Version {
        text.parse().unwrap()
    }

    fn releases_with(capability: Capability, releases: &[&'static str]) -> Vec<&'static str> {
        let has = |release: &&&'static str| version(release).can(capability);
        releases.iter().filter(has).copied().collect()
    }

    #[test]
    fn every_capability_has_one_row_in_ascending_order() {
        for (number, row) in CAPABILITIES.iter().enumerate() {
            assert!(row.since.is_sorted() && !row.since.is_empty(), "{row:?}");
            let first = CAPABILITIES
                .iter()
                .position(|other| other.capability == row.capability);
            assert_eq!(first, Some(number), "{row:?}");
        }
    }

    #[test]
    fn a_later_patch_of_a_line_has_what_an_earlier_release_of_a_newer_line_lacks() {
        let releases = [
            "4.2.1.6", "4.2.1.7", "4.2.2.0", "4.2.3.0", "4.2.5.0", "4.3.1.0", "4.3.2.0", "4.4.0.0",
        ];
        assert_eq!(
            releases_with(Capability::RestorePreview, &releases),
            ["4.2.1.7", "4.2.3.0", "4.2.5.0", "4.3.2.0", "4.4.0.0"]
        );
    }

    #[test]
    fn the_fourth_number_decides_in_the_4_2_1_line() {
        let releases = ["4.2.1.2", "4.2.1.3", "4.2.1.10", "4.2.2.0", "4.3.0.0"];
        assert_eq!(
            releases_with(Capability::QuotedRemap, &releases),
            ["4.2.1.3", "4.2.1.10", "4.2.2.0", "4.3.0.0"]
        );
    }

    #[test]
    fn a_capability_of_one_release_is_in_all_later_releases() {
        let releases = ["4.1.0.0", "4.2.0.0", "4.2.1.0", "4.3.0.0", "4.6.0.0"];
        assert_eq!(
            releases_with(Capability::PlusArchivelog, &releases),
            releases[1..]
        );
    }

    #[test]
    fn a_release_between_two_lines_that_was_not_read_counts_as_without() {
        let releases = ["4.3.5.1", "4.3.5.2", "4.4.1.0", "4.4.2.0", "4.6.0.0"];
        assert_eq!(
            releases_with(Capability::UpdateStorageKeys, &releases),
            ["4.3.5.2", "4.4.2.0", "4.6.0.0"]
        );
    }
}
