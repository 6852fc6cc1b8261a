//! Recoveries.

use oceanbase_sim::fault::Fault;
use oceanbase_sim::model::RestoreStage;

use super::super::recorder::Recorder;
use super::assert_judged;
use crate::stories::ONE_TENANT;
use crate::stories::recovery::{ALLOWED, recoverable_as, recovery};
use crate::support::World;

/// Lets the recovery as this tenant go on to there, and waits until its task shows this phase.
fn held(world: &World, (task, tenant): (&str, &str), at: RestoreStage, phase: &str) {
    release(world, tenant);
    hold(world, tenant, at);
    world.phase("recoverytask", task, phase);
}

fn hold(world: &World, tenant: &str, at: RestoreStage) {
    let tenant = tenant.to_owned();
    world.inject(Fault::HoldRestore { tenant, at });
}

fn release(world: &World, tenant: &str) {
    let tenant = tenant.to_owned();
    world.inject(Fault::ReleaseRestore { tenant });
}

fn into(name: &str, tenant: &str) -> String {
    recovery(name, &format!("target: {{tenantName: {tenant}}}"))
}

#[test]
fn a_recovery_in_every_phase() {
    // An older tenant is upgraded at the end.
    let older = ONE_TENANT.replace("{name: orders, ", "{name: orders, compatible: '4.3.1.0', ");
    let world = recoverable_as("argo-recovery", &older, ALLOWED);
    let recorder = Recorder::start(&world);
    let good = ("good", "restore_good");
    hold(&world, good.1, RestoreStage::CreateTenant);
    world.apply(&into(good.0, good.1));
    world.phase("recoverytask", "good", "CreatingTenant");
    held(&world, good, RestoreStage::ConsistentScn, "Restoring");
    release(&world, good.1);
    world.phase("recoverytask", "good", "Completed");

    world.inject(Fault::FailRestore {
        tenant: "restore_bad".to_owned(),
        at: RestoreStage::ConsistentScn,
        code: -9094,
        comment: None,
    });
    world.apply(&into("bad", "restore_bad"));
    world.phase("recoverytask", "bad", "Failed");

    let unwanted = ("unwanted", "restore_unwanted");
    hold(&world, unwanted.1, RestoreStage::CreateTenant);
    world.apply(&into(unwanted.0, unwanted.1));
    world.phase("recoverytask", "unwanted", "CreatingTenant");
    world.edit("recoverytask", "unwanted", "spec: {cancel: true}");
    world.phase("recoverytask", "unwanted", "Canceling");
    held(&world, unwanted, RestoreStage::CreateInitLs, "Canceled");

    assert_judged(
        &recorder,
        &[
            ("RecoveryTask", "Pending", "Progressing"),
            ("RecoveryTask", "CreatingTenant", "Progressing"),
            ("RecoveryTask", "Restoring", "Progressing"),
            ("RecoveryTask", "Activating", "Progressing"),
            ("RecoveryTask", "Upgrading", "Progressing"),
            ("RecoveryTask", "Completed", "Healthy"),
            ("RecoveryTask", "Failed", "Degraded"),
            ("RecoveryTask", "Canceling", "Progressing"),
            ("RecoveryTask", "Canceled", "Degraded"),
        ],
    );
}
