//! Tests in which another session takes a name of the run during the run.

use std::process::ExitCode;
use std::time::Duration;

use oceanbase_sim::fault::{Fault, Trigger};
use oceanbase_sim::model::World as SimulatedWorld;
use oceanbase_sim::scenario::TenantSpec;
use oceanbase_sim::statement::Kind;

use super::{World, bad, scenario};
use crate::conformance::database::Database;
use crate::conformance::report::Report;
use crate::conformance::run_suite;

const UNIT: &str =
    "CREATE RESOURCE UNIT other_unit MAX_CPU 1, MEMORY_SIZE '5G', LOG_DISK_SIZE '15G'";

/// Runs the suite. Another session acts when the cluster reaches a state, and at no other time.
async fn run_beside(
    world: &World,
    is_time: impl Fn(&World) -> bool,
    act: impl AsyncFnOnce(&World),
) -> Report {
    let other = async {
        while !is_time(world) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        act(world).await;
    };
    let (report, ()) = tokio::join!(world.run(), other);
    assert_eq!(report.exit_code(), ExitCode::from(1));
    report
}

/// Returns whether the run has checked the names, and has not reached recoveries.
fn has_backup(world: &World) -> bool {
    let has_job = |world: &SimulatedWorld| {
        let scratch = world.tenant("scratch");
        scratch.is_some_and(|tenant| !tenant.backups.jobs.is_empty())
    };
    world.simulator.world(has_job)
}

fn create_tenant(world: &World, name: &str) {
    let spec = TenantSpec::new(name);
    world.simulator.inject(Fault::Create(spec.into())).unwrap();
}

async fn run_statements(world: &World, statements: &[&str]) {
    let mut session = Database::open(world.settings().account).await.unwrap();
    for statement in statements {
        let timeout = Duration::from_secs(10);
        session.run(statement, timeout).await.unwrap();
    }
}

fn has_tenant(world: &World, name: &str) -> bool {
    let find = |world: &SimulatedWorld| world.tenant(name).is_some();
    world.simulator.world(find)
}

fn drops(world: &World, kind: Kind) -> usize {
    world.simulator.log(|log| log.of_kind(kind).count())
}

#[tokio::test]
async fn foreign_tenant_is_left_alone() {
    for version in ["4.3.5.2", "4.0.0.0"] {
        let world = World::serve(&scenario(version)).await;
        let act = async |world: &World| create_tenant(world, "scratch_conf");
        let report = run_beside(&world, has_backup, act).await;
        let expected = [
            "No other session uses the name scratch_conf: a tenant that is not of this run has it: left \
             alone",
            "There is no tenant scratch_conf: there is one that is not of this run: left alone",
        ];
        assert_eq!(bad(&report), expected);
        assert!(has_tenant(&world, "scratch_conf"));
        assert_eq!(drops(&world, Kind::DropTenant), 0);
    }
}

/// The name is taken after the check: the server refuses RESTORE.
#[tokio::test]
async fn tenant_that_is_created_beside_restore_is_left_alone() {
    let world = World::serve(&scenario("4.3.5.2")).await;
    let restore = Trigger::next(Kind::Restore).containing("pool_list=scratch_conf_pool");
    let refusal = Fault::Refuse {
        on: restore,
        code: 4179,
        message: "no".to_owned(),
    };
    world.simulator.inject(refusal).unwrap();
    let is_refused = |world: &World| {
        let is_it = |text: &str| text.contains("pool_list=scratch_conf_pool");
        world.simulator.log(|log| {
            let mut restores = log.of_kind(Kind::Restore);
            restores.any(|entry| is_it(&entry.text))
        })
    };
    let act = async |world: &World| create_tenant(world, "scratch_conf");
    let report = run_beside(&world, is_refused, act).await;
    let bad = bad(&report);
    assert!(bad[0].starts_with("RESTORE … UNTIL SCN is accepted (to be canceled): error 4179"));
    let last = "There is no tenant scratch_conf: there is one that is not of this run: left alone";
    assert_eq!(bad[1..], [last]);
    assert!(has_tenant(&world, "scratch_conf"));
    assert_eq!(drops(&world, Kind::DropTenant), 0);
}

#[tokio::test]
async fn foreign_second_tenant_is_left_alone() {
    let world = World::serve(&scenario("4.3.5.2")).await;
    let act = async |world: &World| create_tenant(world, "scratch_conf_second");
    let report = run_beside(&world, has_backup, act).await;
    assert_eq!(bad(&report).len(), 2);
    assert!(has_tenant(&world, "scratch_conf_second"));
    assert!(!has_tenant(&world, "scratch_conf"));
}

#[tokio::test]
async fn foreign_pool_is_left_alone() {
    let world = World::serve(&scenario("4.3.5.2")).await;
    let act = async |world: &World| {
        let pool = "CREATE RESOURCE POOL SCRATCH_conf_pool UNIT = 'other_unit', UNIT_NUM = 1";
        run_statements(world, &[UNIT, pool]).await;
    };
    let report = run_beside(&world, has_backup, act).await;
    let expected = [
        "No other session uses the name scratch_conf_pool: a pool that is not of this run has it: left \
         alone",
        "There is no resource pool scratch_conf_pool: there is one that is not of this run: left alone",
    ];
    assert_eq!(bad(&report), expected);
    let is_there = |world: &SimulatedWorld| world.resources.pool("scratch_conf_pool").is_some();
    assert!(world.simulator.world(is_there));
    assert_eq!(drops(&world, Kind::DropResourcePool), 0);
}

#[tokio::test]
async fn foreign_units_are_left_alone() {
    for name in ["scratch_conf_unit", "scratch_conf_low"] {
        let world = World::serve(&scenario("4.3.5.2")).await;
        let unit = UNIT.replace("other_unit", name);
        let act = async |world: &World| run_statements(world, &[&unit]).await;
        let report = run_beside(&world, has_backup, act).await;
        assert_eq!(bad(&report).len(), 2, "{name}");
        let is_there = |world: &SimulatedWorld| world.resources.config(name).is_some();
        assert!(world.simulator.world(is_there), "{name}");
        assert_eq!(drops(&world, Kind::DropResourceUnit), 0, "{name}");
    }
}

const MISSING_POOL: &str =
    "CREATE RESOURCE POOL scratch_conf_none UNIT = 'other_unit', UNIT_NUM = 1";

#[tokio::test]
async fn foreign_pool_that_should_be_missing_is_left_alone() {
    let world = World::serve(&scenario("4.3.5.2")).await;
    let act = async |world: &World| run_statements(world, &[UNIT, MISSING_POOL]).await;
    let report = run_beside(&world, has_backup, act).await;
    let expected = "No other session uses the name scratch_conf_none: a pool that is not of this run \
                    has it: left alone";
    assert_eq!(bad(&report), [expected]);
    let is_there = |world: &SimulatedWorld| world.resources.pool("scratch_conf_none").is_some();
    assert!(world.simulator.world(is_there));
    let count = |kind| world.simulator.log(|log| log.effects(kind, "scratch_conf"));
    assert_eq!(count(Kind::Restore), 0);
}

#[tokio::test]
async fn pool_that_should_be_missing_ends_with_2() {
    let world = World::serve(&scenario("4.3.5.2")).await;
    run_statements(&world, &[UNIT, &MISSING_POOL.replace("none", "NONE")]).await;
    let refused = run_suite(world.settings(), std::future::pending()).await;
    let error = refused.unwrap_err().to_string();
    assert!(error.contains("'scratch_conf_none'"), "{error}");
}

#[tokio::test]
async fn interruption_while_the_database_reads_the_storage_leaves_nothing() {
    let world = World::serve(&scenario("4.3.5.2")).await;
    let slow = Fault::SlowRestore {
        tenant: "scratch_conf".to_owned(),
        reads: Duration::from_secs(3),
    };
    world.simulator.inject(slow).unwrap();
    let is_sent = |world: &World| {
        let restores = |kind| world.simulator.log(|log| log.effects(kind, "scratch_conf"));
        restores(Kind::Restore) > 0
    };
    world.interrupt(is_sent).await;
}
