//! `RecoveryTask`: one recovery of a tenant, or of some of its tables (console S68, S88).

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

pub use source::{Source, SourceType, StorageSource, TenantSource};
pub use status::RecoveryTaskStatus;
pub use tables::{Objects, RecoveredDatabase, RecoveredTable};
pub use target::{CreateResources, Resources, ResourcesType, Target, TargetType};

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
    doc = "One recovery of a tenant to a point in time, as a new tenant, or of some of its tables into a tenant that exists. It runs once; deleting it changes nothing in the database.",
    printcolumn(name = "SOURCE", type_ = "string", json_path = ".status.source"),
    printcolumn(name = "TARGET", type_ = "string", json_path = ".status.target"),
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
        json_path = ".status.jobId",
        priority = 1
    ),
    printcolumn(
        name = "SCN",
        type_ = "string",
        json_path = ".status.restoreScn",
        priority = 1
    ),
    printcolumn(
        name = "CAUSE",
        type_ = "string",
        json_path = ".status.cause.reason",
        priority = 1
    ),
    selectable = ".spec.target.tenantName",
    selectable = ".status.phase"
)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = (unchanged!("objects", "verification", "decryptionSecretRefs", "notAfterTime", "idempotencyKey"), "spec is immutable but for `cancel`; create a new RecoveryTask"))]
#[x_kube(validation = ("self.source == oldSelf.source && self.until == oldSelf.until && self.target == oldSelf.target && self.finish == oldSelf.finish && self.mode == oldSelf.mode && self.failurePolicy == oldSelf.failurePolicy", "spec is immutable but for `cancel`; create a new RecoveryTask"))]
#[x_kube(validation = ("!has(oldSelf.cancel) || !oldSelf.cancel || (has(self.cancel) && self.cancel)", "`cancel` can not be taken back; create a new RecoveryTask"))]
#[x_kube(validation = ("self.mode != 'Preview' || !has(self.cancel) || !self.cancel", "a preview can not be canceled: it changes nothing"))]
#[x_kube(validation = ("self.mode != 'Preview' || self.source.type != 'Storage' || self.until.type != 'Latest'", "a store can be previewed at a point only: `until` must be a time or an SCN"))]
#[x_kube(validation = ("has(self.objects) == (self.target.type == 'ExistingTenant')", "must have `objects` exactly where `target.type` is 'ExistingTenant'"))]
#[x_kube(validation = ("!has(self.objects) || self.finish == 'Activate'", "tables come into a primary tenant: `finish` must be 'Activate' where there are `objects`"))]
#[x_kube(validation = ("!has(self.verification) || (self.target.type == 'NewTenant' && self.finish == 'Standby' && self.mode == 'Recover' && self.failurePolicy == 'CleanUp')", "a verification makes a tenant that is only read and always dropped: with `verification`, `target.type` must be 'NewTenant', `finish` 'Standby', `mode` 'Recover' and `failurePolicy` 'CleanUp'"))]
pub struct RecoveryTaskSpec {
    /// What is recovered.
    pub source: Source,
    /// Up to when.
    pub until: Until,
    /// As what.
    pub target: Target,
    /// Tables that are recovered into a tenant that exists, from V4.2.1 on. Left out the whole tenant
    /// is recovered, as a new one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub objects: Option<Objects>,
    /// Makes the recovery a verification: the tenant is restored, checked and dropped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verification: Option<Verification>,
    /// Whether the tenant can be written to at the end.
    #[serde(default)]
    pub finish: Finish,
    /// Whether it is done or only looked at.
    #[serde(default)]
    pub mode: RecoveryMode,
    /// Secrets with the key `password`: those that the backup sets were protected with, of full and
    /// incremental ones.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16), extend("x-kubernetes-list-type" = "atomic"))]
    pub decryption_secret_refs: Vec<LocalReference>,
    /// What becomes of a tenant that could not be recovered, and of what was created for it.
    #[serde(default)]
    pub failure_policy: FailurePolicy,
    /// Nothing is begun after this instant: a recovery that waited too long for its cluster would
    /// come as a surprise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = INSTANT))]
    pub not_after_time: Option<Time>,
    /// What tells this recovery from all others of the target cluster: of objects with the same one,
    /// only the first recovers, whatever became of it. Left out it is `<namespace>/<name>`, so that
    /// an object that is deleted and applied again, or moved to another Kubernetes cluster, never
    /// recovers twice. A recovery of a tenant and one of tables are never taken for each other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 512), regex(pattern = r"^[\x21-\x7e]+$"))]
    pub idempotency_key: Option<String>,
    /// `true` asks the database to cancel the recovery; it can not be taken back. Before the tenant
    /// is restored it is dropped, whatever `failurePolicy` says; after that it is kept as it is. Tables that
    /// have come into their tenant stay there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancel: Option<bool>,
}

/// Up to when a tenant is recovered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = ("has(self.time) == (self.type == 'Time')", "must have `time` exactly where `type` is 'Time'"))]
#[x_kube(validation = ("has(self.scn) == (self.type == 'Scn')", "must have `scn` exactly where `type` is 'Scn'"))]
pub struct Until {
    /// How the point is said.
    #[serde(rename = "type")]
    pub type_: UntilType,
    /// RFC 3339 with an offset, to the microsecond: `2026-11-20T10:42:17.123456+08:00`. All that was
    /// committed up to and with this instant is recovered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(
        length(min = 20, max = 32),
        regex(
            pattern = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{1,6})?(Z|[+\-][0-9]{2}:[0-9]{2})$"
        )
    )]
    pub time: Option<String>,
    /// System change number: nanoseconds since 1970. A string, since it is beyond what many programs
    /// keep exactly of a number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 19), regex(pattern = r"^[1-9][0-9]*$"))]
    pub scn: Option<String>,
}

/// How a point is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum UntilType {
    /// An instant.
    Time,
    /// A system change number.
    Scn,
    /// The latest point that can be recovered to when the recovery begins.
    Latest,
}

/// Whether a recovered tenant can be written to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Finish {
    /// It becomes a primary tenant.
    #[default]
    Activate,
    /// It stays a standby tenant at its point: it can be read, and activated by hand.
    Standby,
}

/// Whether a recovery is done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum RecoveryMode {
    /// The plan is made, and nothing changed.
    Preview,
    /// The tenant is recovered.
    #[default]
    Recover,
}

/// What becomes of a tenant that could not be recovered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum FailurePolicy {
    /// The tenant that the recovery made is dropped, and so are the unit and the pool.
    #[default]
    CleanUp,
    /// What failed stays as it is; what is canceled is dropped all the same.
    Keep,
}
