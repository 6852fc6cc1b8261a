//! `CleanupTask`: one cleanup of the backups of a tenant, requested by a user or shown for the
//! database.

mod status;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::backup_task::ExternalJob;
use super::{INSTANT, LocalReference};
pub use status::{CleanupStatement, CleanupTaskStatus, PlanCounts, PlanEntry};

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
    printcolumn(name = "MODE", type_ = "string", json_path = ".spec.mode"),
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
        name = "JOB",
        type_ = "integer",
        json_path = ".status.jobID",
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
    printcolumn(
        name = "DATABASE",
        type_ = "string",
        json_path = ".status.database.clusterName",
        priority = 1
    ),
    selectable = ".spec.clusterRef.name",
    selectable = ".spec.tenantName",
    selectable = ".spec.mode",
    selectable = ".status.phase"
)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = ("has(self.mode) != has(self.externalJob)", "must have `mode`: Preview or Delete (only the operator writes `externalJob`)"))]
#[x_kube(validation = ("has(self.mode) == has(self.target)", "must have `target` together with `mode`"))]
#[x_kube(validation = ("!has(self.cancel) || (has(self.mode) && self.mode == 'Delete')", "must not have `cancel` where `mode` is not 'Delete': nothing else can be canceled"))]
#[x_kube(validation = ("!has(self.notAfterTime) || (has(self.mode) && self.mode == 'Delete')", "must not have `notAfterTime` where `mode` is not 'Delete': a preview changes nothing"))]
#[x_kube(validation = ("!has(oldSelf.cancel) || has(self.cancel)", "`cancel` cannot be reverted; create a new CleanupTask"))]
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
    /// Latest start of a deletion. It prevents a unexpected deletion after a long wait for the
    /// cluster. Default: 24 hours after the creation of the object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = INSTANT))]
    pub not_after_time: Option<Time>,
    /// Request to cancel the cleanup; the only value is `true`, and it cannot be taken back. Backups already deleted are lost.
    /// The operator sends the statement only while this cleanup is the only running cleanup of the
    /// tenant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = [true]))]
    pub cancel: Option<bool>,
    /// Seconds after the end of the task until the object is deleted, 0 to 31536000. Leave it out
    /// for an object in Git: the next sync would apply the object again, and it would delete again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 31_536_000))]
    pub ttl_seconds_after_finished: Option<i32>,
    /// Set only by the operator: the cleanup of the database, another tool or a user that this
    /// object shows. The operator sends no statement for the object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_job: Option<ExternalJob>,
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
#[x_kube(validation = ("has(self.backupSetIDs) == (self.type == 'BackupSets')", "must have `backupSetIDs` where `type` is 'BackupSets', and must not have it otherwise"))]
#[x_kube(validation = ("has(self.pieceIDs) == (self.type == 'Pieces')", "must have `pieceIDs` where `type` is 'Pieces', and must not have it otherwise"))]
pub struct CleanupTarget {
    /// Type of the target.
    #[serde(rename = "type")]
    pub type_: CleanupTargetType,
    /// Numbers of backup sets (`BACKUP_SET_ID`), at most 100.
    #[serde(
        default,
        rename = "backupSetIDs",
        skip_serializing_if = "Option::is_none"
    )]
    #[schemars(
        length(min = 1, max = 100),
        inner(range(min = 1)),
        extend("x-kubernetes-list-type" = "set")
    )]
    pub backup_set_ids: Option<Vec<i64>>,
    /// Numbers of archive pieces (`PIECE_ID`), at most 100.
    #[serde(default, rename = "pieceIDs", skip_serializing_if = "Option::is_none")]
    #[schemars(
        length(min = 1, max = 100),
        inner(range(min = 1)),
        extend("x-kubernetes-list-type" = "set")
    )]
    pub piece_ids: Option<Vec<i64>>,
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
