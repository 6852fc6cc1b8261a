//! Tests of the life of a backup, from a client's view.

use oceanbase_sim::fault::Fault;
use oceanbase_sim::model::{Health, Stage};

use crate::bench::{Bench, DAY};

const ORDERS: u64 = 1002;
const BACKUP: &str = "ALTER SYSTEM BACKUP DATABASE";
const STATUS: &str = "SELECT STATUS FROM oceanbase.CDB_OB_BACKUP_JOBS WHERE TENANT_ID = 1002";

#[test]
fn a_finished_job_stays_a_moment_and_is_history_then() {
    let bench = Bench::new();
    bench.own("orders", BACKUP);
    assert_eq!(bench.watch(STATUS, 200), ["INIT", "DOING", "COMPLETED", ""]);
    let facts = "JOB_ID, BACKUP_SET_ID, INITIATOR_TENANT_ID, INITIATOR_JOB_ID, STATUS, RESULT";
    assert_eq!(bench.jobs(ORDERS, facts), ["1|1|1002|0|COMPLETED|0"]);
}

#[test]
fn a_set_is_copied_and_then_available() {
    let bench = Bench::new();
    bench.own("orders", BACKUP);
    let set = "SELECT STATUS, FILE_STATUS, MIN_RESTORE_SCN > 0, END_TIMESTAMP IS NULL \
               FROM oceanbase.CDB_OB_BACKUP_SET_FILES";
    assert_eq!(
        bench.watch(set, 200),
        ["", "DOING|COPYING|0|1", "SUCCESS|AVAILABLE|1|0"]
    );
}

#[test]
fn logs_from_before_the_backup_are_needed() {
    let bench = Bench::new();
    bench.pass(17);
    bench.own("orders", BACKUP);
    bench.pass(200);
    let text = "SELECT START_REPLAY_SCN < START_SCN, MIN_RESTORE_SCN = END_SCN \
                FROM oceanbase.CDB_OB_BACKUP_SET_FILES S JOIN \
                oceanbase.CDB_OB_BACKUP_TASK_HISTORY T ON S.BACKUP_SET_ID = T.BACKUP_SET_ID";
    assert_eq!(bench.rows(text), ["1|1"]);
}

#[test]
fn an_incremental_without_a_base_is_a_full_from_the_start() {
    let bench = Bench::new();
    bench.own("orders", "ALTER SYSTEM BACKUP INCREMENTAL DATABASE");
    assert_eq!(bench.jobs(ORDERS, "BACKUP_TYPE"), ["FULL"]);
}

#[test]
fn incrementals_make_a_chain_until_the_destination_changes() {
    let bench = Bench::new();
    let incremental = "ALTER SYSTEM BACKUP INCREMENTAL DATABASE";
    for text in [BACKUP, incremental, incremental] {
        assert_eq!(bench.own("orders", text), 0);
        bench.pass(600);
    }
    bench.own(
        "orders",
        "ALTER SYSTEM SET DATA_BACKUP_DEST = 'file:///elsewhere'",
    );
    bench.own("orders", incremental);
    bench.pass(600);
    let chain = "SELECT BACKUP_SET_ID, BACKUP_TYPE, PREV_FULL_BACKUP_SET_ID, \
                 PREV_INC_BACKUP_SET_ID FROM oceanbase.CDB_OB_BACKUP_SET_FILES";
    assert_eq!(
        bench.rows(chain),
        ["1|FULL|0|0", "2|INC|1|1", "3|INC|1|2", "4|FULL|0|0"]
    );
}

#[test]
fn a_cancelled_job_says_so_in_result_and_set() {
    let bench = Bench::new();
    bench.own("orders", BACKUP);
    bench.pass(10);
    assert_eq!(bench.sys("ALTER SYSTEM CANCEL BACKUP TENANT = orders"), 0);
    assert_eq!(bench.watch(STATUS, 60), ["CANCELING", "CANCELED", ""]);
    assert_eq!(bench.jobs(ORDERS, "STATUS, RESULT"), ["CANCELED|-4072"]);
    let set = "SELECT STATUS, FILE_STATUS FROM oceanbase.CDB_OB_BACKUP_SET_FILES";
    assert_eq!(bench.rows(set), ["FAILED|INCOMPLETE"]);
}

#[test]
fn a_backup_fails_when_archiving_stops() {
    let bench = Bench::new();
    bench.own("orders", BACKUP);
    bench.pass(10);
    bench.sys("ALTER SYSTEM NOARCHIVELOG TENANT = orders");
    bench.pass(20);
    let job = bench.jobs(ORDERS, "STATUS, RESULT, COMMENT").remove(0);
    let comment = "FAILED|-9029|(ROOTSERVICE)addr: 127.0.0.1:2882, result: -9029(log archive is \
                   not running), trace_id: ";
    assert!(job.starts_with(comment), "{job}");
}

#[test]
fn a_backup_fails_otherwise_when_archiving_breaks() {
    let bench = Bench::new();
    bench.own("orders", BACKUP);
    bench.pass(10);
    bench.inject(Fault::InterruptArchive {
        tenant: "orders".to_owned(),
        comment: None,
    });
    bench.pass(20);
    assert_eq!(bench.jobs(ORDERS, "STATUS, RESULT"), ["FAILED|-9027"]);
}

#[test]
fn the_next_backup_can_be_made_to_fail() {
    let bench = Bench::new();
    bench.inject(Fault::FailBackup {
        tenant: "orders".to_owned(),
        code: -9086,
        comment: None,
    });
    bench.own("orders", BACKUP);
    bench.pass(60);
    bench.own("orders", BACKUP);
    bench.pass(600);
    assert_eq!(
        bench.jobs(ORDERS, "STATUS, RESULT"),
        ["FAILED|-9086", "COMPLETED|0"]
    );
}

#[test]
fn an_unreachable_store_fails_a_backup_before_it_begins() {
    let bench = Bench::new();
    let path = "file:///ob-backup/orders/data".to_owned();
    bench.inject(Fault::Path {
        path,
        health: Health::Unreachable,
    });
    bench.own("orders", BACKUP);
    assert_eq!(bench.watch(STATUS, 120), ["INIT", "FAILED", ""]);
    assert_eq!(bench.jobs(ORDERS, "STATUS, RESULT"), ["FAILED|-9070"]);
}

#[test]
fn a_refused_key_is_tried_three_times_more() {
    let bench = Bench::new();
    let path = "file:///ob-backup/orders/data".to_owned();
    let health = Health::KeyRefused;
    bench.inject(Fault::Path { path, health });
    bench.own("orders", BACKUP);
    bench.pass(19);
    assert_eq!(bench.rows(STATUS), ["INIT"]);
    bench.pass(1);
    assert_eq!(bench.jobs(ORDERS, "STATUS, RESULT"), ["FAILED|-9116"]);
}

#[test]
fn a_full_store_ends_a_running_backup() {
    let bench = Bench::new();
    bench.own("orders", BACKUP);
    bench.pass(10);
    let path = "file:///ob-backup/orders/data".to_owned();
    bench.inject(Fault::Path {
        path,
        health: Health::OutOfSpace,
    });
    bench.pass(20);
    assert_eq!(bench.jobs(ORDERS, "STATUS, RESULT"), ["FAILED|-9082"]);
}

#[test]
fn a_held_backup_waits_for_its_release() {
    for (stage, shown) in [
        (Stage::Init, "INIT"),
        (Stage::Doing, "DOING"),
        (Stage::Finished, "COMPLETED"),
    ] {
        let bench = Bench::new();
        bench.inject(Fault::Hold {
            tenant: "orders".to_owned(),
            at: stage,
        });
        bench.own("orders", BACKUP);
        bench.pass(86_400);
        assert_eq!(bench.rows(STATUS), [shown]);
        bench.inject(Fault::Release {
            tenant: "orders".to_owned(),
        });
        bench.pass(600);
        assert_eq!(bench.jobs(ORDERS, "STATUS"), ["COMPLETED"]);
    }
}

#[test]
fn time_in_hold_is_no_progress() {
    let bench = Bench::new();
    bench.own("orders", BACKUP);
    bench.pass(40);
    bench.inject(Fault::Hold {
        tenant: "orders".to_owned(),
        at: Stage::Doing,
    });
    let progress = "SELECT STATUS, DATA_PROGRESS FROM oceanbase.CDB_OB_BACKUP_TASKS";
    assert_eq!(bench.watch(progress, 300).len(), 1);
}

#[test]
fn the_work_of_a_backup_can_be_ended() {
    let bench = Bench::new();
    bench.own("orders", BACKUP);
    bench.pass(10);
    bench.inject(Fault::FinishBackup {
        tenant: "orders".to_owned(),
    });
    bench.pass(5);
    assert_eq!(bench.jobs(ORDERS, "STATUS"), ["COMPLETED"]);
}

#[test]
fn a_password_is_kept_as_its_hash() {
    let bench = Bench::new();
    let text = "SET ENCRYPTION ON IDENTIFIED BY 'mypass' ONLY; ALTER SYSTEM BACKUP DATABASE";
    assert_eq!(bench.own("orders", text), 0);
    assert_eq!(
        bench.jobs(ORDERS, "ENCRYPTION_MODE, PASSWD"),
        ["PASSWORD|*6C8989366EAF75BB670AD8EA7A7FC1176A95CEF4"]
    );
}

#[test]
fn ten_days_in_one_step_leave_what_ten_days_leave() {
    let (quick, slow) = (Bench::new(), Bench::new());
    for bench in [&quick, &slow] {
        bench.own("orders", BACKUP);
    }
    quick.clock.advance(DAY * 10);
    for _ in 0..240 {
        slow.pass(3600);
        slow.simulator.world(|_| ());
    }
    let all = "SELECT * FROM oceanbase.CDB_OB_BACKUP_JOB_HISTORY";
    assert_eq!(quick.rows(all), slow.rows(all));
    let pieces = "SELECT * FROM oceanbase.CDB_OB_ARCHIVELOG_PIECE_FILES";
    assert_eq!(quick.rows(pieces), slow.rows(pieces));
}
