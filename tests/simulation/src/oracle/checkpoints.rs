//! What is written while nothing but time passes: seldom.

use std::collections::BTreeMap;
use std::time::Duration;

use api_double::{Change, Key};
use serde_json::{Value, json};

use super::State;

/// What moves with time alone while logs are archived.
const CLOCK: [&str; 13] = [
    "checkpointScn",
    "checkpointTime",
    "dataBytes",
    "delaySeconds",
    "figuresTime",
    "inputBytes",
    "logBytes",
    "outputBytes",
    "pieceId",
    "recoveryWindows",
    "totalBytes",
    "used",
    "usedPercent",
];

/// What else only says how far the database is: a backup of its own may have ended.
const PROGRESS: [&str; 4] = ["backup", "recoveryPoints", "tenant", "trend"];

/// The shortest time between two writes of what moves with time alone. They are due every five
/// minutes by the time that logs are archived to, which moves in steps of its own.
const BETWEEN: Duration = Duration::from_mins(4);

/// When each object was last written because time had passed.
pub(super) type Checkpoints = BTreeMap<Key, Duration>;

impl State {
    /// Takes note of a write: of something that has happened, or of a checkpoint.
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
        // A tenant that is gone takes the oldest checkpoint of its cluster with it: that is news.
        let is_known =
            |status: &Value| Value::Bool(status["backup"]["logBackupCheckpointTime"].is_null());
        // So is a window that opens or is gone: time alone moves ends only.
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

/// Whether a part of the status is what it was.
fn is_same(change: &Change, part: impl Fn(&Value) -> Value) -> bool {
    let objects = change.before.as_ref().zip(change.after.as_ref());
    objects.is_some_and(|(before, after)| part(&before["status"]) == part(&after["status"]))
}

/// The fields of the status that are not what they were.
fn moved(change: &Change) -> Vec<&str> {
    let after = change.after.as_ref();
    let fields = after.and_then(|object| object["status"].as_object());
    let names = fields.into_iter().flatten().map(|(name, _)| name.as_str());
    names
        .filter(|name| !is_same(change, |status| status[*name].clone()))
        .collect()
}

/// Where windows begin, and whether a whole second lies in them.
fn windows(status: &Value) -> Value {
    let windows = status["recoveryWindows"].as_array().into_iter().flatten();
    let opened = windows.map(|window| {
        let is_readable = window["start"].as_str() <= window["end"].as_str();
        json!([window["startScn"], is_readable])
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
    // An alert that lasts says every few minutes that it does, and for how long.
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
