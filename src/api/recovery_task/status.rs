//! Observed state of a recovery.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::condition::{self, Condition};
use crate::api::verification::VerificationProgress;
use crate::api::{Cause, PinnedDatabase};

/// Observed state of the recovery.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct RecoveryTaskStatus {
    /// Generation of the spec that this status describes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "condition::conditions")]
    #[allow(missing_docs)]
    pub conditions: Vec<Condition>,
    /// `Pending`, `CreatingTenant`, `Restoring`, `Verifying`, `Activating`, `Importing`,
    /// `Upgrading`, `CleaningUp`, `Completed`, `Failed`, `Canceling` or `Canceled`; more values may
    /// be added.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub phase: Option<String>,
    /// Phase in the words of the OCP console.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub console_label: Option<String>,
    /// State that the database reports (`STATUS` of `CDB_OB_RESTORE_PROGRESS` or of
    /// `CDB_OB_RECOVER_TABLE_JOBS`).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub engine_state: Option<String>,
    /// Values of the columns of `kubectl get`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary: Option<RecoverySummary>,
    /// Number of the source tenant.
    #[serde(rename = "sourceTenantID", skip_serializing_if = "Option::is_none")]
    pub source_tenant_id: Option<i64>,
    /// LogBackup from which the destinations of the backups were taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 253))]
    pub log_backup: Option<String>,
    /// Name of the tenant from which the database takes tables (`AUX_TENANT_NAME`). The database
    /// drops it once the tables are recovered.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 128))]
    pub auxiliary_tenant: Option<String>,
    /// Database of the target, and number of the new tenant (`RESTORE_TENANT_ID`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database: Option<PinnedDatabase>,
    /// Point of the recovery, in nanoseconds since 1970; fixed before the first statement.
    #[serde(rename = "restoreSCN", skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 20))]
    pub restore_scn: Option<String>,
    /// Point of the recovery as a time in UTC, to the nanosecond.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 40))]
    pub restore_time: Option<String>,
    /// Plan of the recovery.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plan: Option<Plan>,
    /// Reason why the database was not asked for a preview of the storage.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preview_skipped: Option<Cause>,
    /// Current step; absent until the database was changed, then `Preparing`, `Restoring`,
    /// `Verifying`, `Activating`, `Upgrading` or `CleaningUp`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 32))]
    pub step: Option<String>,
    /// DESCRIPTION of the statement, by which the operator finds its job: `obr/` and a hash of the
    /// idempotency key. Recorded before the statement is sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub key: Option<String>,
    /// Number of times that RESTORE or RECOVER TABLE was due to be sent. Before each send, the
    /// operator checks whether the database already has the job.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sends: Option<i32>,
    /// Time at which the current step began. In the step `Restoring`: time at which the last send was
    /// recorded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step_time: Option<Time>,
    /// Number of attempts of this step, such as statements and lookups, since its last progress.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tries: Option<i32>,
    /// Earliest time of the next attempt.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_time: Option<Time>,
    /// Job of the database (`JOB_ID` of sys in `CDB_OB_RESTORE_PROGRESS`, or in
    /// `CDB_OB_RECOVER_TABLE_JOBS`).
    #[serde(rename = "jobID", skip_serializing_if = "Option::is_none")]
    pub job_id: Option<i64>,
    /// Backup sets of the plan, oldest first; once the job shows them, the backup sets from which
    /// the database restores, without keys. At most 50.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50), inner(length(max = 1024)), extend("x-kubernetes-list-type" = "atomic"))]
    pub backup_sets: Vec<String>,
    /// Number of these backup sets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backup_set_count: Option<i32>,
    /// Archive pieces of the plan, oldest first; once the job shows them, the archive pieces from
    /// which the database restores, without keys. At most 50.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50), inner(length(max = 1024)), extend("x-kubernetes-list-type" = "atomic"))]
    pub backup_pieces: Vec<String>,
    /// Number of these archive pieces.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backup_piece_count: Option<i32>,
    /// Progress, such as `42%`: first of the data, then of the logs. For tables, the progress of
    /// the auxiliary tenant.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 8))]
    pub progress: Option<String>,
    /// Time at which the database started the recovery.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_time: Option<Time>,
    /// Time at which the recovery exceeded `activeDeadlineSeconds`; from then on the operator
    /// cancels it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expired_time: Option<Time>,
    /// Time at which the tenant or the tables were restored. From then on, the tenant is dropped only
    /// if the recovery is a verification.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub restored_time: Option<Time>,
    /// Time at which the tenant became a primary tenant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub activated_time: Option<Time>,
    /// Time at which the database began to upgrade a tenant of an older version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upgrade_time: Option<Time>,
    /// Time at which the task ended, with any outcome.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completion_time: Option<Time>,
    /// Time from start to end, such as `3m20s`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 32))]
    pub duration: Option<String>,
    /// Outcome that the task will have after its cleanup.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 32))]
    pub ending: Option<String>,
    /// Final outcome of the task: `Completed`, `Failed` or `Canceled`. It never changes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 32))]
    pub outcome: Option<String>,
    /// Progress of the verification; absent for other recoveries.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verification: Option<VerificationProgress>,
    /// Tenant, pools and units dropped after a failure, a recovery of tables or a verification.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cleanup: Option<Cleanup>,
    /// Reason why the recovery failed or waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cause>,
}

impl RecoveryTaskStatus {
    /// Returns the number of the new tenant, if it is known.
    #[must_use]
    pub fn target_tenant_id(&self) -> Option<i64> {
        self.database.as_ref()?.tenant_id
    }
}

/// Values of the columns of `kubectl get`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct RecoverySummary {
    /// Source `<cluster>/<tenant>`.
    #[schemars(length(max = 512))]
    pub source: String,
    /// Target `<cluster>/<tenant>`: the new tenant, or the tenant that receives tables.
    #[schemars(length(max = 512))]
    pub target: String,
}

/// Plan of a recovery.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Plan {
    /// Window to which the tenant could be recovered when the plan was computed, such as
    /// `2026-11-20T02:00:01Z to 2026-11-20T10:42:17Z`. Absent if only the storage determines it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 256))]
    pub window: Option<String>,
    /// Whether the backup sets contain the logs that they need. The recovery then reads no log
    /// directory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_only: Option<bool>,
    /// Resources of the new or auxiliary tenant.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1024))]
    pub resources: Option<String>,
    /// Warnings about the recovery.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16), inner(length(max = 1024)), extend("x-kubernetes-list-type" = "atomic"))]
    pub warnings: Vec<String>,
}

/// Objects dropped after a failure, and temporary objects that were dropped.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Cleanup {
    /// Dropped tenant: a partly restored tenant, the tenant of a verification, or an auxiliary
    /// tenant that remained after a failure.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 128))]
    pub tenant_dropped: Option<String>,
    /// Dropped pools.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16), inner(length(max = 128)), extend("x-kubernetes-list-type" = "set"))]
    pub pools_dropped: Vec<String>,
    /// Dropped units.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16), inner(length(max = 128)), extend("x-kubernetes-list-type" = "set"))]
    pub units_dropped: Vec<String>,
}
