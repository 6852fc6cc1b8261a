//! Argo CD's health of every object in every state that a running operator shows.

mod backups;
mod cleanups;
mod recoveries;

use argo_cd::Health;
use serde_json::Value;

use super::recorder::Recorder;
use super::{argo, file};
use crate::support::eventually;
use crate::support::world::condition_of;

/// Kind, phase, and Argo CD's health of an object in it.
type Expected<'a> = (&'a str, &'a str, &'a str);

/// Checks that each state occurred with this health, and that Argo CD and Flux agree on all others.
fn assert_judged(recorder: &Recorder, expected: &[Expected<'_>]) {
    // The last state may be read before the watch has delivered it.
    eventually(
        "every state",
        || {
            let judged = judged(recorder);
            let was_seen = |wanted: &Expected<'_>| {
                let mut all = judged.iter();
                all.any(|(object, health)| is(object, health, wanted))
            };
            let missing = expected.iter().filter(|&wanted| !was_seen(wanted));
            missing.copied().collect::<Vec<_>>()
        },
        Vec::is_empty,
    );
    for (object, health) in &judged(recorder) {
        let agreed = match kstatus(object) {
            "InProgress" => health.status == "Progressing",
            "Failed" => health.status == "Degraded",
            _ if has_false_condition(object) => health.status == of_trouble(object),
            _ => matches!(health.status.as_str(), "Healthy" | "Suspended"),
        };
        assert!(
            agreed,
            "{} is {}",
            reported(object, health),
            kstatus(object)
        );
        assert!(!health.message.is_empty(), "{}", reported(object, health));
    }
}

/// Returns Argo CD's health of every version of every object so far.
fn judged(recorder: &Recorder) -> Vec<(Value, Health)> {
    let objects = recorder.objects();
    let judged = argo().health(&objects).unwrap();
    let judged = judged
        .into_iter()
        .map(|health| health.expect("a script for the kind"));
    objects.into_iter().zip(judged).collect()
}

fn is(object: &Value, health: &Health, (kind, phase, status): &Expected<'_>) -> bool {
    object["kind"] == *kind && object["status"]["phase"] == *phase && health.status == *status
}

fn reported(object: &Value, health: &Health) -> String {
    let text = |value: &Value| value.as_str().unwrap_or("none").to_owned();
    format!(
        "{} {} in {}: {} ({})",
        text(&object["kind"]),
        text(&object["metadata"]["name"]),
        text(&object["status"]["phase"]),
        health.status,
        health.message
    )
}

/// Conditions that Flux and `kubectl wait` do not evaluate.
const FURTHER: [&str; 11] = [
    "Reachable",
    "PrivilegesSufficient",
    "CredentialsApplied",
    "LimitsApplied",
    "WithinCapacity",
    "Archiving",
    "DelayWithinTarget",
    "BackupHealthy",
    "LogBackupHealthy",
    "RetentionApplied",
    "RestoreVerified",
];

fn has_false_condition(object: &Value) -> bool {
    let mut further = FURTHER.iter();
    further.any(|kind| condition_of(object, kind)["status"] == "False")
}

/// Returns Argo CD's health of a ready object with a further condition that is False.
fn of_trouble(object: &Value) -> &'static str {
    let further = FURTHER.iter().map(|kind| condition_of(object, kind));
    let mut wrong = further.filter(|condition| condition["status"] == "False");
    let first = wrong.next().unwrap();
    let wanted = object["spec"]["state"].as_str();
    if wanted.is_some_and(|it| it != "Running" && object["status"]["phase"] == it) {
        return "Suspended";
    }
    if first["reason"] == "Applying" {
        return "Progressing";
    }
    "Degraded"
}

/// Conditions that the script ignores: its three main ones, a suspended schedule, progress of a
/// task or of a move, and differences of a task from its request.
const NOT_JUDGED: [&str; 13] = [
    "Ready",
    "Reconciling",
    "Stalled",
    "Succeeded",
    "Submitted",
    "JobStarted",
    "TargetReady",
    "Restored",
    "Activated",
    "Scheduling",
    "StorageMigrated",
    "Previewed",
    "TypeChanged",
];

#[test]
fn every_type_of_condition_is_judged_or_left_out_on_purpose() {
    let source = file("src/api/condition.rs");
    let types = source.lines().filter_map(|line| {
        let value = line.trim().strip_prefix("pub const ")?.split('"').nth(1)?;
        Some(value.to_owned())
    });
    let known = |name: &String| NOT_JUDGED.iter().chain(&FURTHER).any(|it| it == name);
    let unknown: Vec<String> = types.filter(|name| !known(name)).collect();
    assert_eq!(unknown, [""; 0]);
    let script = file("deploy/argocd/argocd-cm.yaml");
    for kind in FURTHER {
        assert!(script.contains(&format!("\"{kind}\"")), "{kind}");
    }
}

/// Returns the kstatus of an object, on which Flux waits.
fn kstatus(object: &Value) -> &'static str {
    let status = &object["status"];
    let observed = &status["observedGeneration"];
    if !observed.is_null() && *observed != object["metadata"]["generation"] {
        return "InProgress";
    }
    for condition in status["conditions"].as_array().into_iter().flatten() {
        let is_true = condition["status"] == "True";
        match condition["type"].as_str() {
            Some("Reconciling") if is_true => return "InProgress",
            Some("Stalled") if is_true => return "Failed",
            _ => {}
        }
    }
    match condition_of(object, "Ready")["status"].as_str() {
        Some("False" | "Unknown") => "InProgress",
        _ => "Current",
    }
}

#[test]
fn what_the_operator_has_not_looked_at_is_progressing() {
    let object = |status: Value| {
        serde_json::json!({
            "apiVersion": "backup.oceanbase.io/v1alpha1",
            "kind": "BackupStrategy",
            "metadata": {"name": "nightly", "generation": 2},
            "spec": {},
            "status": status,
        })
    };
    let objects = [
        object(Value::Null),
        object(serde_json::json!({"observedGeneration": -1})),
        object(serde_json::json!({
            "observedGeneration": 1,
            "conditions": [{"type": "Ready", "status": "True", "reason": "Accepted", "message": "m"}],
        })),
        object(serde_json::json!({"observedGeneration": 2})),
    ];
    for health in argo().health(&objects).unwrap() {
        assert_eq!(health.unwrap().status, "Progressing");
    }
}

#[test]
fn an_object_that_is_not_ours_has_no_health_of_ours() {
    let object = serde_json::json!({"apiVersion": "other.io/v1", "kind": "BackupTask", "metadata": {"name": "x"}});
    assert_eq!(argo().health(&[object]).unwrap(), [None]);
}
