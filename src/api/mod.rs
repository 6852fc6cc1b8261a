//! Custom resources of `backup.oceanbase.io/v1alpha1`: types, schemas and validation, without
//! behavior.

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
pub mod quantity;
pub mod recovery_task;
pub mod reference;
pub mod resources;
pub mod retention;
pub mod schedule;
pub mod storage;
pub mod strategy;
pub mod verification;

use std::collections::BTreeMap;

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    CustomResourceDefinition, JSON, JSONSchemaProps, JSONSchemaPropsOrArray, JSONSchemaPropsOrBool,
    ValidationRule,
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
pub use log_backup::{
    Binding, DesiredState, DriftPolicy, LogBackup, LogBackupSpec, LogBackupStatus,
};
pub use quantity::Quantity;
pub use recovery_task::{RecoveryTask, RecoveryTaskSpec, RecoveryTaskStatus};
pub use reference::{LocalReference, SecretSource};
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
    .map(complete)
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

/// Completes a derived definition.
fn complete(mut crd: CustomResourceDefinition) -> CustomResourceDefinition {
    for version in &mut crd.spec.versions {
        let schema = version
            .schema
            .as_mut()
            .and_then(|s| s.open_api_v3_schema.as_mut());
        if let Some(schema) = schema {
            forbid_null(schema);
            derive_block_defaults(schema);
            set_status_default(schema);
            forbid_changes(schema, &crd.spec.names.kind);
        }
    }
    crd
}

/// Fields that cannot change, by kind: below which field of the object, and their names.
const IMMUTABLE: [(&str, &[&str], &[&str]); 10] = [
    ("BackupStorage", &["spec"], &["type"]),
    (
        "BackupStorage",
        &["spec", "s3"],
        &["endpoint", "bucket", "prefix"],
    ),
    (
        "BackupStorage",
        &["spec", "oss"],
        &["endpoint", "bucket", "prefix"],
    ),
    (
        "BackupStorage",
        &["spec", "cos"],
        &["endpoint", "bucket", "prefix"],
    ),
    ("BackupStorage", &["spec", "nfs"], &["path"]),
    ("BackupStrategy", &["spec"], &["clusterRef"]),
    ("LogBackup", &["spec"], &["clusterRef", "tenantName"]),
    (
        "BackupTask",
        &["spec"],
        &[
            "strategyRef",
            "clusterRef",
            "storageRef",
            "scope",
            "tenantName",
            "type",
            "scheduledTime",
            "notBeforeTime",
            "plusArchivelog",
            "restorePasswordSecretRef",
            "externalJob",
        ],
    ),
    (
        "CleanupTask",
        &["spec"],
        &[
            "clusterRef",
            "tenantName",
            "mode",
            "target",
            "notAfterTime",
            "externalJob",
        ],
    ),
    (
        "RecoveryTask",
        &["spec"],
        &[
            "source",
            "until",
            "target",
            "objects",
            "verification",
            "mode",
            "decryptionSecretRefs",
            "failurePolicy",
            "notAfterTime",
            "idempotencyKey",
        ],
    ),
];

/// Adds a rule for each immutable field, which names the field in the error of the API server.
fn forbid_changes(schema: &mut JSONSchemaProps, kind: &str) {
    for (_, path, fields) in IMMUTABLE.iter().filter(|(of, ..)| *of == kind) {
        let block = path.iter().try_fold(&mut *schema, |block, name| {
            block.properties.as_mut()?.get_mut(*name)
        });
        let Some(block) = block else { continue };
        let rules = fields.iter().map(|field| immutable(block, field, kind));
        let rules: Vec<_> = rules.collect();
        block
            .x_kubernetes_validations
            .get_or_insert_default()
            .extend(rules);
    }
}

fn immutable(block: &JSONSchemaProps, field: &str, kind: &str) -> ValidationRule {
    let mut is_required = block.required.iter().flatten();
    let rule = if is_required.any(|name| name == field) {
        format!("self.{field} == oldSelf.{field}")
    } else {
        format!(
            "has(self.{field}) == has(oldSelf.{field}) && (!has(self.{field}) || self.{field} == \
             oldSelf.{field})"
        )
    };
    ValidationRule {
        rule,
        message: Some(format!("is immutable; create a new {kind}")),
        field_path: Some(format!(".{field}")),
        reason: Some("FieldValueForbidden".to_owned()),
        ..ValidationRule::default()
    }
}

/// Removes `nullable`, which is derived from `Option`. A stored null would be a third state beside
/// absent and present; without `nullable`, the API server removes it.
fn forbid_null(schema: &mut JSONSchemaProps) {
    schema.nullable = None;
    let properties = schema.properties.iter_mut().flat_map(BTreeMap::values_mut);
    properties.for_each(forbid_null);
    if let Some(JSONSchemaPropsOrArray::Schema(items)) = &mut schema.items {
        forbid_null(items);
    }
    if let Some(JSONSchemaPropsOrBool::Schema(values)) = &mut schema.additional_properties {
        forbid_null(values);
    }
}

/// Sets the default of each block to the defaults of its fields, or removes it if no field has one.
/// The derived default of a block also contains defaults that the API server must not store.
fn derive_block_defaults(schema: &mut JSONSchemaProps) {
    let Some(properties) = &mut schema.properties else {
        return;
    };
    properties.values_mut().for_each(derive_block_defaults);
    if schema.default.take().is_some() {
        let defaults = properties.iter().filter_map(|(name, property)| {
            let default = property.default.as_ref()?;
            Some((name.clone(), default.0.clone()))
        });
        let defaults: serde_json::Map<_, _> = defaults.collect();
        if !defaults.is_empty() {
            schema.default = Some(JSON(defaults.into()));
        }
    }
}

/// Sets the default `observedGeneration: -1`, so that Flux and Argo CD treat an object that was
/// never reconciled as in progress. The default must be on `status` itself: a default on the inner
/// field is never applied while the status is absent.
fn set_status_default(schema: &mut JSONSchemaProps) {
    let properties = schema.properties.as_mut();
    if let Some(status) = properties.and_then(|known| known.get_mut("status")) {
        remove_defaults(status);
        status.default = Some(JSON(serde_json::json!({"observedGeneration": -1})));
    }
}

/// Removes the defaults of all fields. The API server would fill in zeros that the operator did not
/// write.
fn remove_defaults(schema: &mut JSONSchemaProps) {
    schema.default = None;
    let properties = schema.properties.iter_mut().flat_map(BTreeMap::values_mut);
    properties.for_each(remove_defaults);
    if let Some(JSONSchemaPropsOrArray::Schema(items)) = &mut schema.items {
        remove_defaults(items);
        // The API server accepts a key of a list only with a default, or if it is required.
        if let Some(keys) = &schema.x_kubernetes_list_map_keys {
            let required = items.required.get_or_insert_default();
            required.extend(keys.iter().cloned());
            required.sort();
            required.dedup();
        }
    }
    if let Some(JSONSchemaPropsOrBool::Schema(values)) = &mut schema.additional_properties {
        remove_defaults(values);
    }
}

/// Returns whether a value is the default and need not be stored.
fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// Removes a default from the schema. The operator applies it when it reads the object, so that a
/// later release can change it, and so that Git and the stored object do not differ in lists.
fn omit_default(schema: &mut schemars::Schema) {
    schema.remove("default");
}
