//! Restores are read while a controller requests them.

use super::*;

const PROGRESS: &str = "CDB_OB_RESTORE_PROGRESS";
const COLUMNS: &str = "TENANT_ID, JOB_ID, RESTORE_TENANT_NAME, STATUS, DESCRIPTION, FINISH_BYTES, \
    RESTORE_TENANT_ID, BACKUP_TENANT_NAME, BACKUP_CLUSTER_NAME, RESTORE_SCN, START_TIMESTAMP, \
    BACKUP_SET_LIST, BACKUP_PIECE_LIST, TOTAL_BYTES, RESTORE_PROGRESS, RECOVER_PROGRESS";

impl Desk {
    fn restoring(&self, key: &str, finished: &str) {
        let row = ["1", "1", "copy", "CREATE_TENANT", key, finished];
        let row: Vec<_> = row.into_iter().chain([""; 10]).map(Some).collect();
        self.given.set(PROGRESS, COLUMNS, &[&row]);
    }

    /// Returns the number of reads within this time, and how many included restores.
    async fn reads_in(&self, time: Duration) -> (usize, usize) {
        self.given.take_asked();
        sleep(time).await;
        (
            self.given.count("TENANT_TYPE = 'USER'"),
            self.given.count(PROGRESS),
        )
    }
}

#[tokio::test(start_paused = true)]
async fn nobody_who_wants_none_has_restores_read() {
    let desk = Desk::new().await;
    assert_eq!(desk.reads_in(Duration::from_mins(10)).await.1, 0);
    assert!(desk.snapshot().restores.is_none());
}

#[tokio::test(start_paused = true)]
async fn they_are_read_at_once_when_somebody_wants_them_and_wake_everybody() {
    let mut desk = Desk::new().await;
    desk.triggers();
    desk.clusters.want_restores(&desk.key);
    sleep(Duration::from_millis(100)).await;
    assert!(desk.snapshot().restores.is_some());
    assert_eq!(desk.triggers(), [None]);
}

#[tokio::test(start_paused = true)]
async fn they_are_read_for_a_minute() {
    let desk = Desk::new().await;
    desk.clusters.want_restores(&desk.key);
    assert_eq!(desk.reads_in(Duration::from_mins(1)).await.1, 4);
    assert_eq!(desk.reads_in(Duration::from_mins(5)).await.1, 0);
    assert!(desk.snapshot().restores.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_running_restore_of_ours_is_read_every_two_seconds_and_another_one_is_not() {
    for (key, expected) in [("obr/00", 25..=30), ("by hand", 1..=4)] {
        let desk = Desk::new().await;
        desk.restoring(key, "0");
        desk.clusters.want_restores(&desk.key);
        let (reads, _) = desk.reads_in(Duration::from_mins(1)).await;
        assert!(expected.contains(&reads), "{key}: {reads}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_restore_that_goes_on_wakes_its_tenant_only() {
    let mut desk = Desk::new().await;
    desk.restoring("obr/00", "1");
    desk.clusters.want_restores(&desk.key);
    sleep(Duration::from_secs(5)).await;
    desk.triggers();
    sleep(Duration::from_secs(5)).await;
    assert_eq!(desk.triggers(), []);
    desk.restoring("obr/00", "2");
    sleep(Duration::from_secs(5)).await;
    assert_eq!(desk.triggers(), [Some(vec!["copy".to_owned()])]);
}

#[tokio::test(start_paused = true)]
async fn a_pool_that_changes_wakes_everybody() {
    let mut desk = Desk::new().await;
    desk.clusters.want_restores(&desk.key);
    sleep(Duration::from_secs(1)).await;
    desk.triggers();
    let columns = "RESOURCE_POOL_ID, NAME, TENANT_ID, UNIT_COUNT, UNIT_CONFIG_ID, ZONE_LIST";
    let row = [
        Some("1"),
        Some("p1"),
        None,
        Some("1"),
        Some("7"),
        Some("z1"),
    ];
    desk.given.set("DBA_OB_RESOURCE_POOLS", columns, &[&row]);
    sleep(Duration::from_secs(20)).await;
    assert_eq!(desk.triggers(), [None]);
}

#[tokio::test(start_paused = true)]
async fn a_privilege_that_only_restores_need_keeps_nothing_else_from_being_read() {
    let desk = Desk::new().await;
    desk.given
        .next(PROGRESS, StatementFault::Refused(Duration::ZERO, 1142, ""));
    desk.clusters.want_restores(&desk.key);
    sleep(Duration::from_secs(1)).await;
    let snapshot = desk.snapshot();
    let refused = snapshot.restores.as_ref().unwrap().refused.as_ref();
    assert_eq!(refused.unwrap().reason, "MissingPrivilege");
    assert!(snapshot.tenant("orders").is_some());
}

#[tokio::test(start_paused = true)]
async fn servers_are_read_once_at_once_and_wake_whoever_wanted_them() {
    let mut desk = Desk::new().await;
    desk.clusters.want_restores(&desk.key);
    sleep(Duration::from_secs(20)).await;
    assert_eq!(desk.given.count("GV$OB_SERVERS"), 0);
    desk.triggers();
    desk.clusters.want_servers(&desk.key);
    sleep(Duration::from_millis(100)).await;
    let restores = desk.snapshot().restores.clone();
    assert!(restores.unwrap().servers.is_some());
    assert_eq!(desk.triggers(), [None]);
    sleep(Duration::from_mins(5)).await;
    assert_eq!(desk.given.count("GV$OB_SERVERS"), 1);
}
