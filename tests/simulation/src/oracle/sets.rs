//! Invariants of a backup that is reported complete. Its set exists or was deleted later, and a
//! requested restore password protects the set.

use std::collections::BTreeMap;

use api_double::Change;
use oceanbase_sim::model::{SetStatus, World};
use serde_json::Value;

use super::State;

/// Sets that were complete at some time, and whether a password protects each. Sets of dropped
/// tenants are kept too.
#[derive(Default)]
pub(super) struct Sets(BTreeMap<(u64, u64), bool>);

impl Sets {
    /// Creates the record from these sets.
    #[cfg(test)]
    pub(super) fn of(sets: impl IntoIterator<Item = ((u64, u64), bool)>) -> Self {
        Self(sets.into_iter().collect())
    }

    /// Records the sets that are complete by now.
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
    /// Checks a BackupTask that is reported complete.
    pub(super) fn has_a_set(&mut self, change: &Change, task: &Value) {
        let (spec, status) = (&task["spec"], &task["status"]);
        // A task for many tenants has children, each with a set of its own.
        if !(spec["scope"].is_null() || spec["scope"] == "Tenant") {
            return;
        }
        let (tenant, set) = (&status["database"]["tenantID"], &status["backupSetID"]);
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
