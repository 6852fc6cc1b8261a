//! Mapping from a BackupStorage to the destinations of a tenant's backups.

pub(super) mod conflict;
pub(super) mod logs;

use std::sync::Arc;

use super::Context;
use super::secret::Secrets;
use super::secret_scope::storage_host;
use super::watch::caches;
use super::watch::malformed::missing;
use crate::api::storage::{
    AddressingModel, BackupStorageSpec, BucketSpec, Checksum, DeleteMode, StorageType,
};
use crate::api::{BackupStorage, LocalReference, storage};
use crate::domain::{Blocker, naming};
use crate::oceanbase::capability::Capability;
use crate::oceanbase::client::Endpoint;
use crate::oceanbase::database::Permit;
use crate::oceanbase::destination::{
    Destination, DestinationError, Location, check_bucket, check_option,
};
use crate::oceanbase::model::{Identity, StorageLimits, Tenant};
use crate::oceanbase::version::Version;

/// Returns the storage of this name.
///
/// # Errors
/// The storage does not exist; it may be created later.
pub fn storage(
    context: &Context,
    namespace: &str,
    name: &str,
) -> Result<Arc<BackupStorage>, Blocker> {
    caches::find(&context.caches.storages, namespace, name).ok_or_else(|| {
        missing::<BackupStorage>(context, "storageRef", "StorageNotFound", namespace, name)
    })
}

/// Returns the desired destination of a tenant's backups; the directory of the storage until the
/// tenant's directory is known.
///
/// # Errors
/// The server cannot use the storage, or a value cannot be part of a destination.
pub fn desired_location(
    storage: &BackupStorage,
    version: Option<Version>,
    path: Option<&str>,
) -> Result<Location, Blocker> {
    if let Some(version) = version {
        supported(&storage.spec, version)?;
    }
    let root = root(&storage.spec)?;
    path.map_or(Ok(root.clone()), |path| root.join(path))
        .map_err(|error| invalid(&error))
}

/// Returns the location of the storage.
///
/// # Errors
/// A value cannot be part of a destination, or a block is missing.
pub fn root(spec: &BackupStorageSpec) -> Result<Location, Blocker> {
    let parts = Parts::of(spec)?;
    Location::new(&parts.root, parts.host).map_err(|error| invalid(&error))
}

/// Returns a tenant's directory of data backups below the directory of the storage. That is the
/// directory in use, even if the cluster was renamed, or else the result of the template.
#[must_use]
pub fn data_path(
    root: Option<&Location>,
    template: Option<&str>,
    identity: &Identity,
    tenant: &Tenant,
) -> String {
    // The last directory still belongs to the tenant after another tool or user has cleared the
    // destination.
    let sets = tenant.sets.iter().rev().map(|set| set.path.as_str());
    let in_use = below(root, tenant.data_dest.as_deref().into_iter().chain(sets));
    naming::data_path(template, identity, tenant, in_use)
}

/// Returns a tenant's directory of archived logs, like [`data_path`].
#[must_use]
pub fn log_path(
    root: Option<&Location>,
    template: Option<&str>,
    identity: &Identity,
    tenant: &Tenant,
) -> String {
    let dest = tenant.log_dest.as_ref().map(|dest| dest.path.as_str());
    let round = tenant.round.as_ref().map(|round| round.path.as_str());
    let in_use = below(root, dest.into_iter().chain(round));
    naming::log_path(template, identity, tenant, in_use)
}

/// Returns the paths below the directory of the storage, of the locations that the database shows.
fn below<'a>(
    root: Option<&'a Location>,
    shown: impl Iterator<Item = &'a str>,
) -> impl Iterator<Item = String> {
    shown.filter_map(move |shown| Some(root?.path_to(&Location::read_back(shown))?.to_owned()))
}

/// Checks that a server of this version can use the storage.
///
/// # Errors
/// The server cannot use the storage.
pub fn supported(spec: &BackupStorageSpec, version: Version) -> Result<(), Blocker> {
    let parts = Parts::of(spec)?;
    let missing = parts
        .needs
        .into_iter()
        .flatten()
        .find(|what| !version.can(*what));
    match missing {
        None => Ok(()),
        Some(Capability::AddressingModel) => Err(Blocker::permanent(
            "UnsupportedServerVersion",
            format!("OceanBase {version} does not support `addressingModel`; leave it out"),
        )),
        Some(what) => Err(Blocker::permanent(
            "UnsupportedServerVersion",
            format!(
                "OceanBase {version} cannot use a storage of type {}: use a storage of type NFS or \
                 OSS, or upgrade the database to {}",
                type_name(spec.type_),
                what.releases(),
            ),
        )),
    }
}

/// Returns the destination with the keys from its Secret, as sent to the database at these
/// endpoints.
///
/// # Errors
/// The Secret is missing or incomplete, or may not be sent to the storage or to the database. Also
/// a value that cannot be part of a destination.
pub async fn destination(
    secrets: &Secrets,
    namespace: &str,
    spec: &BackupStorageSpec,
    path: &str,
    database: &[Endpoint],
) -> Result<Destination, Blocker> {
    let found = with_version(secrets, namespace, spec, path, database).await;
    found.map(|(destination, _)| destination)
}

/// Returns the destination like [`destination`], and the `resourceVersion` of the Secret.
///
/// # Errors
/// As [`destination`].
pub async fn with_version(
    secrets: &Secrets,
    namespace: &str,
    spec: &BackupStorageSpec,
    path: &str,
    database: &[Endpoint],
) -> Result<(Destination, Option<String>), Blocker> {
    let parts = Parts::of(spec)?;
    let Some(bucket) = parts.bucket else {
        let directory = format!("{}/{path}", parts.directory);
        let destination = Destination::file(&directory).map_err(|error| invalid(&error))?;
        return Ok((destination, None));
    };
    let secret = secrets.read(namespace, bucket.credentials).await?;
    let (host, port) = storage_host(bucket.host);
    secret.check_host(host, port)?;
    secret.check_database(database)?;
    let id = secret.required("accessKeyId")?;
    let key = secret.required("accessKeySecret")?;
    let app_id = if bucket.scheme == "cos" {
        Some(secret.required("appId")?)
    } else {
        None
    };
    let mut keys = vec![("access_id", &id), ("access_key", &key)];
    keys.extend(app_id.as_ref().map(|app_id| ("appid", app_id)));
    let directory = format!("{}/{path}", parts.directory);
    let destination = Destination::bucket(
        bucket.scheme,
        &directory,
        bucket.host,
        &keys,
        &bucket.options,
    );
    let destination = destination.map_err(|error| invalid(&error))?;
    Ok((destination, secret.version()))
}

/// Returns a destination to set, with the limits of the storage if the server supports limits. The
/// database applies the limits only to a new directory; for a known directory it keeps its own. An
/// older server would accept the limits and ignore them, so it gets none.
///
/// # Errors
/// As [`destination`], and limits that the database would reject.
pub async fn to_set(
    secrets: &Secrets,
    namespace: &str,
    spec: &BackupStorageSpec,
    path: &str,
    permit: &Permit,
) -> Result<(Destination, Option<String>), Blocker> {
    let limits = limits(spec)?;
    let (destination, version) =
        with_version(secrets, namespace, spec, path, permit.endpoints()).await?;
    Ok(if permit.can(Capability::StorageLimits) {
        (destination.limited(limits), version)
    } else {
        (destination, version)
    })
}

/// Returns the limits of the storage.
///
/// # Errors
/// A value that the database would reject.
pub fn limits(spec: &BackupStorageSpec) -> Result<StorageLimits, Blocker> {
    let Some(limits) = &spec.limits else {
        return Ok(StorageLimits::NONE);
    };
    let unfit = |field: &str, form: &str| {
        let message = format!("`limits.{field}` must be {form}");
        Blocker::permanent("InvalidDestination", message)
    };
    let max_bandwidth = limits.max_bytes_per_second.as_ref().map(|quantity| {
        let bytes = quantity.value();
        let bytes =
            bytes.filter(|bytes| (MIN_BYTES_PER_SECOND..=MAX_BYTES_PER_SECOND).contains(bytes));
        bytes.ok_or_else(|| {
            unfit(
                "maxBytesPerSecond",
                "a quantity from 1Ki to 1Ti, such as 100Mi",
            )
        })
    });
    let max_iops = limits.max_iops.map(|iops| match iops {
        100..=10_000_000 => Ok(i64::from(iops)),
        _ => Err(unfit("maxIOPS", "a number from 100 to 10000000")),
    });
    Ok(StorageLimits {
        max_iops: max_iops.transpose()?.unwrap_or(0),
        max_bandwidth: max_bandwidth.transpose()?.unwrap_or(0),
    })
}

/// Smallest `limits.maxBytesPerSecond`.
const MIN_BYTES_PER_SECOND: i64 = 1 << 10;
/// Largest `limits.maxBytesPerSecond`.
const MAX_BYTES_PER_SECOND: i64 = 1 << 40;

/// Returns the name of a type in the API.
fn type_name(storage_type: StorageType) -> &'static str {
    match storage_type {
        StorageType::S3 => "S3",
        StorageType::Oss => "OSS",
        StorageType::Cos => "COS",
        StorageType::Nfs => "NFS",
    }
}

/// Returns the blocker of a value that cannot be part of a destination.
pub(super) fn invalid(error: &DestinationError) -> Blocker {
    Blocker::permanent("InvalidDestination", error.to_string())
}

/// Parsed description of a storage.
struct Parts<'a> {
    root: String,
    directory: String,
    host: Option<&'a str>,
    bucket: Option<Bucket<'a>>,
    needs: [Option<Capability>; 2],
}

struct Bucket<'a> {
    scheme: &'static str,
    name: &'a str,
    host: &'a str,
    options: Vec<(&'static str, &'a str)>,
    credentials: &'a LocalReference,
}

impl<'a> Parts<'a> {
    /// Parses and checks the description: values that the schema rejects are rejected here too.
    fn of(spec: &'a BackupStorageSpec) -> Result<Self, Blocker> {
        let parts = Self::taken_apart(spec)?;
        if let Some(bucket) = &parts.bucket {
            check_bucket(bucket.name).map_err(|error| invalid(&error))?;
            for (name, value) in &bucket.options {
                check_option(name, value).map_err(|error| invalid(&error))?;
            }
        }
        Ok(parts)
    }

    fn taken_apart(spec: &'a BackupStorageSpec) -> Result<Self, Blocker> {
        use storage::StorageType::{Cos, Nfs, Oss, S3};
        match (spec.type_, &spec.s3, &spec.oss, &spec.cos, &spec.nfs) {
            (S3, Some(s3), ..) => Ok(Self::s3(s3)),
            (Oss, _, Some(oss), ..) => Ok(Self::plain_bucket("oss", oss, None)),
            (Cos, _, _, Some(cos), _) => {
                Ok(Self::plain_bucket("cos", cos, Some(Capability::CosStorage)))
            }
            (Nfs, .., Some(nfs)) => Ok(Self {
                root: format!("file://{}", nfs.path),
                directory: nfs.path.clone(),
                host: None,
                bucket: None,
                needs: [None; 2],
            }),
            // The API server rejects this; an object that is older than the rule may still exist.
            _ => Err(Blocker::permanent(
                "InvalidStorage",
                "`type` and the type's block in the BackupStorage do not match: set only the block \
                 of that type",
            )),
        }
    }

    fn s3(s3: &'a storage::S3Spec) -> Self {
        let mut options = Vec::new();
        options.extend(s3.region.as_deref().map(|region| ("s3_region", region)));
        options.extend(s3.addressing_model.map(|model| {
            let word = match model {
                AddressingModel::VirtualHostedStyle => "virtual_hosted_style",
                AddressingModel::PathStyle => "path_style",
            };
            ("addressing_model", word)
        }));
        options.extend(s3.delete_mode.map(delete_mode));
        options.extend(s3.checksum.map(|checksum| {
            let word = match checksum {
                Checksum::MD5 => "md5",
                Checksum::CRC32 => "crc32",
            };
            ("checksum_type", word)
        }));
        let needs = [
            Some(Capability::S3Storage),
            s3.addressing_model.map(|_| Capability::AddressingModel),
        ];
        Self::bucket(
            s3.prefix.as_deref(),
            Bucket {
                scheme: "s3",
                name: &s3.bucket,
                host: &s3.endpoint,
                options,
                credentials: &s3.credentials.secret_ref,
            },
            needs,
        )
    }

    fn plain_bucket(scheme: &'static str, spec: &'a BucketSpec, needs: Option<Capability>) -> Self {
        let bucket = Bucket {
            scheme,
            name: &spec.bucket,
            host: &spec.endpoint,
            options: spec.delete_mode.map(delete_mode).into_iter().collect(),
            credentials: &spec.credentials.secret_ref,
        };
        Self::bucket(spec.prefix.as_deref(), bucket, [needs, None])
    }

    fn bucket(prefix: Option<&str>, bucket: Bucket<'a>, needs: [Option<Capability>; 2]) -> Self {
        let prefix = prefix
            .map(|prefix| format!("/{prefix}"))
            .unwrap_or_default();
        let directory = format!("{}{prefix}", bucket.name);
        Self {
            root: format!("{}://{directory}", bucket.scheme),
            directory,
            host: Some(bucket.host),
            bucket: Some(bucket),
            needs,
        }
    }
}

fn delete_mode(mode: DeleteMode) -> (&'static str, &'static str) {
    let word = match mode {
        DeleteMode::Delete => "delete",
        DeleteMode::Tagging => "tagging",
    };
    ("delete_mode", word)
}
