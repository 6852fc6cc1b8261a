//! Invariants of a finished recovery: when its end is reported, and at the end of the run.

use api_double::Change;
use oceanbase_sim::Simulator;
use serde_json::Value;

use super::super::State;
use super::{Found, Recoveries, is_verification, name_of};

/// Fields that must not change after RESTORE may have been sent.
const PINNED: [&str; 3] = ["key", "jobID", "restoreSCN"];

impl State {
    /// Checks a write of a RecoveryTask by the operator.
    pub(in crate::oracle) fn recovery_goes_forward(
        &mut self,
        change: &Change,
        before: &Value,
        after: &Value,
        simulator: &Simulator,
    ) {
        let (old, new) = (&before["status"], &after["status"]);
        self.stays_ended(change, old, new);
        for field in PINNED {
            let is_pinned = !old["sends"].is_null() && !old[field].is_null();
            if is_pinned && old[field] != new[field] {
                let (was, is) = (&old[field], &new[field]);
                self.violated(&format!(
                    "I4: {field} stands, and went from {was} to {is}: {change}"
                ));
            }
        }
        if !old["outcome"].is_null() || new["outcome"].is_null() {
            return;
        }
        let found = simulator.world(Found::of);
        for wrong in self.recoveries.wrong_end(after, &found) {
            self.violated(&format!("I7: {wrong}: {change}"));
        }
    }

    /// Returns what finished recoveries have left behind.
    pub(in crate::oracle) fn left_behind(&self, simulator: &Simulator) -> Vec<String> {
        let found = simulator.world(Found::of);
        let recoveries = &self.recoveries;
        let ended = recoveries.tasks.iter().filter(|(uid, task)| {
            let is_deleted = is_verification(task) && recoveries.deleted.contains(*uid);
            is_deleted || !task["status"]["outcome"].is_null()
        });
        let left = ended.flat_map(|(_, task)| left_of(task, &found));
        let mut left: Vec<_> = left.collect();
        // These tenants are not named after their recovery: any unfinished recovery may own one.
        let tables = recoveries.tasks.values().filter(|task| is_of_tables(task));
        let may_stay = tables
            .into_iter()
            .any(|task| task["status"]["outcome"].is_null());
        let auxiliary = found.tenants.keys();
        let auxiliary = auxiliary.filter(|name| name.starts_with("AUX_RECOVER$") && !may_stay);
        left.extend(auxiliary.map(|name| format!("tenant {name} is left behind")));
        left.into_iter().map(|left| format!("I7: {left}")).collect()
    }
}

impl Recoveries {
    fn wrong_end(&self, task: &Value, found: &Found) -> Vec<String> {
        let (spec, status) = (&task["spec"], &task["status"]);
        let key = status["key"].as_str().unwrap_or_default();
        let succeeded = self.seen.successes.contains(key);
        let mut wrong = Vec::new();
        match status["outcome"].as_str() {
            Some("Completed") if spec["mode"] == "Preview" => {}
            Some("Completed") if !succeeded => {
                wrong.push("its job has not ended well".to_owned());
            }
            Some("Completed") if !is_of_tables(task) => {
                let known = if spec["target"]["role"] == "Standby" {
                    &self.seen.standbys
                } else {
                    &self.seen.primaries
                };
                let id = status["database"]["tenantID"].as_u64();
                if !id.is_some_and(|id| known.contains(&id)) {
                    wrong.push(format!("tenant {id:?} was never what was asked for"));
                }
            }
            Some("Completed") => {}
            Some("Canceled") if spec["cancel"] != true => {
                wrong.push("no user has canceled it".to_owned());
            }
            Some("Failed") if status["cause"].is_null() => {
                wrong.push("it has failed of nothing".to_owned());
            }
            _ if succeeded && status["restoredTime"].is_null() => {
                wrong.push("its job went well, and it does not say so".to_owned());
            }
            _ => {}
        }
        wrong.extend(self.wrong_verdict(task));
        wrong.extend(left_of(task, found));
        wrong.extend(self.untold(key, status));
        wrong
    }

    /// Returns what was dropped for the recovery and is not reported.
    fn untold(&self, key: &str, status: &Value) -> Vec<String> {
        let cleanup = &status["cleanup"];
        let names = |field: &str| {
            let names = cleanup[field].as_array().into_iter().flatten();
            names.filter_map(Value::as_str).collect::<Vec<_>>()
        };
        let tenant = cleanup["tenantDropped"].as_str();
        let is_reported = |what: &str| match what.split_once(' ') {
            Some(("tenant", name)) => tenant == Some(name),
            Some(("pool", name)) => names("poolsDropped").contains(&name),
            Some(("unit", name)) => names("unitsDropped").contains(&name),
            _ => false,
        };
        let dropped = self.dropped.get(key).into_iter().flatten();
        let untold = dropped.filter(|what| !is_reported(what));
        untold
            .map(|what| format!("{what} was dropped, and `cleanup` does not say so"))
            .collect()
    }
}

/// Returns leftovers of a finished recovery that should be gone.
pub(super) fn left_of(task: &Value, found: &Found) -> Vec<String> {
    let (spec, status) = (&task["spec"], &task["status"]);
    let keeps = spec["failurePolicy"] == "Keep" && status["outcome"] == "Failed";
    let stays = !is_of_tables(task) && !is_verification(task);
    let is_restored = stays && !status["restoredTime"].is_null();
    // A recovery that found a job of another recovery has created nothing itself.
    if keeps || is_restored || status["step"].is_null() {
        return Vec::new();
    }
    let key = status["key"].as_str().unwrap_or_default();
    let name = name_of(key);
    let tenants = found.made(key);
    let tenants = tenants.map(|(name, id)| format!("tenant {name}, {id},"));
    let pool = found.pools.contains(&name).then(|| format!("pool {name}"));
    let unit = found.units.contains(&name).then(|| format!("unit {name}"));
    let left = tenants.chain(pool).chain(unit);
    left.map(|what| format!("{what} is left behind")).collect()
}

fn is_of_tables(task: &Value) -> bool {
    task["spec"]["target"]["type"] == "ExistingTenant"
}
