//! Observed state of a data backup.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::condition::{self, Condition};
use crate::api::{AcceptedStatement, Cause, DataBackupSettings, PinnedDatabase};

/// Observed state of the backup.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct BackupTaskStatus {
    /// Generation of the spec that this status describes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "condition::conditions")]
    #[allow(missing_docs)]
    pub conditions: Vec<Condition>,
    /// `Pending`, `Initializing`, `InProgress`, `Completed`, `Failed`, `Canceling`, `Canceled` or
    /// `Overdue`; more values may be added.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub phase: Option<String>,
    /// Phase in the words of the console.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub console_label: Option<String>,
    /// Origin of the backup: `Strategy`, `Manual`, or `External` for a request by another tool or
    /// user.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 32))]
    pub source: Option<String>,
    /// Name of the OceanBaseCluster, recorded when the backup was sent. The task follows its job in
    /// this cluster even if the strategy changes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 253))]
    pub cluster: Option<String>,
    /// Database of the backup, and number of the tenant, recorded when the backup was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database: Option<PinnedDatabase>,
    /// Backup method: `Physical`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 32))]
    pub method: Option<String>,
    /// Actual type of the backup. An incremental backup without a base becomes `Full`.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 32))]
    pub type_: Option<String>,
    /// Reason for a full backup where an incremental backup was requested.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub type_change: Option<Cause>,
    /// Name of the BackupStorage, recorded when the backup was accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 253))]
    pub storage: Option<String>,
    /// Directory of the data backups below the directory of the storage, recorded when the backup
    /// was accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1024))]
    pub data_path: Option<String>,
    /// Generation of the strategy when the backup was accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strategy_generation: Option<i64>,
    /// Settings of the backup, recorded at the first send. Later changes to the strategy do not
    /// affect the task.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_backup: Option<DataBackupSettings>,
    /// Job of the database (`CDB_OB_BACKUP_JOBS.JOB_ID`).
    #[serde(rename = "jobID", skip_serializing_if = "Option::is_none")]
    pub job_id: Option<i64>,
    /// Number of the backup set (`BACKUP_SET_ID`).
    #[serde(rename = "backupSetID", skip_serializing_if = "Option::is_none")]
    pub backup_set_id: Option<i64>,
    /// Data version of the backup set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 32))]
    pub data_version: Option<String>,
    /// Directory of the data backups, without keys.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 2048))]
    pub storage_directory: Option<String>,
    /// Earliest instant to which the backup set can be restored, rounded up to whole seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub snapshot_time: Option<Time>,
    /// `MIN_RESTORE_SCN` of the backup set, in nanoseconds since 1970.
    #[serde(rename = "minRestoreSCN", skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 20))]
    pub min_restore_scn: Option<String>,
    /// `START_REPLAY_SCN` of the backup set: the SCN from which a restore needs logs.
    #[serde(rename = "startReplaySCN", skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 20))]
    pub start_replay_scn: Option<String>,
    /// `ENCRYPTION_MODE` of the backup set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub encryption_mode: Option<String>,
    /// Time at which the database started the job.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_time: Option<Time>,
    /// Time at which the task ended, with any outcome.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completion_time: Option<Time>,
    /// Time from start to end, such as `3m20s`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 32))]
    pub duration: Option<String>,
    /// Bytes read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input_bytes: Option<i64>,
    /// Bytes written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output_bytes: Option<i64>,
    /// Progress, such as `42%`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 8))]
    pub progress: Option<String>,
    /// Tasks of a task for several tenants.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub children: Option<Children>,
    /// Final outcome of the task: `Completed`, `Failed`, `Canceled` or `Overdue`. It never changes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 32))]
    pub outcome: Option<String>,
    /// Statements sent to the database, the newest 10.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 10), extend("x-kubernetes-list-type" = "atomic"))]
    pub attempts: Vec<Attempt>,
    /// Position, from 1, among the tasks that wait for `maxConcurrentBackups` of the
    /// OceanBaseCluster. Present only while nothing else blocks the task.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub queue_position: Option<i32>,
    /// Earliest time of the next statement, after a statement that was rejected or not sent, or
    /// after a backup that failed for a temporary cause.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_time: Option<Time>,
    /// Accepted statement that set the destination of the tenant, until the database shows that
    /// destination.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub taken: Option<AcceptedStatement>,
    /// Reason why the task failed or waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cause>,
}

impl BackupTaskStatus {
    /// Returns the number of the tenant, if it is known.
    #[must_use]
    pub fn tenant_id(&self) -> Option<i64> {
        self.database.as_ref()?.tenant_id
    }
}

/// Tasks created by a task for several tenants.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Children {
    /// Number of tasks planned.
    pub total: i32,
    /// Number of tasks that completed.
    pub completed: i32,
    /// Number of tasks that failed, were canceled, did not start in time, could not be created or
    /// were deleted by a user.
    pub failed: i32,
    /// Number of tasks whose backup runs.
    pub running: i32,
    /// Number of tasks whose tenant was dropped before the backup completed; counted neither as
    /// completed nor as failed.
    pub dropped: i32,
    /// Whether the operator creates no more tasks. It follows the existing tasks until they end.
    pub all_made: bool,
    /// Task names that another object already uses, the first 50.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50), inner(length(max = 253)), extend("x-kubernetes-list-type" = "set"))]
    pub refused: Vec<String>,
}

/// One BACKUP statement, recorded before the operator sends it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Attempt {
    /// Number of the attempt, from 1.
    pub number: i32,
    /// DESCRIPTION of the statement, by which the operator finds its job: `obb/<uid>/<number>`.
    #[schemars(length(max = 64))]
    pub key: String,
    /// Number of times that the statement was due to be sent. Before each send, the operator checks
    /// whether the database already has the job.
    pub sends: i32,
    /// `Sending`, `Accepted`, `Refused`, `Completed`, `Failed` or `Canceled`.
    #[schemars(length(max = 32))]
    pub outcome: String,
    /// Time at which the statement was last due to be sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sent_time: Option<Time>,
    /// Job of the database.
    #[serde(rename = "jobID", skip_serializing_if = "Option::is_none")]
    pub job_id: Option<i64>,
    /// Time at which the job started.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_time: Option<Time>,
    /// Time at which the job exceeded `activeDeadlineSeconds`; from then on the operator cancels
    /// it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expired_time: Option<Time>,
    /// Number of cancel statements without effect. The delay before the next one grows each time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cancels: Option<i32>,
    /// Reason for the rejection or failure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cause>,
}
