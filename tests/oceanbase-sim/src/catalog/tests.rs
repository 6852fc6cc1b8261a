use std::time::Duration;

use crate::clock::ManualClock;
use crate::fault::Fault;
use crate::model::BackupType;
use crate::scenario::{Scenario, TenantSpec, UserSpec};
use crate::value::{Backend, End, Outcome, ResultSet, SqlError};
use crate::views::{Scope, views};
use crate::{Session, Simulator};

const DAY: Duration = Duration::from_hours(24);

fn busy(version: &str) -> (Simulator, ManualClock) {
    let clock = ManualClock::default();
    let mut orders = TenantSpec::new("orders")
        .ready(DAY * 3)
        .backup(BackupType::Full, DAY * 2);
    orders.recovery_window = Some("7d".to_owned());
    let scenario = Scenario::new(version).with(orders).tenant("blank");
    let simulator = Simulator::new(&scenario, clock.clone()).unwrap();
    let mut session = simulator.connect("root@sys", "").unwrap();
    session.execute("ALTER SYSTEM BACKUP INCREMENTAL TENANT = orders DESCRIPTION = 'key-1'");
    clock.advance(Duration::from_secs(20));
    (simulator, clock)
}

fn ask(session: &mut Session, text: &str) -> Result<ResultSet, SqlError> {
    let mut reply = session.execute(text);
    match (reply.end, reply.outcomes.pop()) {
        (End::Complete, Some(Outcome::Rows(rows))) => Ok(rows),
        (End::Error(error), _) => Err(error),
        other => panic!("{text}: {other:?}"),
    }
}

fn rows(session: &mut Session, text: &str) -> Vec<String> {
    let cell = |cell: Option<String>| cell.unwrap_or_else(|| "NULL".to_owned());
    ask(session, text)
        .unwrap()
        .rows
        .into_iter()
        .map(|row| row.into_iter().map(cell).collect::<Vec<_>>().join("|"))
        .collect()
}

fn sys(simulator: &Simulator) -> Session {
    simulator.connect("root@sys", "").unwrap()
}

#[test]
fn every_column_that_is_never_null_has_a_value_in_every_version() {
    for version in [
        "4.0.0.0", "4.1.0.0", "4.2.1.8", "4.2.5.1", "4.3.0.1", "4.3.5.2", "4.4.2.0",
    ] {
        let (simulator, _) = busy(version);
        for view in views(version.parse().unwrap()) {
            let mut session = sys(&simulator);
            let found = ask(
                &mut session,
                &format!("SELECT * FROM oceanbase.`{}`", view.name),
            );
            for row in found.unwrap().rows {
                for (column, value) in view.columns.iter().zip(row) {
                    assert!(
                        column.nullable || value.is_some(),
                        "{version}: {}.{} is NULL",
                        view.name,
                        column.name
                    );
                }
            }
        }
    }
}

#[test]
fn a_busy_cluster_shows_rows_in_every_view_that_is_played() {
    // Views of restores have tests of their own.
    const NOT_PLAYED: [&str; 11] = [
        "OB_RESTORE_PROGRESS",
        "OB_RESTORE_HISTORY",
        "OB_LOG_RESTORE_SOURCE",
        "OB_RECOVER_TABLE_JOBS",
        "OB_RECOVER_TABLE_JOB_HISTORY",
        "OB_CLUSTER_EVENT_HISTORY",
        // These views have rows only after an hour.
        "OB_BACKUP_DELETE_JOBS",
        "OB_BACKUP_DELETE_JOB_HISTORY",
        "OB_BACKUP_DELETE_TASKS",
        "OB_BACKUP_DELETE_TASK_HISTORY",
        "OB_ROOTSERVICE_EVENT_HISTORY",
    ];
    let (simulator, _) = busy("4.3.5.2");
    for view in views("4.3.5.2".parse().unwrap()) {
        if view.scope == Scope::Tenant || NOT_PLAYED.iter().any(|name| view.name.ends_with(name)) {
            continue;
        }
        let found = rows(
            &mut sys(&simulator),
            &format!("SELECT * FROM {}", qualified(&view.name)),
        );
        assert!(!found.is_empty(), "{}", view.name);
    }
}

fn qualified(view: &str) -> String {
    format!("oceanbase.`{view}`")
}

#[test]
fn a_user_tenant_sees_its_own_rows_and_no_cdb_view() {
    let (simulator, _) = busy("4.3.5.2");
    let mut blank = simulator.connect("root@blank", "").unwrap();
    assert_eq!(
        rows(
            &mut blank,
            "SELECT TENANT_NAME FROM oceanbase.DBA_OB_TENANTS"
        ),
        ["blank"]
    );
    assert_eq!(
        rows(&mut blank, "SELECT * FROM oceanbase.DBA_OB_ARCHIVELOG"),
        Vec::<String>::new()
    );
    let error = ask(&mut blank, "SELECT * FROM oceanbase.CDB_OB_BACKUP_JOBS").unwrap_err();
    assert_eq!(error.code, 1146);
}

#[test]
fn dba_views_of_sys_show_the_parent_and_not_the_child() {
    let (simulator, _) = busy("4.3.5.2");
    let text = |view| {
        format!("SELECT BACKUP_SET_ID, INITIATOR_TENANT_ID, DESCRIPTION FROM oceanbase.{view}")
    };
    assert_eq!(
        rows(&mut sys(&simulator), &text("DBA_OB_BACKUP_JOBS")),
        ["0|1|key-1"]
    );
    assert_eq!(
        rows(&mut sys(&simulator), &text("CDB_OB_BACKUP_JOBS")),
        ["0|1|key-1", "2|1|key-1"]
    );
}

#[test]
fn a_stopped_round_stands_once_in_the_summary() {
    let (simulator, clock) = busy("4.3.5.2");
    let mut session = sys(&simulator);
    session.execute("ALTER SYSTEM NOARCHIVELOG TENANT = orders");
    clock.advance(Duration::from_mins(1));
    let text = "SELECT ROUND_ID, STATUS FROM oceanbase.CDB_OB_ARCHIVELOG_SUMMARY";
    assert_eq!(rows(&mut session, text), ["1|STOP"]);
    session.execute("ALTER SYSTEM ARCHIVELOG TENANT = orders");
    assert_eq!(rows(&mut session, text), ["1|STOP", "2|PREPARE"]);
}

#[test]
fn a_round_in_prepare_shows_no_times() {
    let (simulator, clock) = busy("4.3.5.2");
    let mut session = sys(&simulator);
    session.execute("ALTER SYSTEM NOARCHIVELOG TENANT = orders");
    clock.advance(Duration::from_mins(1));
    session.execute("ALTER SYSTEM ARCHIVELOG TENANT = orders");
    let text = "SELECT START_SCN, START_SCN_DISPLAY, IFNULL(CHECKPOINT_SCN_DISPLAY, '-') \
                FROM oceanbase.CDB_OB_ARCHIVELOG";
    assert_eq!(rows(&mut session, text), ["0|NULL|-"]);
}

#[test]
fn the_destination_is_read_back_as_rows() {
    let (simulator, _) = busy("4.3.5.2");
    let text = "SELECT NAME, VALUE FROM oceanbase.CDB_OB_ARCHIVE_DEST ORDER BY NAME";
    assert_eq!(
        rows(&mut sys(&simulator), text),
        [
            "binding|OPTIONAL",
            "dest_id|1001",
            "path|file:///ob-backup/orders/log",
            "piece_switch_interval|1d",
            "state|ENABLE",
        ]
    );
}

#[test]
fn progress_is_seen_in_the_task_of_a_running_backup() {
    let clock = ManualClock::default();
    let scenario = Scenario::new("4.3.5.2").with(TenantSpec::new("orders").ready(DAY));
    let simulator = Simulator::new(&scenario, clock.clone()).unwrap();
    let mut own = simulator.connect("root@orders", "").unwrap();
    own.execute("ALTER SYSTEM BACKUP DATABASE");
    let mut seen = Vec::new();
    for _ in 0..12 {
        clock.advance(Duration::from_secs(8));
        let text = "SELECT STATUS, DATA_PROGRESS FROM oceanbase.CDB_OB_BACKUP_TASKS";
        seen.extend(rows(&mut sys(&simulator), text));
    }
    let share = |row: &String| row.split('|').nth(1).unwrap().parse::<f64>().unwrap();
    let shares: Vec<_> = seen.iter().map(share).collect();
    assert!(shares.is_sorted(), "{seen:?}");
    assert!(
        shares.iter().any(|share| (10.0..90.0).contains(share)),
        "{seen:?}"
    );
    assert_eq!(seen.last().map(String::as_str), Some("COMPLETED|100.00"));
}

#[test]
fn rows_can_be_late() {
    let (simulator, clock) = busy("4.3.5.2");
    clock.advance(Duration::from_mins(10));
    simulator
        .inject(Fault::LagSelects {
            tenant: "orders".to_owned(),
            selects: 2,
        })
        .unwrap();
    let mut session = simulator.connect("root@orders", "").unwrap();
    session.execute("ALTER SYSTEM BACKUP DATABASE");
    let text = "SELECT COUNT(*) FROM oceanbase.DBA_OB_BACKUP_JOBS";
    let seen: Vec<_> = (0..3).flat_map(|_| rows(&mut session, text)).collect();
    assert_eq!(seen, ["0", "0", "1"]);
}

#[test]
fn without_the_right_to_read_views_are_denied() {
    let user = UserSpec {
        name: "writer".to_owned(),
        tenant: "sys".to_owned(),
        password: String::new(),
        alter_system: true,
        select: false,
    };
    let scenario = Scenario::new("4.3.5.2").user(user);
    let simulator = Simulator::new(&scenario, ManualClock::default()).unwrap();
    let mut session = simulator.connect("writer@sys", "").unwrap();
    let error = ask(&mut session, "SELECT * FROM oceanbase.DBA_OB_TENANTS").unwrap_err();
    assert_eq!(error.code, 1142);
    assert_eq!(rows(&mut session, "SELECT OB_VERSION()"), ["4.3.5.2"]);
}

#[test]
fn timestamps_follow_the_session_and_displays_the_server() {
    let clock = ManualClock::default();
    let tenant = TenantSpec::new("orders").ready(DAY);
    let mut scenario = Scenario::new("4.3.5.2").with(tenant);
    scenario.system_time_zone = "+01:00".to_owned();
    let simulator = Simulator::new(&scenario, clock).unwrap();
    let mut session = sys(&simulator);
    session.execute("SET time_zone = '+00:00'");
    let text = "SELECT LAST_CHECK_TIMESTAMP FROM oceanbase.CDB_OB_BACKUP_STORAGE_INFO LIMIT 1";
    assert_eq!(rows(&mut session, text), ["2026-11-20 02:00:00.000000"]);
    let text = "SELECT START_SCN_DISPLAY FROM oceanbase.CDB_OB_ARCHIVELOG";
    assert_eq!(rows(&mut session, text), ["2026-11-19 03:00:00.000000"]);
}

#[test]
fn what_drivers_ask_after_login_is_answered() {
    let (simulator, _) = busy("4.2.5.1");
    let text = "SELECT @@max_allowed_packet, @@wait_timeout, @@version, @@system_time_zone";
    assert_eq!(
        rows(&mut sys(&simulator), text),
        ["16777216|28800|5.7.25-OceanBase_CE-v4.2.5.1|+00:00"]
    );
}

#[test]
fn a_parameter_is_shown_with_its_new_value() {
    let (simulator, _) = busy("4.3.5.2");
    let mut session = sys(&simulator);
    session.execute("ALTER SYSTEM SET archive_lag_target = '90s' TENANT = orders");
    let text = "SELECT VALUE FROM oceanbase.GV$OB_PARAMETERS \
                WHERE NAME = 'archive_lag_target' AND TENANT_ID = 1002";
    assert_eq!(rows(&mut session, text), ["90s"]);
}

#[test]
fn a_parameter_of_the_cluster_belongs_to_no_tenant() {
    let (simulator, _) = busy("4.3.5.2");
    let text = "SELECT TENANT_ID, VALUE FROM oceanbase.GV$OB_PARAMETERS WHERE NAME = 'cluster'";
    assert_eq!(rows(&mut sys(&simulator), text), ["NULL|obcluster"]);
    let shown = ask(&mut sys(&simulator), "SHOW PARAMETERS LIKE 'cluster'").unwrap();
    assert_eq!(shown.rows.len(), 1);
}

#[test]
fn unknown_times_of_the_first_release_are_empty_texts() {
    let end = |version: &str| {
        let (simulator, clock) = busy(version);
        let mut session = sys(&simulator);
        session.execute("SET time_zone = '+00:00'");
        let text = "SELECT END_TIMESTAMP FROM oceanbase.CDB_OB_BACKUP_TASKS";
        let running = rows(&mut session, text);
        clock.advance(Duration::from_hours(1));
        let text = "SELECT END_TIMESTAMP FROM oceanbase.CDB_OB_BACKUP_SET_FILES";
        (running, rows(&mut session, text))
    };
    let (running, ended) = end("4.0.0.3");
    assert_eq!(running, [""]);
    assert_eq!(ended[0], "2026-11-18 02:10:00.000000");
    let (running, later) = end("4.1.0.0");
    assert_eq!(running, ["NULL"]);
    assert_eq!(later[0], ended[0]);
}

#[test]
fn the_scn_of_a_round_in_prepare_is_an_empty_text_in_the_first_release() {
    let (simulator, clock) = busy("4.0.0.3");
    let mut session = sys(&simulator);
    let text = "SELECT START_SCN_DISPLAY FROM oceanbase.CDB_OB_ARCHIVELOG";
    assert_eq!(rows(&mut session, text), ["2026-11-17 02:00:00.000000"]);
    session.execute("ALTER SYSTEM NOARCHIVELOG TENANT = orders");
    clock.advance(Duration::from_mins(1));
    session.execute("ALTER SYSTEM ARCHIVELOG TENANT = orders");
    assert_eq!(rows(&mut session, text), [""]);
}
