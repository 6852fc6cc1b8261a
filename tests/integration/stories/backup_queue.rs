//! Stories of the limit on simultaneous backups.

use jiff::{Timestamp, ToSpan};
use oceanbase_sim::model::{Scn, Stage};

use super::archive_everybody;
use crate::support::world::cluster;
use crate::support::{World, eventually};

const TENANTS: [&str; 4] = ["orders", "billing", "stock", "people"];

const FOUR_TENANTS: &str = "
version: '4.3.5.2'
cluster: {name: obprod, id: 7}
speed: 200
tenants:
  - {name: orders, fullBackupSize: 1GiB}
  - {name: billing, fullBackupSize: 1GiB}
  - {name: stock, fullBackupSize: 1GiB}
  - {name: people, fullBackupSize: 1GiB}
";

/// Creates a world with one backup at a time, in which the backup of `orders` is held.
fn one_at_a_time(story: &str) -> World {
    let world = World::new(story, FOUR_TENANTS);
    world.edit(
        "oceanbasecluster",
        "prod",
        "spec: {maxConcurrentBackups: 1}",
    );
    let mut world = world;
    world.start_operator();
    archive_everybody(&world, TENANTS.len());
    world.hold("orders", Stage::Doing);
    world.apply(&task("orders"));
    world.phase("backuptask", "orders", "InProgress");
    world
}

fn task(tenant: &str) -> String {
    format!(
        "
apiVersion: backup.oceanbase.io/v1alpha1
kind: BackupTask
metadata: {{name: {tenant}}}
spec: {{strategyRef: {{name: nightly}}, tenantName: {tenant}, type: Full}}
"
    )
}

/// Returns the begin and end of each backup, in order.
fn runs(world: &World) -> Vec<(Scn, Scn)> {
    let mut runs = world.simulator.world(|cluster| {
        let backups = TENANTS.map(|tenant| &cluster.tenant(tenant).unwrap().backups);
        let jobs = backups
            .iter()
            .flat_map(|all| all.jobs.iter().chain(&all.history));
        jobs.filter_map(|job| Some((job.started_at, job.ended_at?)))
            .collect::<Vec<_>>()
    });
    runs.sort_unstable();
    runs
}

#[test]
fn tasks_wait_in_line_for_the_only_place_and_never_two_run_at_once() {
    let world = one_at_a_time("line");
    world.apply(&task("billing"));
    let first = ("backuptask", "billing");
    let first = world.condition(first, "Succeeded", "Unknown", "WaitingForConcurrencySlot");
    assert_eq!(first["status"]["queuePosition"], 1);
    assert_eq!(
        first["status"]["cause"]["message"],
        "position 1 in the queue; 1 of 1 slots are in use"
    );
    world.apply(&format!("{}---{}", task("stock"), task("people")));
    let last = ("backuptask", "people");
    world.condition(last, "Succeeded", "Unknown", "WaitingForConcurrencySlot");
    let cluster = || world.get("oceanbasecluster", "prod")["status"]["backup"].clone();
    eventually("three in the line", cluster, |backup| {
        backup["queuedTasks"] == 3
    });
    world.release("orders");
    for tenant in TENANTS {
        world.phase("backuptask", tenant, "Completed");
    }
    let runs = runs(&world);
    assert_eq!(runs.len(), TENANTS.len());
    assert!(
        runs.windows(2).all(|pair| pair[0].1 <= pair[1].0),
        "{runs:?}"
    );
    eventually("nobody in the line", cluster, |backup| {
        backup["queuedTasks"] == 0
    });
}

#[test]
fn more_places_let_those_in_the_line_begin() {
    let world = one_at_a_time("places");
    world.apply(&task("billing"));
    let first = ("backuptask", "billing");
    world.condition(first, "Succeeded", "Unknown", "WaitingForConcurrencySlot");
    world.edit(
        "oceanbasecluster",
        "prod",
        "spec: {maxConcurrentBackups: 2}",
    );
    world.phase("backuptask", "billing", "Completed");
}

#[test]
fn the_places_are_the_database_s_and_the_strictest_of_its_objects_sets_them() {
    let world = one_at_a_time("shared-places");
    world.apply(&cluster("again", world.port));
    world.condition(("oceanbasecluster", "again"), "Ready", "True", "Accepted");
    let reference = "clusterRef: {name: again}, storageRef: {name: nfs}";
    world.apply(&task("billing").replace("strategyRef: {name: nightly}", reference));
    let first = ("backuptask", "billing");
    let waits = world.condition(first, "Succeeded", "Unknown", "WaitingForConcurrencySlot");
    assert_eq!(
        waits["status"]["cause"]["message"],
        "position 1 in the queue; 1 of 1 slots are in use"
    );
    for name in ["prod", "again"] {
        let backup = || world.get("oceanbasecluster", name)["status"]["backup"].clone();
        eventually("one in the line", backup, |backup| {
            backup["queuedTasks"] == 1
        });
    }
    world.edit(
        "oceanbasecluster",
        "prod",
        "spec: {maxConcurrentBackups: 2}",
    );
    world.phase("backuptask", "billing", "Completed");
}

/// The operator has finished the task, which stays until the other tool removes its finalizer.
#[test]
fn a_task_that_is_deleted_and_held_by_somebodys_finalizer_stops_nobody_behind_it() {
    let world = one_at_a_time("held");
    // Before the other task, even if both are created within a second.
    let slot = Timestamp::now() - 1.minute();
    let slot = slot.strftime("%Y-%m-%dT%H:%M:%SZ");
    let earlier = format!("spec: {{scheduledTime: '{slot}', ");
    world.apply(&task("billing").replace("spec: {", &earlier));
    let first = ("backuptask", "billing");
    world.condition(first, "Succeeded", "Unknown", "WaitingForConcurrencySlot");
    let held = "metadata: {finalizers: [example.com/hold]}";
    world.edit("backuptask", "billing", held);
    world
        .kubectl(&["delete", "backuptask", "billing", "--wait=false"])
        .unwrap();
    world.apply(&task("stock"));
    let behind = ("backuptask", "stock");
    world.condition(behind, "Succeeded", "Unknown", "WaitingForConcurrencySlot");
    world.release("orders");
    world.phase("backuptask", "stock", "Completed");
    let billing = world.get("backuptask", "billing");
    assert_eq!(billing["status"]["phase"], "Pending");
    world.edit("backuptask", "billing", "metadata: {finalizers: null}");
}
