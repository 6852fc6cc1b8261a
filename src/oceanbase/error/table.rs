//! Explained error numbers (`ob_errno.def`): for backups, and for restores if the meaning differs.

use crate::oceanbase::model::FailureClass::{self, AlreadySo, NotYet, Permanent, Unknown};

/// Explained error number.
#[derive(Debug)]
pub struct Explanation {
    /// Number on the wire.
    pub number: u16,
    /// Stable CamelCase word.
    pub reason: &'static str,
    /// Description of the error.
    pub what: &'static str,
    /// Remedy.
    pub advice: &'static str,
    /// Meaning for the sender of the statement.
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

// The macro is only defined above this point, so that the module comes after it.
mod checks;

pub use checks::OF_CHECKS;

/// All explained numbers.
pub const EXPLANATIONS: &[Explanation] = table! {
    1045 AccessDenied Permanent
        "the database rejects the login"
        "check `username` and `password` in the cluster's Secret; the database also returns this error for an unknown tenant"
    1062 AlreadyExists AlreadySo
        "the entry exists already in the database"
        "no action is needed"
    1064 StatementNotUnderstood Permanent
        "the database does not understand the statement"
        "report this with the version of the server"
    1146 ViewNotFound Permanent
        "a view of the database is missing"
        "use an account of the sys tenant; if the error persists, report it with the version of the server"
    1210 InvalidArgument Permanent
        "the database does not accept a value of the statement"
        "check the settings of the BackupStorage, and of the log backup or the recovery"
    1227 MissingPrivilege Permanent
        "the account lacks a privilege"
        "grant what docs/least-privilege.md lists for the operation to the account in the cluster's Secret"
    1142 MissingPrivilege Permanent
        "the account has no privilege to read a view"
        "GRANT SELECT ON oceanbase.* to the account in the cluster's Secret"
    1295 StatementNotUnderstood Permanent
        "the database does not accept the statement in this protocol"
        "report this with the version of the server"
    1235 NotSupported Permanent
        "the database does not support this in its version or state"
        "check the server's version and whether log archiving was stopped before its destination was changed"
    4012 StatementTimeout Unknown
        "the statement exceeded the time limit of the database"
        "no action is needed; the operator checks whether the statement was run"
    4016 InternalError NotYet
        "the database reports an internal error"
        "find the trace id in the observer's log"
    4018 EntryNotFound Permanent
        "an object that the statement names does not exist"
        "check that the object still exists"
    4023 TryAgain NotYet
        "the database is busy"
        "no action is needed; the operator retries"
    4072 Canceled Permanent
        "the job was canceled"
        "start a new backup if the cancellation was not intended"
    4109 InterruptedByUpgrade NotYet
        "the cluster was being upgraded while the job ran"
        "no action is needed; the operator starts the backup again after the upgrade"
    4143 InterruptedByUpgrade NotYet
        "the version of the cluster or of the tenant changed while the job ran"
        "no action is needed; the operator starts the backup again after the upgrade"
    4179 NotAllowed Permanent
        "the database does not allow this in the tenant's state"
        "check the tenant for snapshots and the parameter archive_lag_target (at least 60 s with S3)"
    4554 TaskLost Permanent
        "an observer failed while it worked on the backup"
        "check the observers, then start a new backup"
    4624 ResourcesNotEnough NotYet
        "the servers lack the resources for a larger or moved unit"
        "free resources on the servers, or add servers"
    4626 PoolInUse Permanent
        "another tenant holds the resource pool"
        "name a free pool, or let the operator create one"
    4647 PoolListEmpty Permanent
        "no resource pool is named"
        "name at least one free pool, or let the operator create one"
    4648 UnitNotFound Permanent
        "no resource unit of this name exists"
        "check the name of the unit"
    4649 UnitExists AlreadySo
        "a resource unit of this name exists already"
        "no action is needed"
    4650 PoolNotFound Permanent
        "no resource pool of this name exists"
        "check the names of the pools"
    4651 PoolExists AlreadySo
        "a resource pool of this name exists already"
        "no action is needed"
    4656 TooManyUnits Permanent
        "the pool has more units in each zone than a zone has live servers"
        "lower `unitCount` in a new RecoveryTask, or start or add servers"
    4657 PoolsShareServers Permanent
        "two of the resource pools have units on the same servers"
        "in a new RecoveryTask, name one pool, or pools on different servers"
    4658 TooManyPools Permanent
        "this version creates a tenant from one resource pool only"
        "name one pool that covers all zones"
    4659 UnitTooSmall Permanent
        "a unit has less CPU, memory, log disk or IOPS than the minimum"
        "set at least 1 CPU, 1Gi of memory and 2Gi of log disk in a new RecoveryTask"
    4733 ResourcesNotEnough NotYet
        "no server of a zone has enough free CPU, memory or log disk for a unit"
        "free resources (DBA_OB_UNITS and GV$OB_SERVERS show the use), add servers, or set smaller units in a new RecoveryTask"
    4734 ServersNotEnough NotYet
        "a zone has no active server with room for another unit of the pool"
        "start or add servers in the zone, or lower `unitCount` in a new RecoveryTask"
    5099 StatementNotUnderstood Permanent
        "the database does not know a parameter"
        "report this with the version of the server"
    5156 TenantExists Permanent
        "a tenant of this name exists already"
        "choose another name for the new tenant"
    5157 TenantNotFound Permanent
        "no tenant of this name exists"
        "check the tenant's name"
    5160 TenantNotFound Permanent
        "no tenant of this name exists"
        "check the tenant's name"
    9003 ObjectStoreError Permanent
        "the OSS storage failed"
        "check the storage and its access key"
    9011 BackupFileNotFound Permanent
        "a file of the backup is missing in the storage"
        "check whether a user removed files there; a full backup starts a new chain"
    9014 RestoreInProgress NotYet
        "a tenant of this name is being restored already"
        "wait for that restore, or choose another name for the new tenant"
    9023 CannotStartLogArchive NotYet
        "log archiving cannot start: the tenant is not in normal state"
        "wait until the tenant's status is NORMAL"
    9024 AlreadyInNoArchiveLogMode AlreadySo
        "log archiving is off already"
        "no action is needed"
    9025 NoLogArchive NotYet
        "the tenant has no log archive"
        "start its log backup, and wait until it runs"
    9026 InvalidBackupDest Permanent
        "the destination is not valid"
        "check the fields of the BackupStorage"
    9027 LogArchiveInterrupted Permanent
        "log archiving was interrupted"
        "stop and start the log backup, then create a full backup"
    9029 LogArchiveNotRunning Permanent
        "log archiving stopped while the backup ran"
        "keep the log backup running, then start a new backup"
    9036 BackupInProgress NotYet
        "another backup of the tenant is running"
        "no action is needed; the operator retries after that backup"
    9040 BackupCannotStart NotYet
        "the backup cannot start: log archiving is not running, the tenant is not normal, or the cluster is being upgraded"
        "check the tenant's LogBackup and its status"
    9041 CancelNotAllowed NotYet
        "the backup cannot be canceled in its state"
        "no action is needed; the operator retries"
    9044 CleanupInProgress NotYet
        "another cleanup of the tenant is running"
        "no action is needed; the operator retries after that cleanup"
    9045 DeleteNotAllowed Permanent
        "the database does not allow the deletion of the backup set"
        "keep the set: others depend on it, or it belongs to the newest backups that the tenant can be recovered from"
    9046 BackupFileNotFound Permanent
        "the database does not know the backup set that this one depends on"
        "create a full backup: it starts a new chain"
    9047 InvalidBackupPassword Permanent
        "the restore password of a backup set is missing or wrong"
        "set the passwords of the full and of the incremental sets in `decryptionSecretRefs`"
    9048 BackupIsolated Permanent
        "the backup set is between two archive rounds and cannot be restored"
        "keep the log backup running, then create a full backup"
    9049 BackupStopped AlreadySo
        "there is nothing to cancel"
        "no action is needed"
    9053 CancelNotAllowed NotYet
        "the cleanup cannot be canceled in its state"
        "no action is needed; the operator retries"
    9058 InvalidBackupZone Permanent
        "the zones or regions for backups are configured incorrectly"
        "check the parameters backup_zone, backup_idc and backup_region of the database"
    9060 ObjectStoreError Permanent
        "the COS storage failed"
        "check the storage and its access key"
    9064 LogsNotContinuous Permanent
        "logs between the backup set and the point of recovery are missing"
        "choose a point inside a recovery window; the LogBackup lists them"
    9066 ConflictingValues Permanent
        "two settings contradict each other"
        "check the settings of the BackupStorage"
    9069 DeleteNotAllowed Permanent
        "the database does not allow the deletion of the archived logs"
        "keep the logs that a backup set needs"
    9070 StorageUnreachable NotYet
        "the observers cannot reach the storage"
        "check the endpoint of the BackupStorage, or that the directory is mounted on every observer"
    9071 StoragePermissionDenied Permanent
        "the observers have no permission to read and write the storage"
        "check the permissions of the directory, or the policy of the bucket and the access key"
    9077 LogsNotContinuous Permanent
        "log archiving was stopped between the backup set and the point of recovery"
        "choose a point inside a recovery window; the LogBackup lists them"
    9078 LogNotArchivedYet NotYet
        "the archived logs end before the point that the backup needs"
        "check the lag of the log backup"
    9079 LogRecycledBeforeArchive Permanent
        "logs that the backup needs are missing"
        "stop and start the log backup, then create a full backup"
    9080 DirectoryNotEmpty Permanent
        "the directory is not empty and contains no backups of this tenant (format file does not exist)"
        "choose another path or an empty directory; if it is a mount, check that it is mounted on every observer"
    9081 DestinationOwnedByOther Permanent
        "the directory belongs to another tenant or cluster (format file does not match)"
        "choose another path for this tenant"
    9082 StorageOutOfSpace Permanent
        "the storage is full"
        "free space in the storage, then start a new backup"
    9086 CheckpointTimeout Permanent
        "a minor compaction took too long"
        "start a new backup when the load of the cluster is lower"
    9087 LogRecycledBeforeArchive Permanent
        "logs were recycled before they were archived"
        "stop and start the log backup, then create a full backup; check the throughput of the storage"
    9091 AlreadyInArchiveLogMode AlreadySo
        "the tenant is in ARCHIVELOG mode already"
        "no action is needed"
    9092 AlreadyInNoArchiveLogMode AlreadySo
        "the tenant is in NOARCHIVELOG mode already"
        "no action is needed"
    9094 RestoreOfLogStreamFailed Permanent
        "a log stream of the new tenant could not be restored"
        "find the restore's trace id in the observer's log, and check the storage"
    9099 RestoreFailed Permanent
        "the new tenant could not be restored"
        "find the restore's trace id in the observer's log; check the storage, the free resources and the version of the source"
    9105 ObjectStoreError Permanent
        "the S3 storage failed"
        "check the storage and its access key"
    9113 ChecksumNotSupported Permanent
        "the storage does not support the checksum"
        "choose another `checksum` in the BackupStorage"
    9114 InvalidStorageDest Permanent
        "the address of the storage is not valid"
        "check the fields of the BackupStorage"
    9116 StoragePermissionDenied Permanent
        "the access key has no permission to read and write the bucket"
        "check the policy of the bucket and the access key"
    9117 RegionMismatch Permanent
        "the region does not match the endpoint of the storage"
        "check `region` of the BackupStorage"
    9118 InvalidStorageEndpoint Permanent
        "the endpoint of the storage is not valid"
        "check `endpoint` of the BackupStorage"
    9119 RestoreSourceNotEnough Permanent
        "the sources lack backups or logs that a recovery to this point needs"
        "name the directory of the data and the directory of the logs, and choose a point inside a recovery window"
    9129 ObjectStoreError Permanent
        "the object storage failed"
        "check the storage and its access key"
    9132 ChecksumError Permanent
        "the storage returned other bytes than the database wrote"
        "check the storage; start a new full backup"
    9133 InvalidBackupZone Permanent
        "the zones or regions for backups are configured incorrectly"
        "check the parameters backup_zone, backup_idc and backup_region of the database"
    9138 NoSuitableReplica NotYet
        "no replica of a log stream can be backed up"
        "check that every log stream has a healthy replica"
    9140 ObjectLocked Permanent
        "the storage does not allow changes of an object (WORM)"
        "use a bucket without object lock"
};

/// Numbers with another meaning for restores.
pub const OF_RESTORES: &[Explanation] = table! {
    1235 NotSupported Permanent
        "the database does not support this in its version or state"
        "use a target that is not older than the source; only 4.0 can restore backups of 4.0. For tables, both tenants need the same compatibility mode"
    4018 NoRestoreSource Permanent
        "the sources contain no backup set and archived logs for a recovery to this point"
        "check the directories of data and logs, and choose a point inside a recovery window"
    4072 Canceled Permanent
        "the restore was canceled"
        "create a new RecoveryTask if the cancellation was not intended"
    4109 InterruptedByUpgrade Permanent
        "the cluster was being upgraded while the job ran"
        "create a new RecoveryTask after the upgrade"
    4143 InterruptedByUpgrade Permanent
        "the version of the cluster or of the tenant changed while the job ran"
        "create a new RecoveryTask after the upgrade"
    4179 NotAllowed Permanent
        "the database does not allow this in the tenant's state"
        "check STATUS, TENANT_ROLE and SWITCHOVER_STATUS of the tenant in DBA_OB_TENANTS"
    4554 TaskLost Permanent
        "an observer failed while it worked on the restore"
        "check the observers, then create a new RecoveryTask"
    5157 TenantNotFound Permanent
        "the tenant does not exist, or does not exist any more"
        "check whether a user dropped it while it was restored, then create a new RecoveryTask"
    5019 TableNotInBackup Permanent
        "a table is not in the backup, or did not exist at the point of recovery"
        "write the names in `objects` as the source has them, or choose another point"
    5020 TableExists Permanent
        "the target has a table of this name already"
        "set another name (`to`) for the table in a new RecoveryTask"
    9011 BackupFileNotFound Permanent
        "a file of the backup is missing in the storage"
        "check whether a user removed files there; recover to another point"
    9046 BackupFileNotFound Permanent
        "a backup set that the restore needs is missing"
        "check whether a user removed files in the storage; recover to another point"
    9048 LogsNotContinuous Permanent
        "the backup set is between two archive rounds and cannot be restored"
        "choose a point inside a recovery window; the LogBackup lists them"
    9078 LogNotArchivedYet NotYet
        "the archived logs end before the point of recovery"
        "choose an earlier point, or wait until the log backup has reached the point"
    9079 LogsNotContinuous Permanent
        "logs that the recovery needs are missing"
        "choose a point inside a recovery window; the LogBackup lists them"
    9080 NoRestoreSource Permanent
        "the directory contains no backups (format file does not exist)"
        "check the paths of the source; if it is a mount, check that it is mounted on every observer"
    9081 NoRestoreSource Permanent
        "the directory contains backups of another tenant or of another kind (format file does not match)"
        "check the paths of the source: data and logs have separate directories"
    9132 ChecksumError Permanent
        "the storage returned other bytes than the database wrote"
        "check the storage; recover from another backup set"
};

/// Numbers with one meaning for CREATE RESOURCE POOL. Their text is the same from V4.0 to V4.3.5
/// and is not needed.
pub const OF_POOLS: &[Explanation] = table! {
    1235 UnitTooSmall Permanent
        "the unit has less memory than parameter __min_full_resource_pool_memory of the cluster requires (default 5 GiB)"
        "set larger units in a new RecoveryTask"
};

/// Numbers with another meaning for ARCHIVELOG and NOARCHIVELOG. V4.0 returns 1235 where later
/// versions return 9091, 9092 or 9023 (`enable_archive`, `disable_archive`). The views show which
/// one applies.
pub const OF_ARCHIVING: &[Explanation] = table! {
    1235 ArchivingNotChanged NotYet
        "V4.0 did not change log archiving: another tool changed it already, the last round has not stopped yet, or the tenant is not NORMAL"
        "no action is needed; the operator reads the status and retries. If the error persists, check STATUS in DBA_OB_TENANTS and in CDB_OB_ARCHIVELOG"
};

/// All tables, each with the subject of its errors.
pub const TABLES: [(&[Explanation], &str); 5] = [
    (EXPLANATIONS, ""),
    (OF_RESTORES, ", of recoveries"),
    (OF_POOLS, ", of resource pools"),
    (OF_ARCHIVING, ", of log archiving"),
    (OF_CHECKS, ", of checks"),
];
