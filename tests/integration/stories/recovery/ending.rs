//! Stories of failed or canceled recoveries, which leave only what was there before.

use oceanbase_sim::fault::{Fault, Trigger};
use oceanbase_sim::model::RestoreStage;

use super::*;

const STAGES: [RestoreStage; 5] = [
    RestoreStage::CreateTenant,
    RestoreStage::CreateInitLs,
    RestoreStage::ConsistentScn,
    RestoreStage::WaitLs,
    RestoreStage::PostCheck,
];

fn name_of(stage: RestoreStage) -> String {
    format!("restore_{stage:?}").to_lowercase()
}

/// Begins one recovery for each tested stage, with a tenant of its own.
fn begin_all(world: &World) {
    for stage in STAGES {
        let name = name_of(stage);
        let object = name.replace('_', "-");
        world.apply(&recovery(
            &object,
            &format!("target: {{tenantName: {name}}}"),
        ));
    }
}

fn end_all(world: &World, phase: &str) {
    for stage in STAGES {
        let name = name_of(stage);
        world.phase("recoverytask", &name.replace('_', "-"), phase);
        assert_eq!(tenant(world, &name), None, "{name} is left behind");
    }
    assert_eq!(resources(world), Vec::<String>::new());
    assert!(tenant(world, "orders").is_some());
    assert_eq!(world.count(Kind::Restore), STAGES.len());
}

#[test]
fn a_recovery_that_fails_in_whatever_stage_leaves_nothing_behind() {
    let world = recoverable("recovery-fails");
    for stage in STAGES {
        world.inject(Fault::FailRestore {
            tenant: name_of(stage),
            at: stage,
            code: -9094,
            comment: None,
        });
    }
    begin_all(&world);
    end_all(&world, "Failed");
    let task = world.get("recoverytask", "restore-consistentscn");
    let status = &task["status"];
    assert_eq!(status["cleanup"]["tenantDropped"], "restore_consistentscn");
    assert!(status["cause"]["message"].is_string());
}

fn hold(world: &World, stage: RestoreStage) {
    world.inject(Fault::HoldRestore {
        tenant: name_of(stage),
        at: stage,
    });
}

#[test]
fn a_recovery_that_is_canceled_in_whatever_stage_leaves_nothing_behind() {
    let world = recoverable("recovery-canceled");
    for stage in STAGES {
        hold(&world, stage);
    }
    begin_all(&world);
    for stage in STAGES {
        let stays = || stage_of(&world, stage);
        eventually("the stage", stays, |now| *now == Some(stage));
        let object = name_of(stage).replace('_', "-");
        world.edit("recoverytask", &object, "spec: {cancel: true}");
    }
    // The database cannot cancel before the tenant exists.
    let tenant = name_of(RestoreStage::CreateTenant);
    world.phase("recoverytask", "restore-createtenant", "Canceling");
    world.inject(Fault::ReleaseRestore {
        tenant: tenant.clone(),
    });
    world.inject(Fault::HoldRestore {
        tenant,
        at: RestoreStage::CreateInitLs,
    });
    end_all(&world, "Canceled");
}

/// Returns the database's present stage of a recovery.
fn stage_of(world: &World, stage: RestoreStage) -> Option<RestoreStage> {
    let name = name_of(stage);
    world.simulator.world(|cluster| {
        let mut jobs = cluster.restores.jobs.iter();
        let job = jobs.find(|job| job.request.tenant_name == name)?;
        Some(job.stage)
    })
}

#[test]
fn backups_of_another_tenant_that_are_restored_before_the_cancel_are_kept_and_named() {
    let world = recoverable("recovery-mismatch");
    let scn = window(&world)["startSCN"].as_str().unwrap().to_owned();
    world.inject(Fault::Refuse {
        on: Trigger {
            times: 1_000,
            ..Trigger::next(Kind::CancelRestore)
        },
        code: 4179,
        message: "Cancel tenant not in restore is not allowed".to_owned(),
    });
    let of_another = "source: {storage: {tenantName: billing}}";
    world.apply(&from_store("undo", &scn, of_another));
    let task = world.phase("recoverytask", "undo", "Failed");
    let status = &task["status"];
    assert_eq!(status["cause"]["reason"], "SourceMismatch");
    let message = status["cause"]["message"].as_str().unwrap();
    assert!(
        message.contains("'restore_orders' was restored"),
        "{message}"
    );
    assert_eq!(status["cleanup"], Value::Null);
    let kept = ("STANDBY".to_owned(), "NORMAL".to_owned());
    assert_eq!(tenant(&world, "restore_orders"), Some(kept));
}

#[test]
fn a_tenant_that_can_not_be_activated_is_kept() {
    let world = recoverable("recovery-activation");
    world.inject(Fault::FailActivation {
        tenant: "restore_orders".to_owned(),
        code: 1235,
    });
    world.apply(&recovery("undo", "{}"));
    let task = world.phase("recoverytask", "undo", "Failed");
    assert_eq!(task["status"]["cause"]["reason"], "ActivationFailed");
    assert!(task["status"]["cleanup"].is_null());
    assert!(tenant(&world, "restore_orders").is_some());
    assert_eq!(world.count(Kind::DropTenant), 0);
}

#[test]
fn a_tenant_from_an_older_version_is_upgraded_once_it_is_a_primary_one() {
    let older = "{name: orders, compatible: '4.3.1.0', ";
    let world = recoverable_as(
        "recovery-upgrade",
        &ONE_TENANT.replace("{name: orders, ", older),
        ALLOWED,
    );
    world.apply(&recovery("undo", "{}"));
    let task = world.phase("recoverytask", "undo", "Completed");
    assert!(task["status"]["upgradeTime"].is_string());
    assert_eq!(world.count(Kind::RunUpgrade), 1);
    let version = "SELECT COMPATIBLE FROM oceanbase.DBA_OB_TENANTS \
         WHERE TENANT_NAME = 'restore_orders'";
    assert_eq!(world.rows(version)[0][0].as_deref(), Some("4.3.5.2"));
}

#[test]
fn what_failed_stays_where_it_is_to_be_kept() {
    let world = recoverable("recovery-kept");
    world.inject(Fault::FailRestore {
        tenant: "restore_orders".to_owned(),
        at: RestoreStage::ConsistentScn,
        code: -9094,
        comment: None,
    });
    world.apply(&recovery("undo", "failurePolicy: Keep"));
    world.phase("recoverytask", "undo", "Failed");
    assert!(tenant(&world, "restore_orders").is_some());
    assert_eq!(resources(&world).len(), 2);
}

#[test]
fn an_operator_that_is_killed_while_the_database_works_finds_its_recovery() {
    let mut world = recoverable("recovery-killed");
    world.inject(Fault::HoldRestore {
        tenant: "restore_orders".to_owned(),
        at: RestoreStage::CreateTenant,
    });
    world.apply(&recovery("undo", "{}"));
    eventually(
        "RESTORE",
        || world.count(Kind::Restore),
        |count| *count == 1,
    );
    world.kill_operator();
    world.inject(Fault::ReleaseRestore {
        tenant: "restore_orders".to_owned(),
    });
    world.start_operator();
    world.phase("recoverytask", "undo", "Completed");
    assert_eq!(world.count(Kind::Restore), 1);
}
