//! Stories of failing backups.

use jiff::{Timestamp, ToSpan};
use oceanbase_sim::fault::Fault;
use oceanbase_sim::model::Stage;
use oceanbase_sim::statement::Kind;

use super::{ONE_TENANT, nightly_without_first_backup, task};
use crate::support::World;
use crate::support::world::condition_of;

/// Returns a task with the strategy as its owner, as the strategy creates it.
fn owned_task(world: &World, name: &str) -> String {
    let strategy = world.get("backupstrategy", "nightly");
    let uid = strategy["metadata"]["uid"].as_str().unwrap();
    task(name, "Full").replace(
        &format!("metadata: {{name: {name}}}"),
        &format!(
            "metadata: {{name: {name}, ownerReferences: [{{apiVersion: \
             backup.oceanbase.io/v1alpha1, kind: BackupStrategy, name: nightly, uid: {uid}, \
             controller: true}}]}}"
        ),
    )
}

#[test]
fn a_failed_backup_tells_its_cause_and_the_next_one_runs_all_the_same() {
    let world = World::started("failure", ONE_TENANT);
    world.apply(&nightly_without_first_backup());
    world.phase("logbackup", "prod-t1002", "InProgress");
    world.inject(Fault::FailBackup {
        tenant: "orders".to_owned(),
        code: -9082,
        comment: None,
    });
    world.apply(&owned_task(&world, "last-night"));
    let failed = world.phase("backuptask", "last-night", "Failed");
    let cause = &failed["status"]["cause"];
    assert_eq!(cause["code"], -9082);
    assert_eq!(cause["reason"], "StorageOutOfSpace");
    let message = cause["message"].as_str().unwrap();
    assert!(message.contains("free space in the storage"), "{message}");
    let described = world
        .kubectl(&["describe", "backuptask", "last-night"])
        .unwrap();
    assert!(
        described.contains("free space in the storage"),
        "{described}"
    );

    let strategy = world.condition(
        ("backupstrategy", "nightly"),
        "BackupHealthy",
        "False",
        "StorageOutOfSpace",
    );
    assert_eq!(condition_of(&strategy, "Ready")["status"], "True");
    assert_eq!(strategy["status"]["phase"], "Abnormal");
    assert_eq!(
        strategy["status"]["tenants"]["failing"][0]["name"],
        "orders"
    );

    world.apply(&owned_task(&world, "tonight"));
    world.phase("backuptask", "tonight", "Completed");
    let strategy = world.condition(
        ("backupstrategy", "nightly"),
        "BackupHealthy",
        "True",
        "LastBackupsSucceeded",
    );
    assert_eq!(strategy["status"]["phase"], "InProgress");
    assert!(strategy["status"]["lastFailureTime"].is_string());
}

#[test]
fn a_backup_whose_store_was_away_is_tried_again_and_both_attempts_are_told() {
    let world = World::started("retry", ONE_TENANT);
    let retry = "  dataBackup: {retry: {limit: 1, backoffSeconds: 10}}\n";
    world.apply(&(nightly_without_first_backup() + retry));
    world.phase("logbackup", "prod-t1002", "InProgress");
    world.inject(Fault::FailBackup {
        tenant: "orders".to_owned(),
        code: -9070,
        comment: None,
    });
    world.apply(&owned_task(&world, "last-night"));
    let task = world.phase("backuptask", "last-night", "Completed");
    let attempts = task["status"]["attempts"].as_array().unwrap();
    let reported = |at: usize| {
        let attempt = &attempts[at];
        (attempt["outcome"].clone(), attempt["cause"]["code"].clone())
    };
    assert_eq!(reported(0), ("Failed".into(), (-9070).into()));
    assert_eq!(reported(1), ("Completed".into(), serde_json::Value::Null));
    assert_eq!(world.count(Kind::Backup), 2);
}

/// A window from two hours ago to three hours ago, which is tomorrow.
#[test]
fn a_backup_that_runs_into_a_window_over_midnight_runs_on_and_is_tried_again_after_it() {
    let world = World::started("retry-window", ONE_TENANT);
    let retry = "  dataBackup: {retry: {limit: 1, backoffSeconds: 10}}\n";
    world.apply(&(nightly_without_first_backup() + retry));
    world.phase("logbackup", "prod-t1002", "InProgress");
    world.hold("orders", Stage::Doing);
    world.apply(&owned_task(&world, "last-night"));
    world.phase("backuptask", "last-night", "InProgress");
    let clock = |hours: i64| (Timestamp::now() - hours.hours()).strftime("%H:%M");
    let windows = format!(
        "spec: {{schedule: {{blackoutWindows: [{{start: '{}', end: '{}', action: Postpone}}]}}}}",
        clock(2),
        clock(3)
    );
    world.edit("backupstrategy", "nightly", &windows);
    world.settle();
    world.phase("backuptask", "last-night", "InProgress");
    world.inject(Fault::FailBackup {
        tenant: "orders".to_owned(),
        code: -9070,
        comment: None,
    });
    world.release("orders");
    let held = world.condition(
        ("backuptask", "last-night"),
        "Succeeded",
        "Unknown",
        "BlackoutWindow",
    );
    assert_eq!(held["status"]["attempts"][0]["outcome"], "Failed");
    let none = "spec: {schedule: {blackoutWindows: null}}";
    world.edit("backupstrategy", "nightly", none);
    world.phase("backuptask", "last-night", "Completed");
    assert_eq!(world.count(Kind::Backup), 2);
}
