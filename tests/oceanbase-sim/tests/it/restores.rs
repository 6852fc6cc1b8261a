//! Tests of a restore from its statement to its history.

use std::time::Duration;

use oceanbase_sim::model::BackupType;
use oceanbase_sim::scenario::{BackupSpec, Scenario, TenantSpec};
use oceanbase_sim::value::{Backend, Outcome};

use crate::bench::{Bench, DAY, code};

/// Archives for two days, with a full backup of yesterday, and a table that grows.
pub(crate) fn orders() -> TenantSpec {
    TenantSpec::new("orders")
        .ready(DAY * 2)
        .backup(BackupType::Full, DAY)
        .table("shop.orders", 1000, 10)
}

pub(crate) const POOL: &str = "CREATE RESOURCE UNIT u MAX_CPU 2, MEMORY_SIZE '8G'; \
     CREATE RESOURCE POOL p UNIT = 'u', UNIT_NUM = 1, ZONE_LIST = ('zone1')";
pub(crate) const FROM: &str = "file:///ob-backup/orders/data,file:///ob-backup/orders/log";
pub(crate) const STATUS: &str = "SELECT STATUS, TENANT_ROLE FROM oceanbase.DBA_OB_TENANTS \
                                 WHERE TENANT_NAME = 'copy'";

/// The cluster of `orders` with a free pool `p`.
pub(crate) fn shop() -> Bench {
    with_pool(&Scenario::new("4.3.5.2").with(orders()))
}

pub(crate) fn with_pool(scenario: &Scenario) -> Bench {
    let bench = Bench::just(scenario);
    assert_eq!(bench.sys(POOL), 0);
    bench
}

pub(crate) fn restore(until: &str) -> String {
    format!("ALTER SYSTEM RESTORE copy FROM '{FROM}' {until} WITH 'pool_list=p'")
}

/// Returns the time this many hours ago, in the form of UNTIL.
pub(crate) fn hours_ago(bench: &Bench, hours: u64) -> String {
    let scn = bench.simulator.now().minus(Duration::from_hours(hours));
    format!("UNTIL SCN = {scn}")
}

#[test]
fn a_restored_tenant_is_a_standby_with_the_rows_of_its_instant() {
    let bench = shop();
    let until = hours_ago(&bench, 5);
    bench.sys(&restore(&until));
    bench.pass(3600);
    assert_eq!(bench.rows(STATUS), ["NORMAL|STANDBY"]);
    let rows = bench.rows_of("root@copy", "SELECT COUNT(*) FROM shop.orders");
    assert_eq!(rows, ["950"]);
    assert_eq!(bench.rows_of("root@copy", "SELECT 1"), ["1"]);
}

#[test]
fn a_restored_tenant_archives_nothing_and_has_no_destination() {
    let bench = shop();
    bench.sys(&restore(""));
    bench.pass(3600);
    let mode = "SELECT LOG_MODE FROM oceanbase.DBA_OB_TENANTS WHERE TENANT_NAME = 'copy'";
    assert_eq!(bench.rows(mode), ["NOARCHIVELOG"]);
    let dest = "SELECT COUNT(*) FROM oceanbase.CDB_OB_ARCHIVE_DEST WHERE TENANT_ID = 1004";
    assert_eq!(bench.rows(dest), ["0"]);
}

#[test]
fn the_statement_waits_for_the_tenant_and_no_longer() {
    let bench = shop();
    let mut session = bench.session("root@sys");
    session.execute("SET ob_query_timeout = 600000000");
    let reply = session.execute(&restore(""));
    assert_eq!(
        (code(&reply.end), reply.delay),
        (0, Duration::from_secs(20))
    );
    bench.pass(20);
    assert_eq!(bench.rows(STATUS), ["RESTORE|RESTORE"]);
}

#[test]
fn the_wait_for_the_tenant_does_not_ask_the_query_timeout() {
    let bench = shop();
    let reply = bench.ask("root@sys", &restore(""));
    assert_eq!(
        (code(&reply.end), reply.delay),
        (0, Duration::from_secs(20))
    );
    bench.pass(3600);
    assert_eq!(bench.rows(STATUS), ["NORMAL|STANDBY"]);
}

#[test]
fn a_restore_has_two_rows_that_go_through_their_states() {
    let bench = shop();
    bench.sys(&restore(&hours_ago(&bench, 23)));
    let progress = |tenant: &str| {
        format!("SELECT STATUS FROM oceanbase.CDB_OB_RESTORE_PROGRESS WHERE TENANT_ID {tenant} 1")
    };
    let sys = bench.watch(&progress("="), 300);
    assert_eq!(
        sys,
        [
            "CREATE_TENANT",
            "WAIT_TENANT_RESTORE_FINISH",
            "RESTORE_SUCCESS",
            ""
        ]
    );
    let again = shop();
    again.sys(&restore(&hours_ago(&again, 23)));
    assert_eq!(
        again.watch(&progress("<>"), 300),
        ["", "RESTORING", "UPGRADE", "RESTORE_SUCCESS", ""]
    );
}

#[test]
fn in_4_0_every_state_is_shown_raw() {
    let bench = with_pool(&Scenario::new("4.0.0.0").with(orders()));
    bench.sys(&restore(&hours_ago(&bench, 23)));
    let own = "SELECT STATUS FROM oceanbase.CDB_OB_RESTORE_PROGRESS \
               WHERE STATUS NOT IN ('CREATE_TENANT', 'WAIT_TENANT_RESTORE_FINISH')";
    assert_eq!(
        bench.watch(own, 300),
        [
            "",
            "RESTORE_PRE",
            "RESTORE_CREATE_INIT_LS",
            "PHYSICAL_RESTORE_WAIT_RESTORE_TO_CONSISTENT_SCN",
            "RESTORE_WAIT_LS",
            "POST_CHECK",
            "UPGRADE",
            "RESTORE_SUCCESS",
            ""
        ]
    );
}

#[test]
fn the_wait_for_data_is_shown_until_4_2_0_and_folded_since() {
    let data = "PHYSICAL_RESTORE_WAIT_RESTORE_TO_CONSISTENT_SCN";
    let folded = vec!["", "RESTORING", "UPGRADE", "RESTORE_SUCCESS", ""];
    let mut partly = folded.clone();
    partly.splice(2..2, [data, "RESTORING"]);
    for (version, states) in [
        ("4.1.0.0", partly.clone()),
        ("4.2.0.0", partly),
        ("4.2.1.0", folded.clone()),
        ("4.3.0.0", folded),
    ] {
        let bench = with_pool(&Scenario::new(version).with(orders()));
        bench.sys(&restore(&hours_ago(&bench, 23)));
        let own = "SELECT STATUS FROM oceanbase.CDB_OB_RESTORE_PROGRESS WHERE TENANT_ID <> 1";
        assert_eq!(bench.watch(own, 300), states, "{version}");
    }
}

#[test]
fn history_has_both_rows_of_a_restore() {
    let bench = shop();
    bench.sys(&format!("{} DESCRIPTION = 'key-1'", restore("")));
    bench.pass(3600);
    let history = "SELECT TENANT_ID, RESTORE_TENANT_ID, BACKUP_TENANT_NAME, STATUS, DESCRIPTION \
                   FROM oceanbase.CDB_OB_RESTORE_HISTORY ORDER BY TENANT_ID";
    assert_eq!(
        bench.rows(history),
        [
            "1|1004|orders|SUCCESS|key-1",
            "1004|1004|orders|SUCCESS|key-1"
        ]
    );
    let progress = "SELECT COUNT(*) FROM oceanbase.CDB_OB_RESTORE_PROGRESS";
    assert_eq!(bench.rows(progress), ["0"]);
}

#[test]
fn no_column_that_is_never_null_is_null() {
    for version in ["4.0.0.0", "4.1.0.0", "4.2.1.8", "4.2.5.1", "4.3.5.2"] {
        let bench = with_pool(&Scenario::new(version).with(orders()));
        bench.sys(&restore(""));
        for seconds in [2, 10, 30, 3600] {
            bench.pass(seconds);
            let views = oceanbase_sim::views::views(version.parse().unwrap());
            for view in views.iter().filter(|view| view.name.contains("_RESTORE_")) {
                let query = format!("SELECT * FROM oceanbase.`{}`", view.name);
                let Some(Outcome::Rows(set)) = bench.ask("root@sys", &query).outcomes.pop() else {
                    panic!("{version}: {query}");
                };
                for row in set.rows {
                    for (column, cell) in view.columns.iter().zip(row) {
                        let filled = column.nullable || cell.is_some();
                        assert!(filled, "{version}: {}.{}", view.name, column.name);
                    }
                }
            }
        }
    }
}

#[test]
fn progress_of_data_comes_before_progress_of_log() {
    let bench = shop();
    bench.sys(&restore(""));
    bench.pass(50);
    let own = "SELECT RESTORE_PROGRESS > 0, RECOVER_PROGRESS, FINISH_BYTES > 0 \
               FROM oceanbase.CDB_OB_RESTORE_PROGRESS WHERE TENANT_ID = 1004";
    assert_eq!(bench.rows(own), ["1|0.00|1"]);
    let sys = "SELECT TOTAL_BYTES, RESTORE_PROGRESS \
               FROM oceanbase.CDB_OB_RESTORE_PROGRESS WHERE TENANT_ID = 1";
    assert_eq!(bench.rows(sys), ["NULL|NULL"]);
}

#[test]
fn a_pool_is_held_by_the_tenant_that_is_restored_into_it() {
    let bench = shop();
    let holder = "SELECT TENANT_ID FROM oceanbase.DBA_OB_RESOURCE_POOLS WHERE NAME = 'p'";
    assert_eq!(bench.rows(holder), ["NULL"]);
    bench.sys(&restore(""));
    bench.pass(30);
    assert_eq!(bench.rows(holder), ["1004"]);
    assert_eq!(bench.sys("DROP RESOURCE POOL p"), 4626);
}

#[test]
fn without_until_the_newest_archived_instant_is_meant() {
    let bench = shop();
    let newest = bench.rows("SELECT CHECKPOINT_SCN FROM oceanbase.CDB_OB_ARCHIVELOG");
    bench.sys(&restore(""));
    let scn = bench.rows("SELECT RESTORE_SCN FROM oceanbase.DBA_OB_RESTORE_PROGRESS");
    assert_eq!(scn, newest);
}

#[test]
fn a_time_is_read_in_the_zone_of_the_source() {
    let mut scenario = Scenario::new("4.3.5.2").with(orders());
    scenario.system_time_zone = "+01:00".to_owned();
    let bench = with_pool(&scenario);
    // 2026-11-20 01:30 there is 00:30 UTC; now it is 02:00 UTC.
    bench.sys(&restore("UNTIL TIME = '2026-11-20 01:30:00'"));
    let shown = "SELECT RESTORE_SCN, RESTORE_SCN_DISPLAY FROM oceanbase.CDB_OB_RESTORE_PROGRESS";
    assert_eq!(
        bench.rows(shown),
        ["1795134600000000000|2026-11-20 01:30:00.000000"]
    );
}

#[test]
fn keys_of_a_store_stand_in_the_progress_and_not_in_the_log() {
    let keys = "host=h&access_id=i&access_key=hush";
    let mut tenant = orders();
    tenant.data_dest = Some(format!("oss://b/data?{keys}"));
    tenant.archive.as_mut().unwrap().dest = format!("LOCATION=oss://b/log?{keys}");
    let bench = with_pool(&Scenario::new("4.3.5.2").with(tenant));
    let from = format!("oss://b/data?{keys},oss://b/log?{keys}");
    let text = format!("ALTER SYSTEM RESTORE copy FROM '{from}' WITH 'pool_list=p'");
    bench.sys(&text);
    let dest = bench.rows("SELECT BACKUP_DEST FROM oceanbase.DBA_OB_RESTORE_PROGRESS");
    assert_eq!(dest, [from]);
    let entry = bench.simulator.log(|log| log.changing().last().cloned());
    assert!(!entry.unwrap().to_string().contains("hush"));
}

#[test]
fn what_a_dropped_tenant_left_can_be_restored() {
    let bench = shop();
    assert_eq!(bench.sys("DROP TENANT orders FORCE"), 0);
    bench.sys(&restore(""));
    bench.pass(3600);
    assert_eq!(bench.rows(STATUS), ["NORMAL|STANDBY"]);
}

#[test]
fn what_another_cluster_stored_can_be_restored() {
    let mut other = Scenario::new("4.2.1.8").with(orders());
    other.cluster.name = "far".to_owned();
    other.cluster.id = 7;
    let mut here = Scenario::new("4.3.5.2");
    here.elsewhere.push(other);
    let bench = with_pool(&here);
    bench.sys(&restore(""));
    bench.pass(3600);
    let history = "SELECT BACKUP_CLUSTER_NAME, STATUS FROM oceanbase.CDB_OB_RESTORE_HISTORY \
                   WHERE TENANT_ID = 1";
    assert_eq!(bench.rows(history), ["far|SUCCESS"]);
}

#[test]
fn a_cluster_that_sees_another_one_restores_what_it_has_by_then() {
    let far = Bench::just(&Scenario::new("4.3.5.2").with(TenantSpec::new("orders").ready(DAY)));
    let bench = with_pool(&Scenario::new("4.3.5.2"));
    bench.simulator.sees(&far.simulator);
    far.simulator.sees(&bench.simulator);
    assert_eq!(bench.sys(&restore("")), 9119);
    far.sys("ALTER SYSTEM BACKUP TENANT = orders");
    far.pass(3600);
    bench.pass(3600);
    assert_ne!(bench.sys(&restore("")), 9119);
    bench.pass(3600);
    assert_eq!(bench.rows(STATUS), ["NORMAL|STANDBY"]);
}

#[test]
fn sources_can_be_added_to_the_session_instead() {
    let bench = shop();
    let mut session = bench.session("root@sys");
    session.execute("SET ob_query_timeout = 600000000");
    for uri in FROM.split(',') {
        let add = format!("ALTER SYSTEM ADD RESTORE SOURCE '{uri}'");
        assert_eq!(code(&session.execute(&add).end), 0);
    }
    assert_eq!(code(&session.execute(&restore("")).end), 1235);
    let bare = "ALTER SYSTEM RESTORE copy WITH 'pool_list=p'";
    assert_eq!(code(&session.execute(bare).end), 0);
    session.execute("ALTER SYSTEM CLEAR RESTORE SOURCE");
    let other = "ALTER SYSTEM RESTORE other WITH 'pool_list=p'";
    assert_ne!(code(&session.execute(other).end), 0);
}

#[test]
fn a_set_with_its_own_log_is_restored_from_the_data_alone() {
    let mut tenant = orders();
    tenant.backups[0].plus_archivelog = true;
    let bench = with_pool(&Scenario::new("4.3.5.2").with(tenant));
    bench.sys("ALTER SYSTEM RESTORE copy FROM 'file:///ob-backup/orders/data' WITH 'pool_list=p'");
    bench.pass(3600);
    assert_eq!(bench.rows(STATUS), ["NORMAL|STANDBY"]);
}

#[test]
fn a_password_opens_what_was_encrypted_with_it() {
    let mut tenant = orders();
    let encrypted = BackupSpec {
        password: "pw".to_owned(),
        ..tenant.backups[0].clone()
    };
    tenant.backups = vec![encrypted];
    let bench = with_pool(&Scenario::new("4.3.5.2").with(tenant));
    let with = |decryption: &str| {
        let mut session = bench.session("root@sys");
        session.execute("SET ob_query_timeout = 600000000");
        session.execute(decryption);
        code(&session.execute(&restore("")).end)
    };
    let answers = ["SELECT 1", "SET DECRYPTION IDENTIFIED BY 'no'"].map(with);
    assert_eq!(answers, [9047, 9047]);
    assert_eq!(with("SET DECRYPTION IDENTIFIED BY 'no','pw'"), 0);
}
