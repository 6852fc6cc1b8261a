//! State of a storage migration, as far as a BackupTask must know it.
//!
//! During a migration, the tenant's data destination differs from the task's. The task then waits
//! and does not fail with `DestinationInUse`.

use super::super::destination::logs::{is_away, location_of, observe_destination};
use super::super::strategy::moved;
use super::task_tenant::TaskTenant;
use crate::api::log_backup::StorageChangePolicy;
use crate::domain::ObservedDestination;
use crate::domain::backup::{DestinationMove, may_be_sent};
use crate::oceanbase::destination::Location;

/// Returns the state of the migration if the tenant's data destination differs from the task's
/// destination.
pub(super) fn moving(ours: TaskTenant<'_>, wanted: &Location) -> Option<DestinationMove> {
    let shown = ours.tenant.data_dest.as_deref();
    let ObservedDestination::Elsewhere(location) = observe_destination(shown, Some(wanted)) else {
        return None;
    };
    if !may_be_sent(ours.task.status.as_ref()) {
        return None;
    }
    let known = ours.log_backup()?;
    let logs = location_of(ours.context, &known, ours.snapshot)?;
    if is_to_move(ours) || is_away(&known, ours.tenant, &logs) {
        return Some(DestinationMove::Logs);
    }
    let switch = known.status.as_ref()?.storage_migration.as_ref()?;
    (switch.data_from.as_ref() == Some(&location)).then_some(DestinationMove::Data(location))
}

/// Returns whether the task's strategy migrates the tenant's log backup, but has not announced it
/// yet.
fn is_to_move(ours: TaskTenant<'_>) -> bool {
    let TaskTenant { task, context, .. } = ours;
    let strategy = ours.strategy();
    let moves = strategy.filter(|strategy| {
        strategy.spec.storage_change_policy == StorageChangePolicy::StopAndSwitch
    });
    moves.is_some_and(|strategy| {
        let all = moved(context, ours.key, &strategy, ours.snapshot);
        let mut all = all.iter();
        all.any(|known| known.spec.tenant_name == task.spec.tenant_name)
    })
}
