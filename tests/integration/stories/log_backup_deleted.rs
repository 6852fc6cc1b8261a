//! Stories of log backups whose deletion stops archiving.

use oceanbase_sim::fault::{Fault, NodeState};
use oceanbase_sim::statement::Kind;
use serde_json::Value;

use super::{LOG_BACKUP, ONE_TENANT};
use crate::support::{World, eventually};

const NAME: (&str, &str) = ("logbackup", "orders-log");

/// Longer than a story waits.
const LONG: u32 = 600;

fn stopping_within(story: &str, seconds: u32) -> World {
    let world = World::started(story, ONE_TENANT);
    let policy = format!("spec: {{deletionPolicy: Stop, deletionTimeoutSeconds: {seconds}, ");
    world.apply(&LOG_BACKUP.replace("spec: {", &policy));
    let object = world.phase(NAME.0, NAME.1, "InProgress");
    assert_eq!(
        object["metadata"]["finalizers"],
        serde_json::json!(["backup.oceanbase.io/stop"])
    );
    world.forget_statements();
    world
}

fn delete(world: &World) {
    let arguments = ["delete", "logbackup", "orders-log", "--wait=false"];
    world.kubectl(&arguments).unwrap();
}

fn await_deleted(world: &World) {
    eventually(
        "the object to be deleted",
        || world.get(NAME.0, NAME.1),
        Value::is_null,
    );
}

fn events(world: &World) -> String {
    let arguments = ["get", "events", "--output=jsonpath={.items[*].reason}"];
    world.kubectl(&arguments).unwrap()
}

#[test]
fn archiving_is_stopped_before_the_object_goes() {
    let world = stopping_within("delete-stop", LONG);
    delete(&world);
    await_deleted(&world);
    assert_eq!(world.count(Kind::NoArchiveLog), 1);
    let stopped = world
        .simulator
        .world(|cluster| cluster.tenant("orders").unwrap().archive.is_stopped());
    assert!(stopped);
}

#[test]
fn an_object_whose_database_is_gone_goes_after_its_time_with_a_warning() {
    let world = stopping_within("delete-dead", 10);
    world.inject(Fault::Node {
        is: NodeState::Refusing,
    });
    delete(&world);
    await_deleted(&world);
    eventually(
        "an event that tells what goes on",
        || events(&world),
        |reasons| reasons.contains("StopTimeout"),
    );
    assert_eq!(world.count(Kind::NoArchiveLog), 0);
}

fn is_stopped(world: &World) -> bool {
    world
        .simulator
        .world(|cluster| cluster.tenant("orders").unwrap().archive.is_stopped())
}

#[test]
fn an_object_whose_store_went_first_is_stopped_all_the_same() {
    let world = stopping_within("delete-store-first", LONG);
    let store = ["delete", "backupstorage", "nfs"];
    world.kubectl(&store).unwrap();
    delete(&world);
    await_deleted(&world);
    assert_eq!(world.count(Kind::NoArchiveLog), 1);
    assert!(is_stopped(&world));
}

#[test]
fn an_object_whose_cluster_went_first_does_not_wait_and_tells_what_goes_on() {
    let world = stopping_within("delete-cluster-first", LONG);
    let cluster = ["delete", "oceanbasecluster", "prod"];
    world.kubectl(&cluster).unwrap();
    delete(&world);
    await_deleted(&world);
    assert_eq!(world.changing(), [""; 0]);
    eventually(
        "an event that tells what goes on",
        || events(&world),
        |reasons| reasons.contains("StopTimeout"),
    );
}

#[test]
fn an_object_that_is_deleted_together_with_its_store_and_its_cluster_goes_at_once() {
    let world = stopping_within("delete-all", LONG);
    let all = [
        "delete",
        "logbackup/orders-log",
        "backupstorage/nfs",
        "oceanbasecluster/prod",
        "--wait=false",
    ];
    world.kubectl(&all).unwrap();
    await_deleted(&world);
    if world.count(Kind::NoArchiveLog) == 0 {
        eventually(
            "an event that tells what goes on",
            || events(&world),
            |reasons| reasons.contains("StopTimeout"),
        );
    }
}

#[test]
fn an_object_does_not_hold_up_the_deletion_of_its_namespace() {
    let world = stopping_within("delete-namespace", LONG);
    let namespace = ["delete", "namespace", &world.namespace, "--wait=false"];
    world.kubectl(&namespace).unwrap();
    await_deleted(&world);
    // Its conditions report what blocks it.
    let status = [
        "get",
        "namespace",
        &world.namespace,
        "--output=jsonpath={.status}",
    ];
    let ask = || world.kubectl(&status).ok();
    eventually("the namespace to be deleted", ask, Option::is_none);
}

#[test]
fn the_finalizer_goes_when_the_policy_does() {
    let world = stopping_within("delete-retain", LONG);
    let retain = "spec: {deletionPolicy: Retain, deletionTimeoutSeconds: null}";
    world.edit(NAME.0, NAME.1, retain);
    eventually(
        "no finalizer",
        || world.get(NAME.0, NAME.1),
        |object| object["metadata"]["finalizers"].is_null(),
    );
    delete(&world);
    await_deleted(&world);
    assert_eq!(world.changing(), [""; 0]);
}
