//! Destination of a tenant's backups, and why nothing is sent for some: existing backups never
//! move.

use super::{Evaluation, MatchedTenants, ObservedLogBackup};
use crate::api::log_backup::StorageChangePolicy;
use crate::api::strategy::FailingTenant;
use crate::domain::naming;
use crate::oceanbase::model::Tenant;

/// Longest directory that a LogBackup accepts, in bytes.
const MAX_PATH_BYTES: usize = 512;
/// Reason for a tenant whose logs would move through an edit of the strategy.
pub const STORAGE_CHANGE_REFUSED: &str = "StorageChangeRefused";

/// Directories of a tenant's backups below the storage's own that the templates derived from an
/// earlier name of the cluster. Existing backups there are not moved.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Directories {
    /// Directory of data backups, if it differs.
    pub data: Option<String>,
    /// Directory of archived logs, if it differs.
    pub log: Option<String>,
}

impl Evaluation<'_> {
    /// Returns why nothing is sent for a tenant that could otherwise be backed up.
    pub(super) fn refusal(&self, tenant: &Tenant) -> Option<FailingTenant> {
        let (reason, message) = self
            .unusable_path(tenant)
            .or_else(|| self.other_log_destination(tenant, self.index.log_backup_of(tenant)?))
            .or_else(|| self.blocked_by_rejected_edit(tenant))
            .or_else(|| self.data_elsewhere(tenant))?;
        Some(FailingTenant {
            name: tenant.name.clone(),
            reason: reason.to_owned(),
            message,
        })
    }

    /// Returns why an edit of `storageRef` or `paths` is refused: it would move a tenant's logs.
    pub(super) fn find_rejected_edit(&self, matched: &MatchedTenants) -> Option<String> {
        matched.eligible.iter().find_map(|tenant| {
            let log_backup = self.index.log_backup_of(tenant)?;
            let (reason, message) = self.other_log_destination(tenant, log_backup)?;
            let is_refused = reason == STORAGE_CHANGE_REFUSED;
            is_refused.then(|| format!("tenant {}: {message}", tenant.name))
        })
    }

    /// Returns why no tenant is backed up, if there are tenants and all are blocked.
    pub(super) fn why_idle(&self, matched: &MatchedTenants) -> Option<String> {
        let tenants = matched.eligible.iter();
        let mut blockers = tenants.map(|tenant| self.remaining_blocker(tenant));
        let first = blockers.next()??;
        let is_idle = blockers.all(|remaining_blocker| remaining_blocker.is_some());
        let rejected_edit = self.rejected_edit.as_ref();
        let reason = rejected_edit.map_or(first, |_| STORAGE_CHANGE_REFUSED.to_owned());
        is_idle.then_some(reason)
    }

    /// While an edit of the destination is refused, nothing new goes to the new destination. If the
    /// user reverts the edit, new backups would be at the wrong one. Tenants whose logs and data
    /// are already there continue.
    fn blocked_by_rejected_edit(&self, tenant: &Tenant) -> Option<(&'static str, String)> {
        let rejected_edit = self.rejected_edit.as_ref()?;
        let has_logs = !self.manages_log_backup() || self.index.log_backup_of(tenant).is_some();
        let has_data =
            tenant.data_dest.is_some() && !self.observed.data_elsewhere.contains_key(&tenant.id);
        let message = format!("nothing is sent to the new destination; {rejected_edit}");
        (!has_logs || !has_data).then_some((STORAGE_CHANGE_REFUSED, message))
    }

    /// Returns the path of a new log backup: `None` for the default.
    pub(super) fn new_log_path(&self, tenant: &Tenant) -> Option<String> {
        let paths = self.strategy.spec.paths.as_ref()?;
        paths.log.as_ref().map(|_| self.log_path(tenant, None))
    }

    /// Returns the log directory. `named` is the directory that a log backup names.
    fn log_path(&self, tenant: &Tenant, named: Option<&String>) -> String {
        let paths = self.strategy.spec.paths.as_ref();
        let template = paths.and_then(|paths| paths.log.as_deref());
        let in_use = self.observed.directories.get(&tenant.id);
        let in_use = named.or(in_use.and_then(|of| of.log.as_ref()));
        naming::log_path(template, &self.observed.identity, tenant, in_use)
    }

    fn data_path(&self, tenant: &Tenant) -> String {
        let template = self.strategy.spec.data_template();
        let in_use = self.observed.directories.get(&tenant.id);
        let in_use = in_use.and_then(|of| of.data.as_ref());
        naming::data_path(template, &self.observed.identity, tenant, in_use)
    }

    /// Rejects a template whose result for this cluster and tenant is no directory, or nested in
    /// another.
    fn unusable_path(&self, tenant: &Tenant) -> Option<(&'static str, String)> {
        self.strategy.spec.paths.as_ref()?;
        let (data, log) = (self.data_path(tenant), self.log_path(tenant, None));
        let bad = |c: char| !c.is_ascii_alphanumeric() && !matches!(c, '_' | '.' | '-' | '/');
        let leads_out = |path: &str| path.split('/').any(|part| matches!(part, "" | "." | ".."));
        let problem = if let Some(path) = [&data, &log]
            .into_iter()
            .find(|path| path.len() > MAX_PATH_BYTES || path.contains(bad) || leads_out(path))
        {
            format!(
                "`paths` result in the directory '{path}', which must have only letters, digits, \
                 '_', '.', '-' and '/', at most {MAX_PATH_BYTES} bytes, and no part that is empty, \
                 '.' or '..': correct the template"
            )
        } else if is_within(&data, &log) || is_within(&log, &data) {
            format!(
                "`paths` result in the directories '{data}' and '{log}', one inside the other: \
                 correct the templates"
            )
        } else {
            return None;
        };
        Some(("InvalidPath", problem))
    }

    /// Returns the new destination of a log backup that this strategy created and migrates.
    pub(super) fn new_location(
        &self,
        tenant: &Tenant,
        log_backup: &ObservedLogBackup,
    ) -> Option<(String, Option<String>)> {
        (self.may_migrate(log_backup) && self.needs_migration(tenant, log_backup)).then(|| {
            let storage = self.strategy.spec.storage_ref.name.clone();
            (storage, self.new_log_path(tenant))
        })
    }

    /// Returns whether the strategy may migrate the log backup: only one that it created.
    fn may_migrate(&self, log_backup: &ObservedLogBackup) -> bool {
        let inherited = log_backup.inherited.as_ref();
        self.strategy.spec.storage_change_policy == StorageChangePolicy::StopAndSwitch
            && inherited.is_some_and(|inherited| inherited.strategy == self.strategy.name)
    }

    /// Returns whether the tenant's data backups are at a destination that its log backup has left
    /// or will leave.
    fn migrates_with_logs(&self, tenant: &Tenant, location: &str) -> bool {
        self.index.log_backup_of(tenant).is_some_and(|log_backup| {
            let is_in_flight = log_backup.is_migrating || self.needs_migration(tenant, log_backup);
            self.may_migrate(log_backup)
                && (is_in_flight || log_backup.data_left.as_deref() == Some(location))
        })
    }

    /// Reports a log backup that uses another destination than the strategy's. The path of a log
    /// backup that no strategy created is its creator's choice.
    fn other_log_destination(
        &self,
        tenant: &Tenant,
        log_backup: &ObservedLogBackup,
    ) -> Option<(&'static str, String)> {
        if !self.needs_migration(tenant, log_backup) || self.may_migrate(log_backup) {
            return None;
        }
        let path = self.present_path(tenant, log_backup);
        let (name, storage) = (&log_backup.name, &log_backup.storage);
        let location = format!("'{path}' of BackupStorage '{storage}'");
        let inherited = log_backup.inherited.as_ref();
        if inherited.is_some_and(|inherited| inherited.strategy == self.strategy.name) {
            let message = format!(
                "the edit of `storageRef` or `paths` is rejected: it would move the logs of \
                 LogBackup '{name}', which go to {location}. Until it is resolved, nothing is sent \
                 for tenants whose logs go there, nor for new ones. Revert the edit, or set \
                 `storageChangePolicy` to StopAndSwitch. Or stop and delete the LogBackup, clear \
                 the tenant's LOG_ARCHIVE_DEST and DATA_BACKUP_DEST, and do the same for all \
                 others there: this causes a gap in the logs and needs a new full backup"
            );
            return Some((STORAGE_CHANGE_REFUSED, message));
        }
        let message = format!(
            "LogBackup '{name}' sends the tenant's logs to {location}; nothing is changed. To move \
             to another storage, stop and delete it and clear the tenant's LOG_ARCHIVE_DEST and \
             DATA_BACKUP_DEST: this causes a gap in the logs and needs a new full backup"
        );
        Some(("DestinationChangeRefused", message))
    }

    /// Returns whether a log backup uses another destination than the strategy's.
    fn needs_migration(&self, tenant: &Tenant, log_backup: &ObservedLogBackup) -> bool {
        let spec = self.strategy.spec;
        let is_at_storage = log_backup.storage == spec.storage_ref.name
            || self.observed.same_storages.contains(&log_backup.storage);
        let path = self.present_path(tenant, log_backup);
        let desired = || self.log_path(tenant, log_backup.path.as_ref());
        !is_at_storage || (log_backup.inherited.is_some() && path != desired())
    }

    /// Returns the directory of a log backup.
    fn present_path(&self, tenant: &Tenant, log_backup: &ObservedLogBackup) -> String {
        let in_use = self.observed.directories.get(&tenant.id);
        let in_use = in_use.and_then(|of| of.log.as_ref());
        let default = || naming::log_path(None, &self.observed.identity, tenant, in_use);
        log_backup.path.clone().unwrap_or_else(default)
    }

    /// Returns whether another tool archives the tenant's logs. That is allowed unless the strategy
    /// manages log backup.
    pub(super) fn has_logs_elsewhere(&self, tenant: &Tenant) -> bool {
        self.manages_log_backup() && self.observed.logs_elsewhere.contains(&tenant.id)
    }

    fn data_elsewhere(&self, tenant: &Tenant) -> Option<(&'static str, String)> {
        let location = self.observed.data_elsewhere.get(&tenant.id)?;
        if self.migrates_with_logs(tenant, location) {
            return None;
        }
        let message = format!(
            "the tenant's data backups already go to '{location}', and nothing is changed: back up \
             there, or clear DATA_BACKUP_DEST first"
        );
        Some(("DestinationInUse", message))
    }
}

fn is_within(inner: &str, outer: &str) -> bool {
    let rest = inner.strip_prefix(outer);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
