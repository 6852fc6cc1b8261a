//! Stories of backups with a password.

use super::super::{nightly_without_first_backup, task_without_strategy};
use super::*;

fn secret(name: &str, password: &str) -> String {
    format!(
        "
apiVersion: v1
kind: Secret
metadata: {{name: {name}}}
stringData: {{password: {password}}}
"
    )
}

/// Creates a world in which `orders` can be recovered with the password of Secret `right`.
fn protected(story: &str) -> World {
    let world = World::started(story, ONE_TENANT);
    world.edit("oceanbasecluster", "prod", ALLOWED);
    world.apply(&secret("right", "PLANTED-restore-5f1d"));
    world.apply(&nightly_without_first_backup());
    let wanted = "type: Full, restorePasswordSecretRef: {name: right}";
    world.apply(&task_without_strategy("now").replace("type: Full", wanted));
    world.phase("backuptask", "now", "Completed");
    window(&world);
    world
}

#[test]
fn a_protected_backup_is_recovered_with_its_password_and_with_no_other() {
    let world = protected("recovery-protected");
    world.apply(&recovery("without", "{}"));
    let task = world.phase("recoverytask", "without", "Failed");
    assert_eq!(
        task["status"]["cause"]["reason"],
        "DecryptionPasswordMissing"
    );
    let missing = "decryptionSecretRefs: [{name: wrong}]";
    world.apply(&recovery("wrong", missing));
    let waiting = ("recoverytask", "wrong");
    world.condition(waiting, "Succeeded", "Unknown", "SecretNotFound");
    assert_eq!(changing_for_recovery(&world), 0);

    world.apply(&secret("wrong", "PLANTED-restore-other"));
    let task = world.phase("recoverytask", "wrong", "Failed");
    assert_eq!(task["status"]["cause"]["reason"], "InvalidBackupPassword");
    assert_eq!(tenant(&world, "restore_orders"), None);
    assert_eq!(resources(&world), Vec::<String>::new());

    world.apply(&recovery("right", "decryptionSecretRefs: [{name: right}]"));
    world.phase("recoverytask", "right", "Completed");
    assert!(tenant(&world, "restore_orders").is_some());
}

#[test]
fn a_protected_backup_is_recovered_from_its_store_alone() {
    let world = protected("recovery-protected-store");
    let scn = window(&world)["endSCN"].as_str().unwrap().to_owned();
    let without = from_store("without", &scn, "{}");
    world.apply(&without);
    let task = world.phase("recoverytask", "without", "Failed");
    assert_eq!(task["status"]["cause"]["reason"], "InvalidBackupPassword");
    assert_eq!(changing_for_recovery(&world), 0);
    let with = "decryptionSecretRefs: [{name: right}]";
    world.apply(&from_store("with", &scn, with));
    world.phase("recoverytask", "with", "Completed");
    assert!(tenant(&world, "restore_orders").is_some());
}
