//! Stories on each of four releases: what works, and the reported cause of what does not.

mod examples;

use oceanbase_sim::fault::Fault;
use oceanbase_sim::model::Privilege;
use oceanbase_sim::statement::Kind;
use serde_json::Value;

use super::recovery::tables::of_tables;
use super::recovery::{ALLOWED, from_store, recoverable_as, recovery, resources, window};
use super::{NIGHTLY, ONE_TENANT, nightly_without_first_backup, task};
use crate::support::world::condition_of;
use crate::support::{World, eventually};

/// Generates a test of each story for each release.
macro_rules! on_each_release {
    ($($story:ident,)*) => {
        on_each_release!(v4_0_0, "4.0.0.0", $($story,)*);
        on_each_release!(v4_2_1, "4.2.1.0", $($story,)*);
        on_each_release!(v4_2_1_8, "4.2.1.8", $($story,)*);
        on_each_release!(v4_3_5_2, "4.3.5.2", $($story,)*);
    };
    ($module:ident, $version:literal, $($story:ident,)*) => {
        mod $module {
            $(
                #[test]
                fn $story() {
                    super::$story($version);
                }
            )*
        }
    };
}

on_each_release! {
    a_tenant_is_recovered_from_storage_to_a_time,
    tables_are_recovered_where_the_release_can_name_them,
    an_incremental_backup_follows_an_upgrade_as_the_release_allows,
    a_backup_waits_for_the_end_of_an_upgrade,
    a_pool_that_does_not_fit_is_created_when_there_is_room,
    a_unit_that_is_too_small_is_named,
    an_account_without_super_is_told_what_to_grant,
}

/// Returns the scenario with this release.
fn on(version: &str, scenario: &str) -> String {
    scenario.replace("4.3.5.2", version)
}

/// Returns a name for the story's namespace.
fn named(story: &str, version: &str) -> String {
    format!("{story}-{}", version.replace('.', "-"))
}

/// Applies a recovery that must fail and leave nothing behind; returns reason and message.
fn failed_recovery(world: &World, change: &str) -> (String, String) {
    world.apply(&recovery("undo", change));
    let failed = world.phase("recoverytask", "undo", "Failed");
    assert_eq!(world.count(Kind::Restore), 0);
    assert_eq!(resources(world), Vec::<String>::new());
    let (reason, message) = cause(&failed);
    (reason.to_owned(), message.to_owned())
}

/// Returns reason and message of the cause in a status.
fn cause(object: &Value) -> (&str, &str) {
    let cause = &object["status"]["cause"];
    let text = |name: &str| cause[name].as_str().unwrap_or_default();
    (text("reason"), text("message"))
}

fn a_tenant_is_recovered_from_storage_to_a_time(version: &str) {
    let scenario = on(version, ONE_TENANT);
    let world = recoverable_as(&named("rel-time", version), &scenario, ALLOWED);
    let until = window(&world)["end"].as_str().unwrap().to_owned();
    let to_time = format!("until: {{type: Time, scn: null, time: '{until}'}}");
    world.apply(&from_store("undo", "1", &to_time));
    let done = world.phase("recoverytask", "undo", "Completed");
    let status = "SELECT STATUS FROM oceanbase.DBA_OB_TENANTS WHERE TENANT_NAME = 'restore_orders'";
    assert_eq!(world.rows(status)[0][0].as_deref(), Some("NORMAL"));
    let previews = ["4.2.1.8", "4.3.5.2"].contains(&version);
    let conditions = done["status"]["conditions"].as_array().unwrap();
    let skipped = conditions.iter().any(|condition| {
        condition["type"] == "Previewed" && condition["reason"] == "NotSupportedByVersion"
    });
    assert_eq!(skipped, !previews, "{conditions:?}");
    examples::compare(
        &world,
        version,
        "Recovery from storage to a time",
        ("recoverytask", "undo"),
    );
}

fn tables_are_recovered_where_the_release_can_name_them(version: &str) {
    let scenario = on(version, ONE_TENANT).replace(
        "{name: orders, ",
        "{name: orders, tables: [{name: shop.orders, rows: 1000}, {name: shop.2026, rows: 7}], ",
    );
    let allowed =
        "spec: {recovery: {policy: Allowed, sourceTenants: ['*'], targetTenants: [orders]}}";
    let world = recoverable_as(&named("rel-tables", version), &scenario, allowed);
    let unusual = "objects: {tables: [{from: shop.2026, to: shop.2026_restored}]}";
    let both = [("plain", "{}"), ("unusual", unusual)];
    let ends: Vec<_> = both
        .iter()
        .map(|(name, change)| {
            world.apply(&of_tables(name, change));
            let ended = |task: &Value| task["status"]["completionTime"].is_string();
            eventually(name, || world.get("recoverytask", name), ended)
        })
        .collect();
    let outcome = |end: &Value| match end["status"]["phase"].as_str().unwrap() {
        "Failed" => cause(end).0.to_owned(),
        phase => phase.to_owned(),
    };
    let expected = match version {
        "4.0.0.0" => ["UnsupportedServerVersion", "UnsupportedServerVersion"],
        "4.2.1.0" => ["Completed", "TableNameNotSupported"],
        _ => ["Completed", "Completed"],
    };
    let outcomes = [outcome(&ends[0]), outcome(&ends[1])];
    assert_eq!(outcomes, expected, "{ends:?}");
    let sent = expected.iter().filter(|end| **end == "Completed").count();
    assert_eq!(world.count(Kind::RecoverTable), sent);
    examples::compare(
        &world,
        version,
        "Tables with plain names",
        ("recoverytask", "plain"),
    );
    examples::compare(
        &world,
        version,
        "Tables with unusual names",
        ("recoverytask", "unusual"),
    );
}

fn an_incremental_backup_follows_an_upgrade_as_the_release_allows(version: &str) {
    let world = World::started(&named("rel-increment", version), &on(version, ONE_TENANT));
    world.apply(&nightly_without_first_backup());
    world.apply(&task("before", "Full"));
    world.phase("backuptask", "before", "Completed");
    let (line, last) = version.rsplit_once('.').unwrap();
    let later = format!("{line}.{}", last.parse::<u32>().unwrap() + 1);
    world.inject(Fault::UpgradeTenant {
        tenant: "orders".to_owned(),
        version: Some(later),
    });
    world.settle();
    world.apply(&task("after", "Incremental"));
    let after = world.phase("backuptask", "after", "Completed");
    let kind = after["status"]["type"].as_str().unwrap();
    if version == "4.0.0.0" {
        // This release has no COMPATIBLE, and does not compare it.
        assert_eq!(kind, "Incremental");
        return;
    }
    assert_eq!(kind, "Full");
    let changed = condition_of(&after, "TypeChanged");
    assert_eq!(changed["reason"], "IncrementalNotPossible");
    let message = changed["message"].as_str().unwrap();
    assert!(message.contains(version), "{message}");
    examples::compare(
        &world,
        version,
        "An incremental backup after an upgrade",
        ("backuptask", "after"),
    );
}

fn a_backup_waits_for_the_end_of_an_upgrade(version: &str) {
    let world = World::started(&named("rel-upgrade", version), &on(version, ONE_TENANT));
    world.apply(&nightly_without_first_backup());
    world.phase("logbackup", "prod-t1002", "InProgress");
    world.inject(Fault::Upgrading { on: true });
    world.apply(&task("meanwhile", "Full"));
    let waiting = ("backuptask", "meanwhile");
    let object = world.condition(waiting, "Succeeded", "Unknown", "ClusterUpgrading");
    let message = condition_of(&object, "Ready")["message"].to_string();
    assert!(message.contains("enable_upgrade_mode"), "{message}");
    examples::compare(&world, version, "A backup during an upgrade", waiting);
    world.settle();
    assert_eq!(world.count(Kind::Backup), 0);
    world.inject(Fault::Upgrading { on: false });
    world.phase(waiting.0, waiting.1, "Completed");
    assert_eq!(world.count(Kind::Backup), 1);
}

fn a_pool_that_does_not_fit_is_created_when_there_is_room(version: &str) {
    let scenario = on(version, ONE_TENANT);
    let world = recoverable_as(&named("rel-pool", version), &scenario, ALLOWED);
    let set_memory = |gibibytes: u64| {
        let simulator = &world.simulator;
        simulator.world_mut(|cluster| cluster.resources.server.memory = gibibytes << 30);
    };
    // Beside the 8 GiB of sys and of `orders` each, 5 GiB are left.
    set_memory(21);
    world.apply(&recovery("undo", "{}"));
    let waiting = ("recoverytask", "undo");
    let object = world.condition(waiting, "Succeeded", "Unknown", "ResourcesNotEnough");
    let (_, message) = cause(&object);
    assert!(message.contains("5 GiB of memory"), "{message}");
    let section = "A pool that does not fit";
    examples::compare(&world, version, section, waiting);
    assert_eq!(resources(&world), Vec::<String>::new());
    set_memory(256);
    world.phase(waiting.0, waiting.1, "Completed");
    assert_eq!(world.count(Kind::Restore), 1);
}

fn a_unit_that_is_too_small_is_named(version: &str) {
    let scenario = on(version, ONE_TENANT);
    let world = recoverable_as(&named("rel-unit", version), &scenario, ALLOWED);
    let small = "target: {resources: {create: {unit: {maxCPU: '1', memory: 2Gi}}}}";
    let (reason, message) = failed_recovery(&world, small);
    assert_eq!(reason, "UnitTooSmall", "{message}");
    assert!(
        message.contains("__min_full_resource_pool_memory"),
        "{message}"
    );
    examples::compare(
        &world,
        version,
        "A unit that is too small",
        ("recoverytask", "undo"),
    );
}

fn an_account_without_super_is_told_what_to_grant(version: &str) {
    let mut world = World::new(&named("rel-super", version), &on(version, ONE_TENANT));
    world.inject(Fault::Privilege {
        tenant: "sys".to_owned(),
        user: "root".to_owned(),
        privilege: Privilege::Super,
        granted: false,
    });
    world.start_operator();
    world.edit("oceanbasecluster", "prod", ALLOWED);
    world.apply(NIGHTLY);
    window(&world);
    let (reason, message) = failed_recovery(&world, "{}");
    assert_eq!(reason, "MissingPrivilege", "{message}");
    assert!(message.contains("GRANT SUPER"), "{message}");
    let cluster = world.get("oceanbasecluster", "prod");
    let sufficient = condition_of(&cluster, "PrivilegesSufficient");
    assert_eq!(sufficient["status"], "False", "{sufficient}");
    examples::compare(
        &world,
        version,
        "An account without SUPER",
        ("recoverytask", "undo"),
    );
    examples::compare(
        &world,
        version,
        "An account without SUPER",
        ("oceanbasecluster", "prod"),
    );
}
