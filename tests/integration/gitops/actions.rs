//! Tests of Argo CD's actions: which are offered, and what the API server and the operator do for
//! them.

use argo_cd::Request;
use oceanbase_sim::fault::Fault;
use oceanbase_sim::model::{RestoreStage, Stage};
use oceanbase_sim::statement::Kind;
use serde_json::{Value, json};

use super::argo;
use crate::stories::cleanup::{A_PAST, task as cleanup};
use crate::stories::recovery::{recoverable, recovery};
use crate::stories::{LOG_BACKUP, ONE_TENANT, nightly_without_first_backup, task_without_strategy};
use crate::support::api::{self, client};
use crate::support::world::DRILL;
use crate::support::{World, eventually};

/// Returns the names of the actions that an object offers.
fn offered(world: &World, kind: &str, name: &str) -> Vec<String> {
    let actions = argo().actions(&[world.get(kind, name)]).unwrap();
    actions.into_iter().next().unwrap()
}

/// Runs an action in Argo CD, and returns the names of the created objects.
fn run(world: &World, (kind, name): (&str, &str), action: &str) -> Vec<String> {
    let object = world.get(kind, name);
    let mut made = Vec::new();
    for Request { operation, body } in argo().action(&object, action).unwrap() {
        if operation == "create" {
            api::create(client(), &world.namespace, &body, false).unwrap();
            made.push(body["metadata"]["name"].as_str().unwrap().to_owned());
        } else {
            assert_eq!(
                body.as_object().unwrap().keys().collect::<Vec<_>>(),
                ["spec"]
            );
            api::patch(client(), &world.namespace, (kind, name), &body).unwrap();
        }
    }
    made
}

#[test]
fn a_strategy_is_suspended_and_resumed_and_its_tenants_are_backed_up_now() {
    let world = World::started("argo-actions", ONE_TENANT);
    world.apply(&nightly_without_first_backup());
    world.phase("logbackup", "prod-t1002", "InProgress");
    let strategy = ("backupstrategy", "nightly");
    let always = ["back-up-now-full", "back-up-now-incremental"];
    let names = |last: &str| [always[0], always[1], last].map(str::to_owned);
    assert_eq!(offered(&world, strategy.0, strategy.1), names("suspend"));
    run(&world, strategy, "suspend");
    world.phase(strategy.0, strategy.1, "Paused");
    assert_eq!(offered(&world, strategy.0, strategy.1), names("resume"));
    run(&world, strategy, "resume");
    world.phase(strategy.0, strategy.1, "PendingBackupScheduling");

    for (action, kind) in [(always[0], "Full"), (always[1], "Incremental")] {
        let made = run(&world, strategy, action);
        let task = world.phase("backuptask", &made[0], "Completed");
        assert_eq!(task["spec"]["type"], kind);
        assert_eq!(task["metadata"]["ownerReferences"], Value::Null);
        let child = world.get("backuptask", &format!("{}-t1002", made[0]));
        assert_eq!(child["status"]["type"], kind);
    }
    assert_eq!(world.count(Kind::Backup), 2);
}

#[test]
fn a_drill_is_suspended_and_resumed() {
    let world = World::started("argo-drill", ONE_TENANT);
    world.apply(&nightly_without_first_backup());
    world.apply(DRILL);
    let drill = ("recoverydrill", "yearly");
    for (phase, action) in [("Scheduled", "suspend"), ("Paused", "resume")] {
        world.phase(drill.0, drill.1, phase);
        assert_eq!(offered(&world, drill.0, drill.1), [action]);
        run(&world, drill, action);
    }
    world.phase(drill.0, drill.1, "Scheduled");
}

#[test]
fn a_backup_is_canceled_and_made_again() {
    let world = World::started("argo-cancel", ONE_TENANT);
    world.apply(LOG_BACKUP);
    world.phase("logbackup", "orders-log", "InProgress");
    world.hold("orders", Stage::Doing);
    world.apply(&task_without_strategy("now"));
    world.phase("backuptask", "now", "InProgress");
    assert_eq!(offered(&world, "backuptask", "now"), ["cancel"]);
    run(&world, ("backuptask", "now"), "cancel");
    world.phase("backuptask", "now", "Canceled");
    world.release("orders");
    assert_eq!(offered(&world, "backuptask", "now"), ["retry"]);
    let made = run(&world, ("backuptask", "now"), "retry");
    let again = world.phase("backuptask", &made[0], "Completed");
    assert_eq!(again["spec"]["cancel"], Value::Null);
    assert_eq!(offered(&world, "backuptask", &made[0]), [""; 0]);
}

#[test]
fn log_backup_is_paused_started_and_stopped() {
    let world = World::started("argo-log-actions", ONE_TENANT);
    world.apply(LOG_BACKUP);
    let log = ("logbackup", "orders-log");
    world.phase(log.0, log.1, "InProgress");
    for (action, phase, then) in [
        ("pause", "Paused", &["start", "stop"][..]),
        ("start", "InProgress", &["pause", "stop"]),
        ("stop", "Stopped", &["start"]),
    ] {
        run(&world, log, action);
        world.phase(log.0, log.1, phase);
        assert_eq!(offered(&world, log.0, log.1), then);
    }
    let of = |spec: Value| json!({"apiVersion": "backup.oceanbase.io/v1alpha1", "kind": "LogBackup", "metadata": {"name": "x"}, "spec": spec});
    let running = [
        of(json!({"state": "Running", "binding": "Mandatory", "mode": "Continuous"})),
        of(json!({"state": "Running", "binding": "Optional", "mode": "AroundDataBackup"})),
    ];
    assert_eq!(argo().actions(&running).unwrap(), [["stop"], ["stop"]]);
}

#[test]
fn a_cleanup_is_canceled() {
    let world = World::started("argo-cleanup", A_PAST);
    world.inject(Fault::HoldCleanup {
        tenant: "orders".to_owned(),
        at: Stage::Doing,
    });
    world.apply(&cleanup(
        "old",
        "Delete",
        "{type: BackupSets, backupSetIDs: [1]}",
    ));
    world.phase("cleanuptask", "old", "Executing");
    assert_eq!(offered(&world, "cleanuptask", "old"), ["cancel"]);
    run(&world, ("cleanuptask", "old"), "cancel");
    assert_eq!(offered(&world, "cleanuptask", "old"), [""; 0]);
    eventually(
        "a cancel",
        || world.count(Kind::CancelDeleteBackup),
        |count| *count == 1,
    );
}

/// There is no action that recovers, and none that repeats a recovery.
#[test]
fn a_recovery_is_canceled_and_nothing_else() {
    let world = recoverable("argo-recovering");
    world.inject(Fault::HoldRestore {
        tenant: "restore_orders".to_owned(),
        at: RestoreStage::ConsistentScn,
    });
    world.apply(&recovery("undo", "{}"));
    world.phase("recoverytask", "undo", "Restoring");
    assert_eq!(offered(&world, "recoverytask", "undo"), ["cancel"]);
    run(&world, ("recoverytask", "undo"), "cancel");
    world.phase("recoverytask", "undo", "Canceled");
    assert_eq!(offered(&world, "recoverytask", "undo"), [""; 0]);
}
