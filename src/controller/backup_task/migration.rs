//! State of a storage migration, as far as a BackupTask must know it.
//!
//! During a migration, the tenant's data destination differs from the task's. The task then waits
//! and does not fail with `DestinationInUse`.

use super::super::destination::logs::{location_of, needs_migration, observe_destination};
use super::super::strategy::log_backups_to_migrate;
use super::task_tenant::TaskTenant;
use crate::api::log_backup::StorageChangePolicy;
use crate::domain::ObservedDestination;
use crate::domain::backup::{MigrationState, may_be_sent};
use crate::oceanbase::destination::Location;

/// Returns the state of the migration if the tenant's data destination differs from `desired`, the
/// task's destination.
pub(super) fn migration_state(
    task_tenant: TaskTenant<'_>,
    desired: &Location,
) -> Option<MigrationState> {
    let current = task_tenant.tenant.data_dest.as_deref();
    let ObservedDestination::Elsewhere(current) = observe_destination(current, Some(desired))
    else {
        return None;
    };
    if !may_be_sent(task_tenant.task.status.as_ref()) {
        return None;
    }
    let log_backup = task_tenant.log_backup()?;
    let log_location = location_of(task_tenant.context, &log_backup, task_tenant.snapshot)?;
    if will_migrate(task_tenant) || needs_migration(&log_backup, task_tenant.tenant, &log_location)
    {
        return Some(MigrationState::LogsPending);
    }
    let migration = log_backup.status.as_ref()?.storage_migration.as_ref()?;
    (migration.data_from.as_ref() == Some(&current)).then_some(MigrationState::DataPending(current))
}

/// Returns whether the task's strategy will migrate the tenant's log backup, but has not yet
/// updated the LogBackup.
fn will_migrate(task_tenant: TaskTenant<'_>) -> bool {
    let TaskTenant { task, context, .. } = task_tenant;
    let strategy = task_tenant.strategy().filter(|strategy| {
        strategy.spec.storage_change_policy == StorageChangePolicy::StopAndSwitch
    });
    strategy.is_some_and(|strategy| {
        let (key, snapshot) = (task_tenant.key, task_tenant.snapshot);
        let log_backups = log_backups_to_migrate(context, key, &strategy, snapshot);
        let mut tenants = log_backups.iter().map(|object| &object.spec.tenant_name);
        tenants.any(|tenant| *tenant == task.spec.tenant_name)
    })
}
