//! Stories of log backup around data backups only, and of log backup that another tool manages.

use oceanbase_sim::fault::Fault;
use oceanbase_sim::model::{RoundStatus, Stage};
use oceanbase_sim::statement::Kind;
use serde_json::Value;

use super::{ONE_TENANT, TWO_TENANTS, nightly_without_first_backup, task};
use crate::support::{World, eventually};

const NAME: (&str, &str) = ("logbackup", "prod-t1002");

/// A strategy for both that begins with a full backup, and archives logs for backups only.
const AROUND_BOTH: &str = "
apiVersion: backup.oceanbase.io/v1alpha1
kind: BackupStrategy
metadata: {name: nightly}
spec:
  clusterRef: {name: prod}
  storageRef: {name: nfs}
  firstBackup: Immediately
  logBackup: {mode: AroundDataBackup}
  schedule: {timeZone: UTC, full: {cron: '0 0 1 1 *'}}
  retention: {policy: Unmanaged}
";

fn with_mode(story: &str, mode: &str) -> World {
    let world = World::started(story, ONE_TENANT);
    let settings = format!("spec:\n  logBackup: {{mode: {mode}}}\n");
    world.apply(&nightly_without_first_backup().replace("spec:\n", &settings));
    world
}

#[test]
fn logs_are_archived_from_before_a_data_backup_until_it_can_be_recovered_to() {
    let world = with_mode("around", "AroundDataBackup");
    world.condition(NAME, "Archiving", "False", "Idle");
    assert_eq!(world.changing(), [""; 0]);
    world.apply(&task("now", "Full"));
    let done = world.phase("backuptask", "now", "Completed");
    world.phase(NAME.0, NAME.1, "Stopped");
    let set = done["status"]["backupSetID"].as_i64().unwrap();
    let shown = eventually(
        "the set among what can be recovered to",
        || world.get(NAME.0, NAME.1),
        |object| object["status"]["recoveryPoints"][0]["backupSetID"] == set,
    );
    assert_eq!(
        shown["status"]["recoveryWindows"].as_array().unwrap().len(),
        1
    );
    assert_eq!(world.count(Kind::ArchiveLog), 1);
    assert_eq!(world.count(Kind::NoArchiveLog), 1);
    eventually(
        "the tenant to count as backed up",
        || world.get("oceanbasecluster", "prod")["status"]["tenants"].clone(),
        |tenants| tenants["backedUp"] == 1,
    );
    // Nothing is wrong: it is idle.
    let strategy = world.get("backupstrategy", "nightly");
    let healthy = crate::support::world::condition_of(&strategy, "LogBackupHealthy");
    assert_ne!(healthy["status"], "False");
}

#[test]
fn a_backup_that_comes_while_the_round_before_is_still_stopping_completes_too() {
    let world = with_mode("around-twice", "AroundDataBackup");
    let tenant = || "orders".to_owned();
    world.inject(Fault::HoldArchive {
        tenant: tenant(),
        at: RoundStatus::Stopping,
    });
    world.condition(NAME, "Archiving", "False", "Idle");
    world.apply(&task("one", "Full"));
    world.phase("backuptask", "one", "Completed");
    let round = || {
        world.simulator.world(|cluster| {
            let tenant = cluster.tenant("orders").unwrap();
            tenant.archive.status()
        })
    };
    let is_stopping = |status: &_| *status == Some(RoundStatus::Stopping);
    eventually("a round that stops", round, is_stopping);
    world.apply(&task("two", "Full"));
    world.condition(
        ("backuptask", "two"),
        "Succeeded",
        "Unknown",
        "WaitingForLogBackup",
    );
    world.inject(Fault::ReleaseArchive { tenant: tenant() });
    world.phase("backuptask", "two", "Completed");
    world.phase(NAME.0, NAME.1, "Stopped");
    assert_eq!(world.count(Kind::ArchiveLog), 2);
}

#[test]
fn data_backups_wait_for_the_logs_that_somebody_else_archives() {
    let world = with_mode("unmanaged", "Unmanaged");
    world.condition(
        ("backupstrategy", "nightly"),
        "LogBackupHealthy",
        "False",
        "LogBackupStopped",
    );
    world.apply(&task("now", "Full"));
    world.condition(
        ("backuptask", "now"),
        "Succeeded",
        "Unknown",
        "WaitingForLogBackup",
    );
    world.sql("ALTER SYSTEM SET LOG_ARCHIVE_DEST = 'LOCATION=file:///dba/log' TENANT = orders");
    world.sql("ALTER SYSTEM ARCHIVELOG TENANT = orders");
    world.phase("backuptask", "now", "Completed");
    assert_eq!(world.list("logbackup").len(), 0);
    assert_eq!(world.count(Kind::ArchiveLog), 1);
    let (_, metrics) = world.operator.as_ref().unwrap().get("/metrics");
    let delay = "obbackup_log_backup_delay_seconds{cluster=\"prod\"";
    assert!(metrics.contains(delay), "{metrics}");
}

/// Logs are archived for backups that may begin, not for one that waits for its strategy.
#[test]
fn no_logs_are_archived_for_a_backup_that_waits_for_its_suspended_strategy() {
    let world = World::new("around-suspended", TWO_TENANTS);
    world.edit(
        "oceanbasecluster",
        "prod",
        "spec: {maxConcurrentBackups: 1}",
    );
    let mut world = world;
    world.start_operator();
    for tenant in ["orders", "billing"] {
        world.hold(tenant, Stage::Doing);
    }
    world.apply(AROUND_BOTH);
    let phases = || {
        let tasks = world.list("backuptask");
        let status = |task: &Value| {
            let cause = &task["status"]["cause"]["reason"];
            format!("{} {}", task["status"]["phase"], cause).replace('"', "")
        };
        let mut phases: Vec<_> = tasks.iter().map(status).collect();
        phases.sort();
        phases
    };
    let tasks_come_to = |what: &str, wanted: [&str; 2]| {
        eventually(what, phases, |phases| *phases == wanted);
    };
    tasks_come_to(
        "one backup to run and one to wait for its turn",
        ["InProgress null", "Pending WaitingForConcurrencySlot"],
    );
    world.edit("backupstrategy", "nightly", "spec: {suspend: true}");
    for tenant in ["orders", "billing"] {
        world.release(tenant);
    }
    tasks_come_to(
        "one to be over and one to wait for the strategy",
        ["Completed null", "Pending StrategySuspended"],
    );
    for name in ["prod-t1002", "prod-t1004"] {
        world.phase("logbackup", name, "Stopped");
    }
    world.edit("backupstrategy", "nightly", "spec: {suspend: false}");
    tasks_come_to("both to be over", ["Completed null", "Completed null"]);
}
