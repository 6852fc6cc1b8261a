//! What the operator may write: status, finalizers and the children that it created. The spec
//! belongs to users.

use std::collections::BTreeSet;

use api_double::Change;
use oceanbase_backup_operator::api::STOP_FINALIZER;
use oceanbase_backup_operator::api::strategy::INHERITED;
use serde_json::Value;

use super::State;

/// Kinds whose status the operator writes.
const OURS: [&str; 8] = [
    "backupstorages",
    "backupstrategies",
    "backuptasks",
    "cleanuptasks",
    "logbackups",
    "oceanbaseclusters",
    "recoverydrills",
    "recoverytasks",
];

/// Kinds of objects that the operator creates.
const MADE: [&str; 4] = ["backuptasks", "cleanuptasks", "logbackups", "recoverytasks"];

/// Further permitted writes: deletion of old tasks, cancellation of children, updates of log
/// backups, and finalizers.
const GRANTED: [(&str, &str); 8] = [
    ("delete", "backuptasks"),
    ("delete", "cleanuptasks"),
    ("delete", "recoverytasks"),
    ("patch", "recoverytasks"),
    ("patch", "backuptasks"),
    ("update", "logbackups"),
    ("patch", "logbackups"),
    ("patch", "backupstrategies"),
];

/// Permitted edits of children: a cancel is passed on, and log backups follow their strategy and
/// stop with it.
const EDITED: [(&str, &[&str]); 2] = [
    ("backuptasks", &["cancel"]),
    (
        "logbackups",
        &[
            "archiveLagTargetSeconds",
            "binding",
            "state",
            "driftPolicy",
            "interruption",
            "mode",
            "path",
            "pieceSwitchDays",
            "storageChangePolicy",
            "storageRef",
        ],
    ),
];

/// Uids of the objects that the operator created.
pub(super) type Children = BTreeSet<String>;

impl State {
    pub(super) fn is_its_own(&mut self, change: &Change) {
        let plural = change.key.plural.as_str();
        let is_status = change.call.starts_with(&format!("update {plural}/status "));
        let is_made = change.before.is_none() && MADE.contains(&plural);
        let is_granted = GRANTED
            .iter()
            .any(|(verb, of)| change.call.starts_with(&format!("{verb} {of} ")));
        if !(is_status && OURS.contains(&plural) || is_made || is_granted) {
            self.violated(&format!("I12: the operator has no right to {change}"));
        }
        let Some(before) = &change.before else {
            let made = change.after.as_deref().and_then(uid);
            return self.children.extend(made);
        };
        let is_child = uid(before).is_some_and(|uid| self.children.contains(&uid));
        if change.call.starts_with("delete ") && !is_child {
            self.violated(&format!("I12: the operator did not make it: {change}"));
        }
        let Some(after) = &change.after else { return };
        let edited = EDITED
            .iter()
            .find(|(of, _)| is_child && *of == plural)
            .map_or(&[][..], |(_, fields)| fields);
        for field in differing(&before["spec"], &after["spec"]) {
            if !edited.contains(&field.as_str()) {
                let (was, is) = (&before["spec"][&field], &after["spec"][&field]);
                self.violated(&format!(
                    "I12: `spec.{field}` is its user's, and went from {was} to {is}: {change}"
                ));
            }
        }
        if theirs(&before["metadata"], is_child) != theirs(&after["metadata"], is_child) {
            self.violated(&format!("I12: its metadata are its user's: {change}"));
        }
    }
}

fn uid(object: &Value) -> Option<String> {
    object["metadata"]["uid"].as_str().map(str::to_owned)
}

/// Returns the names of the fields that differ.
pub(super) fn differing(before: &Value, after: &Value) -> BTreeSet<String> {
    let fields = [before, after].into_iter().filter_map(Value::as_object);
    let names = fields.flat_map(|fields| fields.keys().cloned());
    names.filter(|name| before[name] != after[name]).collect()
}

/// Returns the metadata that users write.
fn theirs(metadata: &Value, is_child: bool) -> (Value, Value, Value, Vec<Value>) {
    let mut annotations = metadata["annotations"].clone();
    if let (Some(annotations), true) = (annotations.as_object_mut(), is_child) {
        annotations.remove(INHERITED);
    }
    let mut labels = metadata["labels"].clone();
    if let (Some(labels), true) = (labels.as_object_mut(), is_child) {
        labels.remove("backup.oceanbase.io/strategy");
    }
    let finalizers = metadata["finalizers"].as_array().into_iter().flatten();
    let of_others = finalizers.filter(|name| *name != STOP_FINALIZER);
    (
        labels,
        annotations,
        metadata["ownerReferences"].clone(),
        of_others.cloned().collect(),
    )
}
