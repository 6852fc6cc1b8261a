//! Backups that the database does not start, and upgrades.

use super::*;

const EVENT_COLUMNS: &str = "TIMESTAMP, VALUE1, VALUE2";
const EVENTS: &str = "DBA_OB_ROOTSERVICE_EVENT_HISTORY";

impl Desk {
    /// Sets a completed job of sys with a key of the operator.
    fn completed_parent(&self, started_at: &'static str, ended_at: &'static str) {
        let mut row = ["1", "9", "0", "1", "9", "FULL", "COMPLETED", started_at]
            .map(Some)
            .to_vec();
        row.extend([Some(ended_at), Some("0"), Some("obb/x/1"), Some("")]);
        self.views.set(ENDED, JOB_COLUMNS, &[&row]);
    }

    fn upgrade(&self) {
        let parameters = "GV$OB_PARAMETERS";
        self.views.set(parameters, "VALUE", &[&[Some("True")]]);
    }

    fn refusal(&self, at: &'static str, code: &'static str) {
        let row = [at, "1002", code].map(Some);
        self.views.set(EVENTS, EVENT_COLUMNS, &[&row]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_job_of_sys_without_a_child_has_the_database_asked_why() {
    let mut desk = Desk::new();
    desk.completed_parent("2026-11-20 01:59:30.000000", "2026-11-20 01:59:40.000000");
    desk.refusal("2026-11-20 01:59:35.000000", "-9040");
    desk.upgrade();
    let (tenants, _) = desk.read(true).await;
    let refusals = &tenants[&TenantId(1002)].backup_refusals;
    assert_eq!(refusals.len(), 1);
    assert_eq!(refusals[0].failure.code, -9040);
    assert!(tenants[&TenantId(1004)].backup_refusals.is_empty());
    assert!(
        desk.history.is_upgrading(),
        "the upgrade began a moment ago"
    );
}

#[tokio::test(start_paused = true)]
async fn events_are_not_read_for_jobs_that_ended_long_ago() {
    let mut desk = Desk::new();
    desk.completed_parent("2026-11-20 01:00:00.000000", "2026-11-20 01:00:10.000000");
    desk.read(true).await;
    let asked = desk.views.take_asked();
    assert!(!asked.iter().any(|text| text.contains(EVENTS)));
}

#[tokio::test(start_paused = true)]
async fn an_upgrade_is_seen_and_not_asked_for_in_each_read() {
    let mut desk = Desk::new();
    desk.upgrade();
    desk.history.upgrade_mode = None;
    for _ in 0..3 {
        let mut views = desk.views.clone();
        let mut reading = Reading::new(&mut views, VERSION, &desk.metrics, SOME_TIME);
        assert!(reading.upgrade_mode(&mut desk.history).await.is_ok());
    }
    assert!(desk.history.is_upgrading());
    assert_eq!(desk.views.take_asked().len(), 1);
}
