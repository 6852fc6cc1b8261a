//! Conditions: what programs read (KEP-1623, and the kstatus rules of Flux and Argo CD).

use schemars::{Schema, SchemaGenerator, json_schema};

pub use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;

/// Condition types that the kinds of this group use.
pub mod types {
    /// The configuration is accepted and applied; on tasks a mirror of [`SUCCEEDED`].
    pub const READY: &str = "Ready";
    /// The object has not reached its desired state and work goes on.
    pub const RECONCILING: &str = "Reconciling";
    /// The object can not reach its desired state without somebody's help.
    pub const STALLED: &str = "Stalled";
    /// A task's outcome: `Unknown` while it runs, then for ever `True` or `False`.
    pub const SUCCEEDED: &str = "Succeeded";
    /// The database has taken the task's statement.
    pub const ACCEPTED: &str = "Accepted";
    /// The database's own job for the task is known.
    pub const JOB_STARTED: &str = "JobStarted";
    /// What the recovered tenant runs on is there.
    pub const TARGET_READY: &str = "TargetReady";
    /// The tenant is restored: from then on it is kept whatever happens.
    pub const RESTORED: &str = "Restored";
    /// The recovered tenant is a primary one.
    pub const ACTIVATED: &str = "Activated";
    /// A tenant that was restored for a while has passed its checks; of a strategy, the last one.
    pub const RESTORE_VERIFIED: &str = "RestoreVerified";
    /// The database or the store answers.
    pub const REACHABLE: &str = "Reachable";
    /// All who use a store reach it with the keys of its Secret.
    pub const CREDENTIALS_APPLIED: &str = "CredentialsApplied";
    /// All who use a store keep to its limits.
    pub const LIMITS_APPLIED: &str = "LimitsApplied";
    /// The store holds less than the threshold of its capacity.
    pub const WITHIN_CAPACITY: &str = "WithinCapacity";
    /// Log archiving runs.
    pub const ARCHIVING: &str = "Archiving";
    /// The logs go to another place than before, as was asked for; of a log backup that was moved.
    pub const STORAGE_SWITCHED: &str = "StorageSwitched";
    /// The log backup is not further behind than its threshold.
    pub const DELAY_ACCEPTABLE: &str = "DelayAcceptable";
    /// The account may send every statement that its object asks for.
    pub const PRIVILEGES_SUFFICIENT: &str = "PrivilegesSufficient";
    /// The database has shown what a recovery from a storage would read.
    pub const PREVIEWED: &str = "Previewed";
    /// A full backup replaces the incremental one that was asked for.
    pub const TYPE_CHANGED: &str = "TypeChanged";
    /// Slots are computed and turned into tasks.
    pub const SCHEDULING: &str = "Scheduling";
    /// The latest data backup of every tenant went well.
    pub const BACKUP_HEALTHY: &str = "BackupHealthy";
    /// The log backup of every tenant runs.
    pub const LOG_BACKUP_HEALTHY: &str = "LogBackupHealthy";
    /// Each tenant's delete policy is as `retention` says.
    pub const RETENTION_APPLIED: &str = "RetentionApplied";
}

/// The schema of a `conditions` list: a map keyed by `type`, bounded.
pub(super) fn conditions(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "description": "What programs read: one entry per type.",
        "type": "array",
        "maxItems": 16,
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["type"],
        "items": {
            "type": "object",
            "required": ["type", "status", "reason", "message", "lastTransitionTime"],
            "properties": {
                "type": {"type": "string", "maxLength": 64, "description": "Name of the condition."},
                "status": {"type": "string", "enum": ["True", "False", "Unknown"], "description": "True, False or Unknown."},
                "reason": {"type": "string", "minLength": 1, "maxLength": 128, "description": "Stable CamelCase word for why."},
                "message": {"type": "string", "maxLength": 4096, "description": "What happened and what to do."},
                "lastTransitionTime": {"type": "string", "format": "date-time", "description": "When `status` last changed."},
                "observedGeneration": {"type": "integer", "format": "int64", "description": "Generation of the spec that this is about."},
            },
        },
    })
}
