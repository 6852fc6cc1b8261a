//! Tests of failing restores.

use std::time::Duration;

use oceanbase_sim::fault::{Fault, Moment, Trigger};
use oceanbase_sim::model::{Health, RestoreStage};
use oceanbase_sim::scenario::Scenario;
use oceanbase_sim::statement::Kind;
use oceanbase_sim::value::{Backend, End};

use crate::bench::{Bench, code};
use crate::restores::{STATUS, orders, restore, shop, with_pool};

const HISTORY: &str = "SELECT STATUS FROM oceanbase.CDB_OB_RESTORE_HISTORY WHERE TENANT_ID = 1";
const HOLDER: &str = "SELECT TENANT_ID FROM oceanbase.DBA_OB_RESOURCE_POOLS WHERE NAME = 'p'";

fn fail(bench: &Bench, at: RestoreStage) {
    bench.inject(Fault::FailRestore {
        tenant: "copy".to_owned(),
        at,
        code: -9094,
        comment: None,
    });
}

#[test]
fn a_restore_that_fails_while_it_reads_leaves_tenant_and_pool() {
    let bench = shop();
    fail(&bench, RestoreStage::ConsistentScn);
    bench.sys(&restore(""));
    bench.pass(3600);
    assert_eq!(bench.rows(HISTORY), ["FAIL"]);
    assert_eq!(bench.rows(STATUS), ["RESTORE|RESTORE"]);
    assert_eq!(bench.rows(HOLDER), ["1004"]);
    let comment = "SELECT COMMENT FROM oceanbase.CDB_OB_RESTORE_HISTORY WHERE TENANT_ID = 1";
    assert!(bench.rows(comment)[0].contains("-9094(Restore log stream failed)"));
}

#[test]
fn each_stage_can_be_the_one_that_fails() {
    for at in [
        RestoreStage::CreateTenant,
        RestoreStage::CreateShell,
        RestoreStage::Pre,
        RestoreStage::CreateInitLs,
        RestoreStage::WaitLs,
        RestoreStage::PostCheck,
        RestoreStage::Upgrade,
    ] {
        let bench = shop();
        fail(&bench, at);
        bench.sys(&restore(""));
        bench.pass(7200);
        assert_eq!(bench.rows(HISTORY), ["FAIL"], "{at:?}");
    }
}

#[test]
fn a_failure_while_the_statement_waits_is_its_answer() {
    let bench = shop();
    fail(&bench, RestoreStage::CreateShell);
    let mut session = bench.session("root@sys");
    session.execute("SET ob_query_timeout = 600000000");
    let End::Error(error) = session.execute(&restore("")).end else {
        panic!("not refused");
    };
    assert_eq!(error.code, 9099);
    bench.pass(60);
    // The leftover tenant cannot be canceled, only dropped by force.
    assert_eq!(bench.rows(STATUS), ["CREATING|RESTORE"]);
    assert_eq!(bench.sys("ALTER SYSTEM CANCEL RESTORE copy"), 4179);
    assert_eq!(bench.sys("DROP TENANT copy FORCE"), 0);
    assert_eq!(bench.rows(HOLDER), ["NULL"]);
}

#[test]
fn a_failed_restore_can_be_cancelled_away() {
    let bench = shop();
    fail(&bench, RestoreStage::WaitLs);
    bench.sys(&restore(""));
    bench.pass(7200);
    assert_eq!(bench.sys("ALTER SYSTEM CANCEL RESTORE copy"), 0);
    assert_eq!(bench.rows(STATUS), Vec::<String>::new());
    assert_eq!(bench.rows(HOLDER), ["NULL"]);
    assert_eq!(bench.rows(HISTORY), ["FAIL"]);
}

#[test]
fn a_running_restore_can_be_cancelled() {
    let bench = shop();
    bench.sys(&restore(""));
    assert_eq!(bench.sys("ALTER SYSTEM CANCEL RESTORE copy"), 5157);
    bench.pass(30);
    assert_eq!(bench.sys("ALTER SYSTEM CANCEL RESTORE orders"), 4179);
    assert_eq!(bench.sys("ALTER SYSTEM CANCEL RESTORE copy"), 0);
    assert_eq!(bench.rows(HOLDER), ["NULL"]);
    bench.pass(60);
    assert_eq!(bench.rows(HISTORY), ["FAIL"]);
    let own = "SELECT COUNT(*) FROM oceanbase.CDB_OB_RESTORE_HISTORY WHERE TENANT_ID <> 1";
    assert_eq!(bench.rows(own), ["0"]);
}

#[test]
fn a_restored_tenant_can_not_be_cancelled_any_more() {
    let bench = shop();
    bench.sys(&restore(""));
    bench.pass(3600);
    assert_eq!(
        bench.refused("ALTER SYSTEM CANCEL RESTORE copy").1,
        "Cancel tenant not in restore is not allowed"
    );
}

#[test]
fn a_lost_connection_loses_only_the_answer() {
    let bench = shop();
    bench.inject(Fault::HangUp {
        on: Trigger::next(Kind::Restore).about("copy"),
        when: Moment::AfterCommit,
    });
    assert_eq!(bench.ask("root@sys", &restore("")).end, End::HangUp);
    bench.pass(3600);
    assert_eq!(bench.rows(STATUS), ["NORMAL|STANDBY"]);
    let sent = |tenant: &str| {
        let log = |log: &oceanbase_sim::log::StatementLog| log.effects(Kind::Restore, tenant);
        bench.simulator.log(log)
    };
    assert_eq!((sent("copy"), sent("orders")), (1, 0));
}

#[test]
fn a_killed_connection_does_not_survive_the_wait() {
    let bench = shop();
    let mut session = bench.session("root@sys");
    let reply = session.execute(&restore(""));
    assert!(reply.delay > Duration::ZERO && session.survives());
    bench.inject(Fault::KillConnections);
    assert!(!session.survives());
    bench.pass(3600);
    assert_eq!(bench.rows(STATUS), ["NORMAL|STANDBY"]);
}

#[test]
fn a_statement_can_be_refused_with_any_number() {
    let bench = shop();
    let refuse = "SIMULATE 'refuse: {on: {kind: restore, tenant: copy}, code: 9119, message: no}'";
    assert_eq!(bench.sys(refuse), 0);
    assert_eq!(bench.sys(&restore("")), 9119);
    bench.pass(60);
    assert_eq!(bench.rows(STATUS), Vec::<String>::new());
}

#[test]
fn between_progress_and_history_both_rows_can_be_gone() {
    let bench = shop();
    let lag = "SIMULATE 'lagTime: {tenant: sys, age: 60s, views: CDB_OB_RESTORE_HISTORY}'";
    assert_eq!(bench.sys(lag), 0);
    bench.sys(&restore(""));
    let progress = "SELECT COUNT(*) FROM oceanbase.CDB_OB_RESTORE_PROGRESS";
    while bench.rows(progress) != ["0"] {
        bench.pass(1);
    }
    assert_eq!(bench.rows(HISTORY), Vec::<String>::new());
    bench.pass(60);
    assert_eq!(bench.rows(HISTORY), ["SUCCESS"]);
}

#[test]
fn a_store_that_breaks_in_the_middle_fails_the_restore() {
    let bench = shop();
    bench.sys(&restore(""));
    bench.pass(25);
    bench.inject(Fault::Path {
        path: "file:///ob-backup/orders/log".to_owned(),
        health: Health::PermissionDenied,
    });
    bench.pass(3600);
    assert_eq!(bench.rows(HISTORY), ["FAIL"]);
}

#[test]
fn a_tenant_dropped_in_the_middle_fails_its_restore() {
    let bench = shop();
    bench.sys(&restore(""));
    bench.pass(30);
    assert_eq!(bench.sys("DROP TENANT copy"), 4179);
    assert_eq!(bench.sys("DROP TENANT copy FORCE"), 0);
    bench.pass(3600);
    assert_eq!(bench.rows(HISTORY), ["FAIL"]);
}

#[test]
fn a_restore_can_be_held_in_a_stage() {
    let bench = shop();
    let hold = "SIMULATE 'holdRestore: {tenant: copy, at: waitLs}'";
    assert_eq!(bench.sys(hold), 0);
    bench.sys(&restore(""));
    bench.pass(36_000);
    assert_eq!(bench.rows(STATUS), ["RESTORE|RESTORE"]);
    bench.sys("SIMULATE 'releaseRestore: {tenant: copy}'");
    bench.pass(60);
    assert_eq!(bench.rows(STATUS), ["NORMAL|STANDBY"]);
}

#[test]
fn two_restores_into_one_pool_end_with_one_tenant() {
    let bench = shop();
    bench.sys(&restore(""));
    let other = restore("").replace("RESTORE copy", "RESTORE other");
    // The pool is granted some time after the statement.
    let (code, text) = bench.refused(&other);
    assert_eq!(code, 9099);
    assert!(text.contains("result: -4626("), "{text}");
    bench.pass(3600);
    let history = "SELECT RESTORE_TENANT_NAME, STATUS FROM oceanbase.CDB_OB_RESTORE_HISTORY \
                   WHERE TENANT_ID = 1 ORDER BY RESTORE_TENANT_NAME";
    assert_eq!(bench.rows(history), ["copy|SUCCESS", "other|FAIL"]);
}

const ROWS: &str = "SELECT COUNT(*) FROM oceanbase.CDB_OB_RESTORE_PROGRESS WHERE TENANT_ID = 1";

fn read_slowly(bench: &Bench) {
    bench.inject(Fault::SlowRestore {
        tenant: "copy".to_owned(),
        reads: Duration::from_secs(40),
    });
}

/// Sends RESTORE, and disconnects before its answer.
fn send_and_go(bench: &Bench) -> u16 {
    let mut session = bench.session("root@sys");
    session.execute("SET ob_query_timeout = 600000000");
    code(&session.execute(&restore("")).end)
}

#[test]
fn a_restore_that_reads_the_store_has_no_row_and_goes_on_without_its_client() {
    let bench = shop();
    read_slowly(&bench);
    assert_eq!(send_and_go(&bench), 0);
    bench.pass(39);
    assert_eq!(bench.rows(ROWS), ["0"]);
    bench.pass(1);
    assert_eq!(bench.rows(ROWS), ["1"]);
    bench.pass(3600);
    assert_eq!(bench.rows(STATUS), ["NORMAL|STANDBY"]);
}

#[test]
fn of_two_restores_that_read_for_one_name_one_comes_through() {
    let bench = shop();
    read_slowly(&bench);
    assert_eq!(send_and_go(&bench), 0);
    bench.pass(30);
    send_and_go(&bench);
    bench.pass(3600);
    assert_eq!(bench.rows(HISTORY), ["SUCCESS"]);
}

#[test]
fn one_that_reads_still_when_another_of_its_name_is_over_finds_its_pool_gone() {
    let bench = shop();
    read_slowly(&bench);
    send_and_go(&bench);
    bench.pass(30);
    send_and_go(&bench);
    bench.pass(30);
    assert_eq!(bench.sys("ALTER SYSTEM CANCEL RESTORE copy"), 0);
    assert_eq!(bench.sys("DROP RESOURCE POOL p"), 0);
    bench.pass(3600);
    assert_eq!(bench.rows(HISTORY), ["FAIL", "FAIL"]);
    assert_eq!(bench.rows(STATUS), [""; 0]);
}

#[test]
fn before_4_2_4_the_storage_is_read_under_the_query_timeout() {
    let bench = with_pool(&Scenario::new("4.2.1.8").with(orders()));
    read_slowly(&bench);
    let reply = bench.ask("root@sys", &restore(""));
    assert_eq!(code(&reply.end), 4012);
    bench.pass(3600);
    assert_eq!(bench.rows(HISTORY), [""; 0]);
    let later = shop();
    read_slowly(&later);
    assert_eq!(later.sys(&restore("")), 0);
}
