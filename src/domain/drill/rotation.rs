//! Turns of the tenants: which tenant is verified in which slot.

use std::sync::Arc;

use super::observation::ObservedStrategy;
use super::task::credentials_of;
use super::times::{DueSlot, Times};
use super::{Evaluation, TENANT_LIST_LIMIT};
use crate::api::recovery_drill::OpenVerification;
use crate::domain::children::ApplyOutcome;
use crate::domain::{Blocker, Event, naming, shortened, time};
use crate::oceanbase::model::{Tenant, TenantId};

impl Evaluation<'_> {
    /// Closes the open verification once its RecoveryTask is visible or cannot be created. Creation
    /// alone is not enough: until the task is visible, it does not block the next one.
    pub(super) fn close(&mut self, created: Option<&ApplyOutcome>) {
        let Some(open) = self.status.open.clone() else {
            return;
        };
        let name = &open.task_name;
        let mut tasks = self.observed.tasks.iter();
        let is_observed = tasks.any(|task| task.name == *name);
        let is_created = created.is_some_and(|created| created.owned.contains(name));
        let is_taken = created.is_some_and(|created| created.foreign.contains(name));
        let is_late = self.now > open.not_after_time.0;
        if !(is_observed || is_taken || is_late) {
            return;
        }
        if !is_observed && !is_created {
            let why = if is_taken {
                "another RecoveryTask of this name exists: delete that object, or create it again \
                 with another name"
            } else {
                "the operator could not create it in time"
            };
            self.event = Some(Event {
                warning: true,
                reason: "VerificationMissed",
                message: format!("RecoveryTask '{name}' was not created: {why}"),
            });
        }
        self.status.open = None;
    }

    /// Opens the due slot for the tenant whose turn it is.
    pub(super) fn open_due(&mut self, strategy: &ObservedStrategy, times: &Times) {
        let tenants = self.candidates(strategy);
        let Some(due) = times.due(&self.status, tenants.len(), self.now) else {
            return;
        };
        let mut tasks = self.observed.tasks.iter();
        let is_running = self.status.open.is_some() || tasks.any(|task| task.outcome.is_none());
        if is_running {
            if due.is_left_out_while_busy {
                self.status.last_slot_time = Some(time(due.slot));
                self.status.slot_tenants = Some(0);
            }
            return;
        }
        let last = self.status.last_tenant.as_deref();
        let later = tenants
            .iter()
            .find(|tenant| last.is_none_or(|last| *tenant.name > *last));
        let Some(tenant) = later.or(tenants.first()) else {
            return;
        };
        self.open(tenant, &due);
    }

    fn open(&mut self, tenant: &Tenant, due: &DueSlot) {
        let slot = time(due.slot);
        let is_same = self.status.last_slot_time.as_ref() == Some(&slot);
        let before = self.status.slot_tenants.filter(|_| is_same);
        let before = before.unwrap_or_default();
        self.status.slot_tenants = Some(before.saturating_add(1));
        self.status.last_slot_time = Some(slot.clone());
        self.status.last_tenant = Some(tenant.name.clone());
        self.status.open = Some(OpenVerification {
            slot,
            not_after_time: time(due.until),
            tenant_name: tenant.name.clone(),
            tenant_id: tenant.id.0,
            task_name: naming::verification(self.drill.name, TenantId(tenant.id.0), due.slot),
        });
    }

    /// Returns the tenants that can be verified, by name.
    fn candidates(&self, strategy: &ObservedStrategy) -> Vec<Arc<Tenant>> {
        let eligible = strategy.tenants.eligible.iter();
        let mut tenants: Vec<_> = eligible
            .filter(|tenant| self.includes(&tenant.name) && self.can_check(&tenant.name))
            .filter(|tenant| strategy.with_full_backup.contains(&tenant.id))
            .map(Arc::clone)
            .collect();
        tenants.sort_by(|one, other| one.name.cmp(&other.name));
        tenants
    }

    /// Returns whether the drill is for a tenant of this name.
    pub(super) fn includes(&self, tenant: &str) -> bool {
        let names = &self.drill.spec.tenants;
        names.is_empty() || names.iter().any(|name| name == tenant)
    }

    /// Returns whether the checks of a tenant have an account, or none is needed.
    fn can_check(&self, tenant: &str) -> bool {
        self.drill.spec.checks.is_empty() || credentials_of(&self.drill, tenant).is_some()
    }

    /// Returns why tenants of the drill are never verified, while the others are.
    pub(super) fn left_out(&self, strategy: &ObservedStrategy) -> Option<Blocker> {
        let named = self.drill.spec.tenants.iter();
        let foreign = named.filter(|name| !strategy.tenant_names().any(|known| known == *name));
        if let Some(foreign) = listed(foreign) {
            return Some(Blocker::permanent(
                "TenantNotInStrategy",
                format!(
                    "BackupStrategy '{}' does not back up these tenants of `tenants`: {foreign}. \
                     Correct the names, or create a drill for the strategy that does",
                    self.drill.spec.strategy_ref.name
                ),
            ));
        }
        let included = strategy.tenant_names().filter(|name| self.includes(name));
        let missing = listed(included.filter(|name| !self.can_check(name)))?;
        Some(Blocker::permanent(
            "CredentialsMissing",
            format!(
                "`tenantCredentials` has no entry for these tenants, so they are not verified: \
                 {missing}. Add their accounts, or name the other tenants in `tenants`"
            ),
        ))
    }
}

/// Returns the names as a list of limited length; `None` if there is none.
fn listed<'a>(names: impl Iterator<Item = &'a String>) -> Option<String> {
    let mut names: Vec<&str> = names.map(String::as_str).collect();
    names.sort_unstable();
    (!names.is_empty()).then(|| shortened(names.join(", "), TENANT_LIST_LIMIT))
}
