//! Stories of backups that require a password to restore, and of backups with their logs.

use oceanbase_sim::fault::{Fault, Trigger};
use oceanbase_sim::statement::Kind;
use serde_json::Value;

use super::{ONE_TENANT, archiving, nightly_without_first_backup, task, task_without_strategy};
use crate::support::World;

const PASSWORD: &str = "PLANTED-restore-5f1d";

fn secret() -> String {
    format!(
        "
apiVersion: v1
kind: Secret
metadata: {{name: restore}}
stringData: {{password: {PASSWORD}}}
"
    )
}

/// Returns a task with a password.
fn protected(name: &str) -> String {
    let protected = "type: Full, restorePasswordSecretRef: {name: restore}";
    task_without_strategy(name).replace("type: Full", protected)
}

#[test]
fn a_password_protects_one_backup_and_not_the_next() {
    let world = archiving("password");
    world.apply(&secret());
    world.apply(&protected("with"));
    let with = world.phase("backuptask", "with", "Completed");
    assert_eq!(with["status"]["encryptionMode"], "PASSWORD");
    world.apply(&task_without_strategy("without"));
    let without = world.phase("backuptask", "without", "Completed");
    assert_eq!(without["status"]["encryptionMode"], "NONE");

    let operator = world.operator.as_ref().unwrap();
    let mut seen = vec![operator.log(), operator.get("/metrics").1];
    for kind in ["event", "backuptask", "oceanbasecluster"] {
        seen.push(serde_json::to_string(&world.list(kind)).unwrap());
    }
    assert!(seen.iter().all(|text| !text.contains(PASSWORD)));
}

#[test]
fn a_password_that_is_not_there_is_waited_for_and_no_backup_is_made_without_it() {
    let world = archiving("no-password");
    world.apply(&protected("now"));
    let now = ("backuptask", "now");
    world.condition(now, "Succeeded", "Unknown", "SecretNotFound");
    world.settle();
    assert_eq!(world.count(Kind::Backup), 0);
    world.apply(&secret());
    let task = world.phase("backuptask", "now", "Completed");
    assert_eq!(task["status"]["encryptionMode"], "PASSWORD");
}

#[test]
fn a_password_that_the_database_refuses_means_no_backup() {
    let world = archiving("refused-password");
    world.apply(&secret());
    world.inject(Fault::Refuse {
        on: Trigger::next(Kind::SetEncryption),
        code: 1227,
        message: format!(
            "Access denied; you need (at least one of) the SUPER privilege(s) near '{PASSWORD}'"
        ),
    });
    world.apply(&protected("now"));
    let task = world.phase("backuptask", "now", "Failed");
    assert_eq!(task["status"]["cause"]["reason"], "MissingPrivilege");
    assert_eq!(world.count(Kind::Backup), 0);
}

#[test]
fn a_strategys_backups_hold_their_logs_and_its_password() {
    let world = World::started("with-logs", ONE_TENANT);
    world.apply(&secret());
    let settings =
        "  dataBackup: {plusArchivelog: true, restorePasswordSecretRef: {name: restore}}\n";
    world.apply(&(nightly_without_first_backup() + settings));
    world.apply(&task("now", "Full"));
    let task = world.phase("backuptask", "now", "Completed");
    assert_eq!(task["status"]["encryptionMode"], "PASSWORD");
    assert_eq!(
        task["status"]["dataBackup"]["plusArchivelog"],
        Value::Bool(true)
    );
    let with_logs = world.simulator.world(|cluster| {
        let sets = &cluster.tenant("orders").unwrap().backups.sets;
        sets.iter().all(|set| set.plus_archivelog)
    });
    assert!(with_logs);
}
