//! Targets of a task's references, and the settings of its backup.

use super::super::competitors::rivals;
use super::super::watch::caches;
use super::super::watch::malformed::missing;
use super::super::{Context, Reconcile, access_of, cluster_of, namespace, secret};
use crate::api::backup_task::Scope;
use crate::api::strategy::IncrementalNotPossible;
use crate::api::{
    BackupStrategy, BackupTask, BackupTaskSpec, BackupTaskStatus, DataBackupSettings, RetrySettings,
};
use crate::domain::strategy::overlap::may_share_tenants;
use crate::domain::tenant::CLUSTER_REPLACED;
use crate::domain::{Blocker, authorization, database_id, strategy};
use crate::oceanbase::capability::Capability;
use crate::oceanbase::credentials::ClusterKey;
use crate::oceanbase::model::Identity;
use crate::oceanbase::version::Version;

/// Targets of a task's references.
pub(super) struct References {
    pub(super) cluster: String,
    pub(super) storage: String,
    pub(super) strategy_generation: Option<i64>,
    /// Template of the strategy, or the directory itself if known.
    pub(super) data_path: Option<String>,
    pub(super) settings: DataBackupSettings,
    pub(super) incremental_not_possible: IncrementalNotPossible,
}

/// Resolves a task's references.
pub(super) fn references(
    task: &BackupTask,
    context: &Context,
    namespace: &str,
) -> Result<References, Blocker> {
    let spec = &task.spec;
    // A backup that was sent is followed in its cluster: the strategy may have been deleted, or
    // recreated under the same name.
    let status = task.current_status();
    if !status.attempts.is_empty()
        && let (Some(cluster), Some(storage)) = (status.cluster, status.storage)
    {
        return Ok(References {
            cluster,
            storage,
            strategy_generation: status.strategy_generation,
            data_path: status.data_path,
            settings: status.data_backup.unwrap_or_else(|| settings(spec, None)),
            incremental_not_possible: incremental_not_possible(spec, context, namespace),
        });
    }
    if let (Some(cluster), Some(storage)) = (&spec.cluster_ref, &spec.storage_ref) {
        return Ok(References {
            cluster: cluster.name.clone(),
            storage: storage.name.clone(),
            strategy_generation: None,
            data_path: None,
            settings: settings(spec, None),
            incremental_not_possible: IncrementalNotPossible::default(),
        });
    }
    let Some(reference) = &spec.strategy_ref else {
        return Err(Blocker::permanent(
            "InvalidSpec",
            "`strategyRef` is missing",
        ));
    };
    let name = &reference.name;
    let Some(object) = caches::find(&context.caches.strategies, namespace, name) else {
        let reason = "StrategyNotFound";
        return Err(missing::<BackupStrategy>(
            context,
            "strategyRef",
            reason,
            namespace,
            name,
        ));
    };
    let cluster = cluster_of(&*object, &object.spec.cluster_ref);
    let rivals = rivals(context, &cluster, |other| {
        may_share_tenants(&object.spec, other)
    });
    // A task for several tenants selects its tenants itself. An external job is shown until its
    // end, even if the tenant has another owner by then.
    let is_of_tenant = spec.scope == Scope::Tenant && spec.external_job.is_none();
    if is_of_tenant && !strategy::covers(name, &rivals, &spec.tenant_name) {
        return Err(Blocker::permanent(
            "TenantNotInStrategy",
            format!(
                "BackupStrategy '{name}' does not cover tenant '{}'; name the strategy that does, \
                 or a cluster and a storage",
                spec.tenant_name
            ),
        ));
    }
    Ok(References {
        cluster: object.spec.cluster_ref.name.clone(),
        storage: object.spec.storage_ref.name.clone(),
        strategy_generation: object.metadata.generation,
        data_path: object.spec.data_template().map(str::to_owned),
        settings: settings(spec, Some(&object.spec.data_backup)),
        incremental_not_possible: object.spec.incremental_not_possible,
    })
}

/// Returns the current setting of the strategy for a task that was already sent; another attempt
/// may follow.
fn incremental_not_possible(
    spec: &BackupTaskSpec,
    context: &Context,
    namespace: &str,
) -> IncrementalNotPossible {
    let reference = spec.strategy_ref.as_ref();
    let strategy = reference
        .and_then(|strategy| caches::find(&context.caches.strategies, namespace, &strategy.name));
    strategy.map_or_else(IncrementalNotPossible::default, |strategy| {
        strategy.spec.incremental_not_possible
    })
}

/// Returns the storage of a task: where its backup was sent, or where its references lead.
pub(super) fn storage_of(task: &BackupTask, context: &Context) -> Option<String> {
    let known = || task.status.as_ref()?.storage.clone();
    let named = || Some(task.spec.storage_ref.as_ref()?.name.clone());
    let of_strategy = || {
        let name = &task.spec.strategy_ref.as_ref()?.name;
        let strategy = caches::find(&context.caches.strategies, &namespace(task), name)?;
        Some(strategy.spec.storage_ref.name.clone())
    };
    known().or_else(named).or_else(of_strategy)
}

/// Returns the settings of the backup: those of the task, otherwise those of its strategy. Without
/// a strategy there is no second attempt.
fn settings(spec: &BackupTaskSpec, strategy: Option<&DataBackupSettings>) -> DataBackupSettings {
    let never = DataBackupSettings {
        retry: RetrySettings::never(),
        ..DataBackupSettings::default()
    };
    let known = strategy.unwrap_or(&never);
    DataBackupSettings {
        active_deadline_seconds: spec
            .active_deadline_seconds
            .or(known.active_deadline_seconds),
        plus_archivelog: spec.plus_archivelog.unwrap_or(known.plus_archivelog),
        restore_password_secret_ref: spec
            .restore_password_secret_ref
            .clone()
            .or_else(|| known.restore_password_secret_ref.clone()),
        retry: known.retry.clone(),
    }
}

/// Checks that the task may use its tenant and its storage through the cluster's object. A task for
/// several tenants skips the tenants that it may not use.
pub(super) fn allowed(
    task: &BackupTask,
    context: &Context,
    references: &References,
) -> Result<(), Blocker> {
    let cluster = ClusterKey::new(&namespace(task), &references.cluster);
    let access = access_of(context, &cluster);
    if task.spec.scope == Scope::Tenant {
        authorization::tenant(&access, &task.spec.tenant_name)?;
    }
    authorization::storage(&access, &references.storage)
}

/// Checks that the settings are usable, also by the server version if it is known.
pub(super) fn supported(
    settings: &DataBackupSettings,
    version: Option<Version>,
) -> Result<(), Blocker> {
    if let Some(reference) = &settings.restore_password_secret_ref {
        secret::named(reference)?;
    }
    match version {
        Some(version) if settings.plus_archivelog && !version.can(Capability::PlusArchivelog) => {
            Err(Blocker::permanent(
                "UnsupportedServerVersion",
                format!("OceanBase {version} does not support `plusArchivelog`; leave it out"),
            ))
        }
        _ => Ok(()),
    }
}

/// Checks that a backup that was sent can be followed in this cluster. All clusters number their
/// jobs and tenants alike, so another cluster's job could be mistaken for this one.
pub(super) fn same_cluster(status: &BackupTaskStatus, current: &Identity) -> Result<(), Blocker> {
    let known = status.database.as_ref();
    let Some(known) = known.filter(|_| !status.attempts.is_empty()) else {
        return Ok(());
    };
    if database_id(known) == current.database() {
        return Ok(());
    }
    let (name, pinned) = (&known.cluster_name, known.cluster_id);
    Err(Blocker::permanent(
        CLUSTER_REPLACED,
        format!(
            "the backup was sent to cluster {name} (id {pinned}), and the OceanBaseCluster was \
             recreated for {} (id {}, created at {}). Check the outcome of the backup in the \
             database to which it was sent, then create a new BackupTask",
            current.cluster_name, current.cluster_id, current.created_at
        ),
    ))
}
