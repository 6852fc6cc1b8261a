//! Blockers of a backup.

use super::{Evaluation, MigrationState};
use crate::domain::tenant::{self, ineligible, unnameable, upgrading};
use crate::domain::{Blocker, ObservedDestination};

impl Evaluation<'_> {
    /// Returns what blocks the statement, before log backup and other backups are checked.
    pub(super) fn blocker(&self) -> Option<Blocker> {
        let name = &self.task.spec.tenant_name;
        if let Some(unnameable) = unnameable(name) {
            return Some(unnameable);
        }
        if let Err(blocker) = &self.observed.target {
            return Some(blocker.clone());
        }
        let database = match &self.observed.database {
            Ok(database) => database,
            Err(blocker) => return Some(blocker.as_waiting()),
        };
        let found = database.tenant.tenant.as_deref();
        let known = self.status.tenant_id();
        if let Some(gone) = tenant::dropped_or_replaced(
            name,
            found,
            known,
            "after this task was created",
            "create a new BackupTask",
        ) {
            return Some(gone);
        }
        let Some(tenant) = found else {
            let remedy = "correct the name, or create the tenant";
            return Some(tenant::not_found(name, remedy));
        };
        if tenant.name != *name {
            return Some(Blocker::permanent(
                "TenantRenamed",
                format!(
                    "the tenant '{name}' was renamed to '{}'; create a new BackupTask",
                    tenant.name
                ),
            ));
        }
        if let Some(blocker) = ineligible(tenant) {
            return Some(blocker);
        }
        if database.is_upgrading {
            return Some(upgrading("the backup"));
        }
        if !database.tenant.settled {
            return Some(Blocker::reading());
        }
        if let ObservedDestination::Elsewhere(location) = &database.tenant.destination
            && self.replaced_location() != Some(location)
        {
            if self.observed.migration == Some(MigrationState::LogsPending) {
                return Some(Blocker::waiting(
                    "StorageMigrationInProgress",
                    "the tenant's backups migrate to another destination. This backup starts after \
                     the migration of the log backup (condition StorageMigrated of the LogBackup)",
                ));
            }
            return Some(Blocker::permanent(
                "DestinationInUse",
                format!(
                    "the tenant's data backups already go to '{location}'; back up to that \
                     destination, or clear DATA_BACKUP_DEST first"
                ),
            ));
        }
        self.observed.other_owner.clone()
    }

    /// Returns the data destination that the next backup replaces, because the log backup has
    /// changed its destination.
    pub(super) fn replaced_location(&self) -> Option<&String> {
        match &self.observed.migration {
            Some(MigrationState::DataPending(location)) => Some(location),
            _ => None,
        }
    }

    /// Returns a blocker if another backup of the tenant runs.
    pub(super) fn running_backup(&self) -> Option<Blocker> {
        let job = self.tenant()?.running_jobs().next()?;
        Some(Blocker::waiting(
            "WaitingForRunningBackup",
            format!(
                "backup job {} of the tenant is running; this backup starts after it",
                job.id
            ),
        ))
    }
}
