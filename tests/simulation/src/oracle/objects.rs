//! Invariants of every change of an object.

use api_double::Change;
use serde_json::Value;

use super::own::differing;
use super::{PASSWORD, READER_PASSWORD, RESTORE_PASSWORD, State};

impl State {
    pub(super) fn change(&mut self, change: &Change) {
        let plural = change.key.plural.as_str();
        if plural == "leases" {
            self.leads(change);
        }
        self.asks_for_window(change);
        if !change.actor.starts_with("operator") {
            return;
        }
        if matches!(plural, "events" | "leases") {
            return self.keeps_secrets(change);
        }
        self.is_written_seldom(change);
        self.is_its_own(change);
        self.keeps_secrets(change);
        self.asks_to_delete(change);
        let Some(after) = &change.after else { return };
        self.claims_no_newer_generation(change, after);
        let attempts = after["status"]["attempts"].as_array().into_iter().flatten();
        let keys = attempts.filter_map(|attempt| attempt["key"].as_str());
        self.intents.extend(keys.map(str::to_owned));
        match (&change.before, plural) {
            (None, "recoverytasks") => self.is_the_only_verification(change, after),
            (None, "backuptasks") => self.is_the_only_task(change, after),
            (Some(before), "backuptasks") => self.task_goes_forward(change, before, after),
            (Some(before), "cleanuptasks") => {
                self.stays_ended(change, &before["status"], &after["status"]);
            }
            _ => {}
        }
    }

    fn keeps_secrets(&mut self, change: &Change) {
        let after = change.after.as_ref().map(ToString::to_string);
        let secrets = [PASSWORD, READER_PASSWORD, RESTORE_PASSWORD];
        if after.is_some_and(|text| secrets.iter().any(|secret| text.contains(secret))) {
            self.violated(&format!("I11: a password stands in {change}"));
        }
    }

    fn claims_no_newer_generation(&mut self, change: &Change, object: &Value) {
        let generation = object["metadata"]["generation"].as_i64().unwrap_or(0);
        let status = &object["status"];
        let conditions = status["conditions"].as_array().into_iter().flatten();
        let claims = conditions.chain([status]);
        let newest = claims
            .filter_map(|claim| claim["observedGeneration"].as_i64())
            .max();
        if newest > Some(generation) {
            self.violated(&format!(
                "I13: a generation ahead of {generation}: {change}"
            ));
        }
    }

    fn is_the_only_task(&mut self, change: &Change, object: &Value) {
        let spec = &object["spec"];
        if spec["scheduledTime"].is_null() {
            return;
        }
        let owner = &object["metadata"]["ownerReferences"][0]["uid"];
        let slot = format!(
            "{owner} {} {} {}",
            spec["type"], spec["scheduledTime"], spec["tenantName"]
        );
        let name = change.key.name.clone();
        if let Some(other) = self.slots.insert(slot.clone(), name.clone()) {
            self.violated(&format!("I5: {other} and {name} are for one slot: {slot}"));
        }
    }

    /// Checks that a final state stays final.
    pub(super) fn stays_ended(&mut self, change: &Change, old: &Value, new: &Value) {
        if old["outcome"].is_null() {
            return;
        }
        for field in differing(&without_generation(old), &without_generation(new)) {
            let (was, is) = (&old[&field], &new[&field]);
            self.violated(&format!(
                "I3: it had ended, and {field} went from {was} to {is}: {change}"
            ));
        }
    }

    fn task_goes_forward(&mut self, change: &Change, before: &Value, after: &Value) {
        let (old, new) = (&before["status"], &after["status"]);
        if old["outcome"].is_null() && new["outcome"] == "Completed" {
            self.has_a_set(change, after);
        }
        self.stays_ended(change, old, new);
        let empty = Vec::new();
        let attempts = |status: &Value| status["attempts"].as_array().unwrap_or(&empty).clone();
        let (known, now) = (attempts(old), attempts(new));
        for attempt in known {
            let same = now.iter().find(|other| other["key"] == attempt["key"]);
            let job = &attempt["jobID"];
            if !job.is_null() && same.is_none_or(|same| same["jobID"] != *job) {
                self.violated(&format!(
                    "I4: job {job} was forgotten or replaced: {change}"
                ));
            }
        }
    }
}

/// Returns a status without its observed generation: the spec of a finished task may still be
/// edited.
fn without_generation(status: &Value) -> Value {
    const NAME: &str = "observedGeneration";
    let mut status = status.clone();
    let conditions = status["conditions"].as_array_mut().into_iter().flatten();
    let conditions = conditions.filter_map(Value::as_object_mut);
    conditions.for_each(|condition| drop(condition.remove(NAME)));
    if let Some(fields) = status.as_object_mut() {
        fields.remove(NAME);
    }
    status
}
