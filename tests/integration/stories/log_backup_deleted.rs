//! Log backups whose deletion stops archiving.

use oceanbase_sim::fault::{Fault, NodeState};
use oceanbase_sim::statement::Kind;
use serde_json::Value;

use super::{LOG_BACKUP, ONE_TENANT};
use crate::support::{World, eventually};

const NAME: (&str, &str) = ("logbackup", "orders-log");

fn stopping(story: &str) -> World {
    let world = World::started(story, ONE_TENANT);
    let policy = "spec: {deletionPolicy: Stop, finalizerTimeoutSeconds: 10, ";
    world.apply(&LOG_BACKUP.replace("spec: {", policy));
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

fn gone(world: &World) {
    eventually(
        "the object to go",
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
    let world = stopping("delete-stop");
    delete(&world);
    gone(&world);
    assert_eq!(world.count(Kind::NoArchiveLog), 1);
    let stopped = world
        .simulator
        .world(|cluster| cluster.tenant("orders").unwrap().archive.is_stopped());
    assert!(stopped);
}

#[test]
fn an_object_whose_database_is_gone_goes_after_its_time_with_a_warning() {
    let world = stopping("delete-dead");
    world.inject(Fault::Node {
        is: NodeState::Refusing,
    });
    delete(&world);
    gone(&world);
    assert!(events(&world).contains("StopGivenUp"));
    assert_eq!(world.count(Kind::NoArchiveLog), 0);
}

#[test]
fn the_finalizer_goes_when_the_policy_does() {
    let world = stopping("delete-retain");
    world.edit(NAME.0, NAME.1, "spec: {deletionPolicy: Retain}");
    eventually(
        "no finalizer",
        || world.get(NAME.0, NAME.1),
        |object| object["metadata"]["finalizers"].is_null(),
    );
    delete(&world);
    gone(&world);
    assert_eq!(world.changing(), [""; 0]);
}
