//! Changes by statements and faults.

use super::world::Parts;
use super::{
    ArchiveDest, DataDest, Doom, Health, Pace, Purpose, Request, RoundStatus, Stage, Tenant,
    TenantId, Uri, World,
};
use crate::error;
use crate::value::SqlError;

/// A request to hold backups.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    /// In this stage.
    At(Stage),
    /// No longer held.
    Released,
}

impl World {
    pub(super) fn tenant_with_pace(&mut self, id: TenantId) -> Option<(&mut Tenant, &Pace)> {
        let tenant = self.tenants.iter_mut().find(|tenant| tenant.id == id)?;
        Some((tenant, &self.pace))
    }

    pub(super) fn named_with_pace(&mut self, name: &str) -> Option<(&mut Tenant, &Pace)> {
        let tenant = self.tenants.iter_mut().find(|tenant| tenant.name == name)?;
        Some((tenant, &self.pace))
    }

    /// Sets or removes `LOG_ARCHIVE_DEST`.
    pub(crate) fn set_archive_dest(
        &mut self,
        id: TenantId,
        dest: Option<ArchiveDest>,
    ) -> Result<(), SqlError> {
        let (now, cluster) = (self.now(), (self.identity.id, self.version));
        let Some(tenant) = self.tenants.iter_mut().find(|tenant| tenant.id == id) else {
            return Err(error::unknown_tenant());
        };
        tenant.archive_dest = match dest {
            None => None,
            Some(mut dest) => {
                let storage = &mut self.storage;
                dest.id = tenant.register(&dest.uri, Purpose::Log, cluster, storage, now)?;
                Some(dest)
            }
        };
        tenant.archive.notice(now, &self.pace);
        Ok(())
    }

    /// Sets or removes `DATA_BACKUP_DEST`.
    pub(crate) fn set_data_dest(&mut self, id: TenantId, uri: Option<Uri>) -> Result<(), SqlError> {
        let (now, cluster) = (self.now(), (self.identity.id, self.version));
        let Some(tenant) = self.tenants.iter_mut().find(|tenant| tenant.id == id) else {
            return Err(error::unknown_tenant());
        };
        tenant.data_dest = match uri {
            None => None,
            Some(uri) => {
                let storage = &mut self.storage;
                let id = tenant.register(&uri, Purpose::Data, cluster, storage, now)?;
                Some(DataDest { uri, id })
            }
        };
        Ok(())
    }

    /// Switches `LOG_MODE` and triggers the archive scheduler.
    pub(crate) fn set_log_mode(&mut self, id: TenantId, log_mode: bool) {
        let now = self.now();
        if let Some((tenant, _)) = self.tenant_with_pace(id) {
            tenant.archive.log_mode = log_mode;
            tenant.archive.wake(now);
        }
        self.advance(now);
    }

    /// Sets the destination's state, which the scheduler applies at its next loop.
    pub(crate) fn set_archive_enabled(&mut self, id: TenantId, enabled: bool) {
        let now = self.now();
        if let Some((tenant, pace)) = self.tenant_with_pace(id) {
            tenant.archive_enabled = enabled;
            tenant.archive.notice(now, pace);
        }
    }

    /// Sets or removes `LOG_RESTORE_SOURCE`.
    pub(crate) fn set_restore_source(&mut self, id: TenantId, source: Option<String>) {
        let version = self.version;
        if let Some((tenant, _)) = self.tenant_with_pace(id) {
            let location = source
                .as_deref()
                .and_then(|text| text.strip_prefix("LOCATION="));
            tenant.standby.log = location.and_then(|uri| Uri::parse(uri, version).ok());
            tenant.restore_source = source;
        }
    }

    /// Starts the BACKUP of a user tenant.
    pub(crate) fn start_backup(&mut self, id: TenantId, request: Request) -> Result<(), SqlError> {
        let now = self.now();
        let Parts {
            cluster,
            tenants,
            events,
            ..
        } = self.parts();
        let tenant = tenants.iter_mut().find(|tenant| tenant.id == id);
        let tenant = tenant.ok_or_else(error::unknown_tenant)?;
        tenant.start_backup(request, now, cluster, events)
    }

    /// Cancels the backups of these tenants, or all backups (CANCEL BACKUP).
    ///
    /// # Errors
    /// 4016 for more than two running jobs of sys.
    pub(crate) fn cancel_backups(&mut self, ids: Option<&[TenantId]>) -> Result<(), SqlError> {
        let now = self.now();
        if ids.is_none() {
            self.parents.cancel(now, &self.pace)?;
        }
        for tenant in &mut self.tenants {
            if ids.is_none_or(|ids| ids.contains(&tenant.id)) {
                tenant.cancel_backup(now, &self.pace);
            }
        }
        Ok(())
    }

    /// Breaks the archive of a tenant; returns false if no round runs.
    pub(crate) fn interrupt_archive(&mut self, name: &str, comment: &str) -> bool {
        let now = self.now();
        let Some((tenant, pace)) = self.named_with_pace(name) else {
            return false;
        };
        let interrupted = tenant.archive.interrupt(comment);
        tenant.backups.look_soon(now, pace);
        interrupted
    }

    /// Holds rounds of a tenant in a state, or releases them.
    pub(crate) fn hold_archive(&mut self, name: &str, hold: Option<RoundStatus>) -> bool {
        let now = self.now();
        let Some((tenant, _)) = self.named_with_pace(name) else {
            return false;
        };
        tenant.archive.hold = hold;
        tenant.archive.wake(now);
        self.advance(now);
        true
    }

    /// Makes the running or next backup of a tenant fail.
    pub(crate) fn doom_backup(&mut self, name: &str, doom: Doom) -> bool {
        let now = self.now();
        let tenant = self.named_with_pace(name);
        tenant
            .map(|(tenant, pace)| tenant.doom_backup(doom, now, pace))
            .is_some()
    }

    /// Holds backups of a tenant, or releases them.
    pub(crate) fn hold_backups(&mut self, name: &str, hold: Hold) -> bool {
        let now = self.now();
        let Some((tenant, pace)) = self.named_with_pace(name) else {
            return false;
        };
        match hold {
            Hold::At(stage) => {
                tenant.hold = Some(stage);
                tenant.backups.hold(stage, now);
            }
            Hold::Released => {
                tenant.hold = None;
                tenant.backups.release(now, pace);
            }
        }
        true
    }

    /// Ends the work of a tenant's running backup.
    pub(crate) fn finish_backup(&mut self, name: &str) -> bool {
        let now = self.now();
        let tenant = self.named_with_pace(name);
        tenant
            .map(|(tenant, pace)| tenant.backups.finish(now, pace))
            .is_some()
    }

    /// Changes the health of a path; working backups there notice it early.
    pub(crate) fn set_health(&mut self, path: &str, health: Health) {
        self.storage.set_health(path, health);
        self.look_at_backups_soon();
    }

    /// Schedules an early check of working backups.
    pub(super) fn look_at_backups_soon(&mut self) {
        let now = self.now();
        for tenant in &mut self.tenants {
            tenant.backups.look_soon(now, &self.pace);
        }
    }
}
