//! Status writes that only the passing of time causes must be rare.

use std::collections::BTreeMap;
use std::time::Duration;

use api_double::{Change, Key};
use serde_json::{Value, json};

use super::State;

/// Fields that move with time alone while logs are archived.
const CLOCK: [&str; 11] = [
    "checkpointSCN",
    "checkpointTime",
    "dataBytes",
    "delaySeconds",
    "figuresTime",
    "inputBytes",
    "logBytes",
    "outputBytes",
    "pieceID",
    "recoveryWindows",
    "summary",
];

/// Further fields that only report the progress of the database, such as a backup of its own.
const PROGRESS: [&str; 4] = ["backup", "recoveryPoints", "tenant", "trend"];

/// The shortest time between two writes of fields that move with time alone. They are due every
/// five minutes of archived log, which advances in steps of its own.
const BETWEEN: Duration = Duration::from_mins(4);

/// When each object was last written because time had passed.
pub(super) type Checkpoints = BTreeMap<Key, Duration>;

impl State {
    /// Records a write, either of an event or of a checkpoint.
    pub(super) fn is_written_seldom(&mut self, change: &Change) {
        let now = self.time.elapsed();
        if is_same(change, |status| without(&without_clock(status), &PROGRESS))
            && is_same(change, |status| status["backup"]["phase"].clone())
            && is_same(change, |status| status["backup"]["runningTasks"].clone())
        {
            return self.is_due(change, now);
        }
        self.moved_at = now;
    }

    fn is_due(&mut self, change: &Change, now: Duration) {
        // A dropped tenant removes the oldest checkpoint of its cluster: that is an event.
        let is_known =
            |status: &Value| Value::Bool(status["backup"]["logBackupCheckpointTime"].is_null());
        // A window that opens or disappears is an event too: time alone moves ends only.
        if !is_same(change, without_clock)
            || !is_same(change, is_known)
            || !is_same(change, windows)
            || !change.call.contains("/status ")
        {
            return;
        }
        let last = self.checkpoints.insert(change.key.clone(), now);
        let age = last.map(|last| now.saturating_sub(last));
        if let Some(age) = age.filter(|age| self.is_on_time && *age < BETWEEN) {
            let moved = moved(change).join(", ");
            self.violated(&format!(
                "I10: only time has passed, and that was written {age:?} ago: {change} ({moved})"
            ));
        }
    }
}

/// Returns whether a part of the status is unchanged.
fn is_same(change: &Change, part: impl Fn(&Value) -> Value) -> bool {
    let objects = change.before.as_ref().zip(change.after.as_ref());
    objects.is_some_and(|(before, after)| part(&before["status"]) == part(&after["status"]))
}

/// Returns the changed fields of the status.
fn moved(change: &Change) -> Vec<&str> {
    let after = change.after.as_ref();
    let fields = after.and_then(|object| object["status"].as_object());
    let names = fields.into_iter().flatten().map(|(name, _)| name.as_str());
    names
        .filter(|name| !is_same(change, |status| status[*name].clone()))
        .collect()
}

/// Returns the beginnings of windows, and whether each contains a whole second.
fn windows(status: &Value) -> Value {
    let windows = status["recoveryWindows"].as_array().into_iter().flatten();
    let opened = windows.map(|window| {
        let is_readable = window["start"].as_str() <= window["end"].as_str();
        json!([window["startSCN"], is_readable])
    });
    opened.collect()
}

fn without(status: &Value, names: &[&str]) -> Value {
    let mut status = status.clone();
    if let Some(fields) = status.as_object_mut() {
        fields.retain(|name, _| !names.contains(&name.as_str()));
    }
    status
}

fn without_clock(status: &Value) -> Value {
    let mut status = without(status, &CLOCK);
    // A lasting alert reports its duration every few minutes.
    for alert in status["alerts"].as_array_mut().into_iter().flatten() {
        *alert = without(alert, &["lastGeneratedTime", "message"]);
    }
    for place in status["destinations"].as_array_mut().into_iter().flatten() {
        *place = without(place, &["bytes", "bytesTime"]);
    }
    if let Some(backup) = status.get_mut("backup") {
        *backup = without(backup, &["logBackupCheckpointTime"]);
    }
    status
}
