//! `CleanupTask`: one cleanup of a tenant's backups (console S37..S40): one that the database makes by
//! itself, shown; or one that somebody asks for.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{MicroTime, Time};
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::backup_task::Mirror;
use super::condition::{self, Condition};
use super::{Cause, LocalReference};

/// One cleanup of one tenant's backups.
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
    doc = "One cleanup of one tenant's backups: a preview of it, one that is asked for, or one that the database made by itself. Deleting it changes nothing in the database.",
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
#[x_kube(validation = ("has(self.mode) != has(self.mirror)", "must have `mode`: Preview or Delete (`mirror` is written only by the operator)"))]
#[x_kube(validation = ("has(self.mode) == has(self.target)", "must have `target` together with `mode`"))]
#[x_kube(validation = ("!has(self.cancel) || !self.cancel || (has(self.mode) && self.mode == 'Delete')", "must not have `cancel` but with `mode: Delete`: nothing else can be canceled"))]
#[x_kube(validation = ("self.clusterRef == oldSelf.clusterRef && self.tenantName == oldSelf.tenantName", "spec is immutable but for `cancel`; create a new CleanupTask"))]
#[x_kube(validation = (unchanged!("mode", "target", "mirror"), "spec is immutable but for `cancel`; create a new CleanupTask"))]
#[x_kube(validation = ("!has(oldSelf.cancel) || !oldSelf.cancel || (has(self.cancel) && self.cancel)", "`cancel` can not be taken back; create a new CleanupTask"))]
pub struct CleanupTaskSpec {
    /// The cluster.
    pub cluster_ref: LocalReference,
    /// The tenant whose backups are deleted.
    #[schemars(
        length(min = 1, max = 63),
        regex(pattern = r"^[A-Za-z_][A-Za-z0-9_]*$")
    )]
    pub tenant_name: String,
    /// Whether it is done or only looked at. `Delete` needs V4.4.2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<CleanupMode>,
    /// What is deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<CleanupTarget>,
    /// `true` asks the database to cancel the cleanup; it can not be taken back. What is deleted by
    /// then stays deleted. It is sent only while ours is the tenant's only running cleanup.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancel: Option<bool>,
    /// Written only by the operator: this object shows a cleanup that the database made by itself, or
    /// that somebody started there. Nothing is ever sent for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mirror: Option<Mirror>,
}

/// Whether a cleanup is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum CleanupMode {
    /// What would go and what would stay is shown in `status.plan`; nothing is sent.
    Preview,
    /// It is deleted.
    Delete,
}

/// What is deleted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = ("has(self.ids) == (self.type != 'Obsolete')", "must have `ids` with type BackupSets or Pieces, and only then"))]
pub struct CleanupTarget {
    /// What it is.
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

/// What a cleanup deletes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum CleanupTargetType {
    /// What the tenant's delete policy does not need any more: what the database deletes by itself
    /// within the hour (`DELETE OBSOLETE BACKUP`).
    Obsolete,
    /// Backup sets (`DELETE BACKUPSET`).
    BackupSets,
    /// Archive pieces (`DELETE ARCHIVELOG_PIECE`).
    Pieces,
}

/// What the operator knows of the cleanup.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct CleanupTaskStatus {
    /// Generation of the spec that the status is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "condition::conditions")]
    #[allow(missing_docs)]
    pub conditions: Vec<Condition>,
    /// `Pending`, `Executing`, `Completed`, `Failed`, `Canceling` or `Canceled` (console S38, S90);
    /// more may come.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub phase: Option<String>,
    /// The console's words for the phase.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub console_label: Option<String>,
    /// Who asked for the cleanup: `Engine`, where a policy did, or `Manual`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 32))]
    pub source: Option<String>,
    /// Name of the cluster as it calls itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 128))]
    pub cluster_name: Option<String>,
    /// Number of the cluster as it calls itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster_id: Option<i64>,
    /// When the cluster was bootstrapped: with the number it tells it from all others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster_create_time: Option<MicroTime>,
    /// The tenant's id; a tenant that was made anew under the same name has another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenant_id: Option<i64>,
    /// The database's job (`CDB_OB_BACKUP_DELETE_JOBS.JOB_ID`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job_id: Option<i64>,
    /// When the database started the job.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_time: Option<Time>,
    /// When the task ended, in whatever way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completion_time: Option<Time>,
    /// Backup sets that are deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deleted_sets: Option<i64>,
    /// Archive pieces that are deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deleted_pieces: Option<i64>,
    /// Bytes that they took in the store; left out where the operator has not seen all of them before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub freed_bytes: Option<i64>,
    /// What is deleted and what stays, and why: what goes first, then what stays, the newest 200
    /// in all. Of a mirrored cleanup what it deleted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 200), extend("x-kubernetes-list-type" = "atomic"))]
    pub plan: Vec<PlanEntry>,
    /// The plan in numbers, also of what is not listed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plan_counts: Option<PlanCounts>,
    /// The statement, written before it is sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub statement: Option<CleanupStatement>,
    /// How the task ended: `Completed`, `Failed` or `Canceled`. Never changes again.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 32))]
    pub outcome: Option<String>,
    /// Nothing is sent before: the pause after a statement that was refused or could not be sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_time: Option<Time>,
    /// Why the task failed, or what it waits for; of a preview why a deletion would be refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cause>,
}

/// A backup set or archive piece, and what becomes of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct PlanEntry {
    /// `BackupSet` or `Piece`.
    #[schemars(length(max = 32))]
    pub kind: String,
    /// Its number.
    pub id: i64,
    /// Bytes that it takes in the store.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<i64>,
    /// `Delete` or `Keep`.
    #[schemars(length(max = 32))]
    pub action: String,
    /// Why.
    #[schemars(length(max = 256))]
    pub why: String,
}

/// A plan in numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct PlanCounts {
    /// Backup sets that go.
    pub delete_sets: i64,
    /// Archive pieces that go.
    pub delete_pieces: i64,
    /// Bytes that these take.
    pub delete_bytes: i64,
    /// Backup sets that stay.
    pub keep_sets: i64,
    /// Archive pieces that stay.
    pub keep_pieces: i64,
    /// Bytes that these take.
    pub keep_bytes: i64,
}

/// The statement of a cleanup. The database gives its job no name, so that it is found by its number:
/// the first of its kind after those that were there before.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct CleanupStatement {
    /// The newest cleanup of the tenant before it.
    pub after_job_id: i64,
    /// The newest cleanup that sys had started before it, of whatever tenants.
    pub after_parent_job_id: i64,
    /// How often it was about to be sent.
    pub sends: i32,
    /// `Sending`, `Accepted` or `Refused`.
    #[schemars(length(max = 32))]
    pub outcome: String,
    /// When it was last about to be sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sent_time: Option<Time>,
}
