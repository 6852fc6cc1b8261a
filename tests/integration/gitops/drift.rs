//! Tests that repeated applies cause no drift, and that only users write their specs.

use serde_json::Value;

use super::{application, example, spec_and_metadata};
use crate::stories::ONE_TENANT;
use crate::support::world::{PASSWORD, secret};
use crate::support::{World, cluster, control_plane, eventually};

/// Returns the content of Git: the examples, a log backup and a task, without fields that have
/// defaults.
fn in_git(world: &World) -> String {
    let mut texts = ["cluster.yaml", "storage.yaml", "strategy.yaml"]
        .map(|name| example(world, &format!("backups/{name}")))
        .to_vec();
    // Tenant `archive` has a log backup of its own.
    let except = "  tenants: {exclude: [archive]}\n  firstBackup";
    texts[2] = texts[2].replace("  firstBackup", except);
    texts.push(example(world, "tasks/before-release.yaml"));
    texts.push(
        "
apiVersion: backup.oceanbase.io/v1alpha1
kind: CleanupTask
metadata: {name: what-would-go}
spec: {clusterRef: {name: prod}, tenantName: orders, mode: Preview, target: {type: Obsolete}}
"
        .to_owned(),
    );
    texts.push(
        "
apiVersion: backup.oceanbase.io/v1alpha1
kind: RecoveryTask
metadata: {name: undo}
spec:
  source: {tenant: {clusterRef: {name: prod}, tenantName: orders}}
  until: {type: Latest}
  target: {type: NewTenant, clusterRef: {name: prod}, tenantName: restore_orders, resources: {create: {unit: {maxCPU: '2', memory: 8Gi}}}}
"
        .to_owned(),
    );
    texts.push(
        "
apiVersion: backup.oceanbase.io/v1alpha1
kind: LogBackup
metadata: {name: archive-log}
spec: {clusterRef: {name: prod}, tenantName: archive, storageRef: {name: nfs}}
"
        .to_owned(),
    );
    texts.push(
        "
apiVersion: backup.oceanbase.io/v1alpha1
kind: RecoveryDrill
metadata: {name: weekly}
spec:
  strategyRef: {name: nightly}
  schedule: {timeZone: UTC, cron: '0 4 * * SUN'}
  target: {clusterRef: {name: prod}, resources: {create: {unit: {maxCPU: '2', memory: 8Gi}}}}
  tenantCredentials: [{tenantName: orders, secretRef: {name: reader}}]
  checks: [{name: all-orders, sql: SELECT COUNT(*) FROM shop.orders, expectedValue: '1000'}]
"
        .to_owned(),
    );
    texts.join("\n---\n")
}

const KINDS: [&str; 8] = [
    "oceanbasecluster",
    "backupstorage",
    "backupstrategy",
    "backuptask",
    "cleanuptask",
    "recoverydrill",
    "recoverytask",
    "logbackup",
];

/// Returns specs and metadata of all objects that users created.
fn of_people(world: &World) -> Vec<(Value, [Value; 4])> {
    let objects = KINDS.iter().flat_map(|kind| world.list(kind));
    let made = objects.filter(|object| object["metadata"]["ownerReferences"].is_null());
    made.map(|object| {
        (
            object["metadata"]["name"].clone(),
            spec_and_metadata(&object),
        )
    })
    .collect()
}

/// Applies everything with kubectl and these arguments, and waits for the operator.
fn applied(story: &str, arguments: &[&str]) -> World {
    let mut world = World::bare(story, &(ONE_TENANT.to_owned() + "  - {name: archive}\n"));
    world.apply(&secret(PASSWORD));
    world.start_operator();
    kubectl_apply(&world, arguments).unwrap();
    world.phase("logbackup", "archive-log", "InProgress");
    eventually(
        "a first backup",
        || world.get("backupstrategy", "nightly"),
        |strategy| strategy["status"]["lastSuccessTime"].is_string(),
    );
    world.phase("cleanuptask", "what-would-go", "Completed");
    world.phase("recoverytask", "undo", "Failed");
    world.phase("backuptask", "before-release-2026-11", "Overdue");
    world
}

fn kubectl_apply(world: &World, arguments: &[&str]) -> Result<String, String> {
    let mut kubectl = control_plane().kubectl();
    kubectl
        .args(["--namespace", &world.namespace])
        .args(arguments);
    cluster::run(kubectl.arg("--filename=-"), Some(&in_git(world)))
}

const SERVER_SIDE: [&str; 2] = ["apply", "--server-side"];
const CLIENT_SIDE: [&str; 1] = ["apply"];

#[test]
fn what_kubectl_applies_twice_does_not_differ() {
    for (story, arguments) in [
        ("drift-client", &CLIENT_SIDE[..]),
        ("drift-server", &SERVER_SIDE),
    ] {
        let world = applied(story, arguments);
        let before = of_people(&world);
        assert_eq!(before.len(), KINDS.len());
        assert!(
            before
                .iter()
                .all(|(_, [_, generation, ..])| *generation == 1),
            "{before:#?}"
        );
        let printed = kubectl_apply(&world, arguments).unwrap();
        let changed = printed
            .lines()
            .filter(|line| !line.ends_with("unchanged") && !line.ends_with("serverside-applied"));
        assert_eq!(changed.collect::<Vec<_>>(), [""; 0]);
        let diff = [&["diff"], &arguments[1..]].concat();
        // It queries twice, and a status may be written in between.
        eventually(
            "no difference",
            || kubectl_apply(&world, &diff),
            |diff| diff.as_deref() == Ok(""),
        )
        .unwrap();
        assert_eq!(of_people(&world), before);
    }
}

#[test]
fn what_argo_cd_has_synced_is_in_sync_by_each_of_its_ways_to_compare() {
    let mut world = World::bare(
        "drift-argo",
        &(ONE_TENANT.to_owned() + "  - {name: archive}\n"),
    );
    world.apply(&secret(PASSWORD));
    world.start_operator();
    let (application, manifests) = (application(&world), in_git(&world));
    // A permanently refused object is Degraded; another test checks that a sync waits for it.
    let synced = application.sync(&manifests).unwrap();
    assert!(
        synced.resources.iter().all(|it| it.status == "Synced"),
        "{synced:#?}"
    );
    world.phase("logbackup", "archive-log", "InProgress");
    eventually(
        "a first backup",
        || world.get("backupstrategy", "nightly"),
        |strategy| strategy["status"]["lastSuccessTime"].is_string(),
    );
    let before = of_people(&world);
    let differences = application.diff(&manifests).unwrap();
    assert!(differences.is_empty(), "{differences:#?}");
    assert!(
        before
            .iter()
            .all(|(_, [_, generation, ..])| *generation == 1),
        "{before:#?}"
    );

    // All of them detect an edit.
    world.edit(
        "backupstrategy",
        "nightly",
        "spec: {retention: {recoveryWindowDays: 8}}",
    );
    let mut found = application.diff(&manifests).unwrap();
    found.sort_by(|a, b| a.by.cmp(&b.by));
    let by: Vec<(&str, &str)> = found
        .iter()
        .map(|it| (it.name.as_str(), it.by.as_str()))
        .collect();
    let all = ["server-side", "structured-merge", "three-way"].map(|way| ("nightly", way));
    assert_eq!(by, all);
}
