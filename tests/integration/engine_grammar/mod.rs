//! Tests of every statement and query of the operator with a real OceanBase parser and SQL engine:
//! OceanBase seekdb 1.2.0, the kernel of V4.3.5 in one library.
//!
//! The engine has no backup. A statement in its grammar answers 1235 (not supported), or 5160 for
//! an unknown tenant; any other statement answers 1064. The views of backups are rebuilt as tables
//! of the same columns, for each version. The tests name and print what they cannot check:
//! `EXCEPTIONS` in `statements`, in `queries`, in `recovery` and in `tables`.

/// Counts the kinds of an enum. It does not compile if the list lacks one.
macro_rules! kinds {
    ($kind:ident: $($variant:ident)*) => {{
        let _all = |value: &$kind| match value {
            $(| $kind::$variant { .. })* => (),
        };
        [$(stringify!($variant)),*].len()
    }};
}

mod checks;
mod cleanups;
mod conformance;
mod engine;
mod jobs;
mod keys;
mod literals;
mod queries;
mod recovery;
mod restores;
mod rows;
mod sets;
mod spoilt;
mod statements;
mod stores;
mod tables;

use oceanbase_backup_operator::oceanbase::query::{
    CleanupQuery, Query, RestoreQuery, StorageQuery,
};
use oceanbase_backup_operator::oceanbase::statement::{Cleanup, Command, Recovery, TableRecovery};

/// Returns the number of kinds of queries.
pub(crate) fn kinds_of_queries() -> usize {
    let others = kinds!(Query:
        Version Identity Bootstrap Tenants Rounds ArchiveDests ArchiveDestOf DataDests DataDestOf
        RunningJobs Progress JobHistory Sets Pieces Policies LagTargets UpgradeMode BackupRefusals Grants
        RunningJobsByKey JobHistoryByKey OwnJobsByKey OwnJobHistoryByKey Restore Cleanup Store
    ) - 3;
    others
        + kinds!(RestoreQuery:
            Progress History ProgressByKey HistoryByKey OwnProgressByKey OwnHistoryByKey Preview
            Pools Units Zones Servers Capacities PlacedUnits DataVersion TableJobs TableHistory TableJobsByKey TableHistoryByKey
            OwnTableJobsByKey OwnTableHistoryByKey
        )
        + kinds!(CleanupQuery:
            Jobs History Items ItemHistory OwnJobsAfter OwnHistoryAfter JobsOf
        )
        + kinds!(StorageQuery: LogRoots Checks Limits)
}

/// Returns the number of kinds of commands.
pub(crate) fn kinds_of_commands() -> usize {
    kinds!(Command:
        SetLogArchiveDest SetLogArchiveDestState SetArchiveLagTarget ArchiveLog NoArchiveLog
        LeaveLogDest SetDataBackupDest AddDeletePolicy DropDeletePolicy Backup FindBackup CancelBackup
        Recovery Cleanup
    )
}

/// Returns the number of kinds of restore statements.
pub(crate) fn kinds_of_recoveries() -> usize {
    kinds!(Recovery:
        CreateUnit CreatePool DropPool DropUnit Restore FindRestore Preview CancelRestore DropTenant
        ActivateStandby UpgradeTenant Tables
    )
}

/// Returns the number of kinds of statements about tables.
pub(crate) fn kinds_of_tables() -> usize {
    kinds!(TableRecovery: Recover Find Cancel DropAuxiliary)
}

/// Returns the number of kinds of statements that delete backups.
pub(crate) fn kinds_of_cleanups() -> usize {
    kinds!(Cleanup: Delete Find Cancel)
}
