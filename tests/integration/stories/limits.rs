//! Stories of storage limits. The database receives them with a destination, and later edits from
//! the tenant's own account. The effective limits are those that it shows.

use oceanbase_sim::fault::{Fault, Trigger};
use oceanbase_sim::statement::Kind;
use oceanbase_sim::value::Backend;

use super::rotation::{ACCOUNT_PASSWORD, STORE, TASK, WITH_A_BUCKET, store};
use crate::support::world::condition_of;
use crate::support::{World, eventually};

const LOGS: (&str, &str) = ("logbackup", "orders-log");
const LIMITED: &str = "spec: {limits: {maxIOPS: 800, maxBytesPerSecond: 20Mi}}";
const UNLIMITED: &str = "spec: {limits: null}";

fn limited_store() -> String {
    store("S3") + "  limits: {maxIOPS: 800, maxBytesPerSecond: 20Mi}\n"
}

/// Returns requests and bytes per second of each of the tenant's destinations.
fn limits(world: &World) -> Vec<[i64; 2]> {
    let query = "SELECT MAX_IOPS, MAX_BANDWIDTH FROM oceanbase.CDB_OB_BACKUP_STORAGE_INFO";
    let number = |value: &Option<String>| value.as_ref().unwrap().parse().unwrap();
    let rows = world.rows(query);
    rows.iter()
        .map(|row| [number(&row[0]), number(&row[1])])
        .collect()
}

fn has(world: &World, expected: [i64; 2]) {
    eventually("limits", || limits(world), |found| *found == [expected; 2]);
}

/// Triggers a read, which otherwise happens within five minutes.
fn looks(world: &World) {
    world.apply(&TASK.replace("now", "another"));
    world.phase("backuptask", "another", "Completed");
}

#[test]
fn an_edit_of_the_limits_reaches_both_places_of_a_tenant_and_so_does_their_end() {
    let world = World::in_a_bucket("limits", WITH_A_BUCKET, "S3");
    world.names_an_account_of_orders();
    let round = world.get(LOGS.0, LOGS.1)["status"]["roundID"].clone();
    assert_eq!(limits(&world), [[0, 0]; 2]);

    world.edit(STORE.0, STORE.1, LIMITED);
    has(&world, [800, 20 << 20]);
    world.condition(STORE, "LimitsApplied", "True", "Applied");

    world.edit(STORE.0, STORE.1, UNLIMITED);
    has(&world, [0, 0]);
    eventually(
        "nothing to be said of limits",
        || world.get(STORE.0, STORE.1),
        |object| condition_of(object, "LimitsApplied").is_null(),
    );
    world.settle();
    assert_eq!(world.count(Kind::ChangeStorage), 4);
    assert_eq!(world.get(LOGS.0, LOGS.1)["status"]["roundID"], round);
}

#[test]
fn the_limits_that_a_store_has_stand_in_every_destination() {
    let world = World::with_bucket("limits-first", WITH_A_BUCKET, &limited_store());
    world.backs_up_to_the_bucket();
    assert_eq!(limits(&world), [[800, 20 << 20]; 2]);
    world.condition(STORE, "LimitsApplied", "True", "Applied");
    world.settle();
    assert_eq!(world.count(Kind::ChangeStorage), 0);
}

#[test]
fn without_an_account_of_the_tenant_new_limits_are_told_and_backups_go_on() {
    let world = World::in_a_bucket("limits-alone", WITH_A_BUCKET, "S3");
    world.edit(STORE.0, STORE.1, LIMITED);
    world.condition(STORE, "LimitsApplied", "False", "TenantAccountUnknown");
    world.condition(LOGS, "Ready", "True", "Applied");
    looks(&world);
    world.names_an_account_of_orders();
    has(&world, [800, 20 << 20]);
    world.condition(STORE, "LimitsApplied", "True", "Applied");
}

#[test]
fn what_a_dba_makes_of_them_is_told_and_stands_until_it_is_enforced() {
    let world = World::with_bucket("limits-dba", WITH_A_BUCKET, &limited_store());
    world.backs_up_to_the_bucket();
    world.names_an_account_of_orders();
    world.condition(STORE, "LimitsApplied", "True", "Applied");
    let mut session = world
        .simulator
        .connect("root@orders", ACCOUNT_PASSWORD)
        .unwrap();
    for place in world.rows("SELECT PATH FROM oceanbase.CDB_OB_BACKUP_STORAGE_INFO") {
        let place = place[0].as_ref().unwrap();
        session.execute(&format!(
            "ALTER SYSTEM CHANGE EXTERNAL_STORAGE_DEST PATH '{place}' ATTRIBUTE 'max_bandwidth=1G'"
        ));
    }
    has(&world, [0, 1 << 30]);
    looks(&world);
    world.condition(STORE, "LimitsApplied", "False", "LimitsDrifted");
    world.edit(LOGS.0, LOGS.1, "spec: {driftPolicy: Enforce}");
    has(&world, [800, 20 << 20]);
    world.condition(STORE, "LimitsApplied", "True", "Applied");
}

/// A destination that returns to an earlier directory keeps that directory's limits.
#[test]
fn limits_are_taken_back_from_a_place_that_was_left_and_is_used_again() {
    let world = World::with_bucket("limits-back", WITH_A_BUCKET, &limited_store());
    world.backs_up_to_the_bucket();
    world.names_an_account_of_orders();
    world.condition(STORE, "LimitsApplied", "True", "Applied");
    world.sql("ALTER SYSTEM SET DATA_BACKUP_DEST = '' TENANT = orders");
    eventually(
        "the data's place to be left",
        || world.get(LOGS.0, LOGS.1),
        |object| {
            object["status"]["storageLimits"]["locations"]
                .as_array()
                .unwrap()
                .len()
                == 1
        },
    );
    world.edit(STORE.0, STORE.1, UNLIMITED);
    has(&world, [0, 0]);
    looks(&world);
    world.settle();
    assert_eq!(limits(&world), [[0, 0]; 2]);
    assert!(condition_of(&world.get(STORE.0, STORE.1), "LimitsApplied").is_null());
}

#[test]
fn a_tenant_that_is_locked_is_named_and_told_when_it_is_not_any_more() {
    let world = World::in_a_bucket("limits-locked", WITH_A_BUCKET, "S3");
    world.names_an_account_of_orders();
    let lock = |locked| {
        world.inject(Fault::Lock {
            tenant: "orders".to_owned(),
            locked,
        });
    };
    lock(true);
    world.edit(STORE.0, STORE.1, LIMITED);
    world.condition(STORE, "LimitsApplied", "False", "TenantLocked");
    lock(false);
    has(&world, [800, 20 << 20]);
    world.condition(STORE, "LimitsApplied", "True", "Applied");
}

/// Logs use a directory, only data uses the bucket.
#[test]
fn a_store_of_data_backups_alone_says_that_nobody_looks_after_its_limits() {
    let world = World::with_bucket("limits-data", WITH_A_BUCKET, &limited_store());
    world.apply(super::LOG_BACKUP);
    world.phase(LOGS.0, LOGS.1, "InProgress");
    world.apply(TASK);
    world.phase("backuptask", "now", "Completed");
    world.condition(STORE, "LimitsApplied", "Unknown", "NoLogBackup");
    assert_eq!(limits(&world).last(), Some(&[800, 20 << 20]));
}

/// A refused query says nothing about limits, so nothing is sent because of it.
#[test]
fn a_database_that_does_not_tell_of_limits_is_sent_none() {
    let world = World::with_bucket("limits-blind", WITH_A_BUCKET, &limited_store());
    world.names_an_account_of_orders();
    world.inject(Fault::Refuse {
        on: Trigger::any().containing("MAX_IOPS <> 0").times(1_000_000),
        code: 1054,
        message: "Unknown column".to_owned(),
    });
    world.backs_up_to_the_bucket();
    world.condition(STORE, "LimitsApplied", "False", "LimitsNotReadable");
    world.settle();
    assert_eq!(world.count(Kind::ChangeStorage), 0);
}

/// It would accept the limits silently.
#[test]
fn a_version_that_keeps_to_no_limits_is_told_of_and_backs_up() {
    let older = WITH_A_BUCKET.replace("4.3.5.2", "4.3.5.1");
    let world = World::with_bucket("limits-older", &older, &limited_store());
    world.backs_up_to_the_bucket();
    world.condition(STORE, "LimitsApplied", "False", "UnsupportedServerVersion");
    world.condition(LOGS, "Ready", "True", "Applied");
    assert_eq!(limits(&world), [[0, 0]; 2]);
}
