//! Cleanups.

use oceanbase_sim::fault::Fault;
use oceanbase_sim::model::Stage;

use super::super::recorder::Recorder;
use super::assert_judged;
use crate::stories::cleanup::{A_PAST, task};
use crate::support::World;

#[test]
fn a_cleanup_in_every_phase() {
    let mut world = World::new("argo-cleanups", A_PAST);
    let recorder = Recorder::start(&world);
    world.start_operator();
    let hold = |at| {
        world.inject(Fault::HoldCleanup {
            tenant: "orders".to_owned(),
            at,
        });
    };
    let release = || {
        world.inject(Fault::ReleaseCleanup {
            tenant: "orders".to_owned(),
        });
    };
    world.apply(&task(
        "refused",
        "Delete",
        "{type: BackupSets, backupSetIDs: [9]}",
    ));
    world.phase("cleanuptask", "refused", "Failed");
    hold(Stage::Doing);
    world.apply(&task(
        "old",
        "Delete",
        "{type: BackupSets, backupSetIDs: [1]}",
    ));
    world.phase("cleanuptask", "old", "Executing");
    hold(Stage::Canceling);
    world.edit("cleanuptask", "old", "spec: {cancel: true}");
    world.phase("cleanuptask", "old", "Canceling");
    release();
    world.phase("cleanuptask", "old", "Canceled");
    world.apply(&task(
        "again",
        "Delete",
        "{type: BackupSets, backupSetIDs: [1]}",
    ));
    world.phase("cleanuptask", "again", "Completed");
    assert_judged(
        &recorder,
        &[
            ("CleanupTask", "Pending", "Progressing"),
            ("CleanupTask", "Executing", "Progressing"),
            ("CleanupTask", "Completed", "Healthy"),
            ("CleanupTask", "Failed", "Degraded"),
            ("CleanupTask", "Canceling", "Progressing"),
            ("CleanupTask", "Canceled", "Degraded"),
        ],
    );
}
