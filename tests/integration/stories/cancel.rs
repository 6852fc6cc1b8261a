//! Stories of backups that are canceled by the operator or by other tools.

use oceanbase_sim::fault::Fault;
use oceanbase_sim::model::{JobStatus, Stage};
use oceanbase_sim::statement::Kind;

use super::{NIGHTLY, ONE_TENANT, archiving, task_without_strategy, waiting_for_log_backup};
use crate::support::{World, eventually};

const CANCEL: &str = "spec: {cancel: true}";

#[test]
fn a_running_backup_is_canceled_when_its_task_says_so() {
    let world = archiving("cancel");
    world.hold("orders", Stage::Doing);
    world.apply(&task_without_strategy("now"));
    world.phase("backuptask", "now", "InProgress");
    world.hold("orders", Stage::Canceling);
    world.edit("backuptask", "now", CANCEL);
    world.phase("backuptask", "now", "Canceling");
    world.release("orders");
    let task = world.phase("backuptask", "now", "Canceled");
    assert_eq!(task["status"]["cause"]["reason"], "Canceled");
    assert_eq!(world.count(Kind::CancelBackup), 1);
}

#[test]
fn a_backup_that_is_canceled_before_it_was_sent_sends_nothing() {
    let world = waiting_for_log_backup("cancel-unsent");
    world.edit("backuptask", "now", CANCEL);
    world.phase("backuptask", "now", "Canceled");
    assert_eq!(world.changing(), [""; 0]);
}

#[test]
fn what_a_dba_cancels_is_shown_as_canceled_and_not_started_again() {
    let world = World::new("dba-cancels", ONE_TENANT);
    world.hold("orders", Stage::Doing);
    let mut world = world;
    world.start_operator();
    world.apply(NIGHTLY);
    let tasks = eventually(
        "a running backup",
        || world.list("backuptask"),
        |tasks| {
            tasks
                .iter()
                .any(|task| task["status"]["phase"] == "InProgress")
        },
    );
    let name = tasks[0]["metadata"]["name"].as_str().unwrap();
    world.sql("ALTER SYSTEM CANCEL BACKUP TENANT = orders");
    world.release("orders");
    let task = world.phase("backuptask", name, "Canceled");
    assert_eq!(task["status"]["cause"]["reason"], "CanceledExternally");
    world.settle();
    assert_eq!(world.count(Kind::Backup), 1);
    assert_eq!(world.list("backuptask").len(), 1);
}

#[test]
fn a_backup_that_somebody_else_runs_is_never_canceled_by_us() {
    let world = archiving("foreign-job");
    world.sql(
        "ALTER SYSTEM SET DATA_BACKUP_DEST = 'file:///ob-backup/obprod-7/orders-1002/data' \
         TENANT = orders",
    );
    world.hold("orders", Stage::Doing);
    world.inject(Fault::ForeignBackup {
        tenant: "orders".to_owned(),
        description: "by hand".to_owned(),
        incremental: false,
        from_sys: false,
    });
    world.settle();
    world.forget_statements();
    world.apply(&task_without_strategy("now"));
    world.condition(
        ("backuptask", "now"),
        "Succeeded",
        "Unknown",
        "WaitingForRunningBackup",
    );
    world.edit("backuptask", "now", CANCEL);
    world.phase("backuptask", "now", "Canceled");
    world.settle();
    assert_eq!(world.changing(), [""; 0]);
    let status = world.simulator.world(|cluster| {
        let jobs = &cluster.tenant("orders").unwrap().backups.jobs;
        jobs.iter().map(|job| job.status).collect::<Vec<_>>()
    });
    assert_eq!(status, [JobStatus::Doing]);
}

#[test]
fn a_backup_that_runs_longer_than_it_may_is_canceled_and_has_failed() {
    let world = archiving("too-long");
    world.hold("orders", Stage::Doing);
    let limit = "type: Full, activeDeadlineSeconds: 60";
    world.apply(&task_without_strategy("now").replace("type: Full", limit));
    world.phase("backuptask", "now", "InProgress");
    let canceled = || world.count(Kind::CancelBackup);
    eventually("a CANCEL", canceled, |count| *count == 1);
    world.release("orders");
    let task = world.phase("backuptask", "now", "Failed");
    assert_eq!(task["status"]["cause"]["reason"], "ActiveDeadlineExceeded");
}
