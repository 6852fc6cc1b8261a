//! Stories of tables that are recovered into an existing tenant.

use oceanbase_sim::fault::Fault;
use oceanbase_sim::model::RecoverStage;
use oceanbase_sim::value::Backend;

use super::*;

/// `orders` has tables, and there is another tenant.
const TABLES: &str = "
version: '4.3.5.2'
cluster: {name: obprod, id: 7}
speed: 200
tenants:
  - name: orders
    fullBackupSize: 1GiB
    tables: [{name: shop.orders, rows: 1000}, {name: shop.items, rows: 20}]
  - {name: billing}
";

/// Creates a world in which tables can be recovered into `orders`, and into no other tenant.
fn with_tables(story: &str) -> World {
    recoverable_as(
        story,
        TABLES,
        "spec: {recovery: {policy: Allowed, sourceTenants: ['*'], targetTenants: [orders]}}",
    )
}

/// Returns a recovery of `shop.orders` into its own tenant, under another name.
pub(in crate::stories) fn of_tables(name: &str, change: &str) -> String {
    let mut manifest: Value = serde_saphyr::from_str(&recovery(
        name,
        "
target: {type: ExistingTenant, tenantName: orders}
objects: {tables: [{from: shop.orders, to: shop.orders_restored}]}
",
    ))
    .unwrap();
    let change: Value = serde_saphyr::from_str(change).unwrap();
    merge(&mut manifest["spec"], &change);
    manifest.to_string()
}

/// Returns the row count of a table of `orders`, if it exists.
fn rows(world: &World, table: &str) -> Option<String> {
    let mut session = world.simulator.connect("root@orders", "").unwrap();
    let count = session.execute(&format!("SELECT COUNT(*) FROM {table}"));
    let mut rows = count.last().ok()?.rows;
    rows.remove(0).remove(0)
}

/// Returns the number of tenants that the engine created to recover tables.
fn auxiliary_tenants(world: &World) -> usize {
    let query = "SELECT TENANT_ID FROM oceanbase.DBA_OB_TENANTS \
                 WHERE TENANT_NAME LIKE 'AUX_RECOVER$%'";
    world.rows(query).len()
}

/// Checks that only what was there before remains.
fn assert_cleaned_up(world: &World) {
    assert_eq!(auxiliary_tenants(world), 0);
    assert_eq!(resources(world), Vec::<String>::new());
    assert_eq!(rows(world, "shop.orders").as_deref(), Some("1000"));
    assert!(tenant(world, "billing").is_some());
}

fn hold(world: &World) {
    world.inject(Fault::HoldRecoverTable {
        tenant: "orders".to_owned(),
        at: RecoverStage::Importing,
    });
}

#[test]
fn a_table_is_recovered_with_another_name_into_the_tenant_that_it_came_from() {
    let world = with_tables("tables-renamed");
    world.apply(&of_tables("undo", "{}"));
    let task = world.phase("recoverytask", "undo", "Completed");
    let restored = rows(&world, "shop.orders_restored");
    assert_eq!(restored.as_deref(), Some("1000"));
    assert_eq!(rows(&world, "shop.items_restored"), None);
    assert_cleaned_up(&world);
    let status = &task["status"];
    assert!(
        status["jobID"].is_i64() && status["duration"].is_string(),
        "{status}"
    );
    assert_eq!(
        status["cleanup"]["poolsDropped"].as_array().unwrap().len(),
        1
    );
    let listed = world.kubectl(&["get", "recoverytasks"]).unwrap();
    let row = listed.lines().nth(1).unwrap();
    assert!(
        row.contains("prod/orders") && row.contains("Completed"),
        "{row}"
    );
}

#[test]
fn all_tables_of_a_database_are_recovered_into_another_one() {
    let world = with_tables("tables-database");
    let mut manifest: Value = serde_saphyr::from_str(&of_tables("undo", "{}")).unwrap();
    manifest["spec"]["objects"] =
        serde_json::json!({"databases": [{"from": "shop", "to": "shop_old"}]});
    world.apply(&manifest.to_string());
    world.phase("recoverytask", "undo", "Completed");
    for (table, count) in [("shop_old.orders", "1000"), ("shop_old.items", "20")] {
        assert_eq!(rows(&world, table).as_deref(), Some(count), "{table}");
    }
}

#[test]
fn tables_come_into_no_tenant_that_is_not_listed() {
    let world = with_tables("tables-unlisted");
    let refused = |change: &str| {
        world.apply(&of_tables("undo", change));
        let task = world.phase("recoverytask", "undo", "Failed");
        world.kubectl(&["delete", "recoverytask", "undo"]).unwrap();
        task["status"]["cause"]["reason"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert_eq!(
        refused("target: {tenantName: billing}"),
        "TargetTenantNotAllowed"
    );
    let none = "spec: {recovery: {targetTenants: []}}";
    world.edit("oceanbasecluster", "prod", none);
    assert_eq!(refused("{}"), "TargetTenantNotAllowed");
    let all = "spec: {recovery: {targetTenants: ['*']}}";
    world.edit("oceanbasecluster", "prod", all);
    assert_eq!(refused("target: {tenantName: nobody}"), "TenantNotFound");
    assert_eq!(world.count(Kind::RecoverTable), 0);
    assert_eq!(changing_for_recovery(&world), 0);
}

#[test]
fn tables_that_can_not_be_recovered_leave_nothing_behind() {
    let world = with_tables("tables-fail");
    world.inject(Fault::FailRecoverTable {
        tenant: "orders".to_owned(),
        at: RecoverStage::Importing,
        code: -9094,
    });
    world.apply(&of_tables("undo", "{}"));
    let task = world.phase("recoverytask", "undo", "Failed");
    assert_eq!(task["status"]["cause"]["code"], -9094);
    assert_eq!(rows(&world, "shop.orders_restored"), None);
    assert_cleaned_up(&world);
}

#[test]
fn a_table_that_the_tenant_has_already_is_named_as_the_cause() {
    let world = with_tables("tables-exist");
    let mut manifest: Value = serde_saphyr::from_str(&of_tables("undo", "{}")).unwrap();
    manifest["spec"]["objects"] = serde_json::json!({"tables": [{"from": "shop.orders"}]});
    world.apply(&manifest.to_string());
    let task = world.phase("recoverytask", "undo", "Failed");
    assert_eq!(task["status"]["cause"]["reason"], "TableExists");
    assert_cleaned_up(&world);
}

#[test]
fn a_recovery_of_tables_that_is_canceled_leaves_nothing_behind() {
    let world = with_tables("tables-canceled");
    hold(&world);
    world.apply(&of_tables("undo", "{}"));
    world.phase("recoverytask", "undo", "Importing");
    assert_eq!(auxiliary_tenants(&world), 1);
    world.edit("recoverytask", "undo", "spec: {cancel: true}");
    let task = world.phase("recoverytask", "undo", "Canceled");
    let dropped = task["status"]["cleanup"]["tenantDropped"].as_str().unwrap();
    assert!(dropped.starts_with("AUX_RECOVER$"), "{dropped}");
    assert_eq!(world.count(Kind::CancelRecoverTable), 1);
    assert_cleaned_up(&world);
}

#[test]
fn an_object_that_is_applied_again_recovers_no_table_again() {
    let world = with_tables("tables-again");
    world.apply(&of_tables("undo", "{}"));
    world.phase("recoverytask", "undo", "Completed");
    world.kubectl(&["delete", "recoverytask", "undo"]).unwrap();
    world.apply(&of_tables("undo", "{}"));
    let task = world.phase("recoverytask", "undo", "Completed");
    assert_eq!(task["status"]["cause"]["reason"], "AlreadyRecovered");
    world.kubectl(&["delete", "recoverytask", "undo"]).unwrap();
    let others = "{objects: {tables: [{from: shop.items, to: shop.items_restored}]}}";
    world.apply(&of_tables("undo", others));
    let task = world.phase("recoverytask", "undo", "Failed");
    assert_eq!(task["status"]["cause"]["reason"], "IdempotencyKeyUsed");
    assert_eq!(world.count(Kind::RecoverTable), 1);
}

#[test]
fn an_operator_that_is_killed_while_tables_are_imported_finds_their_recovery() {
    let mut world = with_tables("tables-killed");
    hold(&world);
    world.apply(&of_tables("undo", "{}"));
    world.phase("recoverytask", "undo", "Importing");
    world.kill_operator();
    world.start_operator();
    world.edit("recoverytask", "undo", "spec: {cancel: true}");
    world.phase("recoverytask", "undo", "Canceled");
    assert_eq!(world.count(Kind::RecoverTable), 1);
    assert_cleaned_up(&world);
}
