//! Blockers of a backup.

use super::{DestinationMove, Evaluation};
use crate::domain::{Blocker, ObservedDestination, tenant};
use crate::oceanbase::model::{Tenant, TenantName};

/// Reason for a task whose backup was sent to another database.
pub const CLUSTER_REPLACED: &str = "ClusterReplaced";

/// Reason of what waits until the cluster is upgraded.
pub const CLUSTER_UPGRADING: &str = "ClusterUpgrading";

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
        let known = self.status.tenant_id;
        if let Some(gone) = tenant::gone(name, found, known, "since", "create a new BackupTask") {
            return Some(gone);
        }
        let Some(tenant) = found else {
            let remedy = "correct the name, or make the tenant";
            return Some(tenant::not_found(name, remedy));
        };
        if tenant.name != *name {
            return Some(Blocker::permanent(
                "TenantRenamed",
                format!(
                    "the tenant '{name}' is called '{}' by now; create a new BackupTask",
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
            && self.left_location() != Some(location)
        {
            if self.observed.moving == Some(DestinationMove::Logs) {
                return Some(Blocker::waiting(
                    "StorageSwitching",
                    "the tenant's backups are moving to another place: its log backup goes first, and \
                     the backup follows (condition StorageSwitched of the LogBackup)",
                ));
            }
            return Some(Blocker::permanent(
                "DestinationInUse",
                format!(
                    "the tenant's data backups go to '{location}' already; back up there, or clear \
                     DATA_BACKUP_DEST first"
                ),
            ));
        }
        self.observed.claimed.clone()
    }

    /// Returns the location that the tenant's data backups leave because its logs have moved.
    pub(super) fn left_location(&self) -> Option<&String> {
        match &self.observed.moving {
            Some(DestinationMove::Data(location)) => Some(location),
            _ => None,
        }
    }

    /// Returns a blocker if another backup of the tenant runs.
    pub(super) fn running_backup(&self) -> Option<Blocker> {
        let job = self.tenant()?.running_jobs().next()?;
        Some(Blocker::waiting(
            "WaitingForRunningBackup",
            format!("backup job {} of the tenant runs; this one follows", job.id),
        ))
    }
}

/// Returns why nothing is started while the cluster is being upgraded.
#[must_use]
pub fn upgrading(subject: &str) -> Blocker {
    Blocker::waiting(
        CLUSTER_UPGRADING,
        format!(
            "the cluster is being upgraded (parameter enable_upgrade_mode is True); {subject} starts \
             after the upgrade"
        ),
    )
}

/// Returns why a tenant cannot be backed up now.
#[must_use]
pub fn ineligible(tenant: &Tenant) -> Option<Blocker> {
    if tenant.role != "PRIMARY" {
        return Some(Blocker::waiting(
            "TenantNotPrimary",
            format!(
                "the tenant's role is {}; only a primary tenant can be backed up: back up its \
                 primary, or wait until it is one itself",
                tenant.role
            ),
        ));
    }
    if tenant.status != "NORMAL" {
        return Some(Blocker::waiting(
            "TenantNotNormal",
            format!(
                "the tenant's status is {}; it can be backed up when it is NORMAL",
                tenant.status
            ),
        ));
    }
    if tenant.locked {
        return Some(Blocker::waiting(
            "TenantLocked",
            "the tenant is locked; unlock it",
        ));
    }
    None
}

/// Returns why a name cannot be backed up, whether or not a tenant has it.
#[must_use]
pub fn unnameable(name: &str) -> Option<Blocker> {
    if TenantName::parse(name).is_some() {
        return None;
    }
    let message = if name.eq_ignore_ascii_case("sys") {
        "the database does not back up its tenant 'sys': name a user tenant".to_owned()
    } else {
        format!(
            "the name '{name}' cannot stand in a statement; only names of letters, digits and '_' \
             that are no reserved word can be backed up"
        )
    };
    Some(Blocker::permanent("UnsafeTenantName", message))
}
