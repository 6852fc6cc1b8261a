//! Stories of impossible or forbidden recoveries, which are refused before any change.

use oceanbase_sim::fault::Fault;
use oceanbase_sim::model::{FileStatus, RestoreStage, Stage};

use super::super::task;
use super::*;

/// Applies a recovery, and returns why it was refused.
fn refused(world: &World, change: &str) -> (String, String) {
    world.apply(&recovery("undo", change));
    let task = world.phase("recoverytask", "undo", "Failed");
    assert_eq!(changing_for_recovery(world), 0, "{:#?}", world.changing());
    world.kubectl(&["delete", "recoverytask", "undo"]).unwrap();
    let cause = &task["status"]["cause"];
    let text = |field: &str| cause[field].as_str().unwrap().to_owned();
    (text("reason"), text("message"))
}

#[test]
fn recovery_is_forbidden_until_the_cluster_allows_it() {
    let world = recoverable("recovery-unallowed");
    world.edit(
        "oceanbasecluster",
        "prod",
        "spec: {recovery: {policy: Forbidden}}",
    );
    assert_eq!(refused(&world, "{}").0, "RecoveryForbidden");
    let others = "spec: {recovery: {policy: Allowed, sourceTenants: ['billing']}}";
    world.edit("oceanbasecluster", "prod", others);
    assert_eq!(refused(&world, "{}").0, "RecoveryForbidden");
}

#[test]
fn a_recovery_that_should_have_begun_before_is_refused() {
    let world = recoverable("recovery-late");
    let (reason, message) = refused(&world, "notAfterTime: '2026-11-20T10:00:00Z'");
    assert_eq!(reason, "NotAfterTimePassed");
    assert!(message.contains("create a new RecoveryTask"), "{message}");
}

#[test]
fn a_set_of_a_place_that_the_tenant_has_left_is_named_with_the_way_to_recover_it() {
    let world = recoverable("recovery-left");
    let scn = window(&world)["startSCN"].as_str().unwrap().to_owned();
    let left = "ALTER SYSTEM SET DATA_BACKUP_DEST = 'file:///ob-backup/new/data' TENANT = orders";
    world.sql(left);
    world.condition(
        ("backupstrategy", "nightly"),
        "BackupHealthy",
        "False",
        "DestinationInUse",
    );
    let until = format!("until: {{type: SCN, scn: '{scn}'}}");
    let (reason, message) = refused(&world, &until);
    assert_eq!(reason, "BackupsInOtherDestination");
    assert!(message.contains("source.storage"), "{message}");
}

#[test]
fn a_tenant_that_exists_is_never_touched() {
    let world = recoverable("recovery-exists");
    let (reason, message) = refused(&world, "target: {tenantName: orders}");
    assert_eq!(reason, "TargetNameNotAllowed");
    assert!(message.contains("restore_"), "{message}");
    let anything = "spec: {recovery: {targetNamePrefixes: [o, O, restore_]}}";
    world.edit("oceanbasecluster", "prod", anything);
    for name in ["orders", "Orders"] {
        let (reason, _) = refused(&world, &format!("target: {{tenantName: {name}}}"));
        assert_eq!(reason, "TenantExists", "{name}");
    }
}

#[test]
fn a_point_outside_every_window_is_refused_with_the_nearest_one() {
    let world = recoverable("recovery-window");
    let start = window(&world)["startSCN"].as_str().unwrap().to_owned();
    let start: i128 = start.parse().unwrap();
    let (_, message) = refused(&world, "until: {type: Time, time: '2020-01-01T00:00:00Z'}");
    let (_, oldest) = message.split_once("the oldest point is ").unwrap();
    let (oldest, _) = oldest.split_once(';').unwrap();
    let oldest = oldest.parse::<jiff::Timestamp>().unwrap().as_nanosecond();
    assert!(
        (start..start + 1000).contains(&oldest),
        "{start} in {message}"
    );
    refused(&world, "until: {type: Time, time: '2100-01-01T00:00:00Z'}");
}

#[test]
fn logs_that_are_missing_are_named() {
    let world = recoverable("recovery-hole");
    world.sql("ALTER SYSTEM NOARCHIVELOG TENANT = orders");
    eventually("the round's end", || round(&world), |round| round == "STOP");
    let (_, end) = archived(&world);
    world.sql("ALTER SYSTEM ARCHIVELOG TENANT = orders");
    eventually("the next round", || archived(&world).0, |round| *round == 2);
    world.settle();
    let hole = end.parse::<u64>().unwrap() + 1;
    let (reason, message) = refused(&world, &format!("until: {{type: SCN, scn: '{hole}'}}"));
    assert_eq!(reason, "LogsMissing");
    assert!(message.contains("nearest point"), "{message}");
}

/// Returns the state of the newest round of `orders`.
fn round(world: &World) -> String {
    let rounds =
        world.rows("SELECT STATUS FROM oceanbase.CDB_OB_ARCHIVELOG WHERE TENANT_ID = 1002");
    rounds[0][0].clone().unwrap()
}

/// Returns the number of the newest round of `orders`, and how far it is archived.
fn archived(world: &World) -> (u64, String) {
    let rounds = "SELECT ROUND_ID, CHECKPOINT_SCN FROM oceanbase.CDB_OB_ARCHIVELOG \
        WHERE TENANT_ID = 1002";
    let row = world.rows(rounds).remove(0);
    let value = |column: usize| row[column].clone().unwrap();
    (value(0).parse().unwrap(), value(1))
}

#[test]
fn an_incremental_backup_without_the_full_one_is_no_backup() {
    let world = recoverable("recovery-chain");
    world.hold("orders", Stage::Doing);
    world.apply(&task("second", "Incremental"));
    world.phase("backuptask", "second", "InProgress");
    world.simulator.world_mut(|cluster| {
        let sets = &mut cluster.tenant_mut("orders").unwrap().backups.sets;
        sets[0].file_status = FileStatus::Deleted;
    });
    world.release("orders");
    world.phase("backuptask", "second", "Completed");
    let point = world.simulator.world(|cluster| {
        let sets = &cluster.tenant("orders").unwrap().backups.sets;
        sets[1].min_restore
    });
    let (reason, message) = refused(&world, &format!("until: {{type: SCN, scn: '{point}'}}"));
    assert_eq!(reason, "BackupChainBroken");
    assert!(message.contains("set 2"), "{message}");
}

#[test]
fn a_name_that_somebody_else_restores_is_left_to_them() {
    let world = recoverable("recovery-taken");
    world.sql("CREATE RESOURCE UNIT spare MAX_CPU 2, MEMORY_SIZE '8G', LOG_DISK_SIZE '24G'");
    world.sql("CREATE RESOURCE POOL spare UNIT = 'spare', UNIT_NUM = 1, ZONE_LIST = ('zone1')");
    world.inject(Fault::HoldRestore {
        tenant: "restore_orders".to_owned(),
        at: RestoreStage::ConsistentScn,
    });
    let place = "file:///ob-backup/obprod-7/orders-1002";
    world.sql(&format!(
        "ALTER SYSTEM RESTORE restore_orders FROM '{place}/data,{place}/log' WITH 'pool_list=spare'"
    ));
    world.apply(&recovery("undo", "{}"));
    let task = world.phase("recoverytask", "undo", "Failed");
    assert_eq!(task["status"]["cause"]["reason"], "RestoreInProgress");
    assert_eq!(world.count(Kind::Restore), 1);
    assert_eq!(world.count(Kind::CancelRestore), 0);
}

#[test]
fn resources_that_are_not_there_are_refused() {
    let world = recoverable("recovery-resources");
    let (reason, message) = refused(&world, "target: {resources: {create: {zones: [moon]}}}");
    assert_eq!(reason, "ZoneNotFound");
    assert!(message.contains("zone1"), "{message}");
    let (reason, message) = refused(&world, "target: {primaryZone: 'zone1;moon'}");
    assert_eq!(reason, "ZoneNotFound");
    assert!(message.contains("'moon'"), "{message}");
    let pools = |name: &str| refused(&world, &into_pool(name)).0;
    assert_eq!(pools("spare"), "PoolNotFound");
    assert_eq!(pools("pool_orders"), "PoolInUse");
}

#[test]
fn a_unit_that_no_server_has_room_for_waits_before_anything_is_sent() {
    let world = recoverable("recovery-room");
    // Beside the 8 GiB of sys and of `orders` each, 5 GiB are left.
    let simulator = &world.simulator;
    simulator.world_mut(|cluster| cluster.resources.server.memory = 21 << 30);
    let (reason, message) = refused(&world, "mode: Preview");
    assert_eq!(reason, "ResourcesNotEnough");
    let says = |text: &str| assert!(message.contains(text), "{text}: {message}");
    says("zone 'zone1' lacks free resources: the recovery needs a unit of 2 CPU, 8 GiB of memory");
    says("60 CPU, 5 GiB of memory, 976 GiB of log disk");
    world.apply(&recovery("waits", "{}"));
    let waits = ("recoverytask", "waits");
    world.condition(waits, "Succeeded", "Unknown", "ResourcesNotEnough");
    world.settle();
    let asked = simulator.log(|log| {
        let entries = log.entries();
        entries
            .filter(|it| it.text.contains("GV$OB_SERVERS"))
            .count()
    });
    // Once for several reconcile passes within seconds, not with each of them.
    assert!(
        (1..=6).contains(&asked),
        "the servers were read {asked} times"
    );
}
