//! Stories of edits of a strategy, and their effects on existing objects.

use oceanbase_sim::fault::Fault;

use super::{EVERYBODY, NIGHTLY, ONE_AND_A_LOCKED, ONE_TENANT, task};
use crate::support::world::condition_of;
use crate::support::{World, eventually};

const STRATEGY: (&str, &str) = ("backupstrategy", "nightly");
const LOGS: (&str, &str) = ("logbackup", "prod-t1002");

const OTHER_STORE: &str = "
apiVersion: backup.oceanbase.io/v1alpha1
kind: BackupStorage
metadata: {name: other}
spec: {type: NFS, nfs: {path: /ob-other}}
";

/// Creates `nightly`, whose first backup has ended.
fn backed_up(story: &str) -> World {
    let world = World::started(story, ONE_TENANT);
    world.apply(OTHER_STORE);
    world.apply(NIGHTLY);
    world.phase(LOGS.0, LOGS.1, "InProgress");
    world.condition(STRATEGY, "BackupHealthy", "True", "LastBackupsSucceeded");
    world
}

#[test]
fn a_log_backup_follows_its_strategy_but_for_what_somebody_wrote_into_it() {
    let world = backed_up("follow");
    world.edit(LOGS.0, LOGS.1, "spec: {binding: Mandatory}");
    world.edit(
        STRATEGY.0,
        STRATEGY.1,
        "spec: {logBackup: {pieceSwitchDays: 3}}",
    );
    let object = eventually(
        "a log backup that follows",
        || world.get(LOGS.0, LOGS.1),
        |object| object["spec"]["pieceSwitchDays"] == 3,
    );
    assert_eq!(object["spec"]["binding"], "Mandatory");
    let inherited = &object["metadata"]["annotations"]["backup.oceanbase.io/inherited"];
    let inherited = inherited.as_str().unwrap();
    assert!(
        inherited.contains("\"strategy\":\"nightly\""),
        "{inherited}"
    );
    let owners = object["metadata"]["ownerReferences"].as_array().unwrap();
    assert_eq!(owners[0]["kind"], "OceanBaseCluster");
    assert_eq!(world.list("logbackup").len(), 1);
}

/// The strategy's own edit of the LogBackup is not a request to restart it.
#[test]
fn an_edit_of_the_strategy_does_not_undo_what_a_dba_did_by_hand() {
    let world = backed_up("follow-by-hand");
    world.sql("ALTER SYSTEM NOARCHIVELOG TENANT = orders");
    world.condition(LOGS, "Archiving", "False", "ModifiedExternally");
    world.settle();
    world.forget_statements();
    let change = "spec: {logBackup: {interruption: {policy: Report}}}";
    world.edit(STRATEGY.0, STRATEGY.1, change);
    eventually(
        "a log backup that has seen the edit",
        || world.get(LOGS.0, LOGS.1),
        |object| {
            let is_seen =
                object["status"]["observedGeneration"] == object["metadata"]["generation"];
            object["spec"]["interruption"]["policy"] == "Report" && is_seen
        },
    );
    world.settle();
    assert_eq!(world.changing(), [""; 0]);
    world.condition(LOGS, "Archiving", "False", "ModifiedExternally");

    // A user's edit is one.
    world.edit(
        LOGS.0,
        LOGS.1,
        "spec: {interruption: {policy: RestartArchive}}",
    );
    world.phase(LOGS.0, LOGS.1, "InProgress");
}

#[test]
fn an_edit_that_would_move_the_logs_is_refused_and_sends_nothing() {
    let world = backed_up("move");
    world.settle();
    world.forget_statements();
    world.edit(STRATEGY.0, STRATEGY.1, "spec: {storageRef: {name: other}}");
    let object = world.condition(STRATEGY, "Stalled", "True", "StorageChangeRefused");
    let ready = condition_of(&object, "Ready");
    assert_eq!(ready["status"], "False");
    let message = ready["message"].as_str().unwrap();
    assert!(message.contains("Revert the edit"), "{message}");
    assert_eq!(object["status"]["phase"], "Abnormal");
    let failing = &object["status"]["tenants"]["failing"][0];
    assert_eq!(failing["reason"], "StorageChangeRefused");
    world.settle();
    assert_eq!(world.changing(), [""; 0]);
    assert_eq!(world.get(LOGS.0, LOGS.1)["status"]["phase"], "InProgress");

    world.edit(STRATEGY.0, STRATEGY.1, "spec: {storageRef: {name: nfs}}");
    world.condition(STRATEGY, "Ready", "True", "Accepted");
    world.condition(STRATEGY, "BackupHealthy", "True", "LastBackupsSucceeded");
}

/// During the refused edit no tenant uses the new storage. After its revert, everything continues
/// as before it.
#[test]
fn a_tenant_that_comes_while_an_edit_is_refused_goes_where_the_others_are() {
    let world = World::started("move-new", ONE_AND_A_LOCKED);
    world.apply(OTHER_STORE);
    world.apply(EVERYBODY);
    world.phase(LOGS.0, LOGS.1, "InProgress");
    world.settle();
    world.forget_statements();
    world.edit(STRATEGY.0, STRATEGY.1, "spec: {storageRef: {name: other}}");
    world.condition(STRATEGY, "Stalled", "True", "StorageChangeRefused");
    world.condition(STRATEGY, "Scheduling", "False", "StorageChangeRefused");

    world.inject(Fault::Lock {
        tenant: "billing".to_owned(),
        locked: false,
    });
    eventually(
        "the new tenant to be refused too",
        || world.get(STRATEGY.0, STRATEGY.1),
        |object| {
            let failing = object["status"]["tenants"]["failing"].as_array();
            failing.is_some_and(|failing| failing.len() == 2)
        },
    );
    world.apply(&task("now", "Full"));
    let now = ("backuptask", "now");
    world.condition(now, "Succeeded", "Unknown", "StorageChangeRefused");
    world.settle();
    assert_eq!(world.list("logbackup").len(), 1);
    assert_eq!(world.changing(), [""; 0]);

    world.edit(STRATEGY.0, STRATEGY.1, "spec: {storageRef: {name: nfs}}");
    world.condition(STRATEGY, "Ready", "True", "Accepted");
    world.condition(STRATEGY, "Scheduling", "True", "Scheduling");
    let logs = eventually(
        "log backup of the new tenant",
        || world.list("logbackup"),
        |all| {
            let mut phases = all.iter().map(|object| &object["status"]["phase"]);
            all.len() == 2 && phases.all(|phase| phase == "InProgress")
        },
    );
    let stores = logs
        .iter()
        .map(|object| &object["spec"]["storageRef"]["name"]);
    assert_eq!(stores.collect::<Vec<_>>(), ["nfs", "nfs"]);
    let task = world.phase(now.0, now.1, "Completed");
    assert_eq!(
        task["status"]["storageDirectory"],
        "file:///ob-backup/obprod-7/orders-1002/data"
    );
}

#[test]
fn a_store_of_another_name_at_the_same_place_moves_nothing() {
    let world = backed_up("alias");
    world.apply(&crate::support::world::NFS.replace("{name: nfs}", "{name: alias}"));
    world.edit(STRATEGY.0, STRATEGY.1, "spec: {storageRef: {name: alias}}");
    let object = eventually(
        "the edit to be looked at",
        || world.get(STRATEGY.0, STRATEGY.1),
        |object| object["status"]["observedGeneration"] == object["metadata"]["generation"],
    );
    assert_eq!(condition_of(&object, "Ready")["status"], "True");
    assert!(object["status"]["tenants"]["failing"].is_null());
}

#[test]
fn a_strategy_that_goes_leaves_its_tenant_where_it_is() {
    let world = backed_up("level");
    let for_all = NIGHTLY
        .replace("{name: nightly}", "{name: for-all}")
        .replace("tenants: {names: [orders]}", "suspend: false")
        .replace("{name: nfs}", "{name: other}");
    world.apply(&for_all);
    world.condition(
        ("backupstrategy", "for-all"),
        "Scheduling",
        "False",
        "NoTenants",
    );
    world.settle();
    world.forget_statements();
    world
        .kubectl(&["delete", STRATEGY.0, STRATEGY.1, "--timeout=20s"])
        .unwrap();
    let object = world.condition(
        ("backupstrategy", "for-all"),
        "BackupHealthy",
        "False",
        "DestinationChangeRefused",
    );
    // The edit was of another object: the strategy is valid, and cannot work.
    assert_eq!(condition_of(&object, "Ready")["status"], "True");
    world.settle();
    assert_eq!(world.changing(), [""; 0]);
    assert_eq!(world.get(LOGS.0, LOGS.1)["status"]["phase"], "InProgress");
}

#[test]
fn backups_go_where_the_templates_say() {
    let world = World::started("templates", ONE_TENANT);
    world.apply(&NIGHTLY.replace(
        "  storageRef",
        "  paths: {data: '{clusterName}/{clusterId}/{tenantName}.{tenantId}', log: 'log/{tenantId}'}
  storageRef",
    ));
    let logs = world.phase(LOGS.0, LOGS.1, "InProgress");
    assert_eq!(
        logs["status"]["storageDirectory"],
        "file:///ob-backup/log/1002"
    );
    let tasks = eventually(
        "a completed task",
        || world.list("backuptask"),
        |tasks| tasks.len() == 1 && tasks[0]["status"]["phase"] == "Completed",
    );
    assert_eq!(
        tasks[0]["status"]["storageDirectory"],
        "file:///ob-backup/obprod/7/orders.1002"
    );
    world.condition(STRATEGY, "BackupHealthy", "True", "LastBackupsSucceeded");
}
