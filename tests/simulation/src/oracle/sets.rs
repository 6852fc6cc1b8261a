//! What must hold of a backup that is called complete: its set is there, or was and has been deleted
//! since; and where a restore password was asked for, it protects the set.

use std::collections::BTreeMap;

use api_double::Change;
use oceanbase_sim::model::{SetStatus, World};
use serde_json::Value;

use super::State;

/// Sets that were seen to be complete, and whether a password protects each. A tenant that is
/// dropped takes its sets with it: they are remembered.
#[derive(Default)]
pub(super) struct Sets(BTreeMap<(u64, u64), bool>);

impl Sets {
    /// These ones.
    #[cfg(test)]
    pub(super) fn of(sets: impl IntoIterator<Item = ((u64, u64), bool)>) -> Self {
        Self(sets.into_iter().collect())
    }

    /// Takes note of what is complete by now.
    pub(super) fn record(&mut self, world: &World) {
        for tenant in &world.tenants {
            let sets = tenant.backups.sets.iter();
            for set in sets.filter(|set| set.status == SetStatus::Success) {
                let is_protected = !set.passwd.is_empty();
                self.0.insert((tenant.id.0, set.id.0), is_protected);
            }
        }
    }
}

impl State {
    /// A BackupTask is called complete.
    pub(super) fn has_a_set(&mut self, change: &Change, task: &Value) {
        let (spec, status) = (&task["spec"], &task["status"]);
        // One for many tenants has children, each with a set of its own.
        if !(spec["scope"].is_null() || spec["scope"] == "Tenant") {
            return;
        }
        let (tenant, set) = (&status["tenantId"], &status["backupSetId"]);
        let known = tenant.as_u64().zip(set.as_u64());
        let Some(is_protected) = known.and_then(|known| self.sets.0.get(&known).copied()) else {
            return self.violated(&format!(
                "a set: none of number {set} of tenant {tenant} was ever complete: {change}"
            ));
        };
        let asked = [
            &spec["restorePasswordSecretRef"],
            &status["dataBackup"]["restorePasswordSecretRef"],
        ];
        if !is_protected && asked.into_iter().any(|secret| !secret.is_null()) {
            self.violated(&format!(
                "a set: no password protects {set} of tenant {tenant}, and one was asked for: \
                 {change}"
            ));
        }
    }
}
