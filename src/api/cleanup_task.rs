//! `CleanupTask`: one cleanup of the backups of a tenant, requested by a user or shown for the
//! database.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{MicroTime, Time};
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::backup_task::Mirror;
use super::condition::{self, Condition};
use super::{Cause, LocalReference};

/// One cleanup of the backups of one tenant.
#[derive(
    CustomResource, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema,
)]
#[kube(
    group = "backup.oceanbase.io",
    version = "v1alpha1",
    kind = "CleanupTask",
    plural = "cleanuptasks",
    shortname = "obct",
    category = "oceanbase-backup",
    namespaced,
    status = "CleanupTaskStatus",
    derive = "PartialEq",
    doc = "One cleanup of one tenant's backups: a preview, a requested cleanup, or a cleanup that the database started itself. Deleting it changes nothing in the database.",
    printcolumn(
        name = "CLUSTER",
        type_ = "string",
        json_path = ".spec.clusterRef.name"
    ),
    printcolumn(name = "TENANT", type_ = "string", json_path = ".spec.tenantName"),
    printcolumn(name = "STATUS", type_ = "string", json_path = ".status.phase"),
    printcolumn(name = "SETS", type_ = "integer", json_path = ".status.deletedSets"),
    printcolumn(
        name = "PIECES",
        type_ = "integer",
        json_path = ".status.deletedPieces"
    ),
    printcolumn(name = "STARTED", type_ = "date", json_path = ".status.startTime"),
    printcolumn(name = "ENDED", type_ = "date", json_path = ".status.completionTime"),
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
        name = "MODE",
        type_ = "string",
        json_path = ".spec.mode",
        priority = 1
    ),
    printcolumn(
        name = "JOB",
        type_ = "integer",
        json_path = ".status.jobId",
        priority = 1
    ),
    printcolumn(
        name = "FREED",
        type_ = "integer",
        json_path = ".status.freedBytes",
        priority = 1
    ),
    printcolumn(
        name = "CAUSE",
        type_ = "string",
        json_path = ".status.cause.reason",
        priority = 1
    ),
    selectable = ".spec.tenantName",
    selectable = ".status.phase"
)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = ("has(self.mode) != has(self.mirror)", "must have `mode`: Preview or Delete (only the operator writes `mirror`)"))]
#[x_kube(validation = ("has(self.mode) == has(self.target)", "must have `target` together with `mode`"))]
#[x_kube(validation = ("!has(self.cancel) || !self.cancel || (has(self.mode) && self.mode == 'Delete')", "must not have `cancel` without `mode: Delete`: nothing else can be canceled"))]
#[x_kube(validation = ("self.clusterRef == oldSelf.clusterRef && self.tenantName == oldSelf.tenantName", "spec is immutable except for `cancel`; create a new CleanupTask"))]
#[x_kube(validation = (unchanged!("mode", "target", "mirror"), "spec is immutable except for `cancel`; create a new CleanupTask"))]
#[x_kube(validation = ("!has(oldSelf.cancel) || !oldSelf.cancel || (has(self.cancel) && self.cancel)", "`cancel` cannot be reverted; create a new CleanupTask"))]
pub struct CleanupTaskSpec {
    /// Cluster of the tenant.
    pub cluster_ref: LocalReference,
    /// Name of the tenant whose backups are deleted.
    #[schemars(
        length(min = 1, max = 63),
        regex(pattern = r"^[A-Za-z_][A-Za-z0-9_]*$")
    )]
    pub tenant_name: String,
    /// Whether backups are deleted or only previewed. `Delete` requires V4.4.2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<CleanupMode>,
    /// Backups to delete.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<CleanupTarget>,
    /// Request to cancel the cleanup; it cannot be taken back. Backups already deleted are lost.
    /// The operator sends the statement only while this cleanup is the only running cleanup of the
    /// tenant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancel: Option<bool>,
    /// Set only by the operator: the cleanup of the database, another tool or a user that this
    /// object shows. The operator sends no statement for the object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mirror: Option<Mirror>,
}

/// Mode of a cleanup.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum CleanupMode {
    /// Shows in `status.plan` what would be deleted and what would be kept; nothing is sent.
    Preview,
    /// Deletes the backups.
    Delete,
}

/// Backups that a cleanup deletes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = ("has(self.ids) == (self.type != 'Obsolete')", "must have `ids` with type BackupSets or Pieces, and must not have it otherwise"))]
pub struct CleanupTarget {
    /// Type of the target.
    #[serde(rename = "type")]
    pub type_: CleanupTargetType,
    /// Numbers of backup sets (`BACKUP_SET_ID`) or archive pieces (`PIECE_ID`), at most 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(
        length(min = 1, max = 100),
        inner(range(min = 1)),
        extend("x-kubernetes-list-type" = "set")
    )]
    pub ids: Option<Vec<i64>>,
}

/// Type of the target of a cleanup.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum CleanupTargetType {
    /// Backups that the delete policy of the tenant no longer needs (`DELETE OBSOLETE BACKUP`). The
    /// database itself deletes them within the hour.
    Obsolete,
    /// Backup sets (`DELETE BACKUPSET`).
    BackupSets,
    /// Archive pieces (`DELETE ARCHIVELOG_PIECE`).
    Pieces,
}

/// Observed state of the cleanup.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct CleanupTaskStatus {
    /// Generation of the spec that this status describes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "condition::conditions")]
    #[allow(missing_docs)]
    pub conditions: Vec<Condition>,
    /// `Pending`, `Executing`, `Completed`, `Failed`, `Canceling` or `Canceled`; more values may be
    /// added.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub phase: Option<String>,
    /// Phase in the words of the console.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub console_label: Option<String>,
    /// Origin of the cleanup: `Engine` for a delete policy, or `Manual`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 32))]
    pub source: Option<String>,
    /// Name that the cluster reports.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 128))]
    pub cluster_name: Option<String>,
    /// Number that the cluster reports.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster_id: Option<i64>,
    /// Bootstrap time of the cluster. With the number, it distinguishes the cluster from all
    /// others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster_create_time: Option<MicroTime>,
    /// Number of the tenant. A tenant that is recreated under the same name has another number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenant_id: Option<i64>,
    /// Job of the database (`CDB_OB_BACKUP_DELETE_JOBS.JOB_ID`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job_id: Option<i64>,
    /// Time at which the database started the job.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_time: Option<Time>,
    /// Time at which the task ended, with any outcome.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completion_time: Option<Time>,
    /// Number of deleted backup sets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deleted_sets: Option<i64>,
    /// Number of deleted archive pieces.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deleted_pieces: Option<i64>,
    /// Storage that the deleted backups used, in bytes. Absent if the operator did not see all of
    /// them before the cleanup.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub freed_bytes: Option<i64>,
    /// Backups that are deleted, then backups that are kept, each with the reason; the newest 200
    /// in total. For a mirrored cleanup, the backups that it deleted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 200), extend("x-kubernetes-list-type" = "atomic"))]
    pub plan: Vec<PlanEntry>,
    /// Totals of the plan, including entries that are not listed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plan_counts: Option<PlanCounts>,
    /// Statement of the cleanup, recorded before the operator sends it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub statement: Option<CleanupStatement>,
    /// Final outcome of the task: `Completed`, `Failed` or `Canceled`. It never changes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 32))]
    pub outcome: Option<String>,
    /// Earliest time of the next statement, after a statement that was rejected or not sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_time: Option<Time>,
    /// Reason why the task failed or waits; for a preview, the reason why a deletion would be
    /// rejected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cause>,
}

/// Backup set or archive piece, and the action planned for it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct PlanEntry {
    /// `BackupSet` or `Piece`.
    #[schemars(length(max = 32))]
    pub kind: String,
    /// Number of the backup set or piece.
    pub id: i64,
    /// Storage that the backup uses, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<i64>,
    /// `Delete` or `Keep`.
    #[schemars(length(max = 32))]
    pub action: String,
    /// Reason for the action.
    #[schemars(length(max = 256))]
    pub why: String,
}

/// Totals of a plan.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct PlanCounts {
    /// Number of backup sets to delete.
    pub delete_sets: i64,
    /// Number of archive pieces to delete.
    pub delete_pieces: i64,
    /// Bytes to delete.
    pub delete_bytes: i64,
    /// Number of backup sets to keep.
    pub keep_sets: i64,
    /// Number of archive pieces to keep.
    pub keep_pieces: i64,
    /// Bytes to keep.
    pub keep_bytes: i64,
}

/// Statement of a cleanup. The database gives the job no name, so the operator finds it by number:
/// the first job of its kind after the jobs that existed before the statement.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct CleanupStatement {
    /// Number of the newest cleanup of the tenant before the statement.
    pub after_job_id: i64,
    /// Number of the newest cleanup that sys started before the statement, for any tenant.
    pub after_parent_job_id: i64,
    /// Number of times that the statement was due to be sent.
    pub sends: i32,
    /// `Sending`, `Accepted` or `Refused`.
    #[schemars(length(max = 32))]
    pub outcome: String,
    /// Time at which the statement was last due to be sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sent_time: Option<Time>,
}
