//! Error numbers of OceanBase V4 and what they mean to whoever reads a backup's status
//! (`ob_errno.def`). The server's own text is never passed on: it may quote the statement, and
//! with it a key.

use super::client::ServerError;
use super::model::{Failure, FailureClass};

use FailureClass::{AlreadySo, NotYet, Permanent, Unknown};

/// One explained error number.
#[derive(Debug)]
pub struct Explanation {
    /// The number on the wire.
    pub number: u16,
    /// Stable CamelCase word.
    pub reason: &'static str,
    /// What happened.
    pub what: &'static str,
    /// What to do about it.
    pub advice: &'static str,
    /// What it means for whoever sent the statement.
    pub class: FailureClass,
}

macro_rules! table {
    ($($number:literal $reason:ident $class:ident $what:literal $advice:literal)*) => {
        &[$(Explanation {
            number: $number,
            reason: stringify!($reason),
            what: $what,
            advice: $advice,
            class: $class,
        }),*]
    };
}

/// Every number that is explained.
pub const EXPLANATIONS: &[Explanation] = table! {
    1045 AccessDenied Permanent
        "the database refuses the login"
        "check `username` and `password` in the cluster's Secret; the same answer is given for an unknown tenant"
    1062 AlreadyExists AlreadySo
        "the database has such an entry already"
        "nothing"
    1064 StatementNotUnderstood Permanent
        "the database does not understand the statement"
        "report this with the version of the server"
    1146 ViewNotFound Permanent
        "a view of the database is missing"
        "use an account of the sys tenant; report this with the version of the server"
    1210 InvalidArgument Permanent
        "the database does not accept a value of the statement"
        "check the settings of the BackupStorage and of the log backup"
    1227 MissingPrivilege Permanent
        "the account lacks a privilege"
        "grant ALTER SYSTEM on *.* and SELECT on oceanbase.* to the account in the cluster's Secret"
    1142 MissingPrivilege Permanent
        "the account may not read a view"
        "grant ALTER SYSTEM on *.* and SELECT on oceanbase.* to the account in the cluster's Secret"
    1295 StatementNotUnderstood Permanent
        "the database does not take the statement in this protocol"
        "report this with the version of the server"
    1235 NotSupported Permanent
        "the database does not support this in its version or state"
        "check the server's version and whether log archiving was stopped before its destination was changed"
    4012 StatementTimeout Unknown
        "the statement took longer than the database allows"
        "nothing; the operator looks whether it was run"
    4016 InternalError NotYet
        "the database reports an internal error"
        "look for the trace id in the observer's log"
    4018 EntryNotFound Permanent
        "the database does not find what the statement names"
        "check that it still exists"
    4023 TryAgain NotYet
        "the database is busy"
        "nothing; it is tried again"
    4072 Canceled Permanent
        "the job was canceled"
        "start a new backup if this was not meant"
    4179 NotAllowed Permanent
        "the database does not allow this in the tenant's state"
        "check the tenant for snapshots and the parameter archive_lag_target (at least 60 s with S3)"
    4554 TaskLost Permanent
        "a node was lost while it worked on the backup"
        "check the observers, then start a new backup"
    5099 StatementNotUnderstood Permanent
        "the database does not know a parameter"
        "report this with the version of the server"
    5157 TenantNotFound Permanent
        "there is no tenant of this name"
        "check the tenant's name"
    5160 TenantNotFound Permanent
        "there is no tenant of this name"
        "check the tenant's name"
    9003 ObjectStoreError Permanent
        "the OSS store failed"
        "check the store and its access key"
    9011 BackupFileNotFound Permanent
        "a file of the backup is missing in the store"
        "check whether somebody removed files there; a full backup starts a new chain"
    9023 CannotStartLogArchive NotYet
        "log archiving can not start, because the tenant is not in normal state"
        "wait until the tenant's status is NORMAL"
    9024 AlreadyInNoArchiveLogMode AlreadySo
        "log archiving is off already"
        "nothing"
    9025 NoLogArchive NotYet
        "the tenant has no log archive"
        "start its log backup, and wait until it runs"
    9026 InvalidBackupDest Permanent
        "the destination is not valid"
        "check the fields of the BackupStorage"
    9027 LogArchiveInterrupted Permanent
        "log archiving was interrupted"
        "stop and start the log backup, then make a full backup"
    9029 LogArchiveNotRunning Permanent
        "log archiving stopped while the backup ran"
        "keep the log backup running, then start a new backup"
    9036 BackupInProgress NotYet
        "another backup of the tenant runs"
        "nothing; it is tried again when that one has ended"
    9040 BackupCannotStart NotYet
        "the backup can not start: log archiving is not running, the tenant is not normal, or the cluster is being upgraded"
        "check the tenant's LogBackup and its status"
    9041 CancelNotAllowed NotYet
        "the backup can not be canceled in its state"
        "nothing; it is tried again"
    9046 BackupFileNotFound Permanent
        "the database does not know the backup set that this one stands on"
        "make a full backup: it starts a new chain"
    9048 BackupIsolated Permanent
        "the backup set lies between two rounds of log archiving and could not be restored"
        "keep the log backup running, then make a full backup"
    9049 BackupStopped AlreadySo
        "there is nothing to cancel"
        "nothing"
    9058 InvalidBackupZone Permanent
        "the zones or regions that back up are set wrong"
        "check the server's backup_zone, backup_idc and backup_region"
    9060 ObjectStoreError Permanent
        "the COS store failed"
        "check the store and its access key"
    9066 ConflictingValues Permanent
        "two settings contradict each other"
        "check the settings of the BackupStorage"
    9070 StoreNotReachable NotYet
        "the observers can not reach the store"
        "check the endpoint of the BackupStorage, or that the directory is mounted on every observer"
    9071 StorePermissionDenied Permanent
        "the observers may not read and write the store"
        "check the permissions of the directory, or the policy of the bucket and the access key"
    9078 LogNotArchivedYet NotYet
        "the archived logs end before what the backup needs"
        "check how far behind the log backup is"
    9079 LogRecycledBeforeArchive Permanent
        "logs that the backup needs are gone"
        "stop and start the log backup, then make a full backup"
    9080 DirectoryNotEmpty Permanent
        "the directory is not empty and holds no backups of this tenant (format file does not exist)"
        "choose another path or an empty directory; if it is a mount, check that it is mounted on every observer"
    9081 DestinationOwnedElsewhere Permanent
        "the directory belongs to another tenant or cluster (format file does not match)"
        "choose a path of its own for this tenant"
    9082 StoreOutOfSpace Permanent
        "the store is full"
        "make room in the store, then start a new backup"
    9086 CheckpointTimeout Permanent
        "a minor compaction took too long"
        "start a new backup when the cluster is less busy"
    9087 LogRecycledBeforeArchive Permanent
        "logs were recycled before they were archived"
        "stop and start the log backup, then make a full backup; check the throughput of the store"
    9091 AlreadyInArchiveLogMode AlreadySo
        "the tenant is in ARCHIVELOG mode already"
        "nothing"
    9092 AlreadyInNoArchiveLogMode AlreadySo
        "the tenant is in NOARCHIVELOG mode already"
        "nothing"
    9105 ObjectStoreError Permanent
        "the S3 store failed"
        "check the store and its access key"
    9113 ChecksumNotSupported Permanent
        "the store does not support the checksum"
        "choose another `checksum` in the BackupStorage"
    9114 InvalidStorageDest Permanent
        "the store's address is not valid"
        "check the fields of the BackupStorage"
    9116 StorePermissionDenied Permanent
        "the access key may not read and write the bucket"
        "check the policy of the bucket and the access key"
    9117 RegionMismatch Permanent
        "the region does not match the store's endpoint"
        "check `region` of the BackupStorage"
    9118 InvalidStorageEndpoint Permanent
        "the store's endpoint is not valid"
        "check `endpoint` of the BackupStorage"
    9129 ObjectStoreError Permanent
        "the object store failed"
        "check the store and its access key"
    9132 ChecksumError Permanent
        "the store returned other bytes than were written"
        "check the store; start a new full backup"
    9133 InvalidBackupZone Permanent
        "the zones or regions that back up are set wrong"
        "check the server's backup_zone, backup_idc and backup_region"
    9138 NoSuitableReplica NotYet
        "no replica of a log stream can be backed up"
        "check that every log stream has a healthy replica"
    9140 ObjectLocked Permanent
        "the store keeps an object from being changed (WORM)"
        "use a bucket without object lock"
};

/// Numbers of failed jobs that pass by themselves, beside those that [`FailureClass::NotYet`] and
/// [`FailureClass::Unknown`] say so of: a node was lost, log archiving did not run, compaction was
/// slow, a store did not answer. For a statement they are another matter: a destination that the
/// store refuses now is wrong.
const PASSING: [u16; 7] = [4554, 9029, 9086, 9003, 9060, 9105, 9129];

/// Explains an error number: as it is on the wire, or negative as in a RESULT column.
#[must_use]
pub fn explain(code: i32) -> Failure {
    let number = code.unsigned_abs();
    let known = EXPLANATIONS
        .iter()
        .find(|known| u32::from(known.number) == number);
    let code = i32::try_from(number).map_or(i32::MIN, |number| -number);
    match known {
        Some(known) => Failure {
            code,
            reason: known.reason,
            message: format!("{} (error {number}): {}", known.what, known.advice),
            class: known.class,
            passing: matches!(known.class, NotYet | Unknown) || PASSING.contains(&known.number),
        },
        None => Failure {
            code,
            reason: "DatabaseError",
            message: format!(
                "the database reports error {number}: look it up in OceanBase's list of errors"
            ),
            class: NotYet,
            passing: true,
        },
    }
}

/// Explains a refusal by the server.
#[must_use]
pub fn explain_refusal(error: &ServerError) -> Failure {
    let known = explain(i32::from(error.code));
    // One number for a good deal: only this text says that waiting does not help.
    if error.code == 9040 && error.text.contains("cross compatible") {
        return Failure {
            reason: "IncrementalNotPossible",
            message: "the last full backup was made before the tenant was upgraded, and no \
                      incremental one can stand on it (error 9040): make a full backup"
                .to_owned(),
            class: Permanent,
            passing: false,
            ..known
        };
    }
    known
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_explained_alike_from_the_wire_and_from_a_result_column() {
        assert_eq!(explain(9029), explain(-9029));
        assert_eq!(explain(9029).code, -9029);
    }

    #[test]
    fn an_incremental_backup_over_an_upgrade_is_not_tried_again() {
        let said = |text: &str| {
            explain_refusal(&ServerError {
                code: 9040,
                text: text.to_owned(),
            })
        };
        let upgraded = said(
            "cross compatible incremental backup is not supported, previous backup set compatible \
             is 4.2.1.0, current compatible is 4.3.5.2",
        );
        assert_eq!(upgraded.class, Permanent);
        assert!(!upgraded.message.contains("4.2.1.0"), "{upgraded:?}");
        assert_eq!(said("log archive is not doing").class, NotYet);
    }

    #[test]
    fn every_number_is_explained_once() {
        let mut numbers: Vec<_> = EXPLANATIONS.iter().map(|e| e.number).collect();
        numbers.sort_unstable();
        let count = numbers.len();
        numbers.dedup();
        assert_eq!(numbers.len(), count);
    }

    /// The numbers that a client or a RESULT column can show (`ob_errno.def`), as far as backup,
    /// log archiving, their cleanup and restore can come to them.
    #[rustfmt::skip]
    const DEFINED: [u16; 76] = [
        1045, 1062, 1064, 1146, 1210, 1227, 1235, 1295,
        4012, 4016, 4018, 4023, 4072, 4179, 4554, 4624, 4626, 4647, 4648, 4650, 4651, 4658,
        5099, 5156, 5157, 5160,
        9003, 9011, 9014, 9023, 9024, 9025, 9026, 9027, 9029, 9036, 9040, 9041, 9044, 9045, 9046,
        9047, 9048, 9049, 9053, 9058, 9060, 9064, 9066, 9069, 9070, 9071, 9077, 9078, 9079, 9080,
        9081, 9082, 9086, 9087, 9091, 9092, 9094, 9099, 9105, 9113, 9114, 9116, 9117, 9118, 9119,
        9129, 9132, 9133, 9138, 9140,
    ];
    /// Those that only units and pools, cleanup or restore come to.
    #[rustfmt::skip]
    const OF_OTHERS: [u16; 19] = [
        4624, 4626, 4647, 4648, 4650, 4651, 4658,
        5156,
        9014, 9044, 9045, 9047, 9053, 9064, 9069, 9077, 9094, 9099, 9119,
    ];

    #[test]
    fn every_number_that_can_reach_a_backup_is_explained_with_advice() {
        let unexplained: Vec<_> = DEFINED
            .iter()
            .filter(|number| !OF_OTHERS.contains(number))
            .filter(|number| !EXPLANATIONS.iter().any(|known| known.number == **number))
            .collect();
        assert_eq!(unexplained, [&0_u16; 0]);
        for known in EXPLANATIONS {
            assert!(
                !known.what.is_empty() && !known.advice.is_empty(),
                "{known:?}"
            );
        }
    }

    #[test]
    fn a_store_that_does_not_answer_passes_and_a_full_one_does_not() {
        assert!(explain(-9070).passing && explain(-9105).passing);
        assert!(!explain(-9082).passing && !explain(-4072).passing);
    }

    #[test]
    fn an_unknown_number_is_named_and_tried_again() {
        let failure = explain(-7777);
        assert!(failure.message.contains("7777"));
        assert_eq!(failure.class, FailureClass::NotYet);
    }

    #[test]
    fn the_smallest_number_does_not_overflow() {
        assert_eq!(explain(i32::MIN).code, i32::MIN);
    }
}
