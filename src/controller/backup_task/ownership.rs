//! Checks whether another owner backs up a task's tenant.

use std::sync::Arc;

use kube::ResourceExt;

use super::super::destination::logs::{location_of, needs_migration, observe_destination};
use super::super::strategy::log_backups_to_migrate;
use super::super::watch::caches;
use super::super::{Context, destination, namespace};
use super::is_owned;
use super::log_backup::covering_strategy;
use super::task_tenant::TaskTenant;
use crate::api::log_backup::StorageChangePolicy;
use crate::api::strategy::StrategyLogBackupMode;
use crate::api::{BackupStorage, BackupStrategy, BackupTask};
use crate::domain::backup::may_be_sent;
use crate::domain::strategy::STORAGE_CHANGE_REFUSED;
use crate::domain::{Blocker, ObservedDestination};
use crate::oceanbase::credentials::ClusterKey;
use crate::oceanbase::destination::Location;
use crate::oceanbase::model::Snapshot;

/// Returns a blocker if another owner backs up the tenant and the task's backup is not sent yet.
pub(super) fn other_owner(task_tenant: TaskTenant<'_>) -> Option<Blocker> {
    if !may_be_sent(task_tenant.task.status.as_ref()) {
        return None;
    }
    other_log_owner(task_tenant).or_else(|| other_strategy(task_tenant))
}

/// Rejects a backup to a new destination while the strategy rejects an edit of its destination.
/// The user may revert the edit. The tenant's destination would then differ from the strategy's.
pub(super) fn check_rejected_edit(
    task: &BackupTask,
    context: &Context,
    database: Option<&(ClusterKey, Arc<Snapshot>)>,
    desired: &Location,
) -> Result<(), Blocker> {
    let is_sent = task.spec.external_job.is_some() || !may_be_sent(task.status.as_ref());
    let (Some((key, snapshot)), Some(reference), false) =
        (database, task.spec.strategy_ref.as_ref(), is_sent)
    else {
        return Ok(());
    };
    let (home, name) = (namespace(task), &reference.name);
    let strategy = caches::find(&context.caches.strategies, &home, name);
    // An edit that is not rejected is applied.
    let strategy = strategy
        .filter(|strategy| strategy.spec.storage_change_policy == StorageChangePolicy::Refuse);
    let log_backups = strategy
        .map(|strategy| log_backups_to_migrate(context, key, &strategy, snapshot))
        .unwrap_or_default();
    let Some(first) = log_backups.first() else {
        return Ok(());
    };
    let tenant_name = &task.spec.tenant_name;
    let is_affected = log_backups
        .iter()
        .any(|object| object.spec.tenant_name == *tenant_name);
    let current = snapshot
        .tenant(tenant_name)
        .and_then(|tenant| tenant.data_dest.as_deref());
    if !is_affected && observe_destination(current, Some(desired)) == ObservedDestination::Ours {
        return Ok(());
    }
    Err(Blocker::waiting(
        STORAGE_CHANGE_REFUSED,
        format!(
            "the operator rejects an edit of `storageRef` or `paths` of BackupStrategy '{name}': \
             the edit would change the destination of LogBackup '{}'. Revert the edit, or set \
             `storageChangePolicy: StopAndSwitch` in the strategy; the backup then starts",
            first.name_any()
        ),
    ))
}

/// Returns a blocker if another owner archives the tenant's logs. A strategy that manages log
/// backup must not start a backup that depends on these logs. The same holds for a task of several
/// tenants, because the user did not name this tenant.
fn other_log_owner(task_tenant: TaskTenant<'_>) -> Option<Blocker> {
    let strategy = task_tenant.strategy();
    let is_permitted = match &strategy {
        Some(strategy) => strategy.spec.log_backup.mode == StrategyLogBackupMode::Unmanaged,
        None => !is_owned(task_tenant.task),
    };
    if is_permitted {
        return None;
    }
    let template = strategy.as_ref().and_then(|of| log_template(of));
    let ObservedDestination::Elsewhere(location) = task_tenant.log_destination(template) else {
        return None;
    };
    let log_backup = task_tenant.log_backup();
    let desired = log_backup
        .as_ref()
        .and_then(|object| location_of(task_tenant.context, object, task_tenant.snapshot));
    let is_to_migrate = log_backup
        .zip(desired.as_ref())
        .is_some_and(|(object, desired)| needs_migration(&object, task_tenant.tenant, desired));
    let current = task_tenant.tenant.log_dest.as_ref();
    let current = current.map(|dest| dest.path.as_str());
    if is_to_migrate || observe_destination(current, desired.as_ref()) == ObservedDestination::Ours
    {
        return None;
    }
    Some(Blocker::permanent(
        "DestinationInUse",
        format!(
            "another tool archives the tenant's logs to '{location}'. Exclude the tenant from the \
             strategy, set `logBackup.mode: Unmanaged` in the strategy, or create a BackupTask for \
             the tenant alone (`clusterRef`, `storageRef`, `tenantName`)"
        ),
    ))
}

fn log_template(strategy: &BackupStrategy) -> Option<&str> {
    strategy.spec.paths.as_ref()?.log.as_deref()
}

/// Returns a blocker if a strategy backs up the tenant to another destination. The first backup sets
/// the tenant's data destination, and the operator changes it only in a storage migration. After a
/// backup to this task's destination, the strategy's backups would fail with `DestinationInUse`.
fn other_strategy(task_tenant: TaskTenant<'_>) -> Option<Blocker> {
    let TaskTenant {
        context, tenant, ..
    } = task_tenant;
    if task_tenant.task.spec.strategy_ref.is_some() || tenant.data_dest.is_some() {
        return None;
    }
    let covering = covering_strategy(task_tenant)?;
    let (name, home) = &covering.full_name;
    let strategy = caches::find(&context.caches.strategies, home, name)?;
    let storage = destination::storage(context, home, &strategy.spec.storage_ref.name).ok()?;
    let location_in = |storage: &BackupStorage, template: Option<&str>| {
        let root = destination::root(&storage.spec).ok();
        let identity = &task_tenant.snapshot.identity;
        let path = destination::data_path(root.as_ref(), template, identity, tenant);
        destination::desired_location(storage, None, Some(&path)).ok()
    };
    let of_strategy = location_in(&storage, data_template(&strategy))?;
    if of_strategy.is_same_as(&location_in(task_tenant.storage, None)?) {
        return None;
    }
    // In the strategy's storage, a task without a strategy has the same directory only if `paths`
    // sets none.
    let has_default_path =
        location_in(&storage, None).is_some_and(|location| location.is_same_as(&of_strategy));
    let or_storage = if has_default_path {
        ", or use the storage of that strategy"
    } else {
        ""
    };
    Some(Blocker::permanent(
        "TenantOfStrategy",
        format!(
            "BackupStrategy '{}' backs up the tenant to another destination, and a tenant has only \
             one data destination. Name the strategy in `strategyRef`{or_storage}",
            covering.name
        ),
    ))
}

fn data_template(strategy: &BackupStrategy) -> Option<&str> {
    strategy.spec.paths.as_ref()?.data.as_deref()
}
