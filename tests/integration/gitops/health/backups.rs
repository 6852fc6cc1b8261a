//! Backups, log backups, strategies, storage and clusters.

use oceanbase_sim::fault::{Fault, NodeState};
use oceanbase_sim::model::{RoundStatus, Stage};

use super::super::recorder::Recorder;
use super::assert_judged;
use crate::stories::{LOG_BACKUP, NIGHTLY, ONE_TENANT, task_without_strategy};
use crate::support::{World, eventually};

const CANCEL: &str = "spec: {cancel: true}";

#[test]
fn a_data_backup_in_every_phase() {
    let mut world = World::new("argo-backups", ONE_TENANT);
    let recorder = Recorder::start(&world);
    world.start_operator();
    world.apply(LOG_BACKUP);
    world.phase("logbackup", "orders-log", "InProgress");
    world.hold("orders", Stage::Init);
    world.apply(&task_without_strategy("good"));
    world.phase("backuptask", "good", "Initializing");
    world.release("orders");
    world.hold("orders", Stage::Doing);
    world.phase("backuptask", "good", "InProgress");
    world.release("orders");
    world.phase("backuptask", "good", "Completed");

    world.inject(Fault::FailBackup {
        tenant: "orders".to_owned(),
        code: -9082,
        comment: None,
    });
    world.apply(&task_without_strategy("bad"));
    world.phase("backuptask", "bad", "Failed");

    world.hold("orders", Stage::Doing);
    world.apply(&task_without_strategy("unwanted"));
    world.phase("backuptask", "unwanted", "InProgress");
    world.hold("orders", Stage::Canceling);
    world.edit("backuptask", "unwanted", CANCEL);
    world.phase("backuptask", "unwanted", "Canceling");
    world.release("orders");
    world.phase("backuptask", "unwanted", "Canceled");

    let late = "type: Full, scheduledTime: '2026-01-01T00:00:00Z', startingDeadlineSeconds: 3600";
    world.apply(&task_without_strategy("late").replace("type: Full", late));
    world.phase("backuptask", "late", "Overdue");

    assert_judged(
        &recorder,
        &[
            ("BackupTask", "Pending", "Progressing"),
            ("BackupTask", "Initializing", "Progressing"),
            ("BackupTask", "InProgress", "Progressing"),
            ("BackupTask", "Completed", "Healthy"),
            ("BackupTask", "Failed", "Degraded"),
            ("BackupTask", "Canceling", "Progressing"),
            ("BackupTask", "Canceled", "Degraded"),
            ("BackupTask", "Overdue", "Degraded"),
        ],
    );
}

#[test]
fn a_log_backup_in_every_phase() {
    let mut world = World::new("argo-logs", ONE_TENANT);
    let recorder = Recorder::start(&world);
    world.start_operator();
    let tenant = || "orders".to_owned();
    let hold = |at| {
        world.inject(Fault::HoldArchive {
            tenant: tenant(),
            at,
        });
    };
    let reaches = |phase: &str| world.phase("logbackup", "orders-log", phase);
    let reaches_in_the_end = |through: &str, phase: &str| {
        reaches(through);
        world.inject(Fault::ReleaseArchive { tenant: tenant() });
        reaches(phase);
    };
    hold(RoundStatus::Beginning);
    world.apply(LOG_BACKUP);
    reaches_in_the_end("Starting", "InProgress");
    for (state, at, through, phase) in [
        ("Paused", RoundStatus::Suspending, "Suspending", "Paused"),
        ("Running", RoundStatus::Beginning, "Starting", "InProgress"),
        ("Stopped", RoundStatus::Stopping, "Stopping", "Stopped"),
    ] {
        hold(at);
        let change = format!("spec: {{state: {state}, interruption: {{policy: Report}}}}");
        world.edit("logbackup", "orders-log", &change);
        reaches_in_the_end(through, phase);
    }
    world.edit("logbackup", "orders-log", "spec: {state: Running}");
    reaches("InProgress");
    world.inject(Fault::InterruptArchive {
        tenant: tenant(),
        comment: None,
    });
    reaches("Interrupted");
    // The older log backup is active.
    world.apply(&LOG_BACKUP.replace("orders-log", "another-log"));
    world.phase("logbackup", "another-log", "Failed");
    assert_judged(
        &recorder,
        &[
            ("LogBackup", "Starting", "Progressing"),
            ("LogBackup", "InProgress", "Healthy"),
            ("LogBackup", "Suspending", "Progressing"),
            ("LogBackup", "Paused", "Suspended"),
            ("LogBackup", "Stopping", "Progressing"),
            ("LogBackup", "Stopped", "Suspended"),
            ("LogBackup", "Interrupted", "Degraded"),
            ("LogBackup", "Failed", "Degraded"),
        ],
    );
}

#[test]
fn a_strategy_its_cluster_and_its_store_in_every_phase() {
    let mut world = World::new("argo-strategy", ONE_TENANT);
    let recorder = Recorder::start(&world);
    world.start_operator();
    world.apply(NIGHTLY);
    world.phase("backupstrategy", "nightly", "InProgress");
    world.condition(
        ("backupstrategy", "nightly"),
        "BackupHealthy",
        "True",
        "LastBackupsSucceeded",
    );
    world.edit("backupstorage", "nfs", "spec: {capacity: 1Ki}");
    world.condition(
        ("backupstorage", "nfs"),
        "WithinCapacity",
        "False",
        "StorageNearlyFull",
    );
    world.edit("backupstrategy", "nightly", "spec: {suspend: true}");
    world.phase("backupstrategy", "nightly", "Paused");
    world.edit("backupstrategy", "nightly", "spec: {suspend: false}");
    world.edit("logbackup", "prod-t1002", "spec: {state: Stopped}");
    world.phase("backupstrategy", "nightly", "Abnormal");
    world.inject(Fault::Node {
        is: NodeState::Refusing,
    });
    eventually(
        "an unreachable cluster",
        || world.get("oceanbasecluster", "prod"),
        |cluster| {
            let reachable = crate::support::world::condition_of(cluster, "Reachable");
            reachable["status"] == "False"
        },
    );
    assert_judged(
        &recorder,
        &[
            ("BackupStrategy", "PendingBackupScheduling", "Healthy"),
            ("BackupStrategy", "InProgress", "Healthy"),
            ("BackupStrategy", "Paused", "Suspended"),
            ("BackupStrategy", "Abnormal", "Degraded"),
        ],
    );
    let of = |kind: &str, status: &str| {
        let objects = recorder.objects();
        let judged = super::argo().health(&objects).unwrap();
        let mut both = objects.iter().zip(judged);
        let found =
            both.any(|(object, health)| object["kind"] == kind && health.unwrap().status == status);
        assert!(found, "a {kind} that is {status}");
    };
    of("OceanBaseCluster", "Healthy");
    of("OceanBaseCluster", "Progressing");
    of("BackupStorage", "Healthy");
    of("BackupStorage", "Degraded");
}
