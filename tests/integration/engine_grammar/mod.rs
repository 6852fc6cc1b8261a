//! Every statement and every query that the operator can send, before a real OceanBase parser and
//! SQL engine: OceanBase seekdb 1.2.0, the kernel of V4.3.5 in one library.
//!
//! It has no backup: a statement that its grammar knows answers 1235 (not supported) or, with a
//! tenant it does not have, 5160; one that the grammar does not know answers 1064. It has no
//! views of backups either: they are rebuilt as tables of the same columns, for each version.
//! What can not be shown with it is named where the tests stand, and printed by them:
//! `EXCEPTIONS` in `statements`, in `queries`, in `recovery` and in `tables`.

/// How many kinds an enum has. It does not compile when one is missing in the list.
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

/// How many kinds of queries there are.
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

/// How many kinds of commands there are.
pub(crate) fn kinds_of_commands() -> usize {
    kinds!(Command:
        SetLogArchiveDest SetLogArchiveDestState SetArchiveLagTarget ArchiveLog NoArchiveLog
        LeaveLogDest SetDataBackupDest AddDeletePolicy DropDeletePolicy Backup FindBackup CancelBackup
        Recovery Cleanup
    )
}

/// How many kinds of statements of restores there are.
pub(crate) fn kinds_of_recoveries() -> usize {
    kinds!(Recovery:
        CreateUnit CreatePool DropPool DropUnit Restore FindRestore Preview CancelRestore DropTenant
        ActivateStandby UpgradeTenant Tables
    )
}

/// How many kinds of statements about tables there are.
pub(crate) fn kinds_of_tables() -> usize {
    kinds!(TableRecovery: Recover Find Cancel DropAuxiliary)
}

/// How many kinds of statements that delete backups there are.
pub(crate) fn kinds_of_cleanups() -> usize {
    kinds!(Cleanup: Delete Find Cancel)
}
