//! Log archiving as a client sees it.

use std::time::Duration;

use oceanbase_sim::fault::Fault;
use oceanbase_sim::model::{Health, TenantStatus};
use oceanbase_sim::scenario::Scenario;

use crate::bench::Bench;

const STATUS: &str = "SELECT STATUS FROM oceanbase.CDB_OB_ARCHIVELOG WHERE TENANT_ID = 1002";

#[test]
fn log_mode_flips_at_once_and_the_round_follows() {
    let bench = Bench::new();
    assert_eq!(bench.sys("ALTER SYSTEM NOARCHIVELOG TENANT = orders"), 0);
    let mode = "SELECT LOG_MODE FROM oceanbase.DBA_OB_TENANTS WHERE TENANT_NAME = 'orders'";
    assert_eq!(bench.rows(mode), ["NOARCHIVELOG"]);
    assert_eq!(bench.watch(STATUS, 30), ["STOPPING", "STOP"]);
}

#[test]
fn a_deferred_destination_suspends_within_a_minute() {
    let bench = Bench::new();
    bench.sys("ALTER SYSTEM SET LOG_ARCHIVE_DEST_STATE = 'DEFER' TENANT = orders");
    assert_eq!(bench.watch(STATUS, 60), ["DOING", "SUSPENDING", "SUSPEND"]);
    bench.sys("ALTER SYSTEM SET LOG_ARCHIVE_DEST_STATE = 'ENABLE' TENANT = orders");
    assert_eq!(bench.watch(STATUS, 70), ["SUSPEND", "BEGINNING", "DOING"]);
}

#[test]
fn a_new_round_leaves_a_gap_and_counts_pieces_on() {
    let bench = Bench::new();
    bench.sys("ALTER SYSTEM NOARCHIVELOG TENANT = orders");
    bench.pass(60);
    bench.sys("ALTER SYSTEM ARCHIVELOG TENANT = orders");
    bench.pass(60);
    let pieces = "SELECT ROUND_ID, PIECE_ID, STATUS FROM oceanbase.CDB_OB_ARCHIVELOG_PIECE_FILES \
                  WHERE TENANT_ID = 1002";
    assert_eq!(
        bench.rows(pieces),
        ["1|1|FROZEN", "1|2|FROZEN", "2|3|ACTIVE"]
    );
}

#[test]
fn pieces_can_be_shorter_than_the_engine_allows() {
    let mut scenario = Scenario::new("4.3.5.2");
    scenario.piece_interval = Some(Duration::from_mins(5));
    let bench = Bench::of(scenario);
    bench.own(
        "blank",
        "ALTER SYSTEM SET LOG_ARCHIVE_DEST = 'LOCATION=file:///new'",
    );
    bench.own("blank", "ALTER SYSTEM ARCHIVELOG");
    bench.pass(16 * 60);
    let pieces = "SELECT PIECE_ID, STATUS FROM oceanbase.CDB_OB_ARCHIVELOG_PIECE_FILES \
                  WHERE TENANT_ID = 1006";
    assert_eq!(
        bench.rows(pieces),
        ["1|FROZEN", "2|FROZEN", "3|FROZEN", "4|ACTIVE"]
    );
}

#[test]
fn the_lag_grows_to_one_loop_and_falls_again() {
    let bench = Bench::new();
    let lag = "SELECT TRUNCATE((TIME_TO_USEC(NOW()) - CHECKPOINT_SCN / 1000) / 1000000, 0) \
               FROM oceanbase.CDB_OB_ARCHIVELOG WHERE TENANT_ID = 1002";
    let seen: Vec<i64> = bench
        .watch(lag, 120)
        .iter()
        .map(|seconds| seconds.parse().unwrap())
        .collect();
    assert_eq!(
        (seen.iter().min(), seen.iter().max()),
        (Some(&0), Some(&49))
    );
}

#[test]
fn a_destination_that_can_not_be_reached_lets_the_checkpoint_stand() {
    let bench = Bench::new();
    let checkpoint =
        "SELECT CHECKPOINT_SCN FROM oceanbase.CDB_OB_ARCHIVELOG WHERE TENANT_ID = 1002";
    let path = "file:///ob-backup/orders".to_owned();
    bench.inject(Fault::Path {
        path: path.clone(),
        health: Health::Unreachable,
    });
    assert_eq!(bench.watch(checkpoint, 200).len(), 1);
    bench.inject(Fault::Path {
        path,
        health: Health::Ok,
    });
    assert!(bench.watch(checkpoint, 200).len() > 1);
}

#[test]
fn setting_a_destination_after_archivelog_begins_at_the_next_loop() {
    let bench = Bench::new();
    bench.own("blank", "ALTER SYSTEM ARCHIVELOG");
    bench.pass(1000);
    bench.own(
        "blank",
        "ALTER SYSTEM SET LOG_ARCHIVE_DEST = 'LOCATION=file:///new'",
    );
    let status = "SELECT STATUS FROM oceanbase.CDB_OB_ARCHIVELOG WHERE TENANT_ID = 1006";
    assert_eq!(
        bench.watch(status, 80),
        ["", "PREPARE", "BEGINNING", "DOING"]
    );
}

#[test]
fn the_same_directory_keeps_its_id() {
    let bench = Bench::new();
    let set = |place: &str| {
        let text = format!("ALTER SYSTEM SET LOG_ARCHIVE_DEST = 'LOCATION={place}' TENANT = blank");
        assert_eq!(bench.sys(&text), 0);
        bench.rows("SELECT VALUE FROM oceanbase.CDB_OB_ARCHIVE_DEST WHERE TENANT_ID = 1006 AND NAME = 'dest_id'")
    };
    assert_eq!(
        ["file:///a", "file:///b", "file:///a/"].map(|place| set(place).join("")),
        ["1001", "1002", "1001"]
    );
}

/// A cluster of 4.0, which has no LOG_MODE.
fn without_log_mode() -> Bench {
    Bench::of(Scenario::new("4.0.0.0"))
}

#[test]
fn in_4_0_archivelog_opens_the_round_itself() {
    let bench = without_log_mode();
    let set = "ALTER SYSTEM SET LOG_ARCHIVE_DEST = 'LOCATION=file:///new'";
    bench.own("blank", set);
    assert_eq!(bench.own("blank", "ALTER SYSTEM ARCHIVELOG"), 0);
    let status = "SELECT STATUS FROM oceanbase.CDB_OB_ARCHIVELOG WHERE TENANT_ID = 1006";
    assert_eq!(bench.rows(status), ["PREPARE"]);
}

#[test]
fn in_4_0_archivelog_needs_a_destination_that_can_be_used() {
    let bench = without_log_mode();
    assert_eq!(bench.own("blank", "ALTER SYSTEM ARCHIVELOG"), 4018);
    let set = "ALTER SYSTEM SET LOG_ARCHIVE_DEST = 'LOCATION=file:///new'";
    bench.own("blank", set);
    bench.inject(Fault::Path {
        path: "file:///new".to_owned(),
        health: Health::Unreachable,
    });
    assert_eq!(bench.own("blank", "ALTER SYSTEM ARCHIVELOG"), 9070);
}

#[test]
fn in_4_0_what_cannot_be_opened_or_closed_is_not_supported() {
    let bench = without_log_mode();
    let plain = (1235, "Not supported feature or function".to_owned());
    let on = "ALTER SYSTEM ARCHIVELOG TENANT = orders";
    assert_eq!(bench.refused(on), plain);
    let off = "ALTER SYSTEM NOARCHIVELOG TENANT = blank";
    assert_eq!(bench.refused(off), plain);
    bench.inject(Fault::Status {
        tenant: "orders".to_owned(),
        status: TenantStatus::Creating,
    });
    let off = "ALTER SYSTEM NOARCHIVELOG TENANT = orders";
    assert_eq!(bench.refused(off), plain);
}

#[test]
fn in_4_0_a_list_answers_its_first_error_and_all_tenants_none() {
    let bench = without_log_mode();
    let list = "ALTER SYSTEM ARCHIVELOG TENANT = blank, orders";
    assert_eq!(bench.sys(list), 4018);
    let list = "ALTER SYSTEM ARCHIVELOG TENANT = orders, blank";
    assert_eq!(bench.sys(list), 1235);
    assert_eq!(bench.sys("ALTER SYSTEM ARCHIVELOG"), 0);
}

#[test]
fn from_4_1_on_opening_from_sys_swallows_and_closing_does_not() {
    for version in ["4.1.0.0", "4.3.5.2"] {
        let bench = Bench::of(Scenario::new(version));
        assert_eq!(bench.sys("ALTER SYSTEM ARCHIVELOG TENANT = orders"), 0);
        assert_eq!(bench.own("orders", "ALTER SYSTEM ARCHIVELOG"), 9091);
        assert_eq!(bench.sys("ALTER SYSTEM NOARCHIVELOG TENANT = blank"), 9092);
    }
}

#[test]
fn the_words_about_a_format_file_changed_with_the_4_3_line() {
    let set = "ALTER SYSTEM SET LOG_ARCHIVE_DEST = 'LOCATION=file:///ob-backup/orders/log' \
               TENANT = blank";
    let parent = "ALTER SYSTEM SET LOG_ARCHIVE_DEST = 'LOCATION=file:///ob-backup' TENANT = blank";
    for (version, foreign, missing) in [
        (
            "4.2.5.0",
            "the content of the format file at the destination does not match",
            "the format file does not exist under the destination",
        ),
        (
            "4.3.0.0",
            "format file does not match, try to set a new directory.",
            "format file does not exist, try to set a new directory.",
        ),
    ] {
        let bench = Bench::of(Scenario::new(version));
        assert_eq!(bench.refused(set), (9081, foreign.to_owned()));
        assert_eq!(bench.refused(parent), (9080, missing.to_owned()));
    }
}
