//! Progress of a storage migration of the tenant's backups.

use super::super::destination::logs::{is_away, location_of, observe_destination};
use super::super::log_backup::oldest_of_tenant;
use super::super::strategy::moved;
use super::super::watch::caches;
use super::super::{Context, namespace};
use crate::api::BackupTask;
use crate::api::log_backup::StorageChangePolicy;
use crate::domain::ObservedDestination;
use crate::domain::backup::{DestinationMove, may_be_sent};
use crate::oceanbase::credentials::ClusterKey;
use crate::oceanbase::destination::Location;
use crate::oceanbase::model::{Snapshot, Tenant};

/// Returns the state of the migration if the tenant's data destination differs from the task's
/// destination.
pub(super) fn moving(
    task: &BackupTask,
    context: &Context,
    (key, snapshot): (&ClusterKey, &Snapshot),
    tenant: &Tenant,
    wanted: Option<&Location>,
) -> Option<DestinationMove> {
    let shown = tenant.data_dest.as_deref();
    let ObservedDestination::Elsewhere(location) = observe_destination(shown, Some(wanted?)) else {
        return None;
    };
    if !may_be_sent(task.status.as_ref()) {
        return None;
    }
    let known = oldest_of_tenant(context, key, &tenant.name, Some(tenant.id))?;
    let logs = location_of(context, &known, snapshot)?;
    if is_to_move(task, context, key, snapshot) || is_away(&known, tenant, &logs) {
        return Some(DestinationMove::Logs);
    }
    let switch = known.status.as_ref()?.storage_migration.as_ref()?;
    (switch.data_from.as_ref() == Some(&location)).then_some(DestinationMove::Data(location))
}

/// Returns whether the task's strategy migrates the tenant's log backup, but has not announced it
/// yet.
fn is_to_move(task: &BackupTask, context: &Context, key: &ClusterKey, snapshot: &Snapshot) -> bool {
    let Some(reference) = &task.spec.strategy_ref else {
        return false;
    };
    let strategies = &context.caches.strategies;
    let strategy = caches::find(strategies, &namespace(task), &reference.name);
    let moves = strategy.filter(|strategy| {
        strategy.spec.storage_change_policy == StorageChangePolicy::StopAndSwitch
    });
    moves.is_some_and(|strategy| {
        let all = moved(context, key, &strategy, snapshot);
        let mut all = all.iter();
        all.any(|known| known.spec.tenant_name == task.spec.tenant_name)
    })
}
