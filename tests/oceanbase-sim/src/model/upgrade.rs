//! Activation of standbys, upgrades of tenants of an older version, and upgrades of the cluster.

use std::time::Duration;

use super::{ACTIVATION_STEPS, Parameter, Scn, TenantId, World};
use crate::views::Version;

/// The result of a statement that waits for its work, and the length of the wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wait {
    /// How long it waits.
    pub after: Duration,
    /// The error number of the answer, 0 on success.
    pub code: u16,
}

/// A successful `UPGRADE_ALL` of a tenant: a row of `DBA_OB_CLUSTER_EVENT_HISTORY`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpgradeEvent {
    /// When.
    pub at: Scn,
    /// The tenant.
    pub tenant: TenantId,
    /// The data version before.
    pub from: Version,
    /// The data version afterwards.
    pub to: Version,
}

/// Upgrade jobs of tenants.
#[derive(Clone, Debug, Default)]
pub struct Upgrades {
    /// Successful upgrades.
    pub events: Vec<UpgradeEvent>,
    running: Vec<(TenantId, Scn)>,
    /// Tenants whose next upgrade fails.
    dooms: Vec<String>,
}

/// The parameter that shows an upgrade of the cluster.
const UPGRADE_MODE: &str = "enable_upgrade_mode";
const MIN_VERSION: &str = "min_observer_version";

/// How long the engine upgrades a tenant.
const UPGRADE: Duration = Duration::from_mins(1);

impl Upgrades {
    pub(super) fn due(&self) -> Scn {
        let dues = self.running.iter().map(|(_, due)| *due);
        dues.min().unwrap_or(Scn::NEVER)
    }

    /// Returns whether an upgrade of this tenant runs.
    #[must_use]
    pub fn is_running(&self, tenant: TenantId) -> bool {
        self.running.iter().any(|(id, _)| *id == tenant)
    }
}

impl World {
    /// Returns whether the cluster is in upgrade mode, as a client reads it.
    #[must_use]
    pub fn is_upgrading(&self) -> bool {
        let mode = self.parameters.get(UPGRADE_MODE);
        mode.is_some_and(|value| value == "True")
    }

    /// Begins or ends upgrade mode; working backups notice it early.
    pub fn set_upgrade_mode(&mut self, on: bool) {
        let value = if on { "True" } else { "False" };
        self.parameters.insert(UPGRADE_MODE, value.to_owned());
        self.look_at_backups_soon();
    }

    /// Sets a parameter of the cluster. Switches are kept as the kernel shows them.
    pub(crate) fn set_parameter(&mut self, parameter: &Parameter, value: &str) {
        let shown = match parameter.switch(value) {
            Some(true) => "True",
            Some(false) => "False",
            None => value,
        };
        self.parameters.insert(parameter.name, shown.to_owned());
        if parameter.name == UPGRADE_MODE {
            self.look_at_backups_soon();
        }
    }

    /// Ends an upgrade of the whole cluster. Its version and the data version of each tenant
    /// change, and upgrade mode ends.
    pub(crate) fn upgrade_to(&mut self, version: Version) {
        let at = self.now();
        self.version = version;
        self.parameters.remove(MIN_VERSION);
        let ids: Vec<_> = self.tenants.iter().map(|tenant| tenant.id).collect();
        for id in ids {
            self.upgrade_tenant(id, version, at);
        }
        self.set_upgrade_mode(false);
    }

    /// Changes the data version of a tenant.
    pub(crate) fn upgrade_tenant(&mut self, id: TenantId, to: Version, at: Scn) {
        let mut tenants = self.tenants.iter_mut();
        let Some(tenant) = tenants.find(|tenant| tenant.id == id) else {
            return;
        };
        if tenant.compatible >= to {
            return;
        }
        self.upgrades.events.push(UpgradeEvent {
            at,
            tenant: id,
            from: tenant.compatible,
            to,
        });
        tenant.compatible = to;
        self.look_at_backups_soon();
    }

    /// Activates a standby. The statement waits until the tenant is primary, which happens even
    /// without the client.
    pub(crate) fn activate(&mut self, id: TenantId, now: Scn) -> Wait {
        let name = self.tenant_by_id(id).map(|tenant| tenant.name.clone());
        let code = name.and_then(|name| self.failing_activations.remove(&name));
        let mut tenants = self.tenants.iter_mut();
        if let Some(tenant) = tenants.find(|tenant| tenant.id == id) {
            tenant.activate(code.is_some(), now, &self.pace);
        }
        Wait {
            after: self.pace.backup_step() * ACTIVATION_STEPS,
            code: code.unwrap_or(0),
        }
    }

    /// Starts an upgrade job: answered at once, finished later.
    pub(crate) fn start_upgrade(&mut self, id: TenantId) {
        let due = self.now().plus(self.pace.scale(UPGRADE));
        self.upgrades.running.push((id, due));
    }

    /// Makes the next upgrade of a tenant fail.
    pub(crate) fn doom_upgrade(&mut self, tenant: &str) {
        self.upgrades.dooms.push(tenant.to_owned());
    }

    /// Advances upgrades. A failure leaves no event and no other sign: the worst reading of the
    /// source.
    pub(super) fn step_upgrades(&mut self, at: Scn) {
        let to = self.version;
        let Upgrades {
            events,
            running,
            dooms,
        } = &mut self.upgrades;
        for (id, _) in running.extract_if(.., |(_, due)| *due <= at) {
            let mut tenants = self.tenants.iter_mut();
            let Some(tenant) = tenants.find(|tenant| tenant.id == id) else {
                continue;
            };
            if let Some(doomed) = dooms.iter().position(|name| *name == tenant.name) {
                dooms.remove(doomed);
                continue;
            }
            events.push(UpgradeEvent {
                at,
                tenant: id,
                from: tenant.compatible,
                to,
            });
            tenant.compatible = to;
        }
    }
}
