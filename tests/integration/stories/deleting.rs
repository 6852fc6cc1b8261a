//! Deleting objects never changes the database.

use super::{NIGHTLY, ONE_TENANT};
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
    // Returns when they are gone; a finalizer would hold it up for ever.
    world
        .kubectl(&["delete", KINDS, "--all", "--timeout=30s"])
        .unwrap();
    for kind in KINDS.split(',') {
        assert_eq!(world.list(kind).len(), 0, "{kind}");
    }
    // The operator notices that the cluster is gone, and hangs up.
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
