//! Stories of a strategy and its slots.

use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan, Unit};
use serde_json::{Value, json};

use crate::stories::{NIGHTLY, ONE_TENANT};
use crate::support::world::condition_of;
use crate::support::{World, apply, eventually, within};

/// Two slots and the backups in them.
const PATIENCE: Duration = Duration::from_secs(220);

#[test]
fn one_strategy_starts_log_backup_and_makes_the_first_full_backup() {
    let world = World::started("first-backup", ONE_TENANT);
    apply(&world.namespace, NIGHTLY).unwrap();
    world.phase("logbackup", "prod-t1002", "InProgress");
    let tasks = eventually(
        "a completed task",
        || world.list("backuptask"),
        |tasks| {
            tasks
                .iter()
                .any(|task| task["status"]["phase"] == "Completed")
        },
    );
    assert_eq!(tasks.len(), 1);
    assert_eq!(tasks[0]["status"]["backupSetID"], 1);
}

#[test]
fn a_full_backup_and_then_an_incremental_one_run_in_their_slots() {
    let world = World::started("slots", ONE_TENANT);
    let zone = TimeZone::get("Asia/Shanghai").unwrap();
    // At least 40 s ahead, so that the strategy is checked while it still waits.
    let full_at = (Timestamp::now() + 70.seconds())
        .round(Unit::Minute)
        .unwrap();
    let incremental_at = full_at + 1.minute();
    let cron = |at: Timestamp| {
        let civil = at.to_zoned(zone.clone());
        format!("{} {} * * *", civil.minute(), civil.hour())
    };
    world.apply(&format!(
        "
apiVersion: backup.oceanbase.io/v1alpha1
kind: BackupStrategy
metadata: {{name: nightly, labels: {{app: shop}}}}
spec:
  clusterRef: {{name: prod}}
  storageRef: {{name: nfs}}
  schedule:
    timeZone: Asia/Shanghai
    full: {{cron: '{}'}}
    incremental: {{cron: '{}'}}
  retention: {{policy: Unmanaged}}
",
        cron(full_at),
        cron(incremental_at)
    ));
    let before = world.phase("backupstrategy", "nightly", "PendingBackupScheduling");
    assert_eq!(
        before["status"]["consoleLabel"],
        "Pending Backup Scheduling"
    );
    let shown = |at: Timestamp| {
        let civil = at.to_zoned(zone.clone());
        civil.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
    };
    assert_eq!(before["status"]["nextFullTime"], full_at.to_string());
    assert_eq!(
        before["status"]["nextIncrementalTime"],
        incremental_at.to_string()
    );
    assert_eq!(before["status"]["summary"]["next"], shown(full_at));

    let stamp = |at: Timestamp| at.strftime("%Y%m%d%H%M").to_string();
    let full = format!("nightly-t1002-full-{}z", stamp(full_at));
    let incremental = format!("nightly-t1002-incr-{}z", stamp(incremental_at));
    let slots = [
        (&full, "Full", full_at),
        (&incremental, "Incremental", incremental_at),
    ];
    for (name, kind, at) in slots {
        let task = within(
            PATIENCE,
            name,
            || world.get("backuptask", name),
            |task| task["status"]["phase"] == "Completed",
        );
        assert_eq!(task["status"]["type"], kind);
        assert_eq!(task["status"]["source"], "Strategy");
        assert_owned(&task, "BackupStrategy", &before);
        // None is copied from the strategy: another tool would treat the task as its own.
        let labels = json!({
            "backup.oceanbase.io/strategy": "nightly",
            "backup.oceanbase.io/cluster": "prod",
            "backup.oceanbase.io/tenant-name": "orders",
            "backup.oceanbase.io/tenant-id": "1002",
            "backup.oceanbase.io/type": kind,
            "backup.oceanbase.io/scheduled-time": at.strftime("%Y%m%dT%H%M%SZ").to_string(),
        });
        assert_eq!(task["metadata"]["labels"], labels);
    }
    assert_eq!(world.list("backuptask").len(), 2);
    let selector = "backup.oceanbase.io/strategy=nightly,backup.oceanbase.io/tenant-id=1002";
    let kinds = "backuptasks,logbackups";
    let selected = ["get", kinds, "--selector", selector, "--output=name"];
    assert_eq!(world.kubectl(&selected).unwrap().lines().count(), 3);
    let log_backup = world.get("logbackup", "prod-t1002");
    assert_owned(
        &log_backup,
        "OceanBaseCluster",
        &world.get("oceanbasecluster", "prod"),
    );

    assert_history(&world, &incremental);
    let strategy = world.get("backupstrategy", "nightly");
    let tomorrow = full_at + 24.hours();
    assert_eq!(strategy["status"]["nextFullTime"], tomorrow.to_string());
}

/// Checks the strategy's status after both slots.
fn assert_history(world: &World, last: &str) {
    let last = world.get("backuptask", last);
    let strategy = eventually(
        "the strategy's status after both slots",
        || world.get("backupstrategy", "nightly"),
        |strategy| {
            strategy["status"]["lastSuccessTime"] == last["status"]["completionTime"]
                && strategy["status"]["runningTasks"] == 0
        },
    );
    let status = &strategy["status"];
    let history: Vec<_> = status["scheduleHistory"]
        .as_array()
        .unwrap()
        .iter()
        .map(|slot| {
            (
                slot["type"].as_str(),
                slot["outcome"].as_str(),
                slot["started"].as_i64(),
            )
        })
        .collect();
    assert_eq!(
        history,
        [
            (Some("Incremental"), Some("Started"), Some(1)),
            (Some("Full"), Some("Started"), Some(1))
        ]
    );
    assert_eq!(status["phase"], "InProgress");
    assert_eq!(status["consoleLabel"], "In Progress");
    assert_eq!(condition_of(&strategy, "BackupHealthy")["status"], "True");
}

fn assert_owned(object: &Value, kind: &str, owner: &Value) {
    let owners = object["metadata"]["ownerReferences"].as_array().unwrap();
    let known: Vec<_> = owners
        .iter()
        .map(|owner| (&owner["kind"], &owner["uid"], &owner["controller"]))
        .collect();
    let wanted = (
        &Value::from(kind),
        &owner["metadata"]["uid"],
        &Value::from(true),
    );
    assert_eq!(known, [wanted]);
}
