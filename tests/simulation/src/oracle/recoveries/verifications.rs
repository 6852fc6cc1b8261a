//! Invariants of verifications: one at a time and one per slot. Only the restored tenant is
//! queried, and nothing remains of it after any result.

use api_double::Change;
use oceanbase_sim::Simulator;
use oceanbase_sim::log::Entry;
use oceanbase_sim::model::World;
use serde_json::Value;

use super::super::State;
use super::ends::left_of;
use super::{Found, Recoveries};

/// Returns whether a task restores its tenant temporarily.
pub(super) fn is_verification(task: &Value) -> bool {
    !task["spec"]["verification"].is_null()
}

impl Recoveries {
    /// Returns another verification that has begun and is not over.
    pub(super) fn another_verification(&self, key: &str) -> Option<String> {
        self.task(key).filter(|task| is_verification(task))?;
        let mut others = self.tasks.iter().filter(|(uid, task)| {
            let status = &task["status"];
            is_verification(task)
                && status["key"] != key
                && !status["step"].is_null()
                && status["outcome"].is_null()
                && !self.deleted.contains(*uid)
        });
        let (_, other) = others.next()?;
        let name = &other["metadata"]["name"];
        Some(format!("{name} verifies already"))
    }

    /// Returns what is wrong with the end of a verification.
    pub(super) fn wrong_verdict(&self, task: &Value) -> Vec<String> {
        let (spec, status) = (&task["spec"], &task["status"]);
        if !is_verification(task) || status["outcome"] != "Completed" {
            return Vec::new();
        }
        let mut wrong = Vec::new();
        let result = &status["verification"]["result"];
        if result != "Passed" {
            wrong.push(format!("it is complete, and its result is {result}"));
        }
        let tenant = spec["target"]["tenantName"].as_str().unwrap_or_default();
        let checks = spec["verification"]["checks"]
            .as_array()
            .into_iter()
            .flatten();
        for check in checks.filter_map(|check| check["sql"].as_str()) {
            if !self.asked.contains(&(tenant.to_owned(), check.to_owned())) {
                wrong.push(format!(
                    "it has passed, and the operator did not ask {check}"
                ));
            }
        }
        wrong
    }
}

impl State {
    /// Checks that a deleted verification takes everything that it created with it.
    pub(super) fn recovery_is_gone(&mut self, simulator: &Simulator, change: &Change) {
        let Some(before) = &change.before else { return };
        let uid = before["metadata"]["uid"].as_str().unwrap_or_default();
        self.recoveries.deleted.insert(uid.to_owned());
        if !is_verification(before) {
            return;
        }
        let found = simulator.world(Found::of);
        for left in left_of(before, &found) {
            self.violated(&format!("I7: {left}: {change}"));
        }
    }

    /// Checks that a verification of a drill is the only one of its slot and tenant, including
    /// finished ones.
    pub(in crate::oracle) fn is_the_only_verification(&mut self, change: &Change, object: &Value) {
        let owner = &object["metadata"]["ownerReferences"][0]["uid"];
        let name = change.key.name.clone();
        let slot = name.rsplit("-verify-").next().unwrap_or_default();
        let tenant = &object["spec"]["source"]["tenant"]["tenantName"];
        let slot = format!("{owner} verify {slot} {tenant}");
        if let Some(other) = self.slots.insert(slot.clone(), name.clone()) {
            self.violated(&format!("I5: {other} and {name} are for one slot: {slot}"));
        }
    }

    /// Checks a query that a user of the tenant itself sends.
    pub(in crate::oracle) fn asks(&mut self, simulator: &Simulator, entry: &Entry) {
        let found = simulator.world(Found::of);
        let id = found.tenants.get(&entry.tenant);
        let job = id.and_then(|id| found.maker(*id));
        let task = job.and_then(|job| self.recoveries.task(&job.key));
        if !task.is_some_and(|task| is_verification(task)) {
            let (tenant, text) = (&entry.tenant, &entry.text);
            self.violated(&format!(
                "I9: no verification has made {tenant}, and it is asked: {text}"
            ));
        }
        let asked = (entry.tenant.clone(), entry.text.clone());
        self.recoveries.asked.insert(asked);
    }

    /// Records the tenants that jobs created: one for each key, and for verifications one at a
    /// time.
    pub(super) fn counts_tenants(&mut self, world: &World) {
        let twice = self.recoveries.seen.made_twice();
        let found = Found::of(world);
        let is_for_a_while = |id: &u64| {
            let key = found.maker(*id).map(|job| &job.key);
            let task = key.and_then(|key| self.recoveries.task(key));
            task.is_some_and(|task| is_verification(task))
        };
        let count = found
            .tenants
            .values()
            .filter(|id| is_for_a_while(id))
            .count();
        let several = (count > 1).then(|| format!("I7: {count} tenants are verified at a time"));
        let twice = twice.map(|key| format!("I7: it was run twice for {key}"));
        for wrong in several.into_iter().chain(twice) {
            if self.recoveries.reported.insert(wrong.clone()) {
                self.violated(&wrong);
            }
        }
    }
}
