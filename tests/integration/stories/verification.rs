//! Stories of a tenant that is restored temporarily, queried for its data, and dropped in every
//! case.

mod by_hand;

use jiff::{SignedDuration, Timestamp};
use oceanbase_sim::statement::Kind;
use serde_json::Value;

use super::NIGHTLY;
use crate::support::world::condition_of;
use crate::support::{World, eventually};

/// The password of `root` in tenant `orders`, which is restored with the tenant.
const READER: &str = "canary-reader-3f2b+71c";

/// A tenant with a table, in which a verification finds 1,000 rows.
pub(crate) const WITH_TABLE: &str = "
version: '4.3.5.2'
cluster: {name: obprod, id: 7}
speed: 200
tenants:
  - {name: orders, fullBackupSize: 1GiB, password: 'canary-reader-3f2b+71c', tables: [{name: shop.orders, rows: 1000}]}
";

const ALLOWED: &str = "spec: {recovery: {verification: Allowed, sourceTenants: ['*']}}";

/// Creates a world in which tenant `orders` can be verified, and verification is allowed.
fn verifiable(story: &str) -> World {
    let world = World::started(story, WITH_TABLE);
    world.edit("oceanbasecluster", "prod", ALLOWED);
    reader(&world, READER);
    world.apply(NIGHTLY);
    eventually(
        "a recovery window",
        || world.get("logbackup", "prod-t1002"),
        |logs| logs["status"]["recoveryWindows"][0].is_object(),
    );
    world
}

/// Applies the Secret of the user that runs the checks.
fn reader(world: &World, password: &str) {
    world.apply(&format!(
        "
apiVersion: v1
kind: Secret
metadata: {{name: reader}}
stringData: {{username: root, password: '{password}'}}
"
    ));
}

/// Creates a drill that verifies each day for some hours from an hour ago on, with this number of
/// rows expected.
fn verify(world: &World, rows: &str) {
    let time_of_day = |hours| {
        let at = Timestamp::now() + SignedDuration::from_hours(hours);
        at.strftime("%H:%M").to_string()
    };
    let (start, end) = (time_of_day(-1), time_of_day(6));
    world.apply(&format!(
        "
apiVersion: backup.oceanbase.io/v1alpha1
kind: RecoveryDrill
metadata: {{name: daily}}
spec:
  strategyRef: {{name: nightly}}
  schedule: {{timeZone: UTC, dailyRange: {{start: '{start}', end: '{end}'}}}}
  target: {{clusterRef: {{name: prod}}, resources: {{create: {{unit: {{maxCPU: '2', memory: 8Gi}}}}}}}}
  tenantCredentials: [{{tenantName: orders, secretRef: {{name: reader}}}}]
  checks: [{{name: all-orders, sql: SELECT COUNT(*) FROM shop.orders, expectedValue: '{rows}'}}]
"
    ));
}

/// Waits until the drill shows a verification with this result.
fn result(world: &World, result: &str) -> Value {
    eventually(
        &format!("a verification that ended {result}"),
        || world.get("recoverydrill", "daily"),
        |drill| drill["status"]["result"] == result,
    )
}

/// Returns leftovers of verifications: tenants beside `orders`, pools and units.
fn left(world: &World) -> Vec<String> {
    let names = |query: &str| {
        let rows = world.rows(query).into_iter();
        rows.filter_map(|mut row| row.remove(0)).collect::<Vec<_>>()
    };
    let tenants = "SELECT TENANT_NAME FROM oceanbase.DBA_OB_TENANTS WHERE TENANT_TYPE = 'USER'";
    let mut left = names(tenants);
    left.retain(|name| name != "orders");
    for view in ["DBA_OB_RESOURCE_POOLS", "DBA_OB_UNIT_CONFIGS"] {
        let query = format!("SELECT NAME FROM oceanbase.{view} WHERE NAME LIKE 'obr%'");
        left.extend(names(&query));
    }
    left
}

fn nothing() -> Vec<String> {
    Vec::new()
}

#[test]
fn a_tenant_whose_rows_are_there_passes_and_is_dropped() {
    let world = verifiable("verify-passes");
    verify(&world, "1000");
    let drill = result(&world, "Passed");
    assert_eq!(condition_of(&drill, "RestoreVerified")["status"], "True");
    let known = &drill["status"];
    assert!(
        known["rtoSeconds"].is_i64() && known["restoreTime"].is_string(),
        "{known}"
    );
    let task = known["taskName"].as_str().unwrap();
    let task = world.get("recoverytask", task);
    assert_eq!(task["status"]["phase"], "Completed");
    assert_eq!(task["metadata"]["ownerReferences"][0]["name"], "daily");
    let strategy = world.get("backupstrategy", "nightly");
    assert_eq!(strategy["status"]["recoveryDrills"][0], "daily");
    assert_eq!((left(&world), world.count(Kind::Restore)), (nothing(), 1));
    assert_eq!(world.count(Kind::ActivateStandby), 0, "it is only read");
}

#[test]
fn a_tenant_whose_rows_are_wrong_fails_is_shown_and_is_dropped() {
    let world = verifiable("verify-wrong");
    verify(&world, "1001");
    let drill = result(&world, "Failed");
    let verified = condition_of(&drill, "RestoreVerified");
    assert_eq!(
        (&verified["status"], &verified["reason"]),
        (&"False".into(), &"VerificationFailed".into())
    );
    assert_eq!(drill["status"]["phase"], "Abnormal");
    assert_eq!(left(&world), nothing());
    // The tenant's answers are only in the task.
    let task = drill["status"]["taskName"].as_str().unwrap();
    let task = world.get("recoverytask", task);
    assert_eq!(
        task["status"]["verification"]["checks"][0]["reason"],
        "UnexpectedValue"
    );
    for status in [&task["status"], &drill["status"]] {
        assert!(!status.to_string().contains("\"1000\""), "{status}");
        assert!(!status.to_string().contains(" 1000"), "{status}");
    }
}

#[test]
fn a_drill_that_is_deleted_takes_its_verification_with_it() {
    let world = verifiable("verify-owner");
    verify(&world, "1000");
    eventually(
        "a verification",
        || world.list("recoverytask"),
        |tasks| {
            tasks
                .first()
                .is_some_and(|task| task["status"]["step"].is_string())
        },
    );
    world
        .kubectl(&["delete", "recoverydrill", "daily"])
        .unwrap();
    eventually("no task", || world.list("recoverytask"), Vec::is_empty);
    assert_eq!(left(&world), nothing());
}
