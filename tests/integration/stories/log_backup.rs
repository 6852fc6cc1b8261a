//! Stories of log backup that is started, stopped, paused, and changed by other tools.

use oceanbase_sim::fault::Fault;
use oceanbase_sim::statement::Kind;
use serde_json::Value;

use super::{LOG_BACKUP, NIGHTLY, ONE_TENANT, task_without_strategy};
use crate::support::api::{self, client};
use crate::support::{World, eventually};

const NAME: (&str, &str) = ("logbackup", "orders-log");

fn want(world: &World, state: &str) {
    let change = format!("spec: {{state: {state}}}");
    world.edit(NAME.0, NAME.1, &change);
}

fn running(story: &str) -> World {
    let world = World::started(story, ONE_TENANT);
    world.apply(LOG_BACKUP);
    world.phase(NAME.0, NAME.1, "InProgress");
    world
}

fn backed_up(world: &World, name: &str) {
    world.apply(&task_without_strategy(name));
    world.phase("backuptask", name, "Completed");
}

fn windows(object: &Value) -> Vec<Value> {
    let windows = object["status"]["recoveryWindows"].as_array();
    windows.cloned().unwrap_or_default()
}

#[test]
fn a_log_backup_that_is_stopped_and_started_again_shows_the_hole_between_two_windows() {
    let world = running("stop-start");
    backed_up(&world, "before");
    want(&world, "Stopped");
    let stopped = world.phase(NAME.0, NAME.1, "Stopped");
    assert_eq!(stopped["status"]["roundID"], 1);
    want(&world, "Running");
    let started = world.phase(NAME.0, NAME.1, "InProgress");
    assert_eq!(started["status"]["roundID"], 2);
    backed_up(&world, "after");
    let shown = eventually(
        "two windows",
        || world.get(NAME.0, NAME.1),
        |object| windows(object).len() == 2,
    );
    let windows = windows(&shown);
    assert!(windows[0]["end"].as_str() <= windows[1]["start"].as_str());
    // The path was set once: setting it again could mark every backup as deleted.
    assert_eq!(world.count(Kind::SetLogArchiveDest), 1);
}

#[test]
fn a_paused_log_backup_keeps_its_round_and_goes_on() {
    let world = running("pause");
    want(&world, "Paused");
    let paused = world.phase(NAME.0, NAME.1, "Paused");
    assert!(paused["status"]["pausedSince"].is_string());
    want(&world, "Running");
    let resumed = world.phase(NAME.0, NAME.1, "InProgress");
    assert_eq!(resumed["status"]["roundID"], 1);
    assert!(resumed["status"]["pausedSince"].is_null());
    assert_eq!(world.count(Kind::SetLogArchiveDestState), 2);
}

#[test]
fn pausing_is_refused_on_a_server_that_can_not() {
    let scenario = ONE_TENANT.replace("4.3.5.2", "4.0.0.0");
    let world = World::started("no-pause", &scenario);
    world.apply(LOG_BACKUP);
    world.phase(NAME.0, NAME.1, "InProgress");
    world.forget_statements();
    want(&world, "Paused");
    world.condition(NAME, "Stalled", "True", "UnsupportedServerVersion");
    assert_eq!(world.changing(), [""; 0]);
    want(&world, "Running");
    world.condition(NAME, "Ready", "True", "Applied");
}

#[test]
fn a_mandatory_log_backup_can_not_be_paused() {
    let world = World::bare("mandatory", ONE_TENANT);
    let manifest = LOG_BACKUP.replace("spec: {", "spec: {binding: Mandatory, state: Paused, ");
    let refused = api::apply(client(), &world.namespace, &manifest).unwrap_err();
    let text = refused.to_string();
    assert!(text.contains("the database would stop writing"), "{text}");
}

#[test]
fn the_log_backup_of_a_strategy_is_the_page_of_its_tenant() {
    let world = World::started("page", ONE_TENANT);
    world.apply(NIGHTLY);
    let object = eventually(
        "the first backup on the page",
        || world.get("logbackup", "prod-t1002"),
        |object| object["status"]["tenant"]["lastDataBackupTime"].is_string(),
    );
    let tasks = world.list("backuptask");
    let page = &object["status"]["tenant"];
    assert_eq!(page["id"], 1002);
    assert_eq!(page["role"], "PRIMARY");
    assert_eq!(page["strategyName"], "nightly");
    assert_eq!(page["lastTaskName"], tasks[0]["metadata"]["name"]);
    assert!(page["dataBytes"].as_i64() > Some(0));
    assert_eq!(
        object["status"]["dataDirectory"],
        "file:///ob-backup/obprod-7/orders-1002/data"
    );
    assert!(object["status"]["inputBytes"].is_i64());
}

/// A stopped log backup writes no checkpoint, which would otherwise update the summary.
#[test]
fn the_page_of_a_log_backup_that_is_stopped_follows_its_strategy() {
    let world = World::started("page-strategy", ONE_TENANT);
    world.apply(NIGHTLY);
    world.phase("logbackup", "prod-t1002", "InProgress");
    world.edit("logbackup", "prod-t1002", "spec: {state: Stopped}");
    world.phase("logbackup", "prod-t1002", "Stopped");
    let shows = |name: Option<&str>, phase: Option<&str>| {
        eventually(
            &format!("the page to show {name:?} in {phase:?}"),
            || world.get("logbackup", "prod-t1002")["status"]["tenant"].clone(),
            |page| page["strategyName"].as_str() == name && page["strategyPhase"].as_str() == phase,
        );
    };
    world.edit("backupstrategy", "nightly", "spec: {suspend: true}");
    shows(Some("nightly"), Some("Paused"));
    world
        .kubectl(&["delete", "backupstrategy", "nightly"])
        .unwrap();
    shows(None, None);
}

#[test]
fn longer_pieces_take_effect_with_the_next_start() {
    let world = running("attributes");
    world.edit(NAME.0, NAME.1, "spec: {pieceSwitchDays: 7}");
    let reported = eventually(
        "the difference to be told",
        || {
            let object = world.get(NAME.0, NAME.1);
            crate::support::world::condition_of(&object, "Ready")["message"].to_string()
        },
        |message| message.contains("PIECE_SWITCH_INTERVAL"),
    );
    assert!(
        reported.contains("Stopped, wait, then to Running"),
        "{reported}"
    );
    want(&world, "Stopped");
    world.phase(NAME.0, NAME.1, "Stopped");
    assert_eq!(world.count(Kind::SetLogArchiveDest), 1);
    want(&world, "Running");
    world.phase(NAME.0, NAME.1, "InProgress");
    let interval = world.simulator.world(|cluster| {
        let dest = &cluster.tenant("orders").unwrap().archive_dest;
        dest.as_ref().unwrap().interval_text.clone()
    });
    assert_eq!(interval, "7d");
    assert_eq!(world.count(Kind::SetLogArchiveDest), 2);
}

#[test]
fn a_directory_inside_of_another_tenants_is_refused_before_anything_is_sent() {
    let scenario = ONE_TENANT.to_owned() + "  - {name: billing}\n";
    let world = World::started("nested", &scenario);
    world.apply(&LOG_BACKUP.replace("spec: {", "spec: {path: shared/log, "));
    world.phase(NAME.0, NAME.1, "InProgress");
    world.forget_statements();
    let nested = LOG_BACKUP
        .replace("spec: {", "spec: {path: shared/log/billing, ")
        .replace("tenantName: orders", "tenantName: billing")
        .replace("name: orders-log", "name: billing-log");
    world.apply(&nested);
    let object = world.condition(
        ("logbackup", "billing-log"),
        "Stalled",
        "True",
        "DestinationOwnedByOther",
    );
    let message = object["status"]["cause"]["message"].as_str().unwrap();
    assert!(message.contains("the logs of tenant 'orders'"), "{message}");
    assert_eq!(world.changing(), [""; 0]);
}

#[test]
fn a_tenant_whose_logs_go_elsewhere_is_refused_and_never_touched() {
    let scenario = "
version: '4.3.5.2'
cluster: {name: obprod, id: 7}
speed: 200
tenants:
  - name: orders
    archive: {dest: LOCATION=file:///elsewhere/orders/log, rounds: [{from: 2h}]}
";
    let world = World::started("logs-elsewhere", scenario);
    world.apply(LOG_BACKUP);
    let object = world.condition(NAME, "Stalled", "True", "DestinationInUse");
    let message = object["status"]["cause"]["message"].as_str().unwrap();
    assert!(
        message.contains("file:///elsewhere/orders/log"),
        "{message}"
    );
    want(&world, "Stopped");
    eventually(
        "the edit to be seen",
        || world.get(NAME.0, NAME.1),
        |object| object["status"]["observedGeneration"] == object["metadata"]["generation"],
    );
    world.settle();
    assert_eq!(world.changing(), [""; 0]);
}

#[test]
fn what_a_dba_stops_is_shown_and_left_alone() {
    let world = running("dba-stops");
    world.sql("ALTER SYSTEM NOARCHIVELOG TENANT = orders");
    world.forget_statements();
    let object = world.condition(NAME, "Archiving", "False", "ModifiedExternally");
    let ready = crate::support::world::condition_of(&object, "Ready");
    assert_eq!(ready["status"], "True");
    world.settle();
    assert_eq!(world.changing(), [""; 0]);
}

#[test]
fn a_backup_waits_while_log_backup_is_interrupted() {
    let world = running("interrupted");
    // A repair would end the interruption during the checks.
    world.edit(NAME.0, NAME.1, "spec: {interruption: {policy: Report}}");
    world.inject(Fault::InterruptArchive {
        tenant: "orders".to_owned(),
        comment: None,
    });
    let object = world.phase(NAME.0, NAME.1, "Interrupted");
    let cause = &object["status"]["cause"];
    assert_eq!(cause["reason"], "LogArchiveInterrupted");
    world.apply(&task_without_strategy("now"));
    world.condition(
        ("backuptask", "now"),
        "Succeeded",
        "Unknown",
        "WaitingForLogBackup",
    );
    assert_eq!(world.count(Kind::Backup), 0);
    // As the message says: stop, wait, start.
    want(&world, "Stopped");
    world.phase(NAME.0, NAME.1, "Stopped");
    want(&world, "Running");
    world.phase("backuptask", "now", "Completed");
}
