//! Tests of the hourly cleanup: the deletions of a delete policy, and its rows.

use oceanbase_sim::fault::Fault;
use oceanbase_sim::model::{BackupType, CleanKind, Health, Stage};
use oceanbase_sim::scenario::{Scenario, TenantSpec};

use crate::bench::{Bench, DAY};

const HOUR: u64 = 3600;
const SETS: &str = "SELECT BACKUP_SET_ID, FILE_STATUS FROM oceanbase.CDB_OB_BACKUP_SET_FILES";
const DELETED_PIECES: &str = "SELECT COUNT(*), MAX(PIECE_ID) FROM \
                              oceanbase.CDB_OB_ARCHIVELOG_PIECE_FILES WHERE FILE_STATUS = 'DELETED'";
const STATUS: &str = "SELECT STATUS FROM oceanbase.CDB_OB_BACKUP_DELETE_JOBS";
const ENDS: &str = "SELECT STATUS, TASK_COUNT, SUCCESS_TASK_COUNT, RESULT, COMMENT FROM \
                    oceanbase.CDB_OB_BACKUP_DELETE_JOB_HISTORY";
const PAST_TASKS: &str = "SELECT TASK_TYPE, ID, ROUND_ID, DEST_ID, STATUS FROM \
                          oceanbase.CDB_OB_BACKUP_DELETE_TASK_HISTORY ORDER BY TASK_ID";

/// Archiving for 20 days, a full and an incremental 18 and 16 days ago, again 12 and 10 days ago, a
/// full 3 days ago.
fn orders() -> TenantSpec {
    TenantSpec::new("orders")
        .ready(DAY * 20)
        .backup(BackupType::Full, DAY * 18)
        .backup(BackupType::Inc, DAY * 16)
        .backup(BackupType::Full, DAY * 12)
        .backup(BackupType::Inc, DAY * 10)
        .backup(BackupType::Full, DAY * 3)
}

fn with_window(mut tenant: TenantSpec, window: &str) -> Bench {
    tenant.recovery_window = Some(window.to_owned());
    Bench::just(&Scenario::new("4.3.5.2").with(tenant))
}

fn week() -> Bench {
    with_window(orders(), "7d")
}

#[test]
fn what_is_older_than_the_newest_full_outside_the_window_goes() {
    let bench = week();
    let before = bench.rows(SETS);
    bench.pass(HOUR + 200);
    assert!(before.iter().all(|set| set.ends_with("AVAILABLE")));
    assert_eq!(
        bench.rows(SETS),
        [
            "1|DELETED",
            "2|DELETED",
            "3|AVAILABLE",
            "4|AVAILABLE",
            "5|AVAILABLE"
        ]
    );
}

#[test]
fn pieces_go_that_end_before_the_log_that_the_oldest_kept_full_needs() {
    let bench = week();
    bench.pass(HOUR + 200);
    assert_eq!(bench.rows(DELETED_PIECES), ["8|8"]);
}

#[test]
fn a_round_counts_what_was_deleted_of_it() {
    let bench = week();
    bench.pass(HOUR + 200);
    let query = "SELECT DELETED_INPUT_BYTES, DELETED_OUTPUT_BYTES FROM oceanbase.CDB_OB_ARCHIVELOG";
    let day: u64 = 86_400 * (256 << 10);
    assert_eq!(bench.rows(query), [format!("{0}|{0}", day * 8)]);
}

#[test]
fn the_only_full_set_stays_however_old_it_is() {
    let tenant = TenantSpec::new("orders")
        .ready(DAY * 20)
        .backup(BackupType::Full, DAY * 18);
    let bench = with_window(tenant, "1d");
    bench.pass(HOUR + 200);
    assert_eq!(bench.rows(SETS), ["1|AVAILABLE"]);
}

#[test]
fn failed_sets_go_once_they_are_older_than_the_window() {
    let mut tenant = orders();
    for index in [3, 4] {
        tenant.backups[index].result = -9082;
    }
    let bench = with_window(tenant, "7d");
    bench.pass(HOUR + 200);
    assert_eq!(
        bench.rows(SETS),
        [
            "1|DELETED",
            "2|DELETED",
            "3|AVAILABLE",
            "4|DELETED",
            "5|INCOMPLETE"
        ]
    );
}

#[test]
fn an_incremental_outside_the_window_stays_with_the_full_that_it_stands_on() {
    let bench = with_window(orders(), "4d");
    bench.pass(HOUR + 200);
    assert_eq!(bench.rows(SETS)[2..4], ["3|AVAILABLE", "4|AVAILABLE"]);
}

#[test]
fn an_empty_window_never_expires_and_makes_no_jobs() {
    for window in ["", "0"] {
        let bench = with_window(orders(), window);
        bench.pass(HOUR * 5);
        assert_eq!(bench.rows(ENDS), Vec::<String>::new(), "{window}");
    }
}

#[test]
fn a_job_has_the_life_of_every_job() {
    let bench = week();
    bench.pass(HOUR - 1);
    assert_eq!(
        bench.watch(STATUS, 120),
        ["", "INIT", "DOING", "COMPLETED", ""]
    );
}

#[test]
fn a_job_of_the_tenant_names_itself_as_its_initiator_until_4_4_2() {
    let query = "SELECT TENANT_ID, JOB_ID, INITIATOR_TENANT_ID, INITIATOR_JOB_ID, \
                 EXECUTOR_TENANT_ID, TYPE, JOB_LEVEL FROM oceanbase.CDB_OB_BACKUP_DELETE_JOB_HISTORY";
    for (version, initiator) in [
        ("4.0.0.0", 6),
        ("4.2.5.1", 6),
        ("4.3.5.2", 6),
        ("4.4.2.0", 0),
    ] {
        let mut tenant = orders();
        tenant.recovery_window = Some("7d".to_owned());
        let bench = Bench::just(&Scenario::new(version).with(tenant));
        bench.pass(HOUR + 200);
        assert_eq!(
            bench.rows(query),
            [format!(
                "1002|6|1002|{initiator}|1002|DELETE OBSOLETE BACKUP|USER_TENANT"
            )],
            "{version}"
        );
        assert_eq!(bench.rows(ENDS), ["COMPLETED|10|10|0|"], "{version}");
    }
}

#[test]
fn each_set_and_piece_has_a_task_sets_first_and_newest_first() {
    let bench = week();
    bench.pass(HOUR + 200);
    let tasks = bench.rows(PAST_TASKS);
    assert_eq!(
        tasks[..4],
        [
            "BACKUP SET|2|0|1002|COMPLETED",
            "BACKUP SET|1|0|1002|COMPLETED",
            "BACKUP PIECE|1|1|1001|COMPLETED",
            "BACKUP PIECE|2|1|1001|COMPLETED"
        ]
    );
    assert_eq!(tasks.len(), 10);
}

#[test]
fn the_parameter_is_the_instant_before_which_backups_expire() {
    let bench = week();
    bench.pass(HOUR);
    let now = bench.simulator.now();
    let kind = bench.simulator.world(|world| {
        let jobs = &world.tenant("orders").unwrap().cleanup.jobs;
        jobs[0].kind.clone()
    });
    assert_eq!(kind, CleanKind::Obsolete(now.minus(DAY * 7)));
}

#[test]
fn an_hour_without_anything_to_delete_leaves_a_row_without_tasks() {
    let bench = week();
    bench.pass(HOUR * 2 + 200);
    assert_eq!(bench.rows(ENDS), ["COMPLETED|10|10|0|", "COMPLETED|0|0|0|"]);
}

#[test]
fn a_tenant_reads_its_own_jobs_and_sys_those_of_all() {
    let bench = week();
    bench.pass(HOUR + 200);
    let own = "SELECT COUNT(*) FROM oceanbase.DBA_OB_BACKUP_DELETE_JOB_HISTORY";
    assert_eq!(bench.rows_of("root@orders", own), ["1"]);
    assert_eq!(bench.rows(own), ["0"]);
}

#[test]
fn without_a_policy_nothing_is_cleaned_and_a_new_one_acts_at_the_next_hour() {
    let bench = Bench::just(&Scenario::new("4.3.5.2").with(orders()));
    bench.pass(HOUR * 3 - 60);
    let quiet = bench.rows(ENDS);
    bench.sys("ALTER SYSTEM ADD DELETE BACKUP POLICY 'default' RECOVERY_WINDOW '7d' TENANT orders");
    bench.pass(60);
    let begun = bench.rows(STATUS);
    bench.sys("ALTER SYSTEM DROP DELETE BACKUP POLICY 'default' TENANT orders");
    bench.pass(HOUR * 3);
    assert_eq!(quiet, Vec::<String>::new());
    assert_eq!(begun, ["INIT"]);
    assert_eq!(bench.rows(ENDS).len(), 1);
}

#[test]
fn what_lies_at_an_old_path_is_never_cleaned() {
    let bench = week();
    bench.pass(120);
    bench.sys("ALTER SYSTEM NOARCHIVELOG TENANT = orders");
    bench.pass(60);
    for set in [
        "LOG_ARCHIVE_DEST = 'LOCATION=file:///new/log'",
        "DATA_BACKUP_DEST = 'file:///new/data'",
    ] {
        assert_eq!(
            bench.sys(&format!("ALTER SYSTEM SET {set} TENANT = orders")),
            0
        );
    }
    bench.sys("ALTER SYSTEM ARCHIVELOG TENANT = orders");
    for _ in 0..3 {
        bench.pass(86_400 * 8);
        bench.sys("ALTER SYSTEM BACKUP TENANT = orders");
        bench.pass(HOUR);
    }
    bench.pass(86_400 * 8);
    let at = |status: &str, path: &str| {
        bench.rows(&format!(
            "SELECT COUNT(*) FROM oceanbase.CDB_OB_BACKUP_SET_FILES \
             WHERE FILE_STATUS = '{status}' AND PATH LIKE '{path}%'"
        ))
    };
    assert_eq!(at("AVAILABLE", "file:///ob-backup"), ["5"]);
    assert_eq!(at("DELETED", "file:///new"), ["2"]);
    let old = "SELECT COUNT(*) FROM oceanbase.CDB_OB_ARCHIVELOG_PIECE_FILES \
               WHERE FILE_STATUS <> 'AVAILABLE' AND DEST_ID = 1001";
    assert_eq!(bench.rows(old), ["0"]);
    let new = "SELECT COUNT(*) FROM oceanbase.CDB_OB_ARCHIVELOG_PIECE_FILES \
               WHERE FILE_STATUS = 'DELETED' AND DEST_ID = 1003";
    assert_ne!(bench.rows(new), ["0"]);
}

#[test]
fn a_job_that_fails_leaves_its_file_half_deleted_to_the_next_one() {
    let bench = week();
    bench.inject(Fault::FailCleanup {
        tenant: "orders".to_owned(),
        code: -9140,
        comment: None,
    });
    bench.pass(HOUR + 60);
    assert_eq!(
        bench.rows(ENDS),
        ["FAILED|10|0|-9140|the object is locked by worm"]
    );
    assert_eq!(bench.rows(SETS)[..2], ["1|AVAILABLE", "2|DELETING"]);
    let tasks = bench.rows(PAST_TASKS);
    assert_eq!(
        tasks[..2],
        ["BACKUP SET|2|0|1002|FAILED", "BACKUP SET|1|0|1002|CANCELED"]
    );
    bench.pass(HOUR + 100);
    assert_eq!(bench.rows(SETS)[..2], ["1|DELETED", "2|DELETED"]);
}

#[test]
fn a_job_stands_in_doing_until_it_is_released_and_the_next_one_waits() {
    let bench = week();
    bench.inject(Fault::HoldCleanup {
        tenant: "orders".to_owned(),
        at: Stage::Doing,
    });
    bench.pass(HOUR * 2 + 60);
    assert_eq!(bench.rows(STATUS), ["DOING", "INIT"]);
    assert_eq!(bench.rows(SETS)[..2], ["1|AVAILABLE", "2|AVAILABLE"]);
    bench.inject(Fault::ReleaseCleanup {
        tenant: "orders".to_owned(),
    });
    bench.pass(200);
    assert_eq!(bench.rows(ENDS), ["COMPLETED|10|10|0|", "COMPLETED|0|0|0|"]);
}

#[test]
fn a_canceled_job_ends_canceled_and_the_policy_goes_on() {
    let bench = week();
    bench.pass(HOUR + 12);
    assert_eq!(bench.rows(STATUS), ["DOING"]);
    assert_eq!(
        bench.sys("ALTER SYSTEM CANCEL DELETE BACKUP TENANT = orders"),
        0
    );
    assert_eq!(bench.watch(STATUS, 30), ["CANCELING", "CANCELED", ""]);
    assert_eq!(bench.rows(ENDS), ["CANCELED|10|0|-4072|Operation canceled"]);
    bench.pass(HOUR + 200);
    assert_eq!(bench.rows(SETS)[..2], ["1|DELETED", "2|DELETED"]);
}

#[test]
fn a_store_that_can_not_be_reached_is_tried_for_a_while_and_a_forbidden_one_is_not() {
    let path = |health| Fault::Path {
        path: "file:///ob-backup/orders/log".to_owned(),
        health,
    };
    let bench = week();
    bench.inject(path(Health::PermissionDenied));
    bench.pass(HOUR + 20);
    assert_eq!(
        bench.rows(ENDS),
        ["FAILED|0|0|-9071|no I/O operation permission at the backup destination"]
    );
    let bench = week();
    bench.inject(path(Health::Unreachable));
    bench.pass(HOUR + 200);
    assert_eq!(bench.rows(STATUS), ["INIT"]);
    bench.inject(path(Health::Ok));
    bench.pass(200);
    assert_eq!(bench.rows(ENDS), ["COMPLETED|10|10|0|"]);
}

#[test]
fn each_job_looks_at_the_destinations_and_leaves_the_time_of_it() {
    let bench = week();
    let checks = "SELECT COUNT(*) FROM oceanbase.CDB_OB_BACKUP_STORAGE_INFO_HISTORY";
    let before = bench.rows(checks);
    bench.pass(HOUR * 2 + 200);
    assert_eq!(
        (before, bench.rows(checks)),
        (vec!["2".to_owned()], vec!["6".to_owned()])
    );
}
