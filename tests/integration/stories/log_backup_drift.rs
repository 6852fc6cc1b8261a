//! Stories of changes by a DBA in the database, which the operator corrects if the object requests
//! it.

use oceanbase_sim::statement::Kind;

use super::{LOG_BACKUP, ONE_TENANT};
use crate::support::{World, eventually};

const NAME: (&str, &str) = ("logbackup", "orders-log");

fn enforcing(story: &str) -> World {
    let world = World::started(story, ONE_TENANT);
    world.apply(&LOG_BACKUP.replace("spec: {", "spec: {driftPolicy: Enforce, "));
    world.phase(NAME.0, NAME.1, "InProgress");
    world.forget_statements();
    world
}

#[test]
fn what_a_dba_stops_is_started_again_without_touching_the_destination() {
    let world = enforcing("drift-stopped");
    world.sql("ALTER SYSTEM NOARCHIVELOG TENANT = orders");
    eventually(
        "a new round",
        || world.get(NAME.0, NAME.1),
        |object| object["status"]["roundID"] == 2 && object["status"]["phase"] == "InProgress",
    );
    world.condition(NAME, "Ready", "True", "Applied");
    assert_eq!(world.count(Kind::SetLogArchiveDest), 0);
    // `describe` shows events; one is for the correction.
    let events = world.kubectl(&["get", "events", "--output=jsonpath={.items[*].reason}"]);
    let reported = events.unwrap().matches("DriftCorrected").count();
    assert_eq!(reported, 1);
}

#[test]
fn what_a_dba_defers_is_enabled_again_in_the_same_round() {
    let world = enforcing("drift-deferred");
    world.sql("ALTER SYSTEM SET LOG_ARCHIVE_DEST_STATE = 'DEFER' TENANT = orders");
    eventually(
        "the destination to be enabled again",
        || world.count(Kind::SetLogArchiveDestState),
        |count| *count == 2,
    );
    let object = world.condition(NAME, "Ready", "True", "Applied");
    assert_eq!(object["status"]["roundID"], 1);
}

#[test]
fn a_destination_that_a_dba_points_elsewhere_is_told_and_left_alone() {
    let world = enforcing("drift-elsewhere");
    world.edit(NAME.0, NAME.1, "spec: {state: Stopped}");
    world.phase(NAME.0, NAME.1, "Stopped");
    world.sql("ALTER SYSTEM SET LOG_ARCHIVE_DEST = 'LOCATION=file:///dba/log' TENANT = orders");
    world.condition(NAME, "Stalled", "True", "DestinationInUse");
    world.forget_statements();
    world.edit(NAME.0, NAME.1, "spec: {state: Running}");
    eventually(
        "the edit to be seen",
        || world.get(NAME.0, NAME.1),
        |object| object["status"]["observedGeneration"] == object["metadata"]["generation"],
    );
    world.settle();
    assert_eq!(world.changing(), [""; 0]);
}
