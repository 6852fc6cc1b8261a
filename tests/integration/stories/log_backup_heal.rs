//! Stories of interrupted log backups that are repaired, and of those that no longer are.

use oceanbase_sim::fault::Fault;
use oceanbase_sim::statement::Kind;
use serde_json::Value;

use super::{LOG_BACKUP, ONE_TENANT, nightly_without_first_backup};
use crate::support::{World, eventually};

const NAME: (&str, &str) = ("logbackup", "orders-log");
const OF_STRATEGY: (&str, &str) = ("logbackup", "prod-t1002");

fn interrupt(world: &World) {
    world.inject(Fault::InterruptArchive {
        tenant: "orders".to_owned(),
        comment: None,
    });
}

fn runs_in_round(world: &World, (kind, name): (&str, &str), round: i64) -> Value {
    eventually(
        "log backup to run in its new round",
        || world.get(kind, name),
        |object| object["status"]["roundID"] == round && object["status"]["phase"] == "InProgress",
    )
}

#[test]
fn an_interrupted_log_backup_is_restarted_once_a_day_and_then_waits_for_a_person() {
    let world = World::started("heal", ONE_TENANT);
    let heal = "spec: {interruption: {policy: RestartArchive, maxRestartsPerDay: 1}, ";
    world.apply(&LOG_BACKUP.replace("spec: {", heal));
    world.phase(NAME.0, NAME.1, "InProgress");
    world.forget_statements();
    interrupt(&world);
    let healed = runs_in_round(&world, NAME, 2);
    let heals = healed["status"]["heals"].as_array().unwrap();
    assert_eq!((heals.len(), &heals[0]["outcome"]), (1, &"Healed".into()));
    assert_eq!(healed["status"]["interruptions"][0]["roundID"], 1);
    assert_eq!(world.count(Kind::NoArchiveLog), 1);
    assert_eq!(world.count(Kind::ArchiveLog), 1);
    world.forget_statements();

    interrupt(&world);
    let object = world.condition(NAME, "Archiving", "False", "Interrupted");
    let message = object["status"]["cause"]["message"].as_str().unwrap();
    assert!(
        message.contains("interruption.maxRestartsPerDay"),
        "{message}"
    );
    world.settle();
    assert_eq!(world.changing(), [""; 0]);
}

#[test]
fn the_strategy_makes_a_full_backup_after_a_heal() {
    let world = World::started("heal-full", ONE_TENANT);
    world.apply(&nightly_without_first_backup());
    world.phase(OF_STRATEGY.0, OF_STRATEGY.1, "InProgress");
    interrupt(&world);
    runs_in_round(&world, OF_STRATEGY, 2);
    let tasks = eventually(
        "a full backup",
        || world.list("backuptask"),
        |tasks| {
            tasks
                .iter()
                .any(|task| task["status"]["phase"] == "Completed")
        },
    );
    assert_eq!(
        (tasks.len(), &tasks[0]["spec"]["type"]),
        (1, &"Full".into())
    );
    eventually(
        "the wish to be forgotten",
        || world.get(OF_STRATEGY.0, OF_STRATEGY.1),
        |object| object["status"]["fullBackupWantedSince"].is_null(),
    );
    // The set may be visible before the logs reach its first recoverable instant.
    let windows = |object: &Value| object["status"]["recoveryWindows"].as_array().map(Vec::len);
    let object = eventually(
        "a window",
        || world.get(OF_STRATEGY.0, OF_STRATEGY.1),
        |object| windows(object).is_some(),
    );
    assert_eq!(windows(&object), Some(1));
}
