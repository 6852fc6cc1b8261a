//! Stories of outside changes in the database between the operator's read and its statement.

use std::time::Duration;

use oceanbase_sim::fault::{Fault, Trigger};
use oceanbase_sim::statement::Kind;

use super::{LOG_BACKUP, ONE_TENANT, archiving, task_without_strategy};
use crate::support::{World, eventually};

/// The first statement of each command.
const BEGINNING: &str = "ob_query_timeout";

/// Delays the operator for this long at the beginning of its next command, after its decision.
fn catch_next_command(world: &World) {
    world.forget_statements();
    world.inject(Fault::Slow {
        on: Trigger::any().containing(BEGINNING),
        delay: Duration::from_secs(3),
    });
}

/// Sends a statement during the operator's delay.
fn type_when_caught(world: &World, text: &str) {
    eventually(
        "the operator to begin a command",
        || {
            let begins = |log: &oceanbase_sim::log::StatementLog| {
                log.entries().any(|entry| entry.text.contains(BEGINNING))
            };
            world.simulator.log(begins)
        },
        |begun| *begun,
    );
    assert_eq!(changing(world), 0, "typed too late");
    world.sql(text);
}

fn changing(world: &World) -> usize {
    world.changing().len()
}

#[test]
fn a_log_destination_that_somebody_sets_meanwhile_is_not_overwritten() {
    let world = World::started("logs-meanwhile", ONE_TENANT);
    catch_next_command(&world);
    world.apply(LOG_BACKUP);
    let theirs = "file:///elsewhere/orders/log";
    type_when_caught(
        &world,
        &format!("ALTER SYSTEM SET LOG_ARCHIVE_DEST = 'LOCATION={theirs}' TENANT = orders"),
    );
    let logs = ("logbackup", "orders-log");
    let object = world.condition(logs, "Stalled", "True", "DestinationInUse");
    let message = object["status"]["cause"]["message"].as_str().unwrap();
    assert!(message.contains(theirs), "{message}");
    assert_eq!(world.count(Kind::SetLogArchiveDest), 1, "theirs");
    assert_eq!(changing(&world), 1);
}

#[test]
fn a_data_destination_that_somebody_sets_meanwhile_is_not_overwritten() {
    let world = archiving("data-meanwhile");
    catch_next_command(&world);
    world.apply(&task_without_strategy("now"));
    let theirs = "file:///elsewhere/orders/data";
    type_when_caught(
        &world,
        &format!("ALTER SYSTEM SET DATA_BACKUP_DEST = '{theirs}' TENANT = orders"),
    );
    let task = world.phase("backuptask", "now", "Failed");
    assert_eq!(task["status"]["cause"]["reason"], "DestinationInUse");
    assert_eq!(world.count(Kind::SetDataBackupDest), 1, "theirs");
    assert_eq!(changing(&world), 1);
}

/// V4.0 answers 1235 where later versions say that the tenant archives already.
#[test]
fn archiving_that_a_dba_of_v4_0_turns_on_meanwhile_is_found_on() {
    let world = World::started(
        "archivelog-meanwhile",
        &ONE_TENANT.replace("4.3.5.2", "4.0.0.0"),
    );
    let logs = ("logbackup", "orders-log");
    let want = |state: &str| {
        world.edit(logs.0, logs.1, &format!("spec: {{state: {state}}}"));
    };
    world.apply(LOG_BACKUP);
    world.phase(logs.0, logs.1, "InProgress");
    want("Stopped");
    world.phase(logs.0, logs.1, "Stopped");
    catch_next_command(&world);
    want("Running");
    type_when_caught(&world, "ALTER SYSTEM ARCHIVELOG TENANT = orders");
    world.phase(logs.0, logs.1, "InProgress");
    world.condition(logs, "Ready", "True", "Applied");
    assert_eq!(
        world.count(Kind::ArchiveLog),
        2,
        "theirs, and one that is refused"
    );
}
