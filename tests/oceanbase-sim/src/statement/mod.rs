//! Statements as values.

mod cleanup;
mod kind;
mod lexer;
mod parser;
mod release;
mod remap;
mod resource;
mod restore;
mod system;
mod table;
mod variables;

pub use cleanup::{ChangeStorage, DeleteBackup, Deletion};
pub use kind::Kind;
pub use lexer::{Token, split, tokens};
pub use parser::parse;
pub use resource::{CreatePool, CreateUnit, Drop};
pub use restore::Restore;
pub use table::{Objects, RecoverTable, TableName};

use crate::value::SqlError;

/// `TENANT = …` of a statement.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Tenants {
    /// No clause.
    #[default]
    Unnamed,
    /// `ALL`.
    All,
    /// `ALL_USER`.
    AllUser,
    /// `ALL_META`.
    AllMeta,
    /// A list of names.
    Named(Vec<String>),
}

impl Tenants {
    /// Returns the names of a list.
    #[must_use]
    pub fn names(&self) -> &[String] {
        match self {
            Self::Named(names) => names,
            _ => &[],
        }
    }
}

/// A backup configuration item, which is not an ordinary parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // the engine's own words
pub enum ConfigName {
    LogArchiveDest,
    LogArchiveDestState,
    DataBackupDest,
    LogRestoreSource,
    /// `log_archive_dest_1` to `_8` and their states, which no release supports.
    Numbered,
}

/// One `name = value` of `ALTER SYSTEM SET`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Setting {
    /// A backup configuration item.
    Config(ConfigName, String),
    /// An ordinary parameter.
    Parameter(String, String),
}

/// The body of `ALTER SYSTEM BACKUP`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Backup {
    /// `INCREMENTAL`.
    pub incremental: bool,
    /// Unnamed for DATABASE.
    pub tenants: Tenants,
    /// `TO 'uri'`.
    pub to: Option<String>,
    /// `PLUS ARCHIVELOG`.
    pub plus_archivelog: bool,
    /// `DESCRIPTION`.
    pub description: String,
}

/// The body of `ALTER SYSTEM ADD DELETE BACKUP POLICY`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AddPolicy {
    /// Its name.
    pub name: String,
    /// `RECOVERY_WINDOW`.
    pub recovery_window: Option<String>,
    /// `REDUNDANCY`.
    pub redundancy: Option<i64>,
    /// The tenants named.
    pub tenants: Tenants,
}

/// The end of a restore or a recovery.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Until {
    /// No clause.
    #[default]
    Latest,
    /// `UNTIL TIME`, as it was written.
    Time(String),
    /// `UNTIL SCN`.
    Scn(i64),
    /// `UNTIL UNLIMITED`, for a standby only.
    Unlimited,
    /// `CANCEL` instead, for a standby only.
    Cancel,
}

/// The request of a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// `ALTER SYSTEM SET …`.
    Set(Vec<Setting>, Tenants),
    /// `ALTER SYSTEM ARCHIVELOG` (true) or `NOARCHIVELOG`.
    LogMode(bool, Tenants),
    /// `ALTER SYSTEM BACKUP DATABASE` or `TENANT`.
    Backup(Backup),
    /// `ALTER SYSTEM CANCEL BACKUP`.
    CancelBackup(Tenants),
    /// `ALTER SYSTEM ADD DELETE BACKUP POLICY`.
    AddPolicy(AddPolicy),
    /// `ALTER SYSTEM DROP DELETE BACKUP POLICY`.
    DropPolicy(String, Tenants),
    /// `ALTER SYSTEM CANCEL DELETE BACKUP`.
    CancelDelete(Tenants),
    /// `ALTER SYSTEM DELETE …` of sets, pieces, or obsolete backups.
    Delete(DeleteBackup),
    /// `ALTER SYSTEM CHANGE EXTERNAL_STORAGE_DEST`.
    ChangeStorage(ChangeStorage),
    /// `CREATE RESOURCE UNIT`.
    CreateUnit(CreateUnit),
    /// `CREATE RESOURCE POOL`.
    CreatePool(CreatePool),
    /// `DROP RESOURCE UNIT`.
    DropUnit(Drop),
    /// `DROP RESOURCE POOL`.
    DropPool(Drop),
    /// `DROP TENANT`.
    DropTenant(Drop),
    /// `ALTER SYSTEM RESTORE t`.
    Restore(Restore),
    /// `ALTER SYSTEM RESTORE FROM … PREVIEW`.
    RestorePreview {
        /// `FROM`.
        from: Option<String>,
        /// `UNTIL`.
        until: Until,
    },
    /// `SHOW RESTORE PREVIEW`.
    ShowRestorePreview,
    /// `SHOW GRANTS`, of another user if named.
    ShowGrants(Option<String>),
    /// `ALTER SYSTEM ADD RESTORE SOURCE 'uri'`.
    AddRestoreSource(String),
    /// `ALTER SYSTEM CLEAR RESTORE SOURCE`.
    ClearRestoreSource,
    /// `ALTER SYSTEM CANCEL RESTORE t`.
    CancelRestore(String),
    /// `ALTER SYSTEM ACTIVATE STANDBY`.
    ActivateStandby {
        /// The tenants.
        tenants: Tenants,
        /// `VERIFY`: only checks whether it is possible.
        verify: bool,
    },
    /// `ALTER SYSTEM RECOVER STANDBY`.
    RecoverStandby {
        /// The tenants.
        tenants: Tenants,
        /// The end of the recovery.
        until: Until,
    },
    /// `ALTER SYSTEM RUN UPGRADE JOB`.
    RunUpgrade {
        /// The job, `UPGRADE_ALL`.
        job: String,
        /// The tenants.
        tenants: Tenants,
    },
    /// `ALTER SYSTEM RECOVER TABLE`.
    RecoverTable(RecoverTable),
    /// `ALTER SYSTEM CANCEL RECOVER TABLE t`.
    CancelRecoverTable(String),
    /// `SET DECRYPTION IDENTIFIED BY 'pw'{,'pw'}`.
    SetDecryption(Vec<String>),
    /// In the grammar, and answered 1235.
    Unsupported,
    /// `SET ENCRYPTION ON IDENTIFIED BY 'pw' ONLY`.
    SetEncryption(String),
    /// `SET name = value, …` of the session.
    SetVariables(Vec<(String, String)>),
    /// `SELECT`, `SHOW`, `DESC`.
    Query,
    /// `SIMULATE '<yaml>'`: faults of a test.
    Simulate(String),
    /// `USE name`.
    Use(String),
    /// `BEGIN`, `COMMIT` and the like.
    Nothing,
}

/// A statement and its log data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// Its kind.
    pub kind: Kind,
    /// The tenants it names.
    pub tenants: Tenants,
    /// The request, or 1064.
    pub action: Result<Action, SqlError>,
}

/// Parses a statement as the newest release does.
#[cfg(test)]
fn newest(text: &str) -> Statement {
    parse(text, crate::views::Version::V4_4_2)
}

#[cfg(test)]
mod grammar_tests;
