//! Stories of the operator as a process.

use std::time::Duration;

use serde_json::Value;

use super::{LOG_BACKUP, ONE_TENANT};
use crate::support::{World, eventually};

#[test]
fn the_operator_answers_probes_and_shows_metrics() {
    let world = World::started("probes", ONE_TENANT);
    let operator = world.operator.as_ref().unwrap();
    assert_eq!(operator.get("/healthz"), (200, "ok\n".to_owned()));
    eventually(
        "readiness",
        || operator.get("/readyz").0,
        |code| *code == 200,
    );
    world.condition(
        ("oceanbasecluster", "prod"),
        "Reachable",
        "True",
        "Reachable",
    );
    let (code, metrics) = operator.get("/metrics");
    assert_eq!(code, 200);
    assert!(metrics.lines().any(|line| line.starts_with("obbackup_")));
    assert_eq!(operator.get("/nothing").0, 404);
}

#[test]
fn the_operator_stops_gracefully_when_its_pod_is_deleted() {
    let mut world = World::started("sigterm", ONE_TENANT);
    world.condition(
        ("oceanbasecluster", "prod"),
        "Reachable",
        "True",
        "Reachable",
    );
    let operator = world.operator.take().unwrap();
    let (status, took) = operator.terminate();
    assert_eq!(status.code(), Some(0));
    // Less than the 20 s after which running reconcile passes are abandoned.
    assert!(took < Duration::from_secs(15), "{took:?}");
}

/// A reader that keeps the last of two equal keys would lose the first value.
#[test]
fn each_log_line_for_machines_is_an_object_without_a_key_twice() {
    let mut world = World::new("json-log", ONE_TENANT);
    world.start_operator_with(&["--log-format", "json"]);
    world.apply(LOG_BACKUP);
    world.phase("logbackup", "orders-log", "InProgress");
    let operator = world.operator.take().unwrap();
    let log = operator.log_file().to_owned();
    operator.terminate();
    let log = std::fs::read_to_string(log).unwrap();
    for line in log.lines() {
        let object: Value = serde_json::from_str(line).unwrap();
        assert_eq!(
            object.to_string().len(),
            line.len(),
            "a key is lost: {line}"
        );
    }
    let about = |line: &str| line.contains("\"object\":\"orders-log\"");
    assert!(log.lines().any(about), "{log}");
}
