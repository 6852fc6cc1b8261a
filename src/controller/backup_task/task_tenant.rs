//! The tenant of a task and the storage of its backups.

use std::sync::Arc;

use super::super::destination::logs::observe_destination;
use super::super::log_backup::oldest_of_tenant;
use super::super::watch::caches;
use super::super::{Context, destination, namespace};
use crate::api::{BackupStorage, BackupStrategy, BackupTask, LogBackup};
use crate::domain::ObservedDestination;
use crate::oceanbase::credentials::ClusterKey;
use crate::oceanbase::model::{Snapshot, Tenant};

/// Tenant of a task, and all that is needed to compare its destinations with those of others.
#[derive(Clone, Copy)]
pub(super) struct TaskTenant<'a> {
    pub(super) task: &'a BackupTask,
    pub(super) context: &'a Context,
    /// Key of the tenant's cluster.
    pub(super) key: &'a ClusterKey,
    /// Storage of the task.
    pub(super) storage: &'a BackupStorage,
    pub(super) snapshot: &'a Snapshot,
    pub(super) tenant: &'a Tenant,
}

impl<'a> TaskTenant<'a> {
    /// Returns the tenant; `None` if a part of it is unknown.
    pub(super) fn of(
        task: &'a BackupTask,
        context: &'a Context,
        key: Option<&'a ClusterKey>,
        storage: Option<&'a BackupStorage>,
        observed: (Option<&'a Snapshot>, Option<&'a Tenant>),
    ) -> Option<Self> {
        Some(Self {
            task,
            context,
            key: key?,
            storage: storage?,
            snapshot: observed.0?,
            tenant: observed.1?,
        })
    }

    /// Returns whether the tenant's logs go to the task's storage, at the path of this template.
    pub(super) fn log_destination(&self, template: Option<&str>) -> ObservedDestination {
        let root = destination::root(&self.storage.spec).ok();
        let identity = &self.snapshot.identity;
        let path = destination::log_path(root.as_ref(), template, identity, self.tenant);
        let wanted =
            destination::desired_location(self.storage, Some(self.snapshot.version), Some(&path));
        let shown = self.tenant.log_dest.as_ref();
        observe_destination(shown.map(|dest| dest.path.as_str()), wanted.ok().as_ref())
    }

    /// Returns the strategy that the task names.
    pub(super) fn strategy(&self) -> Option<Arc<BackupStrategy>> {
        let reference = self.task.spec.strategy_ref.as_ref()?;
        let strategies = &self.context.caches.strategies;
        caches::find(strategies, &namespace(self.task), &reference.name)
    }

    /// Returns the oldest LogBackup of the tenant, from any namespace.
    pub(super) fn log_backup(&self) -> Option<Arc<LogBackup>> {
        let (name, id) = (&self.tenant.name, Some(self.tenant.id));
        oldest_of_tenant(self.context, self.key, name, id)
    }
}
