//! Tests of tables that are recovered from a backup into their tenant.

use std::time::Duration;

use oceanbase_sim::fault::Fault;
use oceanbase_sim::model::RecoverStage;
use oceanbase_sim::scenario::Scenario;

use crate::bench::Bench;
use crate::restores::{FROM, orders, shop, with_pool};

const STATUS: &str = "SELECT STATUS, RESULT FROM oceanbase.CDB_OB_RECOVER_TABLE_JOB_HISTORY \
                      WHERE TENANT_ID = 1";
const OLD: &str = "SELECT COUNT(*) FROM shop.orders_old";

fn recover(bench: &Bench, objects: &str, rest: &str) -> String {
    let scn = bench.simulator.now().minus(Duration::from_hours(23));
    format!(
        "ALTER SYSTEM RECOVER TABLE {objects} TO TENANT = orders FROM '{FROM}' \
         UNTIL SCN = {scn} WITH 'pool_list=p' {rest}"
    )
}

const REMAP: &str = "REMAP TABLE shop.orders:shop.orders_old DESCRIPTION = 'key-1'";

#[test]
fn a_table_comes_back_under_another_name_with_the_rows_of_its_instant() {
    let bench = shop();
    assert_eq!(bench.sys(&recover(&bench, "shop.orders", REMAP)), 0);
    bench.pass(3600);
    assert_eq!(bench.rows(STATUS), ["COMPLETED|SUCCEESS"]);
    assert_eq!(bench.rows_of("root@orders", OLD), ["770"]);
}

#[test]
fn a_dropped_table_comes_back_under_its_own_name() {
    let bench = shop();
    bench.inject(Fault::DropTable {
        tenant: "orders".to_owned(),
        table: "shop.orders".to_owned(),
    });
    let count = "SELECT COUNT(*) FROM shop.orders";
    let reply = bench.ask("root@orders", count);
    assert_eq!(crate::bench::code(&reply.end), 1146);
    bench.sys(&recover(&bench, "*.*", ""));
    bench.pass(3600);
    assert_eq!(bench.rows_of("root@orders", count), ["770"]);
}

#[test]
fn the_auxiliary_tenant_comes_and_goes() {
    let bench = shop();
    bench.sys(&recover(&bench, "shop.orders", REMAP));
    let aux =
        "SELECT COUNT(*) FROM oceanbase.DBA_OB_TENANTS WHERE TENANT_NAME LIKE 'AUX_RECOVER$%'";
    assert_eq!(bench.watch(aux, 400), ["0", "1", "0"]);
    let holder = "SELECT TENANT_ID FROM oceanbase.DBA_OB_RESOURCE_POOLS WHERE NAME = 'p'";
    assert_eq!(bench.rows(holder), ["NULL"]);
}

#[test]
fn a_recovery_has_two_rows_that_go_through_their_states() {
    let states = |tenant: &str| {
        let bench = shop();
        bench.sys(&recover(&bench, "shop.orders", REMAP));
        let query = format!(
            "SELECT STATUS FROM oceanbase.CDB_OB_RECOVER_TABLE_JOBS WHERE TENANT_ID = {tenant}"
        );
        bench.watch(&query, 400)
    };
    assert_eq!(states("1"), ["PREPARE", "RECOVERING", "COMPLETED", ""]);
    assert_eq!(
        states("1002"),
        [
            "PREPARE",
            "RESTORE_AUX_TENANT",
            "ACTIVE_AUX_TENANT",
            "PRECHECK_IMPORT",
            "GEN_IMPORT_JOB",
            "IMPORTING",
            "COMPLETED",
            ""
        ]
    );
}

#[test]
fn a_row_tells_what_is_recovered_as_what() {
    let bench = shop();
    bench.sys(&recover(&bench, "shop.orders", REMAP));
    let row = "SELECT JOB_ID, INITIATOR_JOB_ID, IMPORT_ALL, DB_LIST, TABLE_LIST, \
               REMAP_TABLE_LIST, DESCRIPTION FROM oceanbase.CDB_OB_RECOVER_TABLE_JOBS \
               WHERE TENANT_ID = 1002";
    assert_eq!(
        bench.rows(row),
        ["1|1|0|NULL|`shop`.`orders`|`shop`.`orders`:`shop`.`orders_old`|key-1"]
    );
}

#[test]
fn a_table_that_is_there_already_or_never_was_fails_the_import() {
    for (objects, code) in [("shop.orders", "-5020"), ("shop.wings", "-5019")] {
        let bench = shop();
        assert_eq!(bench.sys(&recover(&bench, objects, "")), 0);
        bench.pass(3600);
        assert_eq!(bench.rows(STATUS), ["FAILED|FAILED"]);
        let comment = "SELECT COMMENT FROM oceanbase.CDB_OB_RECOVER_TABLE_JOB_HISTORY";
        assert!(bench.rows(comment)[0].contains(code), "{objects}");
    }
}

#[test]
fn each_stage_can_be_the_one_that_fails() {
    for at in [
        RecoverStage::Prepare,
        RecoverStage::RestoreAuxTenant,
        RecoverStage::ActiveAuxTenant,
        RecoverStage::GenImportJob,
        RecoverStage::Importing,
    ] {
        let bench = shop();
        bench.inject(Fault::FailRecoverTable {
            tenant: "orders".to_owned(),
            at,
            code: -4016,
        });
        bench.sys(&recover(&bench, "shop.orders", REMAP));
        bench.pass(3600);
        assert_eq!(bench.rows(STATUS), ["FAILED|FAILED"], "{at:?}");
        let reply = bench.ask("root@orders", OLD);
        assert_eq!(crate::bench::code(&reply.end), 1146, "{at:?}");
    }
}

#[test]
fn a_database_comes_back_as_another_one() {
    let bench = shop();
    bench.sys(&recover(&bench, "shop.*", "REMAP TABLE shop.*:old.*"));
    bench.pass(3600);
    let count = "SELECT COUNT(*) FROM old.orders";
    assert_eq!(bench.rows_of("root@orders", count), ["770"]);
    let row = "SELECT DB_LIST, REMAP_DB_LIST FROM oceanbase.CDB_OB_RECOVER_TABLE_JOB_HISTORY \
               WHERE TENANT_ID = 1";
    assert_eq!(bench.rows(row), ["`shop`|`shop`:`old`"]);
}

#[test]
fn a_recovery_that_is_held_goes_on_when_it_is_cancelled() {
    let bench = shop();
    bench.inject(Fault::HoldRecoverTable {
        tenant: "orders".to_owned(),
        at: RecoverStage::PrecheckImport,
    });
    bench.sys(&recover(&bench, "shop.orders", REMAP));
    bench.pass(3600);
    assert!(bench.rows(STATUS).is_empty());
    bench.sys("ALTER SYSTEM CANCEL RECOVER TABLE orders");
    bench.pass(3600);
    assert_eq!(bench.rows(STATUS), ["FAILED|FAILED"]);
}

#[test]
fn a_cancelled_recovery_leaves_its_auxiliary_tenant_and_the_pool_taken() {
    let bench = shop();
    bench.sys(&recover(&bench, "shop.orders", REMAP));
    bench.pass(60);
    assert_eq!(bench.sys("ALTER SYSTEM CANCEL RECOVER TABLE orders"), 0);
    bench.pass(3600);
    let comment = "SELECT COMMENT FROM oceanbase.CDB_OB_RECOVER_TABLE_JOB_HISTORY \
                   WHERE TENANT_ID = 1";
    assert!(bench.rows(comment)[0].contains("-4072"));
    let free = "SELECT COUNT(*) FROM oceanbase.DBA_OB_RESOURCE_POOLS WHERE TENANT_ID IS NULL";
    assert_eq!(bench.rows(free), ["0"]);
}

#[test]
fn a_recovery_is_refused_where_it_can_not_be() {
    let bench = shop();
    let good = recover(&bench, "shop.orders", REMAP);
    assert_eq!(bench.own("orders", &good), 4179);
    assert_eq!(
        bench.sys(&good.replace("= orders FROM", "= nobody FROM")),
        5160
    );
    assert_eq!(bench.sys(&good.replace("pool_list=p", "pool_list=q")), 4650);
    assert_eq!(bench.sys(&good), 0);
    assert_eq!(bench.sys(&good), 4179);
    assert_eq!(bench.sys("ALTER SYSTEM CANCEL RECOVER TABLE nobody"), 5157);
    let old = with_pool(&Scenario::new("4.2.0.0").with(orders()));
    assert_eq!(old.sys(&recover(&old, "shop.orders", REMAP)), 1064);
}

#[test]
fn a_pair_renames_what_is_recovered_and_no_two_pairs_have_one_target() {
    let bench = shop();
    let refused = |objects: &str, remap: &str| bench.refused(&recover(&bench, objects, remap));
    let unsupported = |text: &str| (1235, format!("{text} not supported"));
    assert_eq!(
        refused("shop.orders", "REMAP TABLE shop.items:shop.old"),
        unsupported("remap not exist recover table")
    );
    assert_eq!(
        refused("shop.*", "REMAP TABLE other.*:old.*"),
        unsupported("remap not exist recover database")
    );
    assert_eq!(
        refused("shop.*", "REMAP TABLE shop.a:shop.c, shop.b:shop.c"),
        unsupported("`shop`.`c`")
    );
    assert_eq!(
        refused("shop.orders:p1", ""),
        unsupported("recover partition")
    );
    assert_eq!(
        refused("*.*", "REMAP TABLE a.b:c REMAP TABLE d.e:f"),
        (4179, "duplicate REMAP TABLE is not allowed".to_owned())
    );
}
