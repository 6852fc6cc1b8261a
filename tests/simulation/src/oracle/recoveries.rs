//! Invariants of recoveries. Each has one job, an intent in its status, and a query for its key
//! before the statement is sent. The operator drops, activates or cancels only what the recovery's
//! own job created. At the end the database matches the task.

mod ends;
mod seen;
#[cfg(test)]
mod tests;
mod verifications;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use api_double::Change;
use oceanbase_sim::Simulator;
use oceanbase_sim::log::Entry;
use oceanbase_sim::model::World;
use oceanbase_sim::statement::Kind;
use serde_json::Value;

use super::State;
use seen::Found;
use verifications::is_verification;

/// State of the recoveries.
#[derive(Default)]
pub(super) struct Recoveries {
    /// The RecoveryTasks in their last written form, by uid.
    tasks: BTreeMap<String, Arc<Value>>,
    /// The state that the current statement finds.
    before: Found,
    /// How often each key was sent, with any result.
    sent: BTreeMap<String, i64>,
    /// How often each key was sent and took effect.
    begun: BTreeMap<String, u32>,
    /// Names of the pools and units that the operator's statements created.
    pools: BTreeSet<String>,
    units: BTreeSet<String>,
    /// What the operator's statements dropped, by the hash of their recovery's key: `tenant a`.
    dropped: BTreeMap<String, BTreeSet<String>>,
    /// Observed jobs and the tenants that they created.
    seen: seen::Seen,
    /// Uids of deleted tasks.
    deleted: BTreeSet<String>,
    /// Queries to restored tenants, by tenant name.
    asked: BTreeSet<(String, String)>,
    /// Violations that are reported only once.
    reported: BTreeSet<String>,
}

impl Recoveries {
    /// Returns the task with this key.
    fn task(&self, key: &str) -> Option<&Arc<Value>> {
        let mut tasks = self.tasks.values();
        tasks.find(|task| task["status"]["key"] == key)
    }

    /// Returns whether the status of the task says that its job is ending.
    fn is_ending(&self, key: &str) -> bool {
        let task = self.task(key);
        task.is_some_and(|task| !task["status"]["ending"].is_null())
    }

    fn is_called_off(&self, key: &str) -> bool {
        let task = self.task(key);
        // A verification is deleted with its strategy, and its tenant with the verification.
        let is_going = |task: &Value| {
            is_verification(task) && !task["metadata"]["deletionTimestamp"].is_null()
        };
        task.is_some_and(|task| task["spec"]["cancel"] == true || is_going(task))
    }
}

impl State {
    /// Records a write of a RecoveryTask.
    pub(super) fn recovery(&mut self, simulator: &Simulator, change: &Change) {
        let Some(after) = &change.after else {
            return self.recovery_is_gone(simulator, change);
        };
        let uid = after["metadata"]["uid"].as_str().unwrap_or_default();
        let tasks = &mut self.recoveries.tasks;
        tasks.insert(uid.to_owned(), Arc::clone(after));
        if let Some(before) = &change.before {
            self.recovery_goes_forward(change, before, after, simulator);
        }
    }

    /// Records the state that the next statement will find.
    pub(super) fn before_a_recovery(&mut self, simulator: &Simulator, text: &str) {
        const READS: [&str; 3] = ["SELECT", "SET", "SHOW"];
        if !READS.iter().any(|word| text.starts_with(word)) {
            self.recoveries.before = simulator.world(Found::of);
        }
    }

    /// Records the results of statements and of time.
    pub(super) fn after_a_recovery(&mut self, world: &World) {
        if !self.recoveries.tasks.is_empty() {
            self.recoveries.seen.record(world);
            self.counts_tenants(world);
        }
    }

    /// Checks a statement that changes something for a recovery, or ends a recovery.
    pub(super) fn of_a_recovery(&mut self, entry: &Entry) {
        let wrong = match entry.kind {
            Kind::Restore | Kind::RecoverTable => self.begins(entry),
            Kind::CreateResourcePool | Kind::CreateResourceUnit => self.makes(entry),
            Kind::DropTenant => self.drops_a_tenant(entry),
            Kind::DropResourcePool | Kind::DropResourceUnit => self.drops_a_resource(entry),
            Kind::CancelRestore | Kind::CancelRecoverTable => self.calls_off(entry),
            Kind::ActivateStandby => self.activates(entry),
            _ => None,
        };
        if let Some(wrong) = wrong {
            self.violated(&format!("I7: {wrong}: {}", entry.text));
        }
    }

    fn begins(&mut self, entry: &Entry) -> Option<String> {
        let Some(key) = key(&entry.text) else {
            return Some("a recovery without a key".to_owned());
        };
        // For tables, the query covers all recoveries with the same idempotency key.
        let looks = [key.to_owned(), format!("{}%", &key[..28.min(key.len())])];
        let mut looks = looks.into_iter().map(|look| (entry.session, look));
        let has_looked = looks.any(|look| self.looked.contains(&look));
        let recoveries = &mut self.recoveries;
        let sent = recoveries.sent.entry(key.to_owned()).or_default();
        *sent += 1;
        let sent = *sent;
        // With slow reads, only the jobs in the database show which RESTORE succeeded.
        if entry.took_effect() && !self.reads_slowly {
            *recoveries.begun.entry(key.to_owned()).or_default() += 1;
        }
        let task = recoveries.task(key);
        let intents = task.and_then(|task| task["status"]["sends"].as_i64());
        if recoveries.begun.get(key).is_some_and(|count| *count > 1) {
            Some(format!("it was run twice for {key}"))
        } else if intents.unwrap_or_default() < sent {
            Some(format!("no status holds the intent of {key}"))
        } else if !has_looked {
            Some(format!(
                "the operator did not look for {key} before it was sent"
            ))
        } else if recoveries.before.has_job(key) {
            Some(format!("the database knows {key} already"))
        } else {
            recoveries.another_verification(key)
        }
    }

    fn makes(&mut self, entry: &Entry) -> Option<String> {
        let name = quoted(&entry.text);
        let recoveries = &mut self.recoveries;
        let Some(key) = key_of(name) else {
            return Some("it is made for no recovery".to_owned());
        };
        if recoveries.task(&key).is_none() {
            return Some("it is made for no recovery".to_owned());
        }
        if entry.took_effect() {
            let (made, there) = if entry.kind == Kind::CreateResourcePool {
                (&mut recoveries.pools, &recoveries.before.pools)
            } else {
                (&mut recoveries.units, &recoveries.before.units)
            };
            if !there.contains(name) {
                made.insert(name.to_owned());
            }
        }
        recoveries.another_verification(&key)
    }

    /// Checks that the operator drops a tenant only if its own unfinished job created it.
    fn drops_a_tenant(&mut self, entry: &Entry) -> Option<String> {
        let name = quoted(&entry.text);
        let recoveries = &mut self.recoveries;
        // Without an id the tenant is already dropped.
        let id = *recoveries.before.tenants.get(name)?;
        let Some(job) = recoveries.before.maker(id) else {
            return Some(format!("no recovery has made tenant {id}"));
        };
        let (key, succeeded) = (job.key.clone(), job.succeeded());
        let has_ended = job.has_ended();
        let Some(task) = recoveries.task(&key) else {
            return Some(format!("tenant {id} belongs to another tool's job"));
        };
        let is_judged = !task["status"]["verification"]["result"].is_null();
        if succeeded && is_verification(task) && !is_judged {
            return Some(format!("no status records how tenant {id} did"));
        }
        if !has_ended || succeeded && !is_verification(task) {
            return Some(format!("the job of tenant {id} has not failed"));
        }
        if !recoveries.is_ending(&key) {
            return Some(format!("the recovery of tenant {id} goes on"));
        }
        if entry.took_effect() {
            let dropped = recoveries.dropped.entry(key).or_default();
            dropped.insert(format!("tenant {name}"));
        }
        None
    }

    fn drops_a_resource(&mut self, entry: &Entry) -> Option<String> {
        let name = quoted(&entry.text).to_owned();
        let recoveries = &mut self.recoveries;
        let (what, made, there) = if entry.kind == Kind::DropResourcePool {
            ("pool", &recoveries.pools, &recoveries.before.pools)
        } else {
            ("unit", &recoveries.units, &recoveries.before.units)
        };
        if !there.contains(&name) {
            return None;
        }
        if !made.contains(&name) {
            return Some(format!("no recovery has made {what} {name}"));
        }
        let key = key_of(&name)?;
        if !recoveries.is_ending(&key) {
            return Some(format!("the recovery of {what} {name} goes on"));
        }
        if entry.took_effect() {
            let dropped = recoveries.dropped.entry(key).or_default();
            dropped.insert(format!("{what} {name}"));
        }
        None
    }

    fn calls_off(&mut self, entry: &Entry) -> Option<String> {
        let name = quoted(&entry.text);
        let of_tables = entry.kind == Kind::CancelRecoverTable;
        let recoveries = &self.recoveries;
        let mut hit = recoveries.before.running(of_tables, name);
        let other = hit.find(|key| !recoveries.is_called_off(key))?;
        Some(format!("no user has canceled {other}"))
    }

    /// Checks that the operator activates only a tenant that its own job finished and that should
    /// be primary.
    fn activates(&mut self, entry: &Entry) -> Option<String> {
        let before = &self.recoveries.before;
        let name = entry.text.split('\'').nth(1).unwrap_or_default();
        let id = *before.tenants.get(name)?;
        let job = before.maker(id);
        let key = job.filter(|job| job.succeeded()).map(|job| &job.key);
        let task = key.and_then(|key| self.recoveries.task(key));
        match task {
            None => Some(format!("no recovery has brought tenant {id} back")),
            Some(task) if task["spec"]["target"]["role"] == "Standby" => {
                Some(format!("tenant {id} is to stay a standby one"))
            }
            Some(_) => None,
        }
    }
}

/// Returns the key of a recovery in a statement.
pub(super) fn key(text: &str) -> Option<&str> {
    text.split('\'').find(|part| part.starts_with("obr/"))
}

/// Returns the key whose unit and pool have this name.
fn key_of(name: &str) -> Option<String> {
    Some(format!("obr/{}", name.strip_prefix("obr_")?))
}

/// Returns the name of the unit and of the pool of a key.
fn name_of(key: &str) -> String {
    key.replacen("obr/", "obr_", 1)
}

/// Returns the first name in backquotes.
fn quoted(text: &str) -> &str {
    text.split('`').nth(1).unwrap_or_default()
}
