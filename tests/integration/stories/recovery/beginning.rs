//! Stories of successful recoveries.

use super::*;

#[test]
fn a_tenant_is_recovered_to_a_time_as_a_primary_one_and_listed_as_the_console_would() {
    let world = recoverable("recovery-time");
    let until = window(&world)["end"].as_str().unwrap().to_owned();
    world.apply(&recovery(
        "undo",
        &format!("until: {{type: Time, time: '{until}'}}"),
    ));
    let waited = world.kubectl(&[
        "wait",
        "--for=condition=Succeeded",
        "--timeout=5m",
        "recoverytask/undo",
    ]);
    assert!(waited.unwrap().contains("condition met"));
    let task = world.get("recoverytask", "undo");
    let status = &task["status"];
    assert_eq!(status["restoreTime"], until);
    let primary = ("PRIMARY".to_owned(), "NORMAL".to_owned());
    assert_eq!(tenant(&world, "restore_orders"), Some(primary));
    let statement = world.changing().join("\n");
    let scn = status["restoreSCN"].as_str().unwrap();
    assert!(
        statement.contains(&format!("UNTIL SCN = {scn}")),
        "{statement}"
    );
    let listed = world.kubectl(&["get", "recoverytasks"]).unwrap();
    let row = listed.lines().nth(1).unwrap();
    for shown in [
        "prod/orders",
        "prod/restore_orders",
        &until,
        "Completed",
        "100%",
    ] {
        assert!(row.contains(shown), "{shown} in {row}");
    }
}

#[test]
fn a_tenant_is_recovered_to_an_scn() {
    let world = recoverable("recovery-scn");
    let scn = window(&world)["startSCN"].as_str().unwrap().to_owned();
    world.apply(&recovery(
        "undo",
        &format!("until: {{type: SCN, scn: '{scn}'}}"),
    ));
    let task = world.phase("recoverytask", "undo", "Completed");
    assert_eq!(task["status"]["restoreSCN"], scn);
}

#[test]
fn a_tenant_that_is_to_stay_a_standby_is_recovered_to_its_latest_point_and_not_activated() {
    let world = recoverable("recovery-standby");
    world.apply(&recovery("undo", "target: {role: Standby}"));
    world.phase("recoverytask", "undo", "Completed");
    let standby = ("STANDBY".to_owned(), "NORMAL".to_owned());
    assert_eq!(tenant(&world, "restore_orders"), Some(standby));
    assert_eq!(world.count(Kind::ActivateStandby), 0);
}

#[test]
fn a_tenant_that_was_dropped_is_recovered() {
    let world = recoverable("recovery-dropped");
    world.sql("DROP TENANT orders FORCE");
    world.apply(&recovery("undo", "{}"));
    world.phase("recoverytask", "undo", "Completed");
    assert!(tenant(&world, "restore_orders").is_some());
}

#[test]
fn a_tenant_is_recovered_from_its_store_alone() {
    let world = recoverable("recovery-store");
    let scn = window(&world)["endSCN"].as_str().unwrap().to_owned();
    world.apply(&from_store("undo", &scn, "{}"));
    let task = world.phase("recoverytask", "undo", "Completed");
    let plan = &task["status"]["plan"];
    assert!(
        task["status"]["backupSets"][0].is_string() && plan["warnings"][0].is_string(),
        "{plan}"
    );
}

#[test]
fn a_tenant_is_recovered_into_a_pool_that_is_there_and_it_stays() {
    let world = recoverable("recovery-pool");
    world.sql("CREATE RESOURCE UNIT spare MAX_CPU 2, MEMORY_SIZE '8G', LOG_DISK_SIZE '24G'");
    world.sql("CREATE RESOURCE POOL spare UNIT = 'spare', UNIT_NUM = 1, ZONE_LIST = ('zone1')");
    world.apply(&recovery("undo", &into_pool("spare")));
    world.phase("recoverytask", "undo", "Completed");
    assert!(resources(&world).is_empty());
}

#[test]
fn a_preview_says_of_what_a_tenant_would_be_recovered_and_changes_nothing() {
    let world = recoverable("recovery-preview");
    world.apply(&recovery("look", "mode: Preview"));
    let task = world.phase("recoverytask", "look", "Completed");
    let plan = &task["status"]["plan"];
    assert!(
        plan["window"].is_string() && task["status"]["backupSets"][0].is_string(),
        "{plan}"
    );
    assert_eq!(changing_for_recovery(&world), 0);
}

#[test]
fn an_object_that_is_deleted_and_applied_again_recovers_nothing() {
    let world = recoverable("recovery-again");
    world.apply(&recovery("undo", "{}"));
    world.phase("recoverytask", "undo", "Completed");
    world.kubectl(&["delete", "recoverytask", "undo"]).unwrap();
    world.sql("DROP TENANT restore_orders FORCE");
    world.apply(&recovery("undo", "{}"));
    let task = world.phase("recoverytask", "undo", "Completed");
    assert_eq!(task["status"]["cause"]["reason"], "AlreadyRecovered");
    assert_eq!(world.count(Kind::Restore), 1);
}
