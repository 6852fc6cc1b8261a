//! Stories of verifications that a user requests: nothing of them remains after any result.

use oceanbase_sim::fault::Fault;
use oceanbase_sim::model::RestoreStage;

use super::*;

/// Returns a verification of `orders` as this tenant.
fn verification(name: &str, tenant: &str) -> String {
    format!(
        "
apiVersion: backup.oceanbase.io/v1alpha1
kind: RecoveryTask
metadata: {{name: {name}}}
spec:
  source: {{tenant: {{clusterRef: {{name: prod}}, tenantName: orders}}}}
  until: {{type: Latest}}
  target:
    type: NewTenant
    clusterRef: {{name: prod}}
    tenantName: {tenant}
    role: Standby
    resources: {{create: {{unit: {{maxCPU: '2', memory: 8Gi}}}}}}
  verification:
    credentials: {{secretRef: {{name: reader}}}}
    checks: [{{name: all-orders, sql: SELECT COUNT(*) FROM shop.orders, expectedValue: '1000'}}]
"
    )
}

fn hold(world: &World, tenant: &str) {
    world.inject(Fault::HoldRestore {
        tenant: tenant.to_owned(),
        at: RestoreStage::ConsistentScn,
    });
}

#[test]
fn a_restore_that_fails_leaves_nothing() {
    let world = verifiable("verify-restore-fails");
    world.inject(Fault::FailRestore {
        tenant: "restore_drill".to_owned(),
        at: RestoreStage::ConsistentScn,
        code: -9094,
        comment: None,
    });
    world.apply(&verification("drill", "restore_drill"));
    let task = world.phase("recoverytask", "drill", "Failed");
    assert_eq!(task["status"]["verification"]["result"], "Failed");
    assert_eq!(left(&world), nothing());
}

#[test]
fn a_verification_that_is_canceled_leaves_nothing() {
    let world = verifiable("verify-canceled");
    hold(&world, "restore_drill");
    world.apply(&verification("drill", "restore_drill"));
    world.phase("recoverytask", "drill", "Restoring");
    world.edit("recoverytask", "drill", "spec: {cancel: true}");
    world.phase("recoverytask", "drill", "Canceled");
    assert_eq!(left(&world), nothing());
}

#[test]
fn a_verification_that_is_deleted_midway_goes_when_nothing_of_it_is_left() {
    let world = verifiable("verify-deleted");
    hold(&world, "restore_drill");
    world.apply(&verification("drill", "restore_drill"));
    world.phase("recoverytask", "drill", "Restoring");
    world
        .kubectl(&["delete", "recoverytask", "drill", "--timeout=5m"])
        .unwrap();
    assert_eq!(left(&world), nothing());
}

#[test]
fn an_operator_that_is_killed_meanwhile_goes_on_with_the_same_restore() {
    let mut world = verifiable("verify-killed");
    hold(&world, "restore_drill");
    world.apply(&verification("drill", "restore_drill"));
    world.phase("recoverytask", "drill", "Restoring");
    world.kill_operator();
    world.inject(Fault::ReleaseRestore {
        tenant: "restore_drill".to_owned(),
    });
    world.start_operator();
    let task = world.phase("recoverytask", "drill", "Completed");
    assert_eq!(task["status"]["verification"]["result"], "Passed");
    assert_eq!((left(&world), world.count(Kind::Restore)), (nothing(), 1));
}

#[test]
fn a_password_that_the_tenant_does_not_know_fails_the_check_and_leaves_nothing() {
    let world = verifiable("verify-login");
    reader(&world, "canary-wrong-55d0");
    world.apply(&verification("drill", "restore_drill"));
    let task = world.phase("recoverytask", "drill", "Failed");
    let check = &task["status"]["verification"]["checks"][0];
    assert_eq!(check["reason"], "LoginRefused");
    assert_eq!(left(&world), nothing());
}

#[test]
fn two_that_restore_to_one_database_run_one_after_the_other() {
    let world = verifiable("verify-turns");
    let names = ["one", "two"];
    for name in names {
        hold(&world, &format!("restore_{name}"));
        world.apply(&verification(name, &format!("restore_{name}")));
    }
    let phase = |name: &str| world.get("recoverytask", name)["status"]["phase"].clone();
    let first = eventually(
        "one of them to run",
        || names.into_iter().find(|name| phase(name) == "Restoring"),
        Option::is_some,
    );
    let first = first.unwrap();
    let second = if first == "one" { "two" } else { "one" };
    let waits = ("recoverytask", second);
    world.condition(waits, "Succeeded", "Unknown", "WaitingForVerification");
    assert_eq!(world.count(Kind::Restore), 1);
    for name in [first, second] {
        world.inject(Fault::ReleaseRestore {
            tenant: format!("restore_{name}"),
        });
    }
    world.phase("recoverytask", first, "Completed");
    world.phase("recoverytask", second, "Completed");
    assert_eq!(left(&world), nothing());
}

#[test]
fn nothing_is_restored_where_verification_is_not_allowed() {
    let world = verifiable("verify-not-allowed");
    // The policy for recoveries does not apply.
    let forbidden =
        "spec: {recovery: {policy: Allowed, sourceTenants: ['*'], verification: Forbidden}}";
    world.edit("oceanbasecluster", "prod", forbidden);
    world.apply(&verification("drill", "restore_drill"));
    let task = world.phase("recoverytask", "drill", "Failed");
    assert_eq!(task["status"]["cause"]["reason"], "VerificationForbidden");
    assert_eq!(
        (
            world.count(Kind::Restore),
            world.count(Kind::CreateResourceUnit)
        ),
        (0, 0)
    );
}
