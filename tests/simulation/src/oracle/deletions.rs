//! Invariants of statements that delete backups. Each is requested and sent once, and no tenant
//! loses its last restorable set.

use std::collections::{BTreeMap, BTreeSet};

use api_double::Change;
use oceanbase_sim::log::Entry;
use oceanbase_sim::model::{SetStatus, World};
use serde_json::Value;

use super::State;

/// Requested and executed deletions.
#[derive(Default)]
pub(super) struct Deletions {
    /// Statements that may be sent: the tenant, the words of the statement, and the requesting
    /// task.
    intents: BTreeMap<(String, String), String>,
    /// Tasks whose statement was accepted.
    taken: BTreeSet<String>,
    /// Tenants that had a restorable set.
    restorable: BTreeSet<u64>,
}

impl State {
    /// Records a statement that is about to be sent.
    pub(super) fn asks_to_delete(&mut self, change: &Change) {
        let Some(task) = &change.after else { return };
        let (spec, statement) = (&task["spec"], &task["status"]["statement"]);
        if change.key.plural != "cleanuptasks" || statement["outcome"] != "Sending" {
            return;
        }
        let tenant = spec["tenantName"].as_str().unwrap_or_default().to_owned();
        let uid = task["metadata"]["uid"].to_string();
        let what = (tenant, words(&spec["target"]));
        self.deletions.intents.insert(what, uid);
    }

    /// Checks a DELETE that was sent.
    pub(super) fn deletes(&mut self, entry: &Entry) {
        for name in &entry.named {
            let known = self.deletions.intents.iter();
            let mut known = known.filter(|((tenant, words), _)| {
                let begin = format!("ALTER SYSTEM DELETE {words} TENANT");
                tenant == name && entry.text.starts_with(&begin)
            });
            let task = known.next().map(|(_, task)| task.clone());
            let Some(task) = task else {
                let text = &entry.text;
                return self.violated(&format!("I1: no status holds the intent of {text}"));
            };
            if entry.took_effect() && !self.deletions.taken.insert(task) {
                self.violated(&format!("I1: it was deleted twice: {}", entry.text));
            }
        }
    }

    /// Checks I8: a tenant that was restorable stays restorable.
    pub(super) fn keeps_a_chain(&mut self, world: &World) {
        let mut lost = Vec::new();
        for tenant in &world.tenants {
            let mut sets = tenant.backups.sets.iter();
            let is_there = sets.any(|set| set.status == SetStatus::Success && set.is_usable());
            if is_there {
                self.deletions.restorable.insert(tenant.id.0);
            } else if self.deletions.restorable.remove(&tenant.id.0) {
                lost.push(tenant.name.clone());
            }
        }
        for name in lost {
            self.violated(&format!("I8: {name} has lost its last set"));
        }
    }
}

/// Returns the words between DELETE and TENANT.
fn words(target: &Value) -> String {
    let lists = [&target["backupSetIDs"], &target["pieceIDs"]].into_iter();
    let ids = lists.filter_map(Value::as_array).flatten();
    let mut ids: Vec<_> = ids.filter_map(Value::as_i64).collect();
    ids.sort_unstable();
    let ids: Vec<_> = ids.iter().map(i64::to_string).collect();
    match target["type"].as_str() {
        Some("BackupSets") => format!("BACKUPSET {}", ids.join(",")),
        Some("Pieces") => format!("ARCHIVELOG_PIECE {}", ids.join(",")),
        _ => "OBSOLETE BACKUP".to_owned(),
    }
}
