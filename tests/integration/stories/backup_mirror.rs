//! Stories of backups of other tools, which the operator shows.

use oceanbase_sim::fault::Fault;
use oceanbase_sim::model::Stage;
use oceanbase_sim::statement::Kind;

use super::{ONE_TENANT, nightly_without_first_backup, task};
use crate::support::{World, eventually};

/// Creates a world in which `orders` has one backup of its strategy.
fn backed_up(story: &str) -> World {
    let world = World::started(story, ONE_TENANT);
    world.apply(&nightly_without_first_backup());
    world.apply(&task("now", "Full"));
    world.phase("backuptask", "now", "Completed");
    world
}

fn start_elsewhere(world: &World, from_sys: bool) {
    world.inject(Fault::ForeignBackup {
        tenant: "orders".to_owned(),
        description: "by hand".to_owned(),
        incremental: true,
        from_sys,
    });
}

#[test]
fn a_backup_that_a_dba_starts_is_shown_to_its_end_and_nothing_is_sent_for_it() {
    for from_sys in [false, true] {
        let world = backed_up("by-hand");
        world.forget_statements();
        start_elsewhere(&world, from_sys);
        let shown = world.phase("backuptask", "nightly-t1002-ext-2", "Completed");
        let status = &shown["status"];
        assert_eq!(status["source"], "External");
        assert_eq!(status["type"], "Incremental");
        assert_eq!(status["backupSetID"], 2);
        world.settle();
        assert_eq!(world.changing(), [""; 0]);
        let mine = world.get("backuptask", "now");
        assert_eq!(mine["status"]["source"], "Manual");
        assert_eq!(world.list("backuptask").len(), 2);
    }
}

#[test]
fn one_that_fails_is_shown_and_the_strategy_stays_healthy() {
    let world = backed_up("fails-by-hand");
    world.inject(Fault::FailBackup {
        tenant: "orders".to_owned(),
        code: -9082,
        comment: None,
    });
    start_elsewhere(&world, false);
    let shown = world.phase("backuptask", "nightly-t1002-ext-2", "Failed");
    assert_eq!(shown["status"]["cause"]["reason"], "StorageOutOfSpace");
    let phase = || world.get("backupstrategy", "nightly")["status"]["runningTasks"].clone();
    eventually("nothing runs", phase, |count| *count == 0);
    let strategy = world.get("backupstrategy", "nightly");
    assert_eq!(
        strategy["status"]["lastFailureTime"],
        serde_json::Value::Null
    );
}

#[test]
fn one_whose_tenant_is_dropped_ends_with_it() {
    let world = backed_up("mirror-dropped");
    let tenant = || "orders".to_owned();
    world.inject(Fault::Hold {
        tenant: tenant(),
        at: Stage::Doing,
    });
    start_elsewhere(&world, false);
    let name = "nightly-t1002-ext-2";
    world.phase("backuptask", name, "InProgress");
    world.inject(Fault::Drop { tenant: tenant() });
    let shown = world.phase("backuptask", name, "Failed");
    assert_eq!(shown["status"]["cause"]["reason"], "TenantDropped");
}

#[test]
fn a_person_can_not_write_what_only_the_operator_may() {
    let world = World::started("fake-mirror", ONE_TENANT);
    world.apply(&nightly_without_first_backup());
    let mirror = "type: Full, externalJob: {jobID: 7, startTime: '2026-11-20T00:00:00Z'}";
    world.apply(&task("fake", "Full").replace("type: Full", mirror));
    world.condition(("backuptask", "fake"), "Stalled", "True", "InvalidSpec");
    assert_eq!(world.count(Kind::Backup), 0);
}
