//! Stories of a renamed cluster, which stays the same database.

use oceanbase_sim::fault::Fault;
use oceanbase_sim::statement::Kind;
use serde_json::Value;

use super::{EVERYBODY, ONE_AND_A_LOCKED, task, task_without_strategy};
use crate::support::world::condition_of;
use crate::support::{World, eventually};

const STRATEGY: (&str, &str) = ("backupstrategy", "nightly");
const LOGS: (&str, &str) = ("logbackup", "prod-t1002");

/// Creates a world whose `orders` was backed up before its cluster was renamed. The operator has
/// read the new name.
fn renamed(story: &str, settings: &str) -> World {
    let mut world = World::started(story, ONE_AND_A_LOCKED);
    let settings = format!("spec:\n  firstBackup: Immediately\n{settings}");
    world.apply(&EVERYBODY.replacen("spec:\n", &settings, 1));
    world.phase(LOGS.0, LOGS.1, "InProgress");
    world.condition(STRATEGY, "BackupHealthy", "True", "LastBackupsSucceeded");
    world.sql("ALTER SYSTEM SET cluster = 'renamed'");
    // A reader queries the name when it starts.
    world.kill_operator();
    world.start_operator();
    eventually(
        "the new name",
        || world.get("oceanbasecluster", "prod"),
        |object| object["status"]["database"]["clusterName"] == "renamed",
    );
    world.settle();
    world.forget_statements();
    world
}

fn directory(object: &Value) -> &str {
    object["status"]["storageDirectory"].as_str().unwrap()
}

/// Checks that nothing is refused, and the next backup uses the same destination.
fn goes_on(world: &World, data: &str, log: &str) {
    world.apply(&task("next", "Full"));
    let next = world.phase("backuptask", "next", "Completed");
    assert_eq!(directory(&next), data);
    let strategy = world.get(STRATEGY.0, STRATEGY.1);
    assert_eq!(strategy["status"]["phase"], "InProgress", "{strategy:#}");
    assert_eq!(condition_of(&strategy, "Scheduling")["status"], "True");
    assert!(strategy["status"]["tenants"]["failing"].is_null());
    let logs = world.get(LOGS.0, LOGS.1);
    assert_eq!(logs["status"]["phase"], "InProgress", "{logs:#}");
    assert_eq!(condition_of(&logs, "Ready")["status"], "True");
    assert_eq!(directory(&logs), log);
    for kind in [Kind::SetLogArchiveDest, Kind::SetDataBackupDest] {
        assert_eq!(world.count(kind), 0);
    }
}

#[test]
fn backups_go_on_where_they_are() {
    let (data, log) = (
        "file:///ob-backup/obprod-7/orders-1002/data",
        "file:///ob-backup/obprod-7/orders-1002/log",
    );
    let world = renamed("cluster-renamed", "");
    goes_on(&world, data, log);
    world.apply(&task_without_strategy("by-hand"));
    let by_hand = world.phase("backuptask", "by-hand", "Completed");
    assert_eq!(directory(&by_hand), data);

    // Recreating its object does not restart it either.
    world
        .kubectl(&["delete", LOGS.0, LOGS.1, "--timeout=20s"])
        .unwrap();
    let logs = eventually(
        "the log backup to be there again",
        || world.get(LOGS.0, LOGS.1),
        |object| object["status"]["phase"] == "InProgress",
    );
    assert_eq!(directory(&logs), log);
    assert_eq!(world.count(Kind::SetLogArchiveDest), 0);

    // A new operator knows only the new name.
    world.inject(Fault::Lock {
        tenant: "billing".to_owned(),
        locked: false,
    });
    let logs = world.phase("logbackup", "prod-t1004", "InProgress");
    assert_eq!(
        directory(&logs),
        "file:///ob-backup/renamed-7/billing-1004/log"
    );
}

#[test]
fn backups_go_on_where_templates_have_led_them() {
    let paths = "  paths: {data: 'd/{clusterName}-{clusterId}/{tenantId}', log: 'l/{clusterName}-{clusterId}/{tenantId}'}\n";
    let world = renamed("cluster-renamed-paths", paths);
    goes_on(
        &world,
        "file:///ob-backup/d/obprod-7/1002",
        "file:///ob-backup/l/obprod-7/1002",
    );
}
