//! Reads of cleanups.

use super::*;
use crate::oceanbase::model::CleanupJob;

const COLUMNS: &str = "TENANT_ID, JOB_ID, INITIATOR_TENANT_ID, INITIATOR_JOB_ID, \
    EXECUTOR_TENANT_ID, TYPE, START_TIMESTAMP, END_TIMESTAMP, STATUS, TASK_COUNT, \
    SUCCESS_TASK_COUNT, RESULT, COMMENT";
const ITEMS: &str = "TENANT_ID, JOB_ID, TASK_TYPE, ID, STATUS";
const RUNNING_CLEANUPS: &str = "CDB_OB_BACKUP_DELETE_JOBS";
const ENDED_CLEANUPS: &str = "CDB_OB_BACKUP_DELETE_JOB_HISTORY";
const ENDED_ITEMS: &str = "CDB_OB_BACKUP_DELETE_TASK_HISTORY";

impl Desk {
    /// Sets cleanups of `orders`: number, status, number of sets and pieces.
    fn cleanups(&self, view: &'static str, jobs: &[(&str, &str, &str)]) {
        let rows: Vec<Vec<Option<&str>>> = jobs
            .iter()
            .map(|&(id, status, tasks)| {
                let row = [
                    "1002",
                    id,
                    "1",
                    "9",
                    "1002",
                    "DELETE OBSOLETE BACKUP",
                    START,
                ];
                let mut row: Vec<Option<&str>> = row.map(Some).to_vec();
                row.extend([
                    None,
                    Some(status),
                    Some(tasks),
                    Some(tasks),
                    Some("0"),
                    None,
                ]);
                row
            })
            .collect();
        let rows: Vec<_> = rows.iter().map(Vec::as_slice).collect();
        self.views.set(view, COLUMNS, &rows);
    }

    async fn observed_cleanups(&mut self, depth: ReadScope) -> Vec<CleanupJob> {
        let (tenants, _) = self.read_as_deep_as(depth).await;
        tenants[&TenantId(1002)].cleanups.to_vec()
    }
}

fn ids(jobs: &[CleanupJob]) -> Vec<i64> {
    jobs.iter().map(|job| job.id.0).collect()
}

#[tokio::test(start_paused = true)]
async fn a_running_cleanup_is_followed_at_each_read_until_it_ends() {
    let mut desk = Desk::new();
    desk.cleanups(RUNNING_CLEANUPS, &[("5", "DOING", "1")]);
    assert_eq!(ids(&desk.observed_cleanups(ReadScope::Full).await), [5]);
    desk.cleanups(RUNNING_CLEANUPS, &[]);
    desk.cleanups(ENDED_CLEANUPS, &[("5", "COMPLETED", "1")]);
    let row = ["1002", "5", "BACKUP SET", "3", "COMPLETED"].map(Some);
    desk.views.set(ENDED_ITEMS, ITEMS, &[&row]);
    let observed = desk.observed_cleanups(ReadScope::Hot).await;
    assert_eq!(observed[0].status, JobStatus::Completed);
    assert_eq!(observed[0].items.len(), 1);
    desk.views.take_asked();
    desk.observed_cleanups(ReadScope::Hot).await;
    assert_eq!(desk.views.count(ENDED_CLEANUPS), 0);
}

#[tokio::test(start_paused = true)]
async fn of_cleanups_that_had_nothing_to_do_only_the_newest_is_kept() {
    let mut desk = Desk::new();
    desk.read(true).await;
    desk.cleanups(
        ENDED_CLEANUPS,
        &[
            ("5", "COMPLETED", "2"),
            ("6", "COMPLETED", "0"),
            ("7", "COMPLETED", "0"),
        ],
    );
    assert_eq!(ids(&desk.observed_cleanups(ReadScope::Full).await), [5, 7]);
    let counted = desk.metrics.text().unwrap();
    assert!(counted.contains("obbackup_cleanups_total{result=\"idle\"} 2"));
    assert!(counted.contains("obbackup_cleanups_total{result=\"completed\"} 1"));
}

#[tokio::test(start_paused = true)]
async fn the_first_read_counts_nothing_and_asks_for_no_idle_ones() {
    let mut desk = Desk::new();
    desk.cleanups(ENDED_CLEANUPS, &[("5", "FAILED", "2")]);
    assert_eq!(ids(&desk.observed_cleanups(ReadScope::Full).await), [5]);
    let asked = desk.views.take_asked();
    let history = asked.iter().find(|text| text.contains(ENDED_CLEANUPS));
    assert!(history.unwrap().contains("TASK_COUNT > 0"));
    assert!(
        !desk
            .metrics
            .text()
            .unwrap()
            .contains("obbackup_cleanups_total")
    );
}
