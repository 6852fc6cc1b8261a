//! Stories of log backups that make no progress although the database accepts their statements.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use oceanbase_sim::fault::{Fault, Trigger};
use oceanbase_sim::model::Health;
use oceanbase_sim::statement::Kind;
use serde_json::Value;

use super::{LOG_BACKUP, ONE_TENANT, nightly_without_first_backup};
use crate::support::world::condition_of;
use crate::support::{World, eventually};

const OF_STRATEGY: (&str, &str) = ("logbackup", "prod-t1002");
const STRATEGY: (&str, &str) = ("backupstrategy", "nightly");

#[test]
fn a_statement_that_the_database_swallows_is_repeated_after_a_pause() {
    let mut world = World::new("swallowed", ONE_TENANT);
    let on = Trigger::next(Kind::ArchiveLog).about("orders").times(2);
    world.inject(Fault::Swallow { on });
    world.start_operator();
    world.apply(LOG_BACKUP);
    world.phase("logbackup", "orders-log", "InProgress");
    // The answer may come after the visible effect.
    eventually(
        "the way to be gone",
        || world.get("logbackup", "orders-log"),
        |object| object["status"]["transition"].is_null(),
    );
    let sent = world.simulator.log(|log| {
        let sent = log.of_kind(Kind::ArchiveLog).map(|entry| entry.at);
        sent.collect::<Vec<_>>()
    });
    assert_eq!(sent.len(), 3);
    // A concurrent write of the object may lose one of the two pauses.
    let pause = sent[2].since(sent[0]);
    assert!(pause >= Duration::from_secs(14), "{pause:?}");
}

#[test]
fn a_log_backup_whose_store_takes_nothing_makes_its_strategy_abnormal_until_it_does() {
    let world = World::started("stuck", ONE_TENANT);
    world.apply(&nightly_without_first_backup());
    world.phase(OF_STRATEGY.0, OF_STRATEGY.1, "InProgress");
    // Set and started on good storage; the storage changes before the next round.
    world.edit(OF_STRATEGY.0, OF_STRATEGY.1, "spec: {state: Stopped}");
    world.phase(OF_STRATEGY.0, OF_STRATEGY.1, "Stopped");
    let directory = "file:///ob-backup/obprod-7/orders-1002/log";
    let store = |health| {
        world.inject(Fault::Path {
            path: directory.to_owned(),
            health,
        });
    };
    store(Health::PermissionDenied);
    world.edit(OF_STRATEGY.0, OF_STRATEGY.1, "spec: {state: Running}");
    eventually(
        "a round that begins",
        || world.get(OF_STRATEGY.0, OF_STRATEGY.1),
        |object| object["status"]["roundID"] == 2 && object["status"]["phase"] == "Starting",
    );
    // Ten minutes pass.
    let since = Timestamp::now() - SignedDuration::from_mins(11);
    let since = since.strftime("%Y-%m-%dT%H:%M:%SZ");
    let patch = format!("{{\"status\":{{\"transition\":{{\"since\":\"{since}\"}}}}}}");
    let arguments = ["patch", OF_STRATEGY.0, OF_STRATEGY.1, "--type=merge"];
    let arguments = [&arguments[..], &["--subresource=status", "--patch", &patch]].concat();
    world.kubectl(&arguments).unwrap();

    world.phase(OF_STRATEGY.0, OF_STRATEGY.1, "Failed");
    let cause = |object: &Value| {
        let cause = object["status"]["cause"]["message"].as_str();
        cause.unwrap_or_default().to_owned()
    };
    let object = eventually(
        "the state in which the round stands still",
        || world.get(OF_STRATEGY.0, OF_STRATEGY.1),
        |object| cause(object).contains("the round's status is BEGINNING"),
    );
    let archiving = condition_of(&object, "Archiving");
    assert_eq!(archiving["reason"], "StartTimeout");
    assert!(cause(&object).contains("can write to the storage"));
    world.condition(STRATEGY, "LogBackupHealthy", "False", "LogBackupFailed");
    world.phase(STRATEGY.0, STRATEGY.1, "Abnormal");

    store(Health::Ok);
    world.phase(OF_STRATEGY.0, OF_STRATEGY.1, "InProgress");
    world.condition(STRATEGY, "LogBackupHealthy", "True", "Archiving");
}
