//! Stories in which objects are deleted and the database does not change.

use super::{NIGHTLY, ONE_TENANT, nightly_without_first_backup};
use crate::support::{World, eventually};

const KINDS: &str = "backupstrategies,backuptasks,logbackups,backupstorages,oceanbaseclusters";

#[test]
fn deleting_every_object_sends_no_statement_and_is_quick() {
    let world = World::started("deleting", ONE_TENANT);
    world.apply(NIGHTLY);
    eventually(
        "a completed backup",
        || world.list("backuptask"),
        |tasks| {
            tasks
                .iter()
                .any(|task| task["status"]["phase"] == "Completed")
        },
    );
    world.forget_statements();
    // Returns after the deletion; a finalizer would block it forever.
    world
        .kubectl(&["delete", KINDS, "--all", "--timeout=30s"])
        .unwrap();
    for kind in KINDS.split(',') {
        assert_eq!(world.list(kind).len(), 0, "{kind}");
    }
    // The operator notices that the cluster is deleted, and closes its connections.
    eventually(
        "no connection to the database",
        || world.simulator.connections().current,
        |current| *current == 0,
    );
    assert_eq!(world.changing(), [""; 0]);
    let (archives, sets) = world.simulator.world(|cluster| {
        let orders = cluster.tenant("orders").unwrap();
        (orders.archive.is_doing(), orders.backups.sets.len())
    });
    assert!(archives, "log archiving goes on");
    assert_eq!(sets, 1);
}

/// Waits for logs after the second of the strategy's creation: an earlier stop would not be an
/// answer to it.
fn archived_beyond_the_strategy(world: &World) {
    let strategy = world.get("backupstrategy", "nightly");
    let made_at = &strategy["metadata"]["creationTimestamp"];
    let made_at: jiff::Timestamp = made_at.as_str().unwrap().parse().unwrap();
    let reached = || {
        world.simulator.world(|cluster| {
            let round = cluster.tenant("orders").unwrap().archive.round.as_ref();
            round.map_or(0, |round| round.checkpoint.micros() / 1_000_000)
        })
    };
    eventually("later logs", reached, |reached| {
        *reached > made_at.as_second()
    });
}

/// Edits the strategy's log backup, deletes it, and waits until it is recreated.
fn deleted_while(story: &str, desired: &str, phase: &str) -> World {
    let (kind, name) = ("logbackup", "prod-t1002");
    let world = World::started(story, ONE_TENANT);
    world.apply(&nightly_without_first_backup());
    world.phase(kind, name, "InProgress");
    archived_beyond_the_strategy(&world);
    world.edit(kind, name, &format!("spec: {{state: {desired}}}"));
    let before = world.phase(kind, name, phase);
    world.forget_statements();
    world.kubectl(&["delete", kind, name]).unwrap();
    let again = eventually(
        "the log backup, recreated and applied",
        || world.get(kind, name),
        |object| {
            object["metadata"]["uid"] != before["metadata"]["uid"]
                && object["status"]["phase"] == phase
        },
    );
    assert_eq!(again["spec"]["state"], desired);
    world.settle();
    assert_eq!(world.changing(), [""; 0]);
    world
}

#[test]
fn a_log_backup_that_is_deleted_while_it_is_stopped_stays_stopped_and_the_strategy_says_so() {
    let world = deleted_while("deleting-stopped", "Stopped", "Stopped");
    world.condition(
        ("backupstrategy", "nightly"),
        "LogBackupHealthy",
        "False",
        "LogBackupStopped",
    );
}

#[test]
fn a_log_backup_that_is_deleted_while_it_is_paused_stays_paused() {
    deleted_while("deleting-paused", "Paused", "Paused");
}

#[test]
fn a_log_backup_that_is_deleted_while_it_runs_goes_on() {
    deleted_while("deleting-running", "Running", "InProgress");
}
