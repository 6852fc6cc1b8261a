//! Reads of restores, pools, units and zones.

use super::*;
use crate::oceanbase::model::{RestoreStatus, Restores};
use crate::oceanbase::testing::StatementFault;

const PROGRESS: &str = "CDB_OB_RESTORE_PROGRESS";
const HISTORY: &str = "CDB_OB_RESTORE_HISTORY";
const COLUMNS: &str = "TENANT_ID, JOB_ID, RESTORE_TENANT_NAME, STATUS, START_TIMESTAMP, DESCRIPTION, \
    RESTORE_TENANT_ID, BACKUP_TENANT_NAME, BACKUP_CLUSTER_NAME, RESTORE_SCN, BACKUP_SET_LIST, \
    BACKUP_PIECE_LIST, TOTAL_BYTES, FINISH_BYTES";

/// Sets rows of sys: number, status, start.
fn restores(desk: &Desk, view: &'static str, rows: &[JobRow]) {
    let row = |(id, status, started_at): &JobRow| {
        let row = ["1", id, "copy", status, started_at, "obr/x"].map(str::to_owned);
        row.into_iter()
            .map(Some)
            .chain([const { None }; 10])
            .collect::<Vec<_>>()
    };
    let rows: Vec<_> = rows.iter().map(row).collect();
    let rows: Vec<Vec<_>> = rows
        .iter()
        .map(|row| row.iter().map(Option::as_deref).collect())
        .collect();
    let rows: Vec<_> = rows.iter().map(Vec::as_slice).collect();
    desk.views.set(
        view,
        &format!("{COLUMNS}, FINISH_TIMESTAMP, COMMENT"),
        &rows,
    );
}

impl Desk {
    async fn restores(&mut self) -> Arc<Restores> {
        self.restores_with(false).await
    }

    async fn restores_with(&mut self, with_servers: bool) -> Arc<Restores> {
        let mut views = self.views.clone();
        let mut reading = Reading::new(&mut views, VERSION, &self.metrics, SOME_TIME);
        let read = reading
            .restores(&mut self.history, with_servers, self.now)
            .await;
        read.ok().expect("a read that goes well")
    }

    /// Returns number and status of the restores.
    async fn observed_restores(&mut self) -> Vec<(i64, RestoreStatus)> {
        let read = self.restores().await;
        let restores = read.restores.iter();
        restores
            .map(|known| (known.job_id.0, known.status.clone()))
            .collect()
    }

    /// Returns the time since which ended restores were queried.
    fn restores_since(&self) -> String {
        let asked = self.views.take_asked();
        let query = asked.iter().find(|text| text.contains(HISTORY)).unwrap();
        query.split('\'').nth(1).unwrap().to_owned()
    }
}

const RUNS: &str = "CREATE_TENANT";

#[tokio::test(start_paused = true)]
async fn a_restore_in_both_views_has_ended() {
    let mut desk = Desk::new();
    restores(&desk, PROGRESS, &[("1", "RESTORE_SUCCESS", START)]);
    restores(&desk, HISTORY, &[("1", "SUCCESS", START)]);
    assert_eq!(
        desk.observed_restores().await,
        [(1, RestoreStatus::Success)]
    );
}

#[tokio::test(start_paused = true)]
async fn what_has_ended_stays_so_while_its_row_lingers() {
    let mut desk = Desk::new();
    restores(&desk, HISTORY, &[("1", "FAIL", START)]);
    desk.observed_restores().await;
    restores(&desk, HISTORY, &[]);
    restores(&desk, PROGRESS, &[("1", RUNS, START)]);
    assert_eq!(desk.observed_restores().await, [(1, RestoreStatus::Fail)]);
}

#[tokio::test(start_paused = true)]
async fn running_restores_are_read_before_ended_ones() {
    let mut desk = Desk::new();
    desk.restores().await;
    let asked = desk.views.take_asked();
    let of = |view| asked.iter().position(|text| text.contains(view)).unwrap();
    assert!(of(PROGRESS) < of(HISTORY));
}

#[tokio::test(start_paused = true)]
async fn a_vanished_restore_is_taken_for_running_for_a_minute() {
    let mut desk = Desk::new();
    restores(&desk, PROGRESS, &[("1", RUNS, START)]);
    desk.restores().await;
    restores(&desk, PROGRESS, &[]);
    assert_eq!(
        desk.observed_restores().await,
        [(1, RestoreStatus::CreateTenant)]
    );
    tokio::time::advance(Duration::from_secs(61)).await;
    assert!(desk.observed_restores().await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn ended_restores_are_read_from_the_oldest_on_that_has_not_ended_or_not_come_up() {
    let mut desk = Desk::new();
    desk.restores().await;
    assert_eq!(desk.restores_since(), "2026-10-16 02:00:00");
    restores(&desk, HISTORY, &[("2", "SUCCESS", START)]);
    restores(&desk, PROGRESS, &[("1", RUNS, "2026-11-19 20:00:00.5")]);
    desk.restores().await;
    desk.views.take_asked();
    desk.restores().await;
    assert_eq!(desk.restores_since(), "2026-11-19 20:00:00");
    restores(&desk, PROGRESS, &[]);
    desk.restores().await;
    tokio::time::advance(Duration::from_secs(61)).await;
    desk.restores().await;
    desk.views.take_asked();
    desk.restores().await;
    assert_eq!(desk.restores_since(), "2026-11-19 20:00:00");
    restores(&desk, HISTORY, &[("1", "FAIL", "2026-11-19 20:00:00.5")]);
    desk.restores().await;
    desk.views.take_asked();
    desk.restores().await;
    assert_eq!(desk.restores_since(), "2026-11-20 01:20:00");
}

#[tokio::test(start_paused = true)]
async fn what_did_not_change_stays_the_same_allocation() {
    let mut desk = Desk::new();
    restores(&desk, PROGRESS, &[("1", RUNS, START)]);
    let (before, after) = (desk.restores().await, desk.restores().await);
    assert!(Arc::ptr_eq(&before, &after));
}

#[tokio::test(start_paused = true)]
async fn a_restore_that_can_not_be_read_is_left_out_and_counted() {
    let mut desk = Desk::new();
    restores(&desk, PROGRESS, &[("one", RUNS, START), ("2", RUNS, START)]);
    assert_eq!(
        desk.observed_restores().await,
        [(2, RestoreStatus::CreateTenant)]
    );
    let text = desk.metrics.text().unwrap();
    let counted = r#"obbackup_row_decode_errors_total{query="restore_progress"} 1"#;
    assert!(text.lines().any(|line| line == counted), "{text}");
}

#[tokio::test(start_paused = true)]
async fn a_missing_privilege_is_shown_and_what_was_known_is_known_again_later() {
    let mut desk = Desk::new();
    restores(&desk, HISTORY, &[("1", "SUCCESS", START)]);
    desk.restores().await;
    desk.views.next(
        "DBA_OB_UNITS",
        StatementFault::Refused(Duration::ZERO, 1142, ""),
    );
    let refused = desk.restores().await;
    assert_eq!(refused.refused.as_ref().unwrap().reason, "MissingPrivilege");
    restores(&desk, HISTORY, &[]);
    assert_eq!(
        desk.observed_restores().await,
        [(1, RestoreStatus::Success)]
    );
}

#[tokio::test(start_paused = true)]
async fn a_pool_says_what_its_unit_is_called() {
    let mut desk = Desk::new();
    let columns = "UNIT_CONFIG_ID, NAME, MAX_CPU, MEMORY_SIZE, LOG_DISK_SIZE";
    desk.views.set(
        "DBA_OB_UNIT_CONFIGS",
        columns,
        &[&["7", "u1", "2", "1", "1"].map(Some)],
    );
    let columns = "RESOURCE_POOL_ID, NAME, TENANT_ID, UNIT_COUNT, UNIT_CONFIG_ID, ZONE_LIST";
    let row = [
        Some("1"),
        Some("p1"),
        None,
        Some("1"),
        Some("7"),
        Some("z1;z2"),
    ];
    desk.views.set("DBA_OB_RESOURCE_POOLS", columns, &[&row]);
    desk.views
        .set("DBA_OB_UNITS", "ZONE", &[&[Some("z2")], &[Some("z1")]]);
    let read = desk.restores().await;
    assert_eq!(read.pool("p1").unwrap().unit, "u1");
    assert_eq!(read.zones, ["z1", "z2"]);
}

const TABLES: &str = "CDB_OB_RECOVER_TABLE_JOBS";
const TABLE_COLUMNS: &str = "TENANT_ID, JOB_ID, STATUS, TARGET_TENANT_NAME, DESCRIPTION, \
    INITIATOR_TENANT_ID, INITIATOR_JOB_ID, START_TIMESTAMP, FINISH_TIMESTAMP, AUX_TENANT_NAME, \
    RESTORE_SCN, BACKUP_SET_LIST, BACKUP_PIECE_LIST, RESULT, COMMENT";

#[tokio::test(start_paused = true)]
async fn recoveries_of_tables_are_numbered_apart_from_restores() {
    let mut desk = Desk::new();
    restores(&desk, PROGRESS, &[("1", RUNS, "2026-11-20 01:00:00")]);
    let row = ["1", "1", "RECOVERING", "orders", "obr/y", "1", "0"];
    let row: Vec<_> = row.into_iter().chain([""; 8]).map(Some).collect();
    desk.views.set(TABLES, TABLE_COLUMNS, &[&row]);
    let read = desk.restores().await;
    assert_eq!((read.restores.len(), read.tables.len()), (1, 1));
    assert_eq!(read.tables[0].tenant_name, "orders");
}

#[tokio::test(start_paused = true)]
async fn views_of_tables_that_may_not_be_read_hide_no_restore() {
    let mut desk = Desk::new();
    restores(&desk, PROGRESS, &[("1", RUNS, "2026-11-20 01:00:00")]);
    let refused = StatementFault::Refused(SOME_TIME / 2, 1142, "no");
    desk.views.next(TABLES, refused);
    let read = desk.restores().await;
    assert_eq!(read.restores.len(), 1);
    assert!(read.tables_refused.is_some() && read.refused.is_none());
}

const UNITS: &str = "UNIT_CONFIG_ID, NAME, MAX_CPU, MEMORY_SIZE, LOG_DISK_SIZE";

fn with_a_server(desk: &Desk) {
    let columns = "SVR_IP, SVR_PORT, ZONE";
    let row = ["10.0.0.1", "2882", "zone1"].map(Some);
    desk.views.set("DBA_OB_SERVERS", columns, &[&row]);
}

#[tokio::test(start_paused = true)]
async fn servers_are_read_when_they_are_wanted_and_shown_for_a_moment() {
    let mut desk = Desk::new();
    with_a_server(&desk);
    assert_eq!(desk.restores().await.servers, None);
    let read = desk.restores_with(true).await;
    assert_eq!(read.servers.as_ref().unwrap()[0].address, "10.0.0.1:2882");
    desk.views.take_asked();
    tokio::time::advance(Duration::from_secs(4)).await;
    assert_eq!(desk.restores().await.servers, read.servers);
    tokio::time::advance(Duration::from_secs(2)).await;
    assert_eq!(desk.restores().await.servers, None);
    assert_eq!(desk.views.count("OB_SERVERS"), 0);
}

#[tokio::test(start_paused = true)]
async fn servers_of_which_a_unit_is_gone_since_are_not_shown() {
    let mut desk = Desk::new();
    with_a_server(&desk);
    let unit = ["7", "u1", "2", "1", "1"].map(Some);
    desk.views.set("DBA_OB_UNIT_CONFIGS", UNITS, &[&unit]);
    assert!(desk.restores_with(true).await.servers.is_some());
    assert!(desk.restores().await.servers.is_some());
    desk.views.set("DBA_OB_UNIT_CONFIGS", UNITS, &[]);
    assert_eq!(desk.restores().await.servers, None);
}

#[tokio::test(start_paused = true)]
async fn a_version_that_does_not_show_its_servers_shows_all_else() {
    for view in ["DBA_OB_SERVERS", "GV$OB_SERVERS", "STATUS = 'ACTIVE'"] {
        let mut desk = Desk::new();
        with_a_server(&desk);
        let missing = StatementFault::Refused(Duration::ZERO, 1146, "no such table");
        desk.views.next(view, missing);
        let read = desk.restores_with(true).await;
        assert_eq!((&read.servers, &read.refused), (&Some(Vec::new()), &None));
    }
}
