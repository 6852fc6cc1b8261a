//! Kinds of statements, for the log and for faults.

use serde::Deserialize;

/// A kind of statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Kind {
    /// `ALTER SYSTEM SET LOG_ARCHIVE_DEST`.
    SetLogArchiveDest,
    /// `ALTER SYSTEM SET LOG_ARCHIVE_DEST_STATE`.
    SetLogArchiveDestState,
    /// `ALTER SYSTEM SET DATA_BACKUP_DEST`.
    SetDataBackupDest,
    /// `ALTER SYSTEM SET LOG_RESTORE_SOURCE`.
    SetLogRestoreSource,
    /// `ALTER SYSTEM SET` of an ordinary parameter.
    SetParameter,
    /// `ALTER SYSTEM ARCHIVELOG`.
    ArchiveLog,
    /// `ALTER SYSTEM NOARCHIVELOG`.
    NoArchiveLog,
    /// `ALTER SYSTEM BACKUP` of data.
    Backup,
    /// `ALTER SYSTEM CANCEL BACKUP`.
    CancelBackup,
    /// `ALTER SYSTEM ADD DELETE BACKUP POLICY`.
    AddDeletePolicy,
    /// `ALTER SYSTEM DROP DELETE BACKUP POLICY`.
    DropDeletePolicy,
    /// `ALTER SYSTEM CANCEL DELETE BACKUP`.
    CancelDeleteBackup,
    /// `ALTER SYSTEM DELETE …` of sets, pieces, or obsolete backups.
    DeleteBackup,
    /// `ALTER SYSTEM RESTORE t`.
    Restore,
    /// `ALTER SYSTEM RESTORE … PREVIEW`.
    RestorePreview,
    /// `ALTER SYSTEM ADD` or `CLEAR RESTORE SOURCE`, of the session.
    RestoreSource,
    /// `ALTER SYSTEM CANCEL RESTORE`.
    CancelRestore,
    /// `ALTER SYSTEM RECOVER TABLE`.
    RecoverTable,
    /// `ALTER SYSTEM CANCEL RECOVER TABLE`.
    CancelRecoverTable,
    /// `ALTER SYSTEM RECOVER STANDBY`.
    RecoverStandby,
    /// `ALTER SYSTEM ACTIVATE STANDBY`.
    ActivateStandby,
    /// `ALTER SYSTEM SWITCHOVER`.
    Switchover,
    /// `ALTER SYSTEM RUN UPGRADE JOB`.
    RunUpgrade,
    /// `CREATE RESOURCE UNIT`.
    CreateResourceUnit,
    /// `CREATE RESOURCE POOL`.
    CreateResourcePool,
    /// `DROP RESOURCE UNIT`.
    DropResourceUnit,
    /// `DROP RESOURCE POOL`.
    DropResourcePool,
    /// `DROP TENANT`.
    DropTenant,
    /// `ALTER SYSTEM CHANGE EXTERNAL_STORAGE_DEST`.
    ChangeStorage,
    /// Another `ALTER SYSTEM`.
    AlterSystem,
    /// `SET ENCRYPTION`.
    SetEncryption,
    /// `SET DECRYPTION`.
    SetDecryption,
    /// `SET` of session variables.
    SetVariable,
    /// `SELECT`.
    Select,
    /// `SHOW`, `DESC`.
    Show,
    /// `SIMULATE`.
    Simulate,
    /// `USE`, `BEGIN` and the like.
    Session,
    /// Text outside of the grammar.
    Unparsable,
}

impl Kind {
    /// Returns whether a success changes the database, beyond its own session.
    #[must_use]
    pub fn is_changing(self) -> bool {
        !matches!(
            self,
            Self::RestorePreview
                | Self::RestoreSource
                | Self::SetEncryption
                | Self::SetDecryption
                | Self::SetVariable
                | Self::Select
                | Self::Show
                | Self::Simulate
                | Self::Session
                | Self::Unparsable
        )
    }
}
