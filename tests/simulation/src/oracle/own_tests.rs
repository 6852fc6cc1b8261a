//! Tests of writes to fields of users and to fields of the operator.

use std::sync::Arc;

use api_double::{Change, Key};
use serde_json::{Value, json};

use super::Oracle;
use crate::time::Time;
use crate::workload::Workload;

/// Returns the oracle's report about a change by the operator to an object of a user or of the
/// operator.
fn said_of(plural: &str, call: &str, is_child: bool, before: &Value, after: &Value) -> Vec<String> {
    let oracle = Oracle::new(Time::begin(), &Workload::find("pair").unwrap(), &[]);
    let object = |object: &Value| {
        let mut object = object.clone();
        object["metadata"]["uid"] = json!("1");
        Some(Arc::new(object))
    };
    let change = |before, after, actor: &str, call: &str| Change {
        version: 2,
        key: Key {
            plural: plural.to_owned(),
            namespace: "payments".to_owned(),
            name: "a".to_owned(),
        },
        before,
        after,
        actor: actor.to_owned(),
        call: call.to_owned(),
    };
    let maker = if is_child {
        "operator/first-1"
    } else {
        "person"
    };
    let made = change(None, object(before), maker, &format!("create {plural} a"));
    oracle.lock().change(&made);
    let after = if after.is_null() { None } else { object(after) };
    let edit = change(object(before), after, "operator/first-1", call);
    oracle.lock().change(&edit);
    let cut = |text: &String| text.split_once(": ").map(|(_, rest)| rest.to_owned());
    oracle.violations().iter().filter_map(cut).collect()
}

fn spec(spec: &Value) -> Value {
    json!({"metadata": {}, "spec": spec})
}

const NOTHING: Vec<String> = Vec::new();

#[test]
fn a_patch_of_what_a_user_wrote_is_seen() {
    let said = said_of(
        "backupstrategies",
        "patch backupstrategies a",
        false,
        &spec(&json!({"taskHistoryLimits": {"successful": 10}})),
        &spec(&json!({"taskHistoryLimits": {"successful": 1}})),
    );
    assert!(
        said[0].starts_with("I12: `spec.taskHistoryLimits` is its user's"),
        "{said:?}"
    );
}

#[test]
fn a_finalizer_of_its_own_is_in_order() {
    let held = json!({"metadata": {"finalizers": ["backup.oceanbase.io/stop"]}, "spec": {}});
    let free = json!({"metadata": {"finalizers": []}, "spec": {}});
    let call = "patch backupstrategies a";
    assert_eq!(
        said_of("backupstrategies", call, false, &free, &held),
        NOTHING
    );
}

#[test]
fn a_finalizer_of_somebody_else_that_is_taken_off_is_seen() {
    let held = json!({"metadata": {"finalizers": ["example.com/mine"]}, "spec": {}});
    let free = json!({"metadata": {"finalizers": []}, "spec": {}});
    let said = said_of(
        "backupstrategies",
        "patch backupstrategies a",
        false,
        &held,
        &free,
    );
    assert!(said[0].starts_with("I12: its metadata"), "{said:?}");
}

#[test]
fn a_log_backup_that_a_strategy_made_follows_it() {
    let of = |days: u32| spec(&json!({"tenantName": "orders", "pieceSwitchDays": days}));
    let call = "update logbackups a";
    assert_eq!(said_of("logbackups", call, true, &of(1), &of(2)), NOTHING);
    let by_a_user = said_of("logbackups", call, false, &of(1), &of(2));
    assert!(
        by_a_user[0].starts_with("I12: `spec.pieceSwitchDays`"),
        "{by_a_user:?}"
    );
}

/// Only a strategy moves its own log backups. Whether a move was requested is checked where
/// destinations are left.
#[test]
fn a_log_backup_of_a_user_that_is_moved_is_seen() {
    let of = |path: &str| spec(&json!({"path": path}));
    let call = "update logbackups a";
    let said = said_of("logbackups", call, false, &of("x"), &of("y"));
    assert!(said[0].starts_with("I12: `spec.path`"), "{said:?}");
    assert_eq!(
        said_of("logbackups", call, true, &of("x"), &of("y")),
        NOTHING
    );
}

#[test]
fn a_task_of_a_user_that_is_deleted_is_seen() {
    let task = spec(&json!({"type": "Full"}));
    let call = "delete backuptasks a";
    assert_eq!(
        said_of("backuptasks", call, true, &task, &Value::Null),
        NOTHING
    );
    let by_a_user = said_of("backuptasks", call, false, &task, &Value::Null);
    assert!(
        by_a_user[0].starts_with("I12: the operator did not make it"),
        "{by_a_user:?}"
    );
}
