//! Tests of manual deletion, which works since V4.4.2.

use oceanbase_sim::model::BackupType;
use oceanbase_sim::scenario::{Scenario, TenantSpec};
use oceanbase_sim::value::{Backend, Outcome};

use crate::bench::{Bench, DAY};

const SETS: &str = "SELECT BACKUP_SET_ID FROM oceanbase.CDB_OB_BACKUP_SET_FILES \
                    WHERE FILE_STATUS = 'DELETED'";
const PIECES: &str = "SELECT PIECE_ID FROM oceanbase.CDB_OB_ARCHIVELOG_PIECE_FILES \
                      WHERE FILE_STATUS = 'DELETED'";
const POLICY: &str = "ALTER SYSTEM ADD DELETE BACKUP POLICY 'default' RECOVERY_WINDOW '7d'";

/// Without a policy. Sets 1 (full, 18 days ago), 2 (incremental), 3 (full, 12 days ago),
/// 4 (incremental), 5 (full, 3 days ago); pieces of a day since 20 days, 21 is the active one.
fn cluster() -> Bench {
    let orders = TenantSpec::new("orders")
        .ready(DAY * 20)
        .backup(BackupType::Full, DAY * 18)
        .backup(BackupType::Inc, DAY * 16)
        .backup(BackupType::Full, DAY * 12)
        .backup(BackupType::Inc, DAY * 10)
        .backup(BackupType::Full, DAY * 3);
    Bench::just(&Scenario::new("4.4.2.0").with(orders).tenant("blank"))
}

fn ends(bench: &Bench, tenant: u64) -> Vec<String> {
    bench.rows(&format!(
        "SELECT STATUS, RESULT, COMMENT FROM oceanbase.CDB_OB_BACKUP_DELETE_JOB_HISTORY \
         WHERE TENANT_ID = {tenant}"
    ))
}

/// Returns the end of the job of a statement in `orders`.
fn end(bench: &Bench, what: &str) -> String {
    assert_eq!(
        bench.own("orders", &format!("ALTER SYSTEM DELETE {what}")),
        0
    );
    bench.pass(120);
    ends(bench, 1002).pop().unwrap()
}

#[test]
fn sets_go_by_id_with_all_that_stands_on_them() {
    let bench = cluster();
    assert_eq!(end(&bench, "BACKUPSET 1,2"), "COMPLETED|0|");
    assert_eq!(bench.rows(SETS), ["1", "2"]);
}

#[test]
fn each_refusal_of_a_set_comes_after_the_statement_with_its_reason() {
    let bench = cluster();
    for (ids, expected) in [
        ("9", "id=9(get set failed)"),
        ("1", "id=1(dependent by backup set id=2)"),
        ("5", "id=5(newer than latest full backupset id=5)"),
    ] {
        let what = format!("BACKUPSET {ids}");
        assert_eq!(end(&bench, &what), format!("FAILED|-9045|{expected}"));
    }
    end(&bench, "BACKUPSET 4");
    assert_eq!(
        end(&bench, "BACKUPSET 4"),
        "FAILED|-9045|id=4(already deleted)"
    );
    bench.own("orders", "ALTER SYSTEM BACKUP DATABASE");
    bench.pass(10);
    assert_eq!(
        end(&bench, "BACKUPSET 6"),
        "FAILED|-9045|id=6(status=DOING)"
    );
    assert_eq!(bench.rows(SETS), ["4"]);
}

#[test]
fn pieces_go_by_id_in_their_order_up_to_the_oldest_full_set() {
    let bench = cluster();
    for (ids, expected) in [
        ("99", "id=99(not exist)"),
        ("21", "id=21(is active piece)"),
        ("2", "id=2(smaller piece exists id=1)"),
        ("1,2,3", "id=3(needed for oldest full backup id=1)"),
    ] {
        let what = format!("ARCHIVELOG_PIECE {ids}");
        assert_eq!(end(&bench, &what), format!("FAILED|-9069|{expected}"));
    }
    assert_eq!(end(&bench, "ARCHIVELOG_PIECE 1,2"), "COMPLETED|0|");
    assert_eq!(bench.rows(PIECES), ["1", "2"]);
    assert_eq!(
        end(&bench, "ARCHIVELOG_PIECE 1"),
        "FAILED|-9069|id=1(already deleted)"
    );
}

#[test]
fn while_there_is_a_policy_nothing_at_the_present_paths_goes_by_id() {
    let bench = cluster();
    bench.own("orders", POLICY);
    assert_eq!(
        end(&bench, "BACKUPSET 1,2"),
        "FAILED|-9045|cannot delete backup set in current path when delete policy is set"
    );
    assert_eq!(
        end(&bench, "ARCHIVELOG_PIECE 1"),
        "FAILED|-9069|cannot delete backup piece in current path when delete policy is set"
    );
}

#[test]
fn at_an_old_path_everything_goes_by_id_or_at_once() {
    let bench = cluster();
    bench.own("orders", POLICY);
    let data = "BACKUP ALL DATA_BACKUP_DEST = 'file:///ob-backup/orders/data'";
    assert_eq!(
        end(&bench, data),
        "FAILED|-9045|id=1002(cannot delete current writing backup dest)"
    );
    bench.own(
        "orders",
        "ALTER SYSTEM SET DATA_BACKUP_DEST = 'file:///new'",
    );
    assert_eq!(end(&bench, "BACKUPSET 5"), "COMPLETED|0|");
    assert_eq!(end(&bench, data), "COMPLETED|0|");
    assert_eq!(bench.rows(SETS), ["1", "2", "3", "4", "5"]);
}

#[test]
fn sets_of_two_destinations_do_not_go_together() {
    let bench = cluster();
    bench.own(
        "orders",
        "ALTER SYSTEM SET DATA_BACKUP_DEST = 'file:///new'",
    );
    bench.own("orders", "ALTER SYSTEM BACKUP DATABASE");
    bench.pass(600);
    assert_eq!(
        end(&bench, "BACKUPSET 1,6"),
        "FAILED|-4007|id=6(delete from multiple dest is not supported)"
    );
}

#[test]
fn a_failed_set_hides_that_a_set_is_needed() {
    let mut orders = TenantSpec::new("orders")
        .ready(DAY * 20)
        .backup(BackupType::Full, DAY * 18)
        .backup(BackupType::Inc, DAY * 17)
        .backup(BackupType::Inc, DAY * 16)
        .backup(BackupType::Full, DAY * 3);
    orders.backups[1].result = -4016;
    let bench = Bench::just(&Scenario::new("4.4.2.0").with(orders));
    assert_eq!(end(&bench, "BACKUPSET 1"), "COMPLETED|0|");
    assert_eq!(end(&bench, "BACKUPSET 2"), "COMPLETED|0|");
}

#[test]
fn what_is_obsolete_goes_at_once_where_there_is_a_policy() {
    let bench = cluster();
    let delete = "ALTER SYSTEM DELETE OBSOLETE BACKUP";
    assert_eq!(bench.own("orders", delete), 4018);
    bench.own("orders", POLICY);
    assert_eq!(bench.own("orders", delete), 0);
    bench.pass(120);
    assert_eq!(bench.rows(SETS), ["1", "2"]);
    assert_eq!(bench.rows(PIECES).len(), 8);
}

#[test]
fn each_form_that_is_refused_at_once_has_its_text() {
    let bench = cluster();
    let sys = |rest: &str| bench.refused(&format!("ALTER SYSTEM DELETE {rest}"));
    let text = |text: &str| (1235, format!("{text} not supported"));
    assert_eq!(
        sys("BACKUPSET 1"),
        text("sys tenant clean set/piece need set tenant")
    );
    assert_eq!(
        sys("BACKUPSET 1 TENANT = orders, blank"),
        text("sys tenant clean set/piece need set tenant")
    );
    assert_eq!(
        sys("ARCHIVELOG_PIECE 1 TENANT = sys"),
        text("sys tenant clean set/piece can not specify sys tenant")
    );
    assert_eq!(sys("BACKUPSET 1 TENANT = nobody").0, 5160);
    assert_eq!(sys("BACKUPSET 0 TENANT = orders").0, 1210);
    assert_eq!(sys("OBSOLETE BACKUP").0, 4018);
    assert_eq!(
        bench.own("orders", "ALTER SYSTEM DELETE BACKUPSET 1 TENANT = orders"),
        1235
    );
    assert_eq!(
        bench.own(
            "orders",
            "ALTER SYSTEM DELETE BACKUP ALL DATA_BACKUP_DEST = 'file:///x'"
        ),
        4018
    );
}

#[test]
fn a_statement_of_sys_has_a_row_of_its_own_that_ends_with_its_child() {
    let bench = cluster();
    assert_eq!(
        bench.sys("ALTER SYSTEM DELETE BACKUPSET 9 TENANT = orders"),
        0
    );
    let query = "SELECT TENANT_ID, JOB_ID, INITIATOR_TENANT_ID, INITIATOR_JOB_ID, \
                 EXECUTOR_TENANT_ID, TYPE, JOB_LEVEL FROM oceanbase.CDB_OB_BACKUP_DELETE_JOBS";
    bench.pass(5);
    assert_eq!(
        bench.rows(query),
        [
            "1|1|1|1|1002|DELETE BACKUP SET|SYS_TENANT",
            "1002|6|1|1|1002|DELETE BACKUP SET|CLUSTER"
        ]
    );
    bench.pass(120);
    assert_eq!(
        ends(&bench, 1),
        ["FAILED|-9045|delete backup set do not allow"]
    );
    assert_eq!(ends(&bench, 1002), ["FAILED|-9045|id=9(get set failed)"]);
}

#[test]
fn a_cancel_in_sys_hits_the_rows_of_sys_and_of_tenants() {
    let bench = cluster();
    bench.sys("ALTER SYSTEM DELETE BACKUPSET 1,2 TENANT = orders");
    bench.pass(12);
    assert_eq!(bench.sys("ALTER SYSTEM CANCEL DELETE BACKUP"), 0);
    bench.pass(60);
    let canceled = "CANCELED|-4072|Operation canceled";
    assert_eq!(ends(&bench, 1), [canceled]);
    assert_eq!(ends(&bench, 1002), [canceled]);
}

#[test]
fn an_id_reads_as_a_moment_of_1970() {
    let bench = cluster();
    end(&bench, "BACKUPSET 4");
    let query = "SELECT PARAMETER FROM oceanbase.CDB_OB_BACKUP_DELETE_JOB_HISTORY";
    let mut session = bench.session("root@sys");
    session.execute("SET time_zone = '+00:00'");
    match session.execute(query).outcomes.pop() {
        Some(Outcome::Rows(set)) => {
            assert_eq!(set.rows, [[Some("1970-01-01 00:00:00.000004".to_owned())]]);
        }
        other => panic!("{other:?}"),
    }
}
