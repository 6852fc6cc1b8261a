//! `BackupTask`: one data backup.

mod status;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::schedule::BackupType;
use super::{INSTANT, LocalReference};
pub use status::{Attempt, BackupTaskStatus, Children};

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
    printcolumn(name = "CLUSTER", type_ = "string", json_path = ".status.cluster"),
    printcolumn(name = "TENANT", type_ = "string", json_path = ".spec.tenantName"),
    printcolumn(name = "TYPE", type_ = "string", json_path = ".spec.type"),
    printcolumn(name = "SET", type_ = "integer", json_path = ".status.backupSetID"),
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
        name = "ACTUAL-TYPE",
        type_ = "string",
        json_path = ".status.type",
        priority = 1
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
        json_path = ".status.jobID",
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
    printcolumn(
        name = "DATABASE",
        type_ = "string",
        json_path = ".status.database.clusterName",
        priority = 1
    ),
    selectable = ".spec.tenantName",
    selectable = ".spec.type",
    selectable = ".spec.strategyRef.name",
    selectable = ".status.phase",
    selectable = ".spec.clusterRef.name"
)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = ("has(self.strategyRef) != has(self.clusterRef)", "must have either `strategyRef`, or `clusterRef` and `storageRef`"))]
#[x_kube(validation = ("has(self.clusterRef) == has(self.storageRef)", "must have `clusterRef` and `storageRef` together"))]
#[x_kube(validation = ("(self.scope == 'Tenant') == has(self.tenantName)", "must have `tenantName` where `scope` is 'Tenant', and must not have it otherwise"))]
#[x_kube(validation = ("!has(self.externalJob) || (self.scope == 'Tenant' && has(self.strategyRef) && !has(self.cancel))", "a backup that another tool started (`externalJob`) must be for one tenant of a strategy, and cannot be canceled here"))]
#[x_kube(validation = ("!has(oldSelf.cancel) || has(self.cancel)", "`cancel` cannot be reverted; create a new BackupTask"))]
pub struct BackupTaskSpec {
    /// Strategy of the tenant; provides the cluster and the storage.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strategy_ref: Option<LocalReference>,
    /// Cluster, for a backup without a strategy. If the tenant has neither log backup nor a
    /// strategy, the operator creates the LogBackup `<cluster>-t<tenantID>`. That LogBackup starts
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
    /// Slot of the schedule; the earliest start of the backup. `startingDeadlineSeconds` counts from
    /// this time, so an old object with a deadline that is applied again becomes Overdue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = INSTANT))]
    pub scheduled_time: Option<Time>,
    /// Earliest start of the backup, if later than `scheduledTime`. A strategy sets it to spread
    /// its tenants and to avoid blackout windows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = INSTANT))]
    pub not_before_time: Option<Time>,
    /// Seconds within which the backup must start, 10 to 2592000. They count from the later of
    /// `scheduledTime` and `notBeforeTime`, or else from the creation of the object. Left out: no
    /// limit. A strategy writes it to its tasks. A task for several tenants copies its own to its
    /// tasks; without one, they wait at most 6 hours for their tenant and its log backup.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 10, max = 2_592_000))]
    pub starting_deadline_seconds: Option<i64>,
    /// Maximum run time of the backup in seconds, 60 to 604800. After that the operator cancels the
    /// backup under the rules of `cancel`, and the task fails. It can be changed while the backup
    /// runs. Default: the value that the strategy had when the backup began.
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
    /// Request to cancel the backup; the only value is `true`, and it cannot be taken back. The operator sends the statement
    /// only while this backup is the only running backup of the tenant. A backup that starts
    /// between that check and the statement is canceled too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = [true]))]
    pub cancel: Option<bool>,
    /// Seconds after the end of the task until the object is deleted, 0 to 31536000; the backup
    /// remains. Leave it out for an object in Git: the next sync would apply the object again, and
    /// it would be a new backup. For each tenant and type, the newest task of a strategy and its
    /// newest successful task remain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 31_536_000))]
    pub ttl_seconds_after_finished: Option<i32>,
    /// Set only by the operator: the backup of another tool or user that this object shows. The
    /// operator sends no statement for the object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_job: Option<ExternalJob>,
}

/// Job of the database that another tool or user started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExternalJob {
    /// Job of the backup in the tenant (`CDB_OB_BACKUP_JOBS.JOB_ID`).
    #[serde(rename = "jobID")]
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
    /// Every tenant of the strategy that can be backed up; without a strategy, every tenant of the
    /// cluster.
    AllTenants,
}
