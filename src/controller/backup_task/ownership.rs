//! Checks whether another owner backs up a task's tenant.

use std::sync::Arc;

use kube::ResourceExt;

use super::super::destination::logs::{is_away, location_of, observe_destination};
use super::super::strategy::moved;
use super::super::watch::caches;
use super::super::{Context, destination, namespace};
use super::is_owned;
use super::log_backup::covering;
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

/// Returns the conflict that blocks a backup that may be sent: the other owner of the tenant.
pub(super) fn claimed(ours: TaskTenant<'_>) -> Option<Blocker> {
    if !may_be_sent(ours.task.status.as_ref()) {
        return None;
    }
    logs_elsewhere(ours).or_else(|| of_strategy(ours))
}

/// Blocks a new destination while an edit of the strategy's destination is rejected: the edit may
/// be reverted.
pub(super) fn not_moved(
    task: &BackupTask,
    context: &Context,
    database: Option<&(ClusterKey, Arc<Snapshot>)>,
    wanted: &Location,
) -> Result<(), Blocker> {
    let is_sent = task.spec.mirror.is_some() || !may_be_sent(task.status.as_ref());
    let (Some((key, snapshot)), Some(reference), false) =
        (database, task.spec.strategy_ref.as_ref(), is_sent)
    else {
        return Ok(());
    };
    let (home, name) = (namespace(task), &reference.name);
    let strategy = caches::find(&context.caches.strategies, &home, name);
    // An edit that is not rejected is applied.
    let refuses =
        strategy.filter(|of| of.spec.storage_change_policy == StorageChangePolicy::Refuse);
    let moved = refuses.map(|strategy| moved(context, key, &strategy, snapshot));
    let moved = moved.unwrap_or_default();
    let Some(first) = moved.first() else {
        return Ok(());
    };
    let own = &task.spec.tenant_name;
    let is_moved = moved.iter().any(|known| known.spec.tenant_name == *own);
    let shown = snapshot
        .tenant(own)
        .and_then(|tenant| tenant.data_dest.as_deref());
    if !is_moved && observe_destination(shown, Some(wanted)) == ObservedDestination::Ours {
        return Ok(());
    }
    Err(Blocker::waiting(
        STORAGE_CHANGE_REFUSED,
        format!(
            "an edit of `storageRef` or `paths` of BackupStrategy '{name}' is rejected, because it \
             would move the logs of LogBackup '{}'. The backup waits until the edit is reverted, \
             or until the strategy is no longer Stalled",
            first.name_any()
        ),
    ))
}

/// Returns a blocker if another owner archives the tenant's logs. A strategy that manages log
/// backup must not start a backup that depends on the logs of another owner. The same holds for a
/// task for several tenants, in which a user did not name this tenant.
fn logs_elsewhere(ours: TaskTenant<'_>) -> Option<Blocker> {
    let strategy = ours.strategy();
    let is_asked_for = match &strategy {
        Some(strategy) => strategy.spec.log_backup.mode == StrategyLogBackupMode::Unmanaged,
        None => !is_owned(ours.task),
    };
    if is_asked_for {
        return None;
    }
    let template = strategy.as_ref().and_then(|of| log_template(of));
    let ObservedDestination::Elsewhere(location) = ours.log_destination(template) else {
        return None;
    };
    let known = ours.log_backup();
    let of_known = known
        .as_ref()
        .and_then(|known| location_of(ours.context, known, ours.snapshot));
    let is_left = known
        .zip(of_known.as_ref())
        .is_some_and(|(known, wanted)| is_away(&known, ours.tenant, wanted));
    let shown = ours.tenant.log_dest.as_ref();
    let shown = shown.map(|dest| dest.path.as_str());
    if is_left || observe_destination(shown, of_known.as_ref()) == ObservedDestination::Ours {
        return None;
    }
    Some(Blocker::permanent(
        "DestinationInUse",
        format!(
            "the tenant's logs already go to '{location}', set by another tool. Exclude the tenant \
             from the strategy, set `logBackup.mode: Unmanaged` in the strategy, or back the \
             tenant up with its own BackupTask (`clusterRef`, `storageRef`, `tenantName`)"
        ),
    ))
}

fn log_template(strategy: &BackupStrategy) -> Option<&str> {
    strategy.spec.paths.as_ref()?.log.as_deref()
}

/// Returns a blocker if a strategy backs up the tenant to another destination. The first backup sets
/// the tenant's data destination. Outside a migration the operator never changes it again, so the
/// strategy could no longer back up the tenant.
fn of_strategy(ours: TaskTenant<'_>) -> Option<Blocker> {
    let TaskTenant {
        context, tenant, ..
    } = ours;
    if ours.task.spec.strategy_ref.is_some() || tenant.data_dest.is_some() {
        return None;
    }
    let covering = covering(ours)?;
    let (name, home) = &covering.full_name;
    let strategy = caches::find(&context.caches.strategies, home, name)?;
    let store = destination::storage(context, home, &strategy.spec.storage_ref.name).ok()?;
    let location_in = |store: &BackupStorage, template: Option<&str>| {
        let root = destination::root(&store.spec).ok();
        let identity = &ours.snapshot.identity;
        let path = destination::data_path(root.as_ref(), template, identity, tenant);
        destination::wanted(store, None, Some(&path)).ok()
    };
    let theirs = location_in(&store, data_template(&strategy))?;
    if theirs.is_same_as(&location_in(ours.storage, None)?) {
        return None;
    }
    // In the strategy's storage, a task without a strategy has the same directory only if `paths`
    // sets none.
    let is_there = location_in(&store, None).is_some_and(|location| location.is_same_as(&theirs));
    let or_store = if is_there {
        ", or use the storage of that strategy"
    } else {
        ""
    };
    Some(Blocker::permanent(
        "TenantOfStrategy",
        format!(
            "the tenant belongs to BackupStrategy '{}', which backs it up to another destination. \
             A first backup here would prevent that: name the strategy in `strategyRef`{or_store}",
            covering.name
        ),
    ))
}

fn data_template(strategy: &BackupStrategy) -> Option<&str> {
    strategy.spec.paths.as_ref()?.data.as_deref()
}
