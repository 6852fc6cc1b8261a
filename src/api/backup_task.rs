//! `BackupTask`: one data backup (console S12..S27, "Back up Now" S3, S75).

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
#[x_kube(validation = ("(self.scope == 'Tenant') == has(self.tenantName)", "must have `tenantName` where the scope is 'Tenant', and only there"))]
#[x_kube(validation = ("self.scope != 'Strategy' || has(self.strategyRef)", "must have `strategyRef` where the scope is 'Strategy'"))]
#[x_kube(validation = ("self.scope != 'Cluster' || has(self.clusterRef)", "must have `clusterRef` and `storageRef` where the scope is 'Cluster'"))]
#[x_kube(validation = ("!has(self.mirror) || (self.scope == 'Tenant' && has(self.strategyRef) && !(has(self.cancel) && self.cancel))", "a backup that somebody else started (`mirror`) must be one tenant's of a strategy, and must be canceled where it was started"))]
#[x_kube(validation = (unchanged!("strategyRef", "clusterRef", "storageRef", "scope", "tenantName", "type", "scheduledTime", "notBeforeTime", "startingDeadlineSeconds", "activeDeadlineSeconds", "plusArchivelog", "restorePasswordSecretRef", "mirror"), "spec is immutable but for `cancel` and `ttlSecondsAfterFinished`; create a new BackupTask"))]
#[x_kube(validation = ("!has(oldSelf.cancel) || !oldSelf.cancel || (has(self.cancel) && self.cancel)", "`cancel` can not be taken back; create a new BackupTask"))]
pub struct BackupTaskSpec {
    /// The strategy to which the tenant belongs; cluster and storage are taken from it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strategy_ref: Option<LocalReference>,
    /// The cluster, for a backup without a strategy (console S3, S75). Where nobody archives the
    /// tenant's logs, and no strategy is for the tenant, a LogBackup `<cluster>-t<tenantId>` is made:
    /// log backup starts before the backup, stops when the set can be recovered to, and rests until
    /// the next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster_ref: Option<LocalReference>,
    /// The store, for a backup without a strategy: of its data, and of its logs where they are archived
    /// for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub storage_ref: Option<LocalReference>,
    /// Whether one tenant is backed up or several: then one task is made for each of them, and this
    /// one ends when they have.
    #[serde(default)]
    pub scope: Scope,
    /// The tenant that is backed up; left out where the scope is several.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(
        length(min = 1, max = 63),
        regex(pattern = r"^[A-Za-z_][A-Za-z0-9_]*$")
    )]
    pub tenant_name: String,
    /// What the backup holds.
    #[serde(rename = "type")]
    pub type_: BackupType,
    /// The slot of the schedule; the backup does not start before it. Deadlines count from it, so that
    /// an old object that is applied again becomes Overdue instead of running; within its deadline a
    /// new object is a new backup.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = INSTANT))]
    pub scheduled_time: Option<Time>,
    /// The backup does not start before it, where that is later than `scheduledTime`: a strategy
    /// spreads its tenants and keeps out of blackout windows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = INSTANT))]
    pub not_before_time: Option<Time>,
    /// Seconds after the later of `scheduledTime` and `notBeforeTime` (or after the object was
    /// created) within which the backup must have started. Left out it is 6 hours after
    /// `scheduledTime`, and without that no limit; but a task that one for several tenants has made
    /// waits for its tenant and its log backup at most 6 hours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 10, max = 2_592_000))]
    pub starting_deadline_seconds: Option<i64>,
    /// Seconds that the backup may run; one that runs longer is canceled under the rules of
    /// `cancel` and has failed. Left out it is the strategy's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 60, max = 604_800))]
    pub active_deadline_seconds: Option<i64>,
    /// Whether the set also holds the logs that it needs to be restored by itself
    /// (`PLUS ARCHIVELOG`, V4.1 and later). Left out it is the strategy's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plus_archivelog: Option<bool>,
    /// Secret with the key `password`: whoever restores the set must give it. It gates the restore
    /// and encrypts nothing. Left out it is the strategy's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restore_password_secret_ref: Option<LocalReference>,
    /// `true` asks the database to cancel the backup; it can not be taken back. It is sent only when
    /// ours is the tenant's only running backup; one that somebody starts in the instant between
    /// that look and the statement would be canceled with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancel: Option<bool>,
    /// Seconds after its end when the object is deleted; the backup stays. Only objects that a
    /// strategy or another task made are deleted: a file in Git would come back and run again. Of a
    /// strategy's tasks its newest of a tenant and type stay, and the newest that went well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 31_536_000))]
    pub ttl_seconds_after_finished: Option<i32>,
    /// Written only by the operator: this object shows a backup that somebody else started. Nothing
    /// is ever sent for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mirror: Option<Mirror>,
}

/// A backup that somebody else started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Mirror {
    /// Its job in the tenant (`CDB_OB_BACKUP_JOBS.JOB_ID`).
    #[schemars(range(min = 1))]
    pub job_id: i64,
    /// When the database started it.
    #[schemars(regex(pattern = INSTANT))]
    pub start_time: Time,
}

/// What a task backs up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Scope {
    /// One tenant.
    #[default]
    Tenant,
    /// Each tenant of the strategy that can be backed up.
    Strategy,
    /// Each tenant of the cluster that can be backed up.
    Cluster,
}

/// What the operator knows of the backup.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct BackupTaskStatus {
    /// Generation of the spec that the status is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "condition::conditions")]
    #[allow(missing_docs)]
    pub conditions: Vec<Condition>,
    /// `Pending`, `Initializing`, `InProgress`, `Completed`, `Failed`, `Canceling`, `Canceled` or
    /// `Overdue` (console S24); more may come.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub phase: Option<String>,
    /// The console's words for the phase.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub console_label: Option<String>,
    /// Who asked for the backup: `Strategy`, `Manual` or `External` (console S19).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 32))]
    pub source: Option<String>,
    /// Name of the cluster as it calls itself; that of the OceanBaseCluster until it has answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 128))]
    pub cluster_name: Option<String>,
    /// Name of the OceanBaseCluster, copied when the backup was sent: the task follows its job there
    /// whatever becomes of the strategy.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 253))]
    pub cluster: Option<String>,
    /// Number of the cluster as it calls itself; each cluster counts jobs and tenants alike.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster_id: Option<i64>,
    /// When the cluster was bootstrapped: with the number it tells it from all others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster_create_time: Option<MicroTime>,
    /// The tenant's id; a tenant that was made anew under the same name has another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenant_id: Option<i64>,
    /// `Physical` (console S17).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 32))]
    pub method: Option<String>,
    /// What the backup really holds: an incremental one without a base becomes `Full`.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 32))]
    pub type_: Option<String>,
    /// Why the backup is a full one although an incremental one was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub type_change: Option<Cause>,
    /// Name of the store, copied when the backup was accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 253))]
    pub storage: Option<String>,
    /// Directory of the data backups below the store's own, copied when the backup was accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1024))]
    pub data_path: Option<String>,
    /// Generation of the strategy when the backup was accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strategy_generation: Option<i64>,
    /// How the backup runs, copied when it was first sent: the task goes on as it began whatever
    /// becomes of the strategy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_backup: Option<DataBackupSettings>,
    /// The database's job (`CDB_OB_BACKUP_JOBS.JOB_ID`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job_id: Option<i64>,
    /// The backup set (`BACKUP_SET_ID`, console S18).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backup_set_id: Option<i64>,
    /// Data version of the set (console S22).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 32))]
    pub data_version: Option<String>,
    /// Directory of the data backups, without keys.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 2048))]
    pub storage_directory: Option<String>,
    /// The earliest instant that the set can be restored to, rounded up to whole seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub snapshot_time: Option<Time>,
    /// `MIN_RESTORE_SCN` of the set: nanoseconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 20))]
    pub min_restore_scn: Option<String>,
    /// `START_REPLAY_SCN` of the set: logs are needed from here on.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 20))]
    pub start_replay_scn: Option<String>,
    /// `ENCRYPTION_MODE` of the set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub encryption_mode: Option<String>,
    /// When the database started the job.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_time: Option<Time>,
    /// When the task ended, in whatever way.
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
    /// Such as `42%` (console S25).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 8))]
    pub progress: Option<String>,
    /// The tasks of a task for several tenants.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub children: Option<Children>,
    /// How the task ended: `Completed`, `Failed`, `Canceled` or `Overdue`. Never changes again.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 32))]
    pub outcome: Option<String>,
    /// What was sent to the database, the newest 10.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 10), extend("x-kubernetes-list-type" = "atomic"))]
    pub attempts: Vec<Attempt>,
    /// The place in the line of those that wait for `maxConcurrentBackups` of the OceanBaseCluster,
    /// from 1; there while nothing else stands in the way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub queue_position: Option<i32>,
    /// Nothing is sent before: the pause after a statement that was refused or could not be sent,
    /// or after a backup that failed of something that passes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_time: Option<Time>,
    /// That the tenant's destination was set, until the database shows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub taken: Option<AcceptedStatement>,
    /// Why the task failed, or what it waits for (console S27).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cause>,
}

/// The tasks that a task for several tenants has made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Children {
    /// How many there are to be.
    pub total: i32,
    /// Those that are complete.
    pub completed: i32,
    /// Those that failed, were canceled or did not start in time, that could not be made, or that
    /// somebody deleted.
    pub failed: i32,
    /// Those whose backup runs.
    pub running: i32,
    /// Those whose tenant was dropped before its backup was complete: they count neither as complete
    /// nor as failed.
    pub dropped: i32,
    /// Whether no more are made: those that are there are followed to their end.
    pub all_made: bool,
    /// Names that something else has, the first 50.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50), inner(length(max = 253)), extend("x-kubernetes-list-type" = "set"))]
    pub refused: Vec<String>,
}

/// One BACKUP statement. It is written before the statement is sent.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Attempt {
    /// From 1.
    pub number: i32,
    /// The statement's DESCRIPTION, by which its job is found: `obb/<uid>/<number>`.
    #[schemars(length(max = 64))]
    pub key: String,
    /// How often the statement was about to be sent; each time the database is asked first
    /// whether it has it already.
    pub sends: i32,
    /// `Sending`, `Accepted`, `Refused`, `Completed`, `Failed` or `Canceled`.
    #[schemars(length(max = 32))]
    pub outcome: String,
    /// When the statement was last about to be sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sent_time: Option<Time>,
    /// The database's job.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job_id: Option<i64>,
    /// When the job started.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_time: Option<Time>,
    /// When it had run longer than `activeDeadlineSeconds`; it is canceled from then on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expired_time: Option<Time>,
    /// How often the job was canceled without effect; each time the pause before the next is
    /// longer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cancels: Option<i32>,
    /// Why it was refused or failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cause>,
}
