//! Activation of standbys and the upgrade of tenants of an older version.

use std::time::Duration;

use super::{ACTIVATION_STEPS, Scn, TenantId, World};
use crate::views::Version;

/// What a statement that waits for its work is told, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wait {
    /// How long it waits.
    pub after: Duration,
    /// The number that it is then answered with, 0 if it goes well.
    pub code: u16,
}

/// `UPGRADE_ALL` of a tenant that went well: a row of `DBA_OB_CLUSTER_EVENT_HISTORY`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpgradeEvent {
    /// When.
    pub at: Scn,
    /// Whose.
    pub tenant: TenantId,
    /// The data version before.
    pub from: Version,
    /// The data version since.
    pub to: Version,
}

/// Upgrade jobs of tenants.
#[derive(Clone, Debug, Default)]
pub struct Upgrades {
    /// Those that went well.
    pub events: Vec<UpgradeEvent>,
    running: Vec<(TenantId, Scn)>,
    /// Tenants whose next upgrade fails.
    dooms: Vec<String>,
}

/// How long the engine upgrades a tenant.
const UPGRADE: Duration = Duration::from_mins(1);

impl Upgrades {
    pub(super) fn due(&self) -> Scn {
        let dues = self.running.iter().map(|(_, due)| *due);
        dues.min().unwrap_or(Scn::NEVER)
    }

    /// Whether one of this tenant runs.
    #[must_use]
    pub fn is_running(&self, tenant: TenantId) -> bool {
        self.running.iter().any(|(id, _)| *id == tenant)
    }
}

impl World {
    /// ACTIVATE STANDBY. The statement waits until the tenant is primary, which it then is, whether
    /// or not anybody waits.
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

    /// RUN UPGRADE JOB: answered at once, done later.
    pub(crate) fn start_upgrade(&mut self, id: TenantId) {
        let due = self.now().plus(self.pace.scale(UPGRADE));
        self.upgrades.running.push((id, due));
    }

    /// Lets the next upgrade of a tenant fail.
    pub(crate) fn doom_upgrade(&mut self, tenant: &str) {
        self.upgrades.dooms.push(tenant.to_owned());
    }

    /// What fails leaves no event behind, and nothing else that tells: the least convenient
    /// reading.
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
