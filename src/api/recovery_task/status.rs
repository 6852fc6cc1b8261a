//! What the operator tells of a recovery.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::condition::{self, Condition};
use crate::api::verification::VerificationProgress;
use crate::api::{Cause, PinnedDatabase};

/// What the operator knows of the recovery.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct RecoveryTaskStatus {
    /// Generation of the spec that the status is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "condition::conditions")]
    #[allow(missing_docs)]
    pub conditions: Vec<Condition>,
    /// `Pending`, `CreatingTenant`, `Restoring`, `Verifying`, `Activating`, `Importing`, `Upgrading`, `CleaningUp`,
    /// `Completed`, `Failed`, `Canceling` or `Canceled`; more may come.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub phase: Option<String>,
    /// The console's words for where the recovery stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub console_label: Option<String>,
    /// The database's own word for it (`STATUS` of `CDB_OB_RESTORE_PROGRESS`, or of
    /// `CDB_OB_RECOVER_TABLE_JOBS`).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub engine_state: Option<String>,
    /// `<cluster>/<tenant>` that is recovered.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 256))]
    pub source: Option<String>,
    /// Number of the tenant that is recovered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_tenant_id: Option<i64>,
    /// The LogBackup that told where its backups are.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 253))]
    pub log_backup: Option<String>,
    /// `<cluster>/<tenant>` that is made, or that gets tables.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 256))]
    pub target: Option<String>,
    /// Number of the tenant that is made (`RESTORE_TENANT_ID`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_tenant_id: Option<i64>,
    /// Name of the tenant that the database makes to take tables from (`AUX_TENANT_NAME`); it goes
    /// when they are there.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 128))]
    pub auxiliary_tenant: Option<String>,
    /// The database in which it is made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database: Option<PinnedDatabase>,
    /// The point that is recovered to, in nanoseconds since 1970: fixed before anything is sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 20))]
    pub restore_scn: Option<String>,
    /// The same as a time, to the nanosecond, in UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 40))]
    pub restore_time: Option<String>,
    /// What was made or will be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plan: Option<Plan>,
    /// Why the database was not asked for a preview of what lies in the storage.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preview_skipped: Option<Cause>,
    /// How far it is: left out until something was changed, then `Preparing`, `Restoring`,
    /// `Verifying`, `Activating`, `Upgrading` or `CleaningUp`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 32))]
    pub step: Option<String>,
    /// The statement's DESCRIPTION, by which its job is found: `obr/` and a hash of the key that tells
    /// this recovery from all others. Written before the statement is sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub key: Option<String>,
    /// How often RESTORE, or RECOVER TABLE, was about to be sent; each time the database is asked first whether it has
    /// it already.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sends: Option<i32>,
    /// When the last statement of this step was taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step_time: Option<Time>,
    /// Statements of this step that were taken or failed, one after the other.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tries: Option<i32>,
    /// Nothing is sent before: the pause after a statement that was refused or could not be sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_time: Option<Time>,
    /// The database's job (`JOB_ID` of sys in `CDB_OB_RESTORE_PROGRESS`, or in
    /// `CDB_OB_RECOVER_TABLE_JOBS`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job_id: Option<i64>,
    /// Backup sets that are restored from, without keys; at most 50.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50), inner(length(max = 1024)), extend("x-kubernetes-list-type" = "atomic"))]
    pub backup_sets: Vec<String>,
    /// How many there are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backup_set_count: Option<i32>,
    /// Archive pieces that are restored from, without keys; at most 50.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50), inner(length(max = 1024)), extend("x-kubernetes-list-type" = "atomic"))]
    pub backup_pieces: Vec<String>,
    /// How many there are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backup_piece_count: Option<i32>,
    /// Such as `42%`: of the data, and then of the logs; of tables, that of the auxiliary tenant.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 8))]
    pub progress: Option<String>,
    /// When the database began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_time: Option<Time>,
    /// When the tenant was restored, and from then on is never dropped; or when the tables were there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub restored_time: Option<Time>,
    /// When the tenant became a primary one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub activated_time: Option<Time>,
    /// When the database began to upgrade the tenant, which came from an older version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upgrade_time: Option<Time>,
    /// When the task ended, in whatever way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completion_time: Option<Time>,
    /// Time from start to end, such as `3m20s`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 32))]
    pub duration: Option<String>,
    /// How the task will end when what it made is cleaned up.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 32))]
    pub ending: Option<String>,
    /// How the task ended: `Completed`, `Failed` or `Canceled`. Never changes again.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 32))]
    pub outcome: Option<String>,
    /// Of a verification: how far it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verification: Option<VerificationProgress>,
    /// What was dropped after a failure, after tables were recovered, or after a verification.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cleanup: Option<Cleanup>,
    /// Why the recovery failed, or what it waits for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cause>,
}

/// What a recovery is made of.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Plan {
    /// What the tenant could be recovered to when the plan was made, such as
    /// `2026-11-20T02:00:01Z to 2026-11-20T10:42:17Z`; left out where only the store knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 256))]
    pub window: Option<String>,
    /// The backup sets, oldest first, at most 50.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50), inner(length(max = 1024)), extend("x-kubernetes-list-type" = "atomic"))]
    pub sets: Vec<String>,
    /// The archive pieces, oldest first, at most 50.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50), inner(length(max = 1024)), extend("x-kubernetes-list-type" = "atomic"))]
    pub pieces: Vec<String>,
    /// Whether the sets hold the logs that they need: then no directory of logs is read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_only: Option<bool>,
    /// What the tenant, or the auxiliary one, will run on.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1024))]
    pub resources: Option<String>,
    /// What to know before.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16), inner(length(max = 1024)), extend("x-kubernetes-list-type" = "atomic"))]
    pub warnings: Vec<String>,
}

/// What was dropped after a failure, and what was made for a time only.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Cleanup {
    /// The tenant that was half restored, or the auxiliary one that a failure left.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 128))]
    pub tenant_dropped: Option<String>,
    /// The pools.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16), inner(length(max = 128)), extend("x-kubernetes-list-type" = "set"))]
    pub pools_dropped: Vec<String>,
    /// The units.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16), inner(length(max = 128)), extend("x-kubernetes-list-type" = "set"))]
    pub units_dropped: Vec<String>,
}
