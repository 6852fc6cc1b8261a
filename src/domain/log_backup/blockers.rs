//! Blockers of log backup.

use super::{Evaluation, LogBackupDecision, Renamed};
use crate::api::{DesiredState, LogBackupStatus, PinnedDatabase};
use crate::domain::tenant::{self, CLUSTER_REPLACED, unnameable};
use crate::domain::{Blocker, database_id, pin};
use crate::oceanbase::model::{ArchiveDest, Identity, Tenant};

/// Returns the recorded database if it differs from the current one. Two databases may use the same
/// numbers for tenants and rounds.
pub(super) fn replaced_database<'a>(
    status: &'a LogBackupStatus,
    current: &Identity,
) -> Option<&'a PinnedDatabase> {
    let known = status.database.as_ref();
    known.filter(|known| database_id(known) != current.database())
}

impl<'a> Evaluation<'a> {
    /// Renders a blocker of `check_tenant`. If the database was read, the limits of the locations are
    /// removed from the status.
    pub(super) fn blocked_without_tenant(mut self, blocker: Blocker) -> LogBackupDecision {
        if self.observed.database.is_ok() {
            self.status.storage_limits = None;
        }
        self.blocked(None, blocker)
    }

    /// Checks that the tenant exists and that the spec can be applied to it. Records its database and
    /// number.
    pub(super) fn check_tenant(&mut self) -> Result<&'a Tenant, Blocker> {
        self.observed.target.clone()?;
        let database = self
            .observed
            .database
            .as_ref()
            .map_err(Blocker::as_waiting)?;
        let spec = self.object.spec;
        if let Some(known) = replaced_database(&self.status, &self.observed.identity) {
            let current = &self.observed.identity;
            return Err(Blocker::permanent(
                CLUSTER_REPLACED,
                format!(
                    "this LogBackup is for a tenant of the cluster with id {} (created at {}), and \
                     the OceanBaseCluster was recreated for {} (id {}, created at {}). The \
                     operator sends nothing: logs of two databases must not go to one directory. \
                     Delete this LogBackup and recreate it; use another `path` to keep the \
                     archived logs",
                    known.cluster_id,
                    known.create_time.0,
                    current.cluster_name,
                    current.cluster_id,
                    current.created_at
                ),
            ));
        }
        if let Some(Renamed { name, path }) = &self.observed.renamed {
            return Err(Blocker::permanent(
                "TenantRenamed",
                format!(
                    "the tenant '{}' was renamed to '{name}'. Its log backup continues, and the \
                     operator sends nothing under either name. Rename it back; or delete this \
                     LogBackup and create one with `tenantName: {name}` and `path: {path}`",
                    spec.tenant_name
                ),
            ));
        }
        if let Some(unnameable) = unnameable(&spec.tenant_name) {
            return Err(unnameable);
        }
        let Some(tenant) = database.tenant.as_deref() else {
            let remedy = if self.status.tenant_id().is_some() {
                "it was dropped or renamed: delete this LogBackup, and create a new one for a new \
                 tenant"
            } else {
                "create the tenant, or delete this LogBackup"
            };
            return Err(tenant::not_found(&spec.tenant_name, remedy));
        };
        let identity = &self.observed.identity;
        let database = pin(&mut self.status.database, identity, Some(tenant));
        let known = database.tenant_id.unwrap_or(tenant.id.0);
        let since = format!("and now has id {}, not {known}", tenant.id);
        let remedy = "delete this LogBackup so that a new one can be created";
        let (name, found) = (&spec.tenant_name, Some(tenant));
        if let Some(gone) = tenant::dropped_or_replaced(name, found, Some(known), &since, remedy) {
            return Err(gone);
        }
        if self.desired == DesiredState::Paused && !self.observed.can_pause {
            return Err(Blocker::permanent(
                "UnsupportedServerVersion",
                "pausing log backup needs OceanBase V4.1 or later; choose Running or Stopped",
            ));
        }
        if spec.archive_lag_target_seconds.is_some() && !self.observed.can_set_lag_target {
            return Err(Blocker::permanent(
                "UnsupportedServerVersion",
                "`archiveLagTargetSeconds` needs OceanBase V4.2 or later; leave it out",
            ));
        }
        let mandatory = |dest: &ArchiveDest| dest.binding.eq_ignore_ascii_case("MANDATORY");
        if self.desired == DesiredState::Paused && tenant.log_dest.as_ref().is_some_and(mandatory) {
            return Err(Blocker::permanent(
                "BindingMandatory",
                "LOG_ARCHIVE_DEST has BINDING=Mandatory: the database would stop writing while \
                 log backup is paused. Choose Running or Stopped",
            ));
        }
        Ok(tenant)
    }
}
