//! `RecoveryTask`: one recovery of a tenant, or of some of its tables.

pub mod source;
pub mod status;
pub mod tables;
pub mod target;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::verification::Verification;
use super::{INSTANT, LocalReference};

pub use source::{Source, StorageSource, TenantSource};
pub use status::{RecoverySummary, RecoveryTaskStatus};
pub use tables::{Objects, RecoveredDatabase, RecoveredTable};
pub use target::{Target, TargetRole, TargetType};

/// One recovery of one tenant, or of some of its tables.
#[derive(CustomResource, Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[kube(
    group = "backup.oceanbase.io",
    version = "v1alpha1",
    kind = "RecoveryTask",
    plural = "recoverytasks",
    shortname = "obrt",
    category = "oceanbase-backup",
    namespaced,
    status = "RecoveryTaskStatus",
    derive = "PartialEq",
    doc = "One recovery of a tenant to a point in time, as a new tenant, or of some of its tables into an existing tenant. It runs once; deleting it changes nothing in the database.",
    printcolumn(
        name = "SOURCE",
        type_ = "string",
        json_path = ".status.summary.source"
    ),
    printcolumn(
        name = "TARGET",
        type_ = "string",
        json_path = ".status.summary.target"
    ),
    printcolumn(name = "UNTIL", type_ = "string", json_path = ".status.restoreTime"),
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
        name = "JOB",
        type_ = "integer",
        json_path = ".status.jobID",
        priority = 1
    ),
    printcolumn(
        name = "SCN",
        type_ = "string",
        json_path = ".status.restoreSCN",
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
    selectable = ".spec.target.clusterRef.name",
    selectable = ".spec.target.tenantName",
    selectable = ".spec.mode",
    selectable = ".status.phase"
)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = ("!has(oldSelf.cancel) || has(self.cancel)", "`cancel` cannot be reverted; create a new RecoveryTask"))]
#[x_kube(validation = ("self.mode != 'Preview' || !has(self.cancel)", "a preview cannot be canceled: it changes nothing"))]
#[x_kube(validation = ("self.mode != 'Preview' || !has(self.source.storage) || self.until.type != 'Latest'", "a preview from a storage needs a point: `until` must be a time or an SCN"))]
#[x_kube(validation = ("has(self.objects) == (self.target.type == 'ExistingTenant')", "must have `objects` where `target.type` is 'ExistingTenant', and must not have it otherwise"))]
#[x_kube(validation = ("!has(self.objects) || self.target.role == 'Primary'", "tables are recovered into a primary tenant: `target.role` must be 'Primary' with `objects`"))]
#[x_kube(validation = ("!has(self.verification) || (self.target.type == 'NewTenant' && self.target.role == 'Standby' && self.mode == 'Recover' && self.failurePolicy == 'CleanUp')", "a verification creates a tenant that is only read and always dropped. With `verification`, `target.type` must be 'NewTenant', `target.role` 'Standby', `mode` 'Recover' and `failurePolicy` 'CleanUp'"))]
pub struct RecoveryTaskSpec {
    /// Source of the recovery.
    pub source: Source,
    /// Point up to which the source is recovered.
    pub until: Until,
    /// Target of the recovery.
    pub target: Target,
    /// Tables to recover into an existing tenant, V4.2.1 and later. Default: the whole tenant is
    /// recovered as a new tenant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub objects: Option<Objects>,
    /// Settings that make the recovery a verification: the tenant is restored, checked and dropped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verification: Option<Verification>,
    /// Whether the recovery is performed or only planned.
    #[serde(default)]
    pub mode: RecoveryMode,
    /// Secrets with the key `password`: the passwords of the full and incremental backup sets.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16), extend("x-kubernetes-list-type" = "atomic"))]
    pub decryption_secret_refs: Vec<LocalReference>,
    /// Treatment of a tenant that could not be recovered, and of the resources created for it.
    #[serde(default)]
    pub failure_policy: FailurePolicy,
    /// Latest start of the recovery. It prevents an unexpected recovery after a long wait for the
    /// cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = INSTANT))]
    pub not_after_time: Option<Time>,
    /// Maximum run time of the recovery in seconds, 60 to 2592000, from the start of the database's
    /// job. After that the operator cancels the recovery under the rules of `cancel`, and the task
    /// fails. It can be changed while the recovery runs. Default: no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 60, max = 2_592_000))]
    pub active_deadline_seconds: Option<i64>,
    /// Key that identifies this recovery within the target cluster. Of several objects with the
    /// same key, only the first recovers, with any outcome. Default: `<namespace>/<name>`, so an
    /// object that is recreated, or moved to another Kubernetes cluster, never recovers twice.
    /// Recoveries of tenants and of tables use separate keys.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 512), regex(pattern = r"^[\x21-\x7e]+$"))]
    pub idempotency_key: Option<String>,
    /// Seconds after the end of the task until the object is deleted, 0 to 31536000; the tenant
    /// remains. An object in Git is applied again by the next sync, and recovers nothing: its
    /// `idempotencyKey` was used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 31_536_000))]
    pub ttl_seconds_after_finished: Option<i32>,
    /// Request to cancel the recovery; the only value is `true`, and it cannot be taken back. Until the tenant is restored, it is
    /// dropped, regardless of `failurePolicy`; after that it is kept. Tables that were already
    /// recovered remain in their tenant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = [true]))]
    pub cancel: Option<bool>,
}

/// Point up to which a tenant is recovered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = ("has(self.time) == (self.type == 'Time')", "must have `time` where `type` is 'Time', and must not have it otherwise"))]
#[x_kube(validation = ("has(self.scn) == (self.type == 'SCN')", "must have `scn` where `type` is 'SCN', and must not have it otherwise"))]
pub struct Until {
    /// Format of the point.
    #[serde(rename = "type")]
    pub type_: UntilType,
    /// RFC 3339 time with an offset, to the microsecond: `2026-11-20T10:42:17.123456+08:00`.
    /// Everything committed up to and including this instant is recovered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(
        length(min = 20, max = 32),
        regex(
            pattern = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{1,6})?(Z|[+\-][0-9]{2}:[0-9]{2})$"
        )
    )]
    pub time: Option<String>,
    /// System change number, in nanoseconds since 1970. It is a string because many programs cannot
    /// represent the number exactly.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 19), regex(pattern = r"^[1-9][0-9]*$"))]
    pub scn: Option<String>,
}

/// Format of a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum UntilType {
    /// Instant.
    Time,
    /// System change number.
    #[serde(rename = "SCN")]
    Scn,
    /// Latest recoverable point when the recovery starts.
    Latest,
}

/// Mode of a recovery.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum RecoveryMode {
    /// The plan is computed; nothing is changed.
    Preview,
    /// The tenant is recovered.
    #[default]
    Recover,
}

/// Treatment of a tenant that could not be recovered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum FailurePolicy {
    /// The tenant that the recovery created is dropped, and so are its unit and its pool.
    #[default]
    CleanUp,
    /// Results of a failed recovery are kept. A cancel drops them nevertheless: `cancel` ignores
    /// this field.
    Keep,
}
