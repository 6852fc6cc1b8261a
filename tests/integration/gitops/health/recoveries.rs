//! Recoveries.

use oceanbase_sim::fault::Fault;
use oceanbase_sim::model::{RecoverStage, RestoreStage};

use super::super::recorder::Recorder;
use super::assert_judged;
use crate::stories::ONE_TENANT;
use crate::stories::recovery::{ALLOWED, recoverable_as, recovery};
use crate::stories::verification::WITH_TABLE;
use crate::support::{World, world};

/// Continues the recovery of this tenant to a stage, and waits until its task shows this phase.
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
    // A tenant of an older version is upgraded at the end.
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

const OF_TABLES: &str = "
target: {type: ExistingTenant, tenantName: orders}
objects: {tables: [{from: shop.orders, to: shop.orders_restored}]}
";

const VERIFICATION: &str = "
target: {role: Standby}
verification:
  credentials: {secretRef: {name: reader}}
  checks: [{name: all-orders, sql: SELECT COUNT(*) FROM shop.orders, expectedValue: '1000'}]
";

/// Phases that only recoveries of tables and verifications have.
#[test]
fn tables_and_a_verification_in_every_phase() {
    let allowed = "spec: {recovery: {policy: Allowed, sourceTenants: ['*'], verification: Allowed, targetTenants: [orders]}}";
    let world = recoverable_as("argo-tables", WITH_TABLE, allowed);
    let reader = world::secret("canary-reader-3f2b+71c").replace("prod-sys", "reader");
    world.apply(&reader);
    let recorder = Recorder::start(&world);
    world.apply(&recovery("drill", VERIFICATION));
    world.phase("recoverytask", "drill", "Completed");
    world.inject(Fault::HoldRecoverTable {
        tenant: "orders".to_owned(),
        at: RecoverStage::Importing,
    });
    world.apply(&recovery("tables", OF_TABLES));
    world.phase("recoverytask", "tables", "Importing");
    world.edit("recoverytask", "tables", "spec: {cancel: true}");
    world.phase("recoverytask", "tables", "Canceled");
    assert_judged(
        &recorder,
        &[
            ("RecoveryTask", "Verifying", "Progressing"),
            ("RecoveryTask", "CleaningUp", "Progressing"),
            ("RecoveryTask", "Importing", "Progressing"),
            ("RecoveryTask", "Completed", "Healthy"),
        ],
    );
}
