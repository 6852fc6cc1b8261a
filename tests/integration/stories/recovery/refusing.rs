//! What can not or must not be recovered is refused before anything is changed.

use super::*;

/// Applies a recovery, and says why it was refused.
fn refused(world: &World, change: &str) -> (String, String) {
    world.apply(&recovery("undo", change));
    let task = world.phase("recoverytask", "undo", "Failed");
    assert_eq!(changing_for_recovery(world), 0, "{:#?}", world.changing());
    world.kubectl(&["delete", "recoverytask", "undo"]).unwrap();
    let cause = &task["status"]["cause"];
    let text = |field: &str| cause[field].as_str().unwrap().to_owned();
    (text("reason"), text("message"))
}

#[test]
fn recovery_is_forbidden_until_the_cluster_allows_it() {
    let world = recoverable("recovery-unallowed");
    world.edit(
        "oceanbasecluster",
        "prod",
        "spec: {recovery: {policy: Forbidden}}",
    );
    assert_eq!(refused(&world, "{}").0, "RecoveryForbidden");
    let others = "spec: {recovery: {policy: Allowed, sourceTenants: ['billing']}}";
    world.edit("oceanbasecluster", "prod", others);
    assert_eq!(refused(&world, "{}").0, "RecoveryForbidden");
}

#[test]
fn a_tenant_that_exists_is_never_touched() {
    let world = recoverable("recovery-exists");
    let (reason, message) = refused(&world, "target: {tenantName: orders}");
    assert_eq!(reason, "TargetNameNotAllowed");
    assert!(message.contains("restore_"), "{message}");
    let anything = "spec: {recovery: {targetNamePrefixes: [o, restore_]}}";
    world.edit("oceanbasecluster", "prod", anything);
    let (reason, _) = refused(&world, "target: {tenantName: orders}");
    assert_eq!(reason, "TenantExists");
}

#[test]
fn a_point_outside_every_window_is_refused_with_the_nearest_one() {
    let world = recoverable("recovery-window");
    let start = window(&world)["startScn"].as_str().unwrap().to_owned();
    let start: i128 = start.parse().unwrap();
    let (_, message) = refused(&world, "until: {type: Time, time: '2020-01-01T00:00:00Z'}");
    let (_, oldest) = message.split_once("the oldest point is ").unwrap();
    let (oldest, _) = oldest.split_once(';').unwrap();
    let oldest = oldest.parse::<jiff::Timestamp>().unwrap().as_nanosecond();
    assert!(
        (start..start + 1000).contains(&oldest),
        "{start} in {message}"
    );
    refused(&world, "until: {type: Time, time: '2100-01-01T00:00:00Z'}");
}

#[test]
fn resources_that_are_not_there_are_refused() {
    let world = recoverable("recovery-resources");
    let (reason, message) = refused(&world, "target: {resources: {create: {zones: [moon]}}}");
    assert_eq!(reason, "ZoneNotFound");
    assert!(message.contains("zone1"), "{message}");
}
