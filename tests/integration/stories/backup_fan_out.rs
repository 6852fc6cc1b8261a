//! Stories of one task for all tenants of a strategy.

use oceanbase_sim::fault::Fault;
use oceanbase_sim::model::Stage;
use oceanbase_sim::statement::Kind;
use serde_json::{Value, json};

use super::archive_everybody;
use super::recovery::recovery;
use crate::support::{World, eventually};

const THREE_TENANTS: &str = "
version: '4.3.5.2'
cluster: {name: obprod, id: 7}
speed: 200
tenants:
  - {name: orders, fullBackupSize: 1GiB}
  - {name: billing, fullBackupSize: 1GiB}
  - {name: stock, fullBackupSize: 1GiB}
";

const ALL: &str = "
apiVersion: backup.oceanbase.io/v1alpha1
kind: BackupTask
metadata: {name: all}
spec: {strategyRef: {name: nightly}, scope: AllTenants, type: Full}
";

fn archiving(story: &str) -> World {
    let world = World::started(story, THREE_TENANTS);
    archive_everybody(&world, 3);
    world
}

fn names(world: &World) -> Vec<String> {
    let tasks = world.list("backuptask");
    let name = |task: &Value| task["metadata"]["name"].as_str().unwrap().to_owned();
    tasks.iter().map(name).collect()
}

fn children(task: &Value) -> [i64; 4] {
    let children = &task["status"]["children"];
    ["total", "completed", "failed", "running"].map(|word| children[word].as_i64().unwrap())
}

#[test]
fn each_tenant_gets_a_task_and_the_first_task_ends_with_the_last() {
    let world = archiving("all");
    world.apply(ALL);
    let all = world.phase("backuptask", "all", "Completed");
    assert_eq!(children(&all), [3, 3, 0, 0]);
    let made = ["all", "all-t1002", "all-t1004", "all-t1006"];
    assert_eq!(names(&world), made);
    assert_eq!(world.count(Kind::Backup), 3);
    let child = world.get("backuptask", "all-t1004");
    assert_eq!(child["spec"]["tenantName"], "billing");
    let owner = &child["metadata"]["ownerReferences"][0];
    assert_eq!(owner["uid"], all["metadata"]["uid"]);
}

#[test]
fn one_that_fails_is_named_and_does_not_hold_back_the_others() {
    let world = archiving("one-fails");
    world.inject(Fault::FailBackup {
        tenant: "billing".to_owned(),
        code: -9082,
        comment: None,
    });
    world.apply(ALL);
    let all = world.phase("backuptask", "all", "Failed");
    assert_eq!(children(&all), [3, 2, 1, 0]);
    let cause = &all["status"]["cause"];
    assert_eq!(cause["reason"], "ChildrenFailed");
    let message = cause["message"].as_str().unwrap();
    assert!(message.contains("'all-t1004'"), "{message}");
}

#[test]
fn a_tenant_that_is_dropped_meanwhile_does_not_make_the_others_fail() {
    let world = archiving("dropped-meanwhile");
    let tenants = ["orders", "billing", "stock"];
    for tenant in tenants {
        world.hold(tenant, Stage::Doing);
    }
    world.apply(ALL);
    // Two run, and the third waits for a slot in the queue, in any order.
    let waiting = || {
        let tasks = world.list("backuptask");
        let mut tasks = tasks.into_iter();
        tasks.find(|task| task["status"]["queuePosition"] == 1)
    };
    let running = || children(&world.get("backuptask", "all"));
    world.phase("backuptask", "all", "InProgress");
    eventually("two that run", running, |counts| counts[3] == 2);
    let third = eventually("one that waits", waiting, Option::is_some).unwrap();
    let tenant = third["spec"]["tenantName"].as_str().unwrap();
    world.inject(Fault::Drop {
        tenant: tenant.to_owned(),
    });
    let name = third["metadata"]["name"].as_str().unwrap();
    let third = world.phase("backuptask", name, "Failed");
    assert_eq!(third["status"]["cause"]["reason"], "TenantDropped");
    for other in tenants.iter().filter(|other| **other != tenant) {
        world.release(other);
    }
    let all = world.phase("backuptask", "all", "Completed");
    assert_eq!(children(&all), [3, 2, 0, 0]);
    assert_eq!(all["status"]["children"]["dropped"], 1);
}

#[test]
fn a_cancel_is_passed_on_to_the_tasks_that_run() {
    let world = archiving("cancel-all");
    for tenant in ["orders", "billing", "stock"] {
        world.hold(tenant, Stage::Doing);
    }
    world.apply(ALL);
    let running = || children(&world.get("backuptask", "all"));
    world.phase("backuptask", "all", "InProgress");
    // Two run, and the third waits for a slot in the queue.
    eventually("two that run", running, |counts| counts[3] == 2);
    world.edit("backuptask", "all", "spec: {cancel: true}");
    let canceled = || world.count(Kind::CancelBackup);
    eventually("two CANCELs", canceled, |count| *count == 2);
    for tenant in ["orders", "billing", "stock"] {
        world.release(tenant);
    }
    let all = world.phase("backuptask", "all", "Canceled");
    assert_eq!(children(&all), [3, 0, 3, 0]);
    assert_eq!(world.count(Kind::Backup), 2);
}

#[test]
fn a_name_that_somebody_else_has_is_left_alone_and_told() {
    let world = archiving("taken");
    let theirs = ALL
        .replace("name: all", "name: all-t1004")
        .replace("scope: AllTenants", "tenantName: orders, cancel: true");
    world.apply(&theirs);
    world.phase("backuptask", "all-t1004", "Canceled");
    world.apply(ALL);
    let all = world.phase("backuptask", "all", "Failed");
    assert_eq!(all["status"]["children"]["refused"], json!(["all-t1004"]));
    let theirs = world.get("backuptask", "all-t1004");
    assert_eq!(theirs["metadata"]["ownerReferences"], Value::Null);
    assert_eq!(world.count(Kind::Backup), 2);
}

/// A task of the time-to-live story that ends at once.
const PREVIEW: &str = "
apiVersion: backup.oceanbase.io/v1alpha1
kind: CleanupTask
metadata: {name: preview}
spec: {clusterRef: {name: prod}, tenantName: orders, mode: Preview, target: {type: Obsolete}, ttlSecondsAfterFinished: 0}
";

/// A user created the parent task, the preview and the recovery; the operator created the children.
#[test]
fn objects_of_ended_tasks_are_deleted_after_their_time_to_live() {
    let world = archiving("time-to-live");
    world.apply(ALL);
    world.phase("backuptask", "all", "Completed");
    let await_deletion = |kind: &str, name: &str| {
        eventually(
            &format!("{kind} {name} is gone"),
            || world.get(kind, name),
            Value::is_null,
        );
    };
    let patch = "spec: {ttlSecondsAfterFinished: 1}";
    world.edit("backuptask", "all-t1004", patch);
    await_deletion("backuptask", "all-t1004");
    assert_eq!(names(&world), ["all", "all-t1002", "all-t1006"]);
    world.edit("backuptask", "all", patch);
    await_deletion("backuptask", "all");
    world.apply(PREVIEW);
    await_deletion("cleanuptask", "preview");
    // The cluster does not allow it.
    world.apply(&recovery("undo", "ttlSecondsAfterFinished: 0"));
    await_deletion("recoverytask", "undo");
}
