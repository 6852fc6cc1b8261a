//! Storage migration of a tenant's logs: its destinations, and the running jobs of the tenant.

use kube::ResourceExt;

use super::super::destination::logs::needs_migration;
use super::super::{Context, destination, namespace};
use super::tenant_summary;
use crate::api::{BackupTask, LogBackup};
use crate::domain::log_backup::{ObservedMigration, still_needs_logs};
use crate::oceanbase::destination::Location;
use crate::oceanbase::model::Tenant;

/// Returns the migration if the tenant's log destination differs from the desired one, and the log
/// backup may change it.
pub(super) fn observe_migration(
    object: &LogBackup,
    context: &Context,
    tenant: &Tenant,
    desired: &Location,
) -> Option<ObservedMigration> {
    if !needs_migration(object, tenant, desired) {
        return None;
    }
    let current = Location::read_back(&tenant.log_dest.as_ref()?.path);
    let busy = || {
        let backup = tenant.running_jobs().next();
        let backup = backup.map(|job| format!("backup job {}", job.id));
        let cleanup = tenant.running_cleanups().next();
        let cleanup = cleanup.map(|job| format!("cleanup job {}", job.id));
        backup
            .or(cleanup)
            .or_else(|| begun_task(object, context))
            .or_else(|| still_needs_logs(tenant))
    };
    Some(ObservedMigration {
        to: desired.root().to_owned(),
        data_from: data_from(object, context, tenant, &current),
        busy: busy(),
    })
}

/// Returns the destination of the tenant's data backups if it is in the storage that the logs
/// leave. Elsewhere it belongs to another owner.
fn data_from(
    object: &LogBackup,
    context: &Context,
    tenant: &Tenant,
    logs: &Location,
) -> Option<String> {
    let data = Location::read_back(tenant.data_dest.as_deref()?);
    let home = namespace(object);
    let caches = context.caches.storages.state_filter(|storage| {
        storage.namespace().as_deref() == Some(&home)
            && destination::root(&storage.spec)
                .is_ok_and(|root| root.path_to(logs).is_some() && root.path_to(&data).is_some())
    });
    (!caches.is_empty()).then(|| data.root().to_owned())
}

/// Returns an unfinished data backup that was started by the operator: it may be retried.
fn begun_task(object: &LogBackup, context: &Context) -> Option<String> {
    let is_begun = |task: &BackupTask| {
        let status = task.status.as_ref();
        task.spec.external_job.is_none()
            && status.is_some_and(|status| status.outcome.is_none() && !status.attempts.is_empty())
    };
    let all = &context.caches.tasks;
    let begun =
        all.state_filter(|task| task.spec.tenant_name == object.spec.tenant_name && is_begun(task));
    let mut begun = begun.iter();
    let task = begun.find(|task| tenant_summary::is_of_tenant(task, object, context))?;
    Some(format!("BackupTask '{}'", task.name_any()))
}
