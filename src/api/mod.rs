//! Custom resources of `backup.oceanbase.io/v1alpha1`: types, schemas and validation, without
//! behavior.

/// Builds a CEL rule: the given fields, which may be absent, are unchanged. A plain comparison
/// would be skipped for a field that was absent before. Optional types exceed the cost limit of a
/// rule.
macro_rules! unchanged {
    ($first:literal $(, $field:literal)*) => {
        concat!(
            unchanged!(@one $first)
            $(, " && ", unchanged!(@one $field))*
        )
    };
    (@one $field:literal) => {
        concat!(
            "has(self.", $field, ") == has(oldSelf.", $field, ") && (!has(self.", $field,
            ") || self.", $field, " == oldSelf.", $field, ")"
        )
    };
}

pub mod accepted_statement;
pub mod alert;
pub mod backup_task;
pub mod cause;
pub mod cleanup_task;
pub mod cluster;
pub mod condition;
pub mod data_backup;
pub mod database_identity;
pub mod deletion_policy;
pub mod log_backup;
pub mod recovery_task;
pub mod reference;
pub mod resources;
pub mod retention;
pub mod schedule;
pub mod storage;
pub mod strategy;
pub mod verification;

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    CustomResourceDefinition, JSON, JSONSchemaProps,
};
use kube::CustomResourceExt;

pub use accepted_statement::AcceptedStatement;
pub use backup_task::{Attempt, BackupTask, BackupTaskSpec, BackupTaskStatus};
pub use cause::Cause;
pub use cleanup_task::{CleanupTask, CleanupTaskSpec, CleanupTaskStatus};
pub use cluster::{OceanBaseCluster, OceanBaseClusterSpec, OceanBaseClusterStatus};
pub use condition::Condition;
pub use data_backup::{DataBackupSettings, RetrySettings};
pub use database_identity::PinnedDatabase;
pub use deletion_policy::DeletionPolicy;
pub use log_backup::{Binding, DesiredState, Drift, LogBackup, LogBackupSpec, LogBackupStatus};
pub use recovery_task::{RecoveryTask, RecoveryTaskSpec, RecoveryTaskStatus};
pub use reference::LocalReference;
pub use retention::{Retention, RetentionPolicy};
pub use schedule::{BackupType, ScheduleSpec};
pub use storage::{BackupStorage, BackupStorageSpec, BackupStorageStatus};
pub use strategy::{BackupStrategy, BackupStrategySpec, BackupStrategyStatus};

/// API group of all kinds; also the prefix of labels and annotations.
pub const GROUP: &str = "backup.oceanbase.io";
/// Finalizer of objects that stop work in the database before their deletion.
pub const STOP_FINALIZER: &str = "backup.oceanbase.io/stop";
/// Only version of the API.
pub const VERSION: &str = "v1alpha1";
/// Instant that every client can parse. The `date-time` format of the API server accepts more:
/// lowercase letters, which CEL rules cannot parse, and years beyond 9999.
const INSTANT: &str = r"^[12][0-9]{3}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{1,9})?(Z|[+\-][0-9]{2}:[0-9]{2})$";

/// Returns the definitions of all kinds, as installed.
#[must_use]
pub fn crds() -> Vec<CustomResourceDefinition> {
    [
        OceanBaseCluster::crd(),
        BackupStorage::crd(),
        BackupStrategy::crd(),
        BackupTask::crd(),
        LogBackup::crd(),
        RecoveryTask::crd(),
        CleanupTask::crd(),
    ]
    .map(with_status_default)
    .into()
}

/// Returns the definitions as files: name and YAML text, one per kind.
///
/// # Errors
/// A definition that cannot be written as YAML, which is a bug in its types.
pub fn crd_files() -> Result<Vec<(String, String)>, serde_saphyr::ser::Error> {
    crds()
        .into_iter()
        .map(|crd| {
            Ok((
                format!("{}.yaml", crd.spec.names.plural),
                serde_saphyr::to_string(&crd)?,
            ))
        })
        .collect()
}

/// Sets the default `observedGeneration: -1`, so that Flux and Argo CD treat an object that was
/// never reconciled as in progress. The default must be on `status` itself: a default on the inner
/// field is never applied while the status is absent.
fn with_status_default(mut crd: CustomResourceDefinition) -> CustomResourceDefinition {
    for version in &mut crd.spec.versions {
        let schema = version
            .schema
            .as_mut()
            .and_then(|s| s.open_api_v3_schema.as_mut());
        if let Some(status) = schema.and_then(status_property) {
            status.nullable = None;
            status.default = Some(JSON(serde_json::json!({"observedGeneration": -1})));
        }
    }
    crd
}

fn status_property(schema: &mut JSONSchemaProps) -> Option<&mut JSONSchemaProps> {
    schema.properties.as_mut()?.get_mut("status")
}
