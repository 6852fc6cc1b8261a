//! Versions of the server and what they can do (V4 release notes; `SELECT OB_VERSION()`).

use std::fmt;
use std::str::FromStr;

/// Version of an OceanBase server, such as `4.3.5.2`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(pub [u16; 4]);

/// A text that is no version.
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

/// Something that not every version can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Capability {
    /// Full, incremental and log backup of a tenant.
    TenantBackup,
    /// `LOG_MODE`, `TENANT_ROLE` and more in `DBA_OB_TENANTS`.
    TenantRole,
    /// `LOG_ARCHIVE_DEST_STATE = 'DEFER'`.
    PauseLogBackup,
    /// `BACKUP … PLUS ARCHIVELOG`.
    PlusArchivelog,
    /// Destinations `cos://`.
    CosStorage,
    /// Destinations `s3://`.
    S3Storage,
    /// `DATA_PROGRESS` in `CDB_OB_BACKUP_TASKS`.
    BackupProgress,
    /// `addressing_model` of S3 destinations.
    AddressingModel,
    /// The parameter `archive_lag_target`.
    ArchiveLagTarget,
    /// `COMPATIBLE` in `DBA_OB_TENANTS`.
    TenantCompatible,
    /// `ALTER SYSTEM CANCEL RESTORE`; before, the half restored tenant is dropped instead.
    CancelRestore,
    /// `ALTER SYSTEM RECOVER TABLE`.
    TableRecovery,
    /// `RESTORE_PROGRESS` and `RECOVER_PROGRESS` in `CDB_OB_RESTORE_PROGRESS`.
    RestoreProgress,
    /// `CHANGE EXTERNAL_STORAGE_DEST` with `ACCESS_INFO`. Which release of 4.2.5 it came with is not
    /// known: there it counts as missing.
    ChangeStoreKeys,
    /// `max_iops` and `max_bandwidth` of destinations, and `CHANGE EXTERNAL_STORAGE_DEST` with
    /// `ATTRIBUTE`. An older version takes the options, and limits nothing.
    StoreLimits,
    /// `DELETE OBSOLETE BACKUP`, `DELETE BACKUPSET` and `DELETE ARCHIVELOG_PIECE`.
    ManualCleanup,
}

impl Capability {
    const ALL: [Self; 16] = [
        Self::TenantBackup,
        Self::TenantRole,
        Self::PauseLogBackup,
        Self::PlusArchivelog,
        Self::CosStorage,
        Self::S3Storage,
        Self::BackupProgress,
        Self::AddressingModel,
        Self::ArchiveLagTarget,
        Self::TenantCompatible,
        Self::CancelRestore,
        Self::TableRecovery,
        Self::RestoreProgress,
        Self::ChangeStoreKeys,
        Self::StoreLimits,
        Self::ManualCleanup,
    ];

    /// The word in `status.capabilities`; `None` for what only this operator cares about.
    fn word(self) -> Option<&'static str> {
        match self {
            Self::TenantBackup => Some("TenantBackup"),
            Self::PauseLogBackup => Some("PauseLogBackup"),
            Self::CosStorage => Some("COSStorage"),
            Self::S3Storage => Some("S3Storage"),
            Self::BackupProgress => Some("BackupProgress"),
            Self::TableRecovery => Some("TableRecovery"),
            Self::ManualCleanup => Some("ManualCleanup"),
            Self::ChangeStoreKeys => Some("ChangeStoreKeys"),
            Self::StoreLimits => Some("StoreLimits"),
            Self::TenantRole
            | Self::PlusArchivelog
            | Self::AddressingModel
            | Self::ArchiveLagTarget
            | Self::TenantCompatible
            | Self::CancelRestore
            | Self::RestoreProgress => None,
        }
    }
}

impl Version {
    /// The oldest version whose tenants can be backed up one by one.
    pub const OLDEST: Self = Self([4, 0, 0, 0]);

    /// Whether this version can do `what`.
    #[must_use]
    pub fn can(self, what: Capability) -> bool {
        let [major, minor, patch, _] = self.0;
        let v = (major, minor, patch);
        // The 4.2 line got features of 4.3 in its later releases, 4.3.0 branched off before.
        let since = |on_4_2: u16, on_4_3: u16| {
            v >= (4, 4, 0)
                || (major == 4 && minor == 2 && patch >= on_4_2)
                || (major == 4 && minor == 3 && patch >= on_4_3)
        };
        match what {
            Capability::TenantBackup => self >= Self::OLDEST,
            Capability::TenantRole | Capability::PauseLogBackup | Capability::PlusArchivelog => {
                v >= (4, 1, 0)
            }
            Capability::ArchiveLagTarget
            | Capability::TenantCompatible
            | Capability::CancelRestore => v >= (4, 2, 0),
            Capability::CosStorage | Capability::TableRecovery => v >= (4, 2, 1),
            Capability::S3Storage => since(5, 0),
            Capability::BackupProgress => since(5, 1),
            Capability::AddressingModel => since(5, 4),
            // Of 4.3.4 nothing is known.
            Capability::RestoreProgress => since(5, 5),
            // Of 4.4.0 and 4.4.1 nothing is known.
            Capability::ChangeStoreKeys | Capability::StoreLimits => {
                v >= (4, 4, 2) || (v == (4, 3, 5) && self >= Self([4, 3, 5, 2]))
            }
            Capability::ManualCleanup => v >= (4, 4, 2),
        }
    }

    /// The words of what this version can do.
    pub fn capabilities(self) -> impl Iterator<Item = &'static str> {
        Capability::ALL
            .into_iter()
            .filter(move |what| self.can(*what))
            .filter_map(Capability::word)
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
    fn the_late_4_2_line_can_do_what_the_early_4_3_line_can_not() {
        assert!(version("4.2.5.0").can(Capability::BackupProgress));
        assert!(!version("4.3.0.1").can(Capability::BackupProgress));
        assert!(version("4.3.1.0").can(Capability::BackupProgress));
    }

    #[test]
    fn s3_came_with_4_2_5_and_with_4_3_0() {
        assert!(!version("4.2.1.10").can(Capability::S3Storage));
        assert!(version("4.2.5.0").can(Capability::S3Storage));
        assert!(version("4.3.0.0").can(Capability::S3Storage));
    }

    #[test]
    fn the_lag_target_came_with_4_2() {
        assert!(!version("4.1.0.2").can(Capability::ArchiveLagTarget));
        assert!(version("4.2.0.0").can(Capability::ArchiveLagTarget));
    }

    #[test]
    fn a_restore_tells_its_progress_from_4_2_5_and_from_4_3_5_on() {
        for (text, expected) in [
            ("4.2.1.0", false),
            ("4.2.5.0", true),
            ("4.3.3.0", false),
            ("4.3.4.0", false),
            ("4.3.5.0", true),
            ("4.4.2.0", true),
        ] {
            assert_eq!(version(text).can(Capability::RestoreProgress), expected);
        }
    }

    #[test]
    fn a_restore_can_be_canceled_from_4_2_on_and_a_table_recovered_from_4_2_1_on() {
        assert!(!version("4.1.0.2").can(Capability::CancelRestore));
        assert!(version("4.2.0.0").can(Capability::CancelRestore));
        assert!(!version("4.2.0.0").can(Capability::TableRecovery));
        assert!(version("4.2.1.0").can(Capability::TableRecovery));
    }

    #[test]
    fn new_keys_are_taken_from_4_3_5_2_on() {
        for (text, expected) in [
            ("4.2.1.0", false),
            ("4.2.5.6", false),
            ("4.3.5.1", false),
            ("4.3.5.2", true),
            ("4.4.1.0", false),
            ("4.4.2.0", true),
            ("4.6.0.0", true),
        ] {
            assert_eq!(version(text).can(Capability::ChangeStoreKeys), expected);
        }
    }

    #[test]
    fn the_first_version_can_not_pause_log_backup() {
        assert!(!version("4.0.0.0").can(Capability::PauseLogBackup));
        assert!(version("4.1.0.0").can(Capability::PauseLogBackup));
    }
}
