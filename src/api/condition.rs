//! Conditions for programs, by KEP-1623 and the kstatus rules of Flux and Argo CD.

use schemars::{Schema, SchemaGenerator, json_schema};

pub use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;

/// Condition types that the kinds of this group use.
pub mod types {
    /// The configuration is accepted and applied; on tasks, a mirror of [`SUCCEEDED`].
    pub const READY: &str = "Ready";
    /// The object has not reached its desired state, and work continues.
    pub const RECONCILING: &str = "Reconciling";
    /// The object cannot reach its desired state without the help of a user.
    pub const STALLED: &str = "Stalled";
    /// Outcome of a task: `Unknown` while the task runs, then permanently `True` or `False`.
    pub const SUCCEEDED: &str = "Succeeded";
    /// The database has accepted the statement of the task.
    pub const SUBMITTED: &str = "Submitted";
    /// The job of the database for the task is known.
    pub const JOB_STARTED: &str = "JobStarted";
    /// The resources of the recovered tenant exist.
    pub const TARGET_READY: &str = "TargetReady";
    /// The tenant is restored; from then on no failure or cancellation drops the tenant.
    pub const RESTORED: &str = "Restored";
    /// The recovered tenant is a primary tenant.
    pub const ACTIVATED: &str = "Activated";
    /// A temporarily restored tenant has passed its checks; on a drill, each verified tenant.
    pub const RESTORE_VERIFIED: &str = "RestoreVerified";
    /// The database or the storage answers.
    pub const REACHABLE: &str = "Reachable";
    /// All users of a storage access it with the keys of its Secret.
    pub const CREDENTIALS_APPLIED: &str = "CredentialsApplied";
    /// All users of a storage comply with its limits.
    pub const LIMITS_APPLIED: &str = "LimitsApplied";
    /// The storage contains less than the threshold of its capacity.
    pub const WITHIN_CAPACITY: &str = "WithinCapacity";
    /// Log archiving runs.
    pub const ARCHIVING: &str = "Archiving";
    /// The logs go to a new destination, as requested; on a log backup that was migrated.
    pub const STORAGE_MIGRATED: &str = "StorageMigrated";
    /// The delay of the log backup is within its threshold.
    pub const DELAY_WITHIN_TARGET: &str = "DelayWithinTarget";
    /// The account may send every statement that its object requires.
    pub const PRIVILEGES_SUFFICIENT: &str = "PrivilegesSufficient";
    /// The database has shown what a recovery from a storage would read.
    pub const PREVIEWED: &str = "Previewed";
    /// A full backup replaces the requested incremental backup.
    pub const TYPE_CHANGED: &str = "TypeChanged";
    /// Slots are computed and turned into tasks.
    pub const SCHEDULING: &str = "Scheduling";
    /// The latest data backup of every tenant succeeded.
    pub const BACKUP_HEALTHY: &str = "BackupHealthy";
    /// The log backup of every tenant runs.
    pub const LOG_BACKUP_HEALTHY: &str = "LogBackupHealthy";
    /// The delete policy of each tenant matches `retention`.
    pub const RETENTION_APPLIED: &str = "RetentionApplied";
}

/// Pattern of a condition's type, as `metav1.Condition` has it.
const TYPE_PATTERN: &str = "^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])$";

/// Pattern of a condition's reason, as `metav1.Condition` has it.
const REASON_PATTERN: &str = "^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$";

/// Returns the schema of a `conditions` list: a bounded map keyed by `type`.
pub(super) fn conditions(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "description": "Machine-readable state: one entry per type.",
        "type": "array",
        "maxItems": 16,
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["type"],
        "items": {
            "type": "object",
            "required": ["type", "status", "reason", "message", "lastTransitionTime"],
            "properties": {
                "type": {"type": "string", "maxLength": 64, "pattern": TYPE_PATTERN, "description": "Name of the condition."},
                "status": {"type": "string", "enum": ["True", "False", "Unknown"], "description": "True, False or Unknown."},
                "reason": {"type": "string", "minLength": 1, "maxLength": 128, "pattern": REASON_PATTERN, "description": "Stable CamelCase reason."},
                "message": {"type": "string", "maxLength": 4096, "description": "What happened and what to do."},
                "lastTransitionTime": {"type": "string", "format": "date-time", "description": "When `status` last changed."},
                "observedGeneration": {"type": "integer", "format": "int64", "minimum": 0, "description": "Generation of the spec that the condition describes."},
            },
        },
    })
}
