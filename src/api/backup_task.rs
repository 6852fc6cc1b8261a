//! `BackupTask`: one data backup.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{MicroTime, Time};
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::condition::{self, Condition};
use super::schedule::BackupType;
use super::{AcceptedStatement, Cause, DataBackupSettings, INSTANT, LocalReference};

/// One data backup of one tenant.
#[derive(
    CustomResource, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema,
)]
#[kube(
    group = "backup.oceanbase.io",
    version = "v1alpha1",
    kind = "BackupTask",
    plural = "backuptasks",
    shortname = "obbt",
    category = "oceanbase-backup",
    namespaced,
    status = "BackupTaskStatus",
    derive = "PartialEq",
    doc = "One data backup of one tenant. It runs once; deleting it never deletes a backup.",
    printcolumn(name = "CLUSTER", type_ = "string", json_path = ".status.clusterName"),
    printcolumn(name = "TENANT", type_ = "string", json_path = ".spec.tenantName"),
    printcolumn(name = "TYPE", type_ = "string", json_path = ".status.type"),
    printcolumn(name = "SET", type_ = "integer", json_path = ".status.backupSetId"),
    printcolumn(name = "STATUS", type_ = "string", json_path = ".status.phase"),
    printcolumn(name = "PROGRESS", type_ = "string", json_path = ".status.progress"),
    printcolumn(name = "STARTED", type_ = "date", json_path = ".status.startTime"),
    printcolumn(name = "DURATION", type_ = "string", json_path = ".status.duration"),
    printcolumn(
        name = "AGE",
        type_ = "date",
        json_path = ".metadata.creationTimestamp"
    ),
    printcolumn(
        name = "SOURCE",
        type_ = "string",
        json_path = ".status.source",
        priority = 1
    ),
    printcolumn(
        name = "JOB",
        type_ = "integer",
        json_path = ".status.jobId",
        priority = 1
    ),
    printcolumn(
        name = "SIZE",
        type_ = "integer",
        json_path = ".status.outputBytes",
        priority = 1
    ),
    printcolumn(
        name = "STRATEGY",
        type_ = "string",
        json_path = ".spec.strategyRef.name",
        priority = 1
    ),
    printcolumn(
        name = "CAUSE",
        type_ = "string",
        json_path = ".status.cause.reason",
        priority = 1
    ),
    selectable = ".spec.tenantName",
    selectable = ".spec.type",
    selectable = ".spec.strategyRef.name",
    selectable = ".status.phase",
    selectable = ".status.backupSetId"
)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = ("has(self.strategyRef) != has(self.clusterRef)", "must have either `strategyRef`, or `clusterRef` and `storageRef`"))]
#[x_kube(validation = ("has(self.clusterRef) == has(self.storageRef)", "must have `clusterRef` and `storageRef` together"))]
#[x_kube(validation = ("(self.scope == 'Tenant') == has(self.tenantName)", "must have `tenantName` where the scope is 'Tenant', and must not have it otherwise"))]
#[x_kube(validation = ("self.scope != 'Strategy' || has(self.strategyRef)", "must have `strategyRef` where the scope is 'Strategy'"))]
#[x_kube(validation = ("self.scope != 'Cluster' || has(self.clusterRef)", "must have `clusterRef` and `storageRef` where the scope is 'Cluster'"))]
#[x_kube(validation = ("!has(self.mirror) || (self.scope == 'Tenant' && has(self.strategyRef) && !(has(self.cancel) && self.cancel))", "a backup that another tool started (`mirror`) must be for one tenant of a strategy, and cannot be canceled here"))]
#[x_kube(validation = (unchanged!("strategyRef", "clusterRef", "storageRef", "scope", "tenantName", "type", "scheduledTime", "notBeforeTime", "startingDeadlineSeconds", "activeDeadlineSeconds", "plusArchivelog", "restorePasswordSecretRef", "mirror"), "spec is immutable except for `cancel` and `ttlSecondsAfterFinished`; create a new BackupTask"))]
#[x_kube(validation = ("!has(oldSelf.cancel) || !oldSelf.cancel || (has(self.cancel) && self.cancel)", "`cancel` cannot be reverted; create a new BackupTask"))]
pub struct BackupTaskSpec {
    /// Strategy of the tenant; provides the cluster and the storage.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strategy_ref: Option<LocalReference>,
    /// Cluster, for a backup without a strategy. If the tenant has neither log backup nor a
    /// strategy, the operator creates the LogBackup `<cluster>-t<tenantId>`. That LogBackup starts
    /// log backup before the data backup and stops it once the backup set can be recovered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster_ref: Option<LocalReference>,
    /// Storage, for a backup without a strategy: for the data, and for the logs if the operator
    /// archives logs for this backup.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub storage_ref: Option<LocalReference>,
    /// Scope of the task. For several tenants, the operator creates one task for each tenant, and
    /// this task ends when those tasks have ended.
    #[serde(default)]
    pub scope: Scope,
    /// Name of the tenant to back up. Omitted if the scope covers several tenants.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(
        length(min = 1, max = 63),
        regex(pattern = r"^[A-Za-z_][A-Za-z0-9_]*$")
    )]
    pub tenant_name: String,
    /// Type of the backup.
    #[serde(rename = "type")]
    pub type_: BackupType,
    /// Slot of the schedule; the earliest start of the backup. Deadlines count from this time, so
    /// an old object that is applied again becomes Overdue. Within the deadline, a new object is a
    /// new backup.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = INSTANT))]
    pub scheduled_time: Option<Time>,
    /// Earliest start of the backup, if later than `scheduledTime`. A strategy sets it to spread
    /// its tenants and to avoid blackout windows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = INSTANT))]
    pub not_before_time: Option<Time>,
    /// Seconds within which the backup must start, 10 to 2592000. They count from the later of
    /// `scheduledTime` and `notBeforeTime`, or else from the creation of the object. Default: 6
    /// hours after `scheduledTime`; no limit without `scheduledTime`. A task that was created by a
    /// task for several tenants waits at most 6 hours for its tenant and its log backup.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 10, max = 2_592_000))]
    pub starting_deadline_seconds: Option<i64>,
    /// Maximum run time of the backup in seconds, 60 to 604800. After that the operator cancels the
    /// backup under the rules of `cancel`, and the task fails. Default: the value of the strategy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 60, max = 604_800))]
    pub active_deadline_seconds: Option<i64>,
    /// Whether the backup set also contains the logs that a restore of this set alone needs (`PLUS
    /// ARCHIVELOG`, V4.2.0 and later). Default: the value of the strategy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plus_archivelog: Option<bool>,
    /// Secret with the key `password`, which is required to restore the backup set. The password
    /// protects the restore and encrypts nothing. Default: the Secret of the strategy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restore_password_secret_ref: Option<LocalReference>,
    /// Request to cancel the backup; it cannot be taken back. The operator sends the statement
    /// only while this backup is the only running backup of the tenant. A backup that starts
    /// between that check and the statement is canceled too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancel: Option<bool>,
    /// Seconds after the end of the task until the object is deleted, 0 to 31536000; the backup
    /// remains. Only objects created by a strategy or another task are deleted, because a manifest
    /// in Git would be applied and run again. For each tenant and type, the newest task of a
    /// strategy and its newest successful task remain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 31_536_000))]
    pub ttl_seconds_after_finished: Option<i32>,
    /// Set only by the operator: the backup of another tool or user that this object shows. The
    /// operator sends no statement for the object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mirror: Option<Mirror>,
}

/// Backup that another tool or user started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Mirror {
    /// Job of the backup in the tenant (`CDB_OB_BACKUP_JOBS.JOB_ID`).
    #[schemars(range(min = 1))]
    pub job_id: i64,
    /// Time at which the database started the job.
    #[schemars(regex(pattern = INSTANT))]
    pub start_time: Time,
}

/// Scope of a backup task.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Scope {
    /// One tenant.
    #[default]
    Tenant,
    /// Every tenant of the strategy that can be backed up.
    Strategy,
    /// Every tenant of the cluster that can be backed up.
    Cluster,
}

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
    /// Origin of the backup: `Strategy`, `Manual` or `External`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 32))]
    pub source: Option<String>,
    /// Name that the cluster reports; the name of the OceanBaseCluster until the cluster has
    /// answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 128))]
    pub cluster_name: Option<String>,
    /// Name of the OceanBaseCluster, recorded when the backup was sent. The task follows its job in
    /// this cluster even if the strategy changes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 253))]
    pub cluster: Option<String>,
    /// Number that the cluster reports. Numbers of jobs and tenants are unique only within a
    /// cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster_id: Option<i64>,
    /// Bootstrap time of the cluster. With the number, it distinguishes the cluster from all
    /// others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster_create_time: Option<MicroTime>,
    /// Number of the tenant. A tenant that is recreated under the same name has another number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenant_id: Option<i64>,
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
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job_id: Option<i64>,
    /// Number of the backup set (`BACKUP_SET_ID`).
    #[serde(skip_serializing_if = "Option::is_none")]
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
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 20))]
    pub min_restore_scn: Option<String>,
    /// `START_REPLAY_SCN` of the backup set: the SCN from which a restore needs logs.
    #[serde(skip_serializing_if = "Option::is_none")]
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
    #[serde(skip_serializing_if = "Option::is_none")]
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
