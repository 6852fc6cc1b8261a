//! Access of a tenant to its storage: `CHANGE EXTERNAL_STORAGE_DEST`, rotation of keys.

use super::{Scn, StorageCheck, Tenant, TenantId, Uri, World};
use crate::error;
use crate::value::SqlError;

/// A change of access to a path of a tenant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewAccess {
    /// `access_id` and `access_key`.
    pub keys: Option<(String, String)>,
    /// `max_iops` and `max_bandwidth`; empty if only keys change.
    pub attributes: Vec<(String, String)>,
}

impl World {
    /// Changes keys or limits of a present or former destination of a tenant.
    ///
    /// # Errors
    /// 4018 for a path that the tenant does not know, 1235 for a path that is no object storage or
    /// has a role, 9116 for keys that the storage rejects.
    pub(crate) fn change_access(
        &mut self,
        id: TenantId,
        root: &str,
        host: Option<&str>,
        new: &NewAccess,
    ) -> Result<(), SqlError> {
        let now = self.now();
        let Some(tenant) = self.tenants.iter_mut().find(|tenant| tenant.id == id) else {
            return Err(error::unknown_tenant());
        };
        let here = |uri: &Uri| uri.root == root && host.is_none_or(|host| host == uri.host());
        let known = tenant.checks.iter().map(|check| check.uri.clone());
        let known: Vec<Uri> = known.filter(here).collect();
        if known.is_empty() {
            return Err(error::no_such_path());
        }
        for uri in known {
            if uri.is_file() || (new.keys.is_some() && uri.has_role()) {
                return Err(error::unsupported());
            }
            let changed = uri.changed(new);
            if new.keys.is_some()
                && let Some(refused) = self.storage.health(&changed).error()
            {
                return Err(refused);
            }
            tenant.enter_with(&changed);
            tenant.record_check(&changed, now);
        }
        Ok(())
    }

    /// Makes the storage accept only this key from now on.
    pub(crate) fn rotate_key(&mut self, path: &str, access_key: &str) {
        self.storage.rotate_key(path, access_key);
        let now = self.now();
        for tenant in &mut self.tenants {
            tenant.backups.look_soon(now, &self.pace);
        }
    }
}

impl Tenant {
    /// Applies keys and limits to a path: all backups there use them from now on.
    pub(super) fn enter_with(&mut self, new: &Uri) {
        let archive = &mut self.archive;
        let rounds = archive.round.iter_mut().chain(&mut archive.history);
        let logs = rounds.map(|round| &mut round.uri);
        let logs = logs.chain(archive.pieces.iter_mut().map(|piece| &mut piece.uri));
        let logs = logs.chain(self.archive_dest.iter_mut().map(|dest| &mut dest.uri));
        let backups = &mut self.backups;
        let data = backups.sets.iter_mut().map(|set| &mut set.uri);
        let jobs = backups.jobs.iter_mut().chain(&mut backups.history);
        let data = data.chain(jobs.filter_map(|job| job.dest.as_mut().map(|dest| &mut dest.uri)));
        let data = data.chain(self.data_dest.iter_mut().map(|dest| &mut dest.uri));
        let deletes = self.cleanup.jobs.iter_mut().flat_map(|job| &mut job.tasks);
        let deletes = deletes.map(|task| &mut task.uri);
        let checks = self.checks.iter_mut().map(|check| &mut check.uri);
        let all = logs.chain(data).chain(deletes).chain(checks);
        for uri in all.filter(|uri| uri.place() == new.place()) {
            uri.clone_from(new);
        }
    }

    /// Records a successful check: its row gets the time, and history a copy.
    pub(super) fn record_check(&mut self, uri: &Uri, at: Scn) {
        let place = uri.place();
        let here = |check: &&mut StorageCheck| check.uri.place() == place;
        for check in self.checks.iter_mut().filter(here) {
            check.checked_at = at;
            self.past_checks.push(check.clone());
        }
    }
}

impl Uri {
    /// Returns the same destination with the limits of another one.
    #[must_use]
    pub(super) fn with_limits_of(&self, other: &Self) -> Self {
        let limit = |name: &str| {
            let value = other.limit(name).unwrap_or("0");
            (name.to_owned(), value.to_owned())
        };
        self.changed(&NewAccess {
            keys: None,
            attributes: ["max_iops", "max_bandwidth"].map(limit).into(),
        })
    }

    /// Returns the same destination with changed access.
    #[must_use]
    pub fn changed(&self, new: &NewAccess) -> Self {
        let mut uri = self.clone();
        let keys = new
            .keys
            .iter()
            .flat_map(|(id, key)| [("access_id", id.as_str()), ("access_key", key.as_str())]);
        let limits = new.attributes.iter();
        let limits = limits.map(|(name, value)| (name.as_str(), value.as_str()));
        for (name, value) in keys.chain(limits) {
            uri.params.retain(|(known, _)| known != name);
            uri.params.push((name.to_owned(), value.to_owned()));
        }
        uri
    }
}
