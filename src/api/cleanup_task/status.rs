//! Observed state of a cleanup.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::condition::{self, Condition};
use crate::api::{Cause, PinnedDatabase};

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
    /// Origin of the cleanup: `Manual` for this task, `Database` for a delete policy, or `External`
    /// for a request by another tool or user.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 32))]
    pub source: Option<String>,
    /// Database of the cleanup, and number of the tenant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database: Option<PinnedDatabase>,
    /// Job of the database (`CDB_OB_BACKUP_DELETE_JOBS.JOB_ID`).
    #[serde(rename = "jobID", skip_serializing_if = "Option::is_none")]
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

impl CleanupTaskStatus {
    /// Returns the number of the tenant, if it is known.
    #[must_use]
    pub fn tenant_id(&self) -> Option<i64> {
        self.database.as_ref()?.tenant_id
    }
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
    /// Reason for the action, as one stable CamelCase word.
    #[schemars(length(max = 64))]
    pub reason: String,
    /// Reason for the action, as a sentence.
    #[schemars(length(max = 256))]
    pub message: String,
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
    #[serde(rename = "afterJobID")]
    pub after_job_id: i64,
    /// Number of the newest cleanup that sys started before the statement, for any tenant.
    #[serde(rename = "afterParentJobID")]
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
