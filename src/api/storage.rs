//! `BackupStorage`: a storage for backups.

mod credentials;
mod limits;
mod status;
mod usage;

use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use credentials::StorageCredentials;
pub use limits::Limits;
pub use status::{BackupStorageStatus, StorageSummary};
pub use usage::TrendPoint;

use super::{Quantity, SecretSource};

/// Storage for backups. OceanBase itself reads and writes the storage.
#[derive(CustomResource, Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[kube(
    group = "backup.oceanbase.io",
    version = "v1alpha1",
    kind = "BackupStorage",
    plural = "backupstorages",
    shortname = "obbst",
    category = "oceanbase-backup",
    namespaced,
    status = "BackupStorageStatus",
    derive = "PartialEq",
    doc = "A location for backups: an object storage or a directory mounted on every observer.",
    printcolumn(name = "TYPE", type_ = "string", json_path = ".spec.type"),
    printcolumn(name = "LOCATION", type_ = "string", json_path = ".status.location"),
    printcolumn(name = "USED", type_ = "string", json_path = ".status.summary.used"),
    printcolumn(name = "IN-USE", type_ = "integer", json_path = ".status.inUseBy"),
    printcolumn(
        name = "READY",
        type_ = "string",
        json_path = r#".status.conditions[?(@.type=="Ready")].status"#
    ),
    printcolumn(
        name = "REACHABLE",
        type_ = "string",
        json_path = r#".status.conditions[?(@.type=="Reachable")].status"#
    ),
    printcolumn(
        name = "AGE",
        type_ = "date",
        json_path = ".metadata.creationTimestamp"
    )
)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = ("has(self.s3) == (self.type == 'S3')", "must have `s3` where `type` is 'S3', and must not have it otherwise"))]
#[x_kube(validation = ("has(self.oss) == (self.type == 'OSS')", "must have `oss` where `type` is 'OSS', and must not have it otherwise"))]
#[x_kube(validation = ("has(self.cos) == (self.type == 'COS')", "must have `cos` where `type` is 'COS', and must not have it otherwise"))]
#[x_kube(validation = ("has(self.nfs) == (self.type == 'NFS')", "must have `nfs` where `type` is 'NFS', and must not have it otherwise"))]
#[x_kube(validation = ("!has(self.limits) || self.type != 'NFS'", "must not have `limits` where `type` is 'NFS': the database supports limits only for object storages"))]
pub struct BackupStorageSpec {
    /// Type of the storage. Exactly the block of the same name must be present.
    #[serde(rename = "type")]
    pub type_: StorageType,
    /// Amazon S3 or a compatible service (OBS, GCS, `MinIO`); OceanBase V4.2.1.7, V4.2.3, V4.3.0
    /// and later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub s3: Option<S3Spec>,
    /// Alibaba Cloud OSS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oss: Option<BucketSpec>,
    /// Tencent Cloud COS; OceanBase V4.2.1 and later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cos: Option<BucketSpec>,
    /// Directory mounted on every observer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nfs: Option<NfsSpec>,
    /// Capacity of the storage, such as `10Ti` or `500G`: the base of the percentage in `status.summary.used`. The
    /// capacity does not limit writes, and the database does not query the storage.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[x_kube(validation = ("quantity(string(self)).isGreaterThan(quantity('0'))", "must be greater than 0"))]
    pub capacity: Option<Quantity>,
    /// Percentage of `capacity` from which `backup_storage_capacity_over_threshold` is raised, 1 to
    /// 100; default 80.
    #[serde(default = "eighty")]
    #[schemars(range(min = 1, max = 100), transform = crate::api::omit_default)]
    pub capacity_alert_percent: i32,
    /// Limits on reads and writes of the data and the logs of each tenant. Default: no limit, or
    /// the existing limits in the database if none were ever set here. See the condition
    /// `LimitsApplied`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limits: Option<Limits>,
}

fn eighty() -> i32 {
    80
}

/// Type of storage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[allow(missing_docs)]
pub enum StorageType {
    S3,
    #[serde(rename = "OSS")]
    Oss,
    #[serde(rename = "COS")]
    Cos,
    #[serde(rename = "NFS")]
    Nfs,
}

/// Bucket accessed by the S3 protocol.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = ("!has(self.prefix) || !self.prefix.matches('(^|/)[.]{1,2}(/|$)')", "`prefix` must not have a part that is '.' or '..'"))]
pub struct S3Spec {
    /// Host of the service, with `https://` or `http://` if the service requires it.
    #[schemars(
        length(min = 1, max = 255),
        regex(pattern = r"^(https?://)?[A-Za-z0-9.\-]+(:[0-9]{1,5})?$")
    )]
    pub endpoint: String,
    /// Name of the bucket.
    #[schemars(
        length(min = 3, max = 63),
        regex(pattern = r"^[a-z0-9][a-z0-9.\-]+[a-z0-9]$")
    )]
    pub bucket: String,
    /// Directory in the bucket that contains all paths.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(
        length(min = 1, max = 512),
        regex(pattern = r"^[A-Za-z0-9_.\-]+(/[A-Za-z0-9_.\-]+)*$")
    )]
    pub prefix: Option<String>,
    /// Region; required by Amazon S3, omitted for OBS and GCS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 64), regex(pattern = r"^[A-Za-z0-9\-]+$"))]
    pub region: Option<String>,
    /// Addressing of the bucket in requests; `MinIO` and similar services need `PathStyle`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub addressing_model: Option<AddressingModel>,
    /// Treatment of objects of expired backups.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delete_mode: Option<DeleteMode>,
    /// Checksum of each object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checksum: Option<Checksum>,
    /// Secret with the keys `accessKeyId` and `accessKeySecret`.
    pub credentials: SecretSource,
}

/// Bucket of Alibaba Cloud OSS or Tencent Cloud COS.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = ("!has(self.prefix) || !self.prefix.matches('(^|/)[.]{1,2}(/|$)')", "`prefix` must not have a part that is '.' or '..'"))]
pub struct BucketSpec {
    /// Host of the service.
    #[schemars(
        length(min = 1, max = 255),
        regex(pattern = r"^(https?://)?[A-Za-z0-9.\-]+(:[0-9]{1,5})?$")
    )]
    pub endpoint: String,
    /// Name of the bucket; on COS with the application id, `name-1250000000`.
    #[schemars(
        length(min = 3, max = 63),
        regex(pattern = r"^[a-z0-9][a-z0-9.\-]+[a-z0-9]$")
    )]
    pub bucket: String,
    /// Directory in the bucket that contains all paths.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(
        length(min = 1, max = 512),
        regex(pattern = r"^[A-Za-z0-9_.\-]+(/[A-Za-z0-9_.\-]+)*$")
    )]
    pub prefix: Option<String>,
    /// Treatment of objects of expired backups.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delete_mode: Option<DeleteMode>,
    /// Secret with the keys `accessKeyId` and `accessKeySecret`, on COS also `appId`.
    pub credentials: SecretSource,
}

/// Directory mounted at the same path on every observer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[x_kube(validation = ("!self.path.matches('(^|/)[.]{1,2}(/|$)')", "`path` must not have a part that is '.' or '..'"))]
pub struct NfsSpec {
    /// Absolute path of the directory.
    #[schemars(length(min = 2, max = 512), regex(pattern = r"^(/[A-Za-z0-9_.\-]+)+$"))]
    pub path: String,
}

/// Addressing of the bucket in requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum AddressingModel {
    /// `https://bucket.host/key`, the default of the database.
    VirtualHostedStyle,
    /// `https://host/bucket/key`.
    PathStyle,
}

/// Treatment of objects of expired backups.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum DeleteMode {
    /// The objects are deleted, the default of the database.
    Delete,
    /// The objects receive the tag `delete_mode=tagging` and remain until a lifecycle rule of the
    /// bucket deletes them.
    Tagging,
}

/// Checksum of each object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Checksum {
    /// MD5, the default of the database.
    MD5,
    /// CRC-32.
    CRC32,
}
