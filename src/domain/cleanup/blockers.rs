//! Blockers of a cleanup.

use super::Evaluation;
use crate::domain::{Blocker, tenant};
use crate::oceanbase::capability::Capability;
use crate::oceanbase::model::{Tenant, TenantName};

impl<'a> Evaluation<'a> {
    /// Returns the tenant, if it can be read.
    pub(super) fn reachable_tenant(&self) -> Result<&'a Tenant, Blocker> {
        let name = &self.task.spec.tenant_name;
        if TenantName::parse(name).is_none() {
            let message = if name.eq_ignore_ascii_case("sys") {
                "the tenant 'sys' has no backups; create a CleanupTask for a user tenant".to_owned()
            } else {
                format!(
                    "the name '{name}' is not allowed in a statement; create a CleanupTask for a \
                     tenant whose name has only letters, digits and '_' and is not a reserved word"
                )
            };
            return Err(Blocker::permanent("UnsafeTenantName", message));
        }
        self.observed.allowed.clone()?;
        let database = self
            .observed
            .database
            .as_ref()
            .map_err(Blocker::as_waiting)?;
        if let Some(gone) = self.gone_tenant() {
            return Err(gone);
        }
        let remedy = "correct the name, or create the tenant";
        let tenant = database.tenant.as_deref();
        tenant.ok_or_else(|| tenant::not_found(name, remedy))
    }

    /// Returns why the tenant of an earlier pass, with its jobs, no longer exists.
    pub(super) fn gone_tenant(&self) -> Option<Blocker> {
        let database = self.observed.database.as_ref().ok()?;
        tenant::dropped_or_replaced(
            &self.task.spec.tenant_name,
            database.tenant.as_deref(),
            self.status.tenant_id(),
            "after the cleanup began",
            "create a new CleanupTask",
        )
    }

    /// Returns why no statement can delete backups in this database.
    pub(super) fn unsupported(&self) -> Option<Blocker> {
        let database = self.observed.database.as_ref().ok()?;
        (!database.version.can(Capability::ManualCleanup)).then(|| {
            Blocker::permanent(
                "UnsupportedServerVersion",
                format!(
                    "OceanBase {} cannot delete backups by a statement; this needs 4.4.2 or later. \
                     Set `retention` of the strategy: the database then deletes backups itself",
                    database.version
                ),
            )
        })
    }

    /// Returns what blocks the deletion besides the plan, if anything.
    pub(super) fn blocker(&self, tenant: &Tenant) -> Option<Blocker> {
        let database = self.observed.database.as_ref().ok()?;
        if let Some(blocker) = self.unsupported() {
            return Some(blocker);
        }
        if tenant.role != "PRIMARY" || tenant.status != "NORMAL" {
            return Some(Blocker::waiting(
                "TenantNotNormal",
                format!(
                    "the tenant's role is {} and its status is {}; its backups can be deleted when \
                     these are PRIMARY and NORMAL",
                    tenant.role, tenant.status
                ),
            ));
        }
        if !database.settled {
            return Some(Blocker::reading());
        }
        if let Some(job) = tenant.running_jobs().next() {
            return Some(Blocker::waiting(
                "WaitingForRunningBackup",
                format!(
                    "backup job {} of the tenant is running and could depend on what would be \
                     deleted; this cleanup starts after it",
                    job.id
                ),
            ));
        }
        if let Some(name) = &self.observed.recovery {
            return Some(Blocker::waiting(
                "WaitingForRunningRecovery",
                format!(
                    "RecoveryTask '{name}' recovers from the tenant's backups and could read what \
                     would be deleted; this cleanup starts after it"
                ),
            ));
        }
        let job = tenant.running_cleanups().next()?;
        Some(Blocker::waiting(
            "WaitingForRunningCleanup",
            format!(
                "cleanup job {} of the tenant is running; this cleanup starts after it",
                job.id
            ),
        ))
    }
}
