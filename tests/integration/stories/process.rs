//! The operator as a process.

use std::time::Duration;

use super::ONE_TENANT;
use crate::support::{World, eventually};

#[test]
fn the_operator_answers_probes_and_shows_metrics() {
    let world = World::started("probes", ONE_TENANT);
    let operator = world.operator.as_ref().unwrap();
    assert_eq!(operator.page("/healthz"), (200, "ok\n".to_owned()));
    eventually(
        "readiness",
        || operator.page("/readyz").0,
        |code| *code == 200,
    );
    world.condition(
        ("oceanbasecluster", "prod"),
        "Reachable",
        "True",
        "Reachable",
    );
    let (code, metrics) = operator.page("/metrics");
    assert_eq!(code, 200);
    assert!(metrics.lines().any(|line| line.starts_with("obbackup_")));
    assert_eq!(operator.page("/nothing").0, 404);
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
    // Less than the 20 s after which passes under way are given up.
    assert!(took < Duration::from_secs(15), "{took:?}");
}
