use super::*;
use crate::oceanbase::client::Connect;
use crate::oceanbase::model::JobStatus;
use crate::oceanbase::testing::{FixedViews, InProcess, account, lock};

mod cleanups;
mod limits;
mod restores;
mod rows;
mod upgrades;

const VERSION: Version = Version([4, 3, 5, 2]);
const SOME_TIME: Duration = Duration::from_secs(10);

/// Reader of given views.
struct Desk {
    views: FixedViews,
    history: History,
    metrics: Metrics,
    now: Timestamp,
}

const TENANT_COLUMNS: &str = "TENANT_ID, TENANT_NAME, STATUS, LOCKED, TENANT_ROLE, \
    SWITCHOVER_STATUS, LOG_MODE, COMPATIBLE";
const ROUND_COLUMNS: &str = "TENANT_ID, ROUND_ID, STATUS, START_SCN, CHECKPOINT_SCN, USED_PIECE_ID, INPUT_BYTES, \
     OUTPUT_BYTES, COMMENT, PATH";
const JOB_COLUMNS: &str = "TENANT_ID, JOB_ID, BACKUP_SET_ID, INITIATOR_TENANT_ID, \
    INITIATOR_JOB_ID, BACKUP_TYPE, STATUS, START_TIMESTAMP, END_TIMESTAMP, RESULT, DESCRIPTION, PATH";
const RUNNING: &str = "CDB_OB_BACKUP_JOBS";
const ENDED: &str = "CDB_OB_BACKUP_JOB_HISTORY";

type JobRow<'a> = (&'a str, &'a str, &'a str);

impl Desk {
    /// Returns a reader of the tenants 1002, `orders`, and 1004, `billing`, both archiving.
    fn new() -> Self {
        let desk = Self {
            views: FixedViews::default(),
            history: History::default(),
            metrics: Metrics::new().unwrap(),
            now: "2026-11-20T02:00:00Z".parse().unwrap(),
        };
        desk.tenants("NORMAL");
        desk.rounds("DOING", "1");
        desk
    }

    fn tenants(&self, status_of_billing: &str) {
        let row = |id, name, status| {
            let role = ["NO", "PRIMARY", "NORMAL", "ARCHIVELOG", "4.3.5.2"];
            [&[id, name, status], &role[..]]
                .concat()
                .into_iter()
                .map(Some)
                .collect::<Vec<_>>()
        };
        let orders = row("1002", "orders", "NORMAL");
        let billing = row("1004", "billing", status_of_billing);
        self.views
            .set("DBA_OB_TENANTS", TENANT_COLUMNS, &[&orders, &billing]);
    }

    fn rounds(&self, status: &str, piece: &str) {
        let row = |tenant| {
            [
                tenant,
                "1",
                status,
                "10",
                "20",
                piece,
                "2",
                "1",
                "",
                "file:///log",
            ]
            .map(Some)
        };
        let (orders, billing) = (row("1002"), row("1004"));
        self.views
            .set("CDB_OB_ARCHIVELOG", ROUND_COLUMNS, &[&orders, &billing]);
    }

    /// Sets rows of `orders`: number, status, start.
    fn jobs(&self, view: &'static str, jobs: &[JobRow]) {
        let rows: Vec<_> = jobs
            .iter()
            .map(|(id, status, started_at)| {
                let mut row = ["1002", id, "1", "1", "0", "FULL", status, started_at]
                    .map(Some)
                    .to_vec();
                row.extend([None, Some("0"), Some("obb/x/1"), Some("file:///data")]);
                row
            })
            .collect();
        let rows: Vec<_> = rows.iter().map(Vec::as_slice).collect();
        self.views.set(view, JOB_COLUMNS, &rows);
    }

    /// Reads. Also returns whether the read was full.
    async fn read(&mut self, full: bool) -> (BTreeMap<TenantId, Arc<Tenant>>, bool) {
        let depth = if full {
            ReadScope::Full
        } else {
            ReadScope::Hot
        };
        self.read_as_deep_as(depth).await
    }

    async fn read_as_deep_as(
        &mut self,
        depth: ReadScope,
    ) -> (BTreeMap<TenantId, Arc<Tenant>>, bool) {
        let mut views = self.views.clone();
        let mut reading = Reading::new(&mut views, VERSION, &self.metrics, SOME_TIME);
        let read = reading.read(&mut self.history, depth, self.now).await;
        let Ok((tenants, _, full)) = read else {
            panic!("the read failed");
        };
        (tenants, full)
    }

    async fn is_full(&mut self) -> bool {
        self.read(false).await.1
    }

    /// Returns number and status of the jobs of `orders`.
    async fn observed(&mut self) -> Vec<(i64, JobStatus)> {
        let (tenants, _) = self.read(false).await;
        let jobs = tenants[&TenantId(1002)].jobs.iter();
        jobs.map(|job| (job.id.0, job.status.clone())).collect()
    }

    /// Returns the time since which ended jobs were queried.
    fn since(&self) -> String {
        let asked = self.views.take_asked();
        let query = asked.iter().find(|text| text.contains(ENDED)).unwrap();
        query.split('\'').nth(1).unwrap().to_owned()
    }
}

const START: &str = "2026-11-20 01:30:00.654321";

#[tokio::test(start_paused = true)]
async fn running_jobs_are_read_before_ended_ones() {
    let mut desk = Desk::new();
    desk.read(true).await;
    let asked = desk.views.take_asked();
    let of = |view: &str| {
        let text = format!("oceanbase.{view}");
        let named = |asked: &String| asked.split(' ').any(|word| word == text);
        asked.iter().position(named).unwrap()
    };
    assert!(of(RUNNING) < of(ENDED));
}

#[tokio::test(start_paused = true)]
async fn a_job_that_moves_between_the_two_views_is_never_out_of_sight() {
    let node = InProcess::new();
    let mut session = node.connect(&account()).await.unwrap();
    let metrics = Metrics::new().unwrap();
    let backup = "ALTER SYSTEM BACKUP TENANT = orders DESCRIPTION = 'obb/x/1'";
    session.query(backup, SOME_TIME).await.unwrap();
    // The database starts the job of the tenant after that of sys.
    tokio::time::advance(Duration::from_secs(20)).await;
    let mut history = History::default();
    let mut statuses = Vec::new();
    for pause in [0, 3600] {
        *lock(&node.pause) = Some((ENDED, Duration::from_secs(pause)));
        let mut reading = Reading::new(session.as_mut(), VERSION, &metrics, SOME_TIME);
        let now = node.time.clock().now();
        let Ok((tenants, ..)) = reading.read(&mut history, ReadScope::Full, now).await else {
            panic!("the read failed");
        };
        let orders = tenants.values().find(|tenant| tenant.name == "orders");
        let job = orders.unwrap().job_by_key("obb/x/1").unwrap();
        statuses.push(job.status.is_terminal());
    }
    assert_eq!(statuses, [false, true]);
}

#[tokio::test(start_paused = true)]
async fn a_job_in_both_views_has_ended() {
    let mut desk = Desk::new();
    desk.jobs(RUNNING, &[("1", "DOING", START)]);
    desk.jobs(ENDED, &[("1", "COMPLETED", START)]);
    assert_eq!(desk.observed().await, [(1, JobStatus::Completed)]);
}

#[tokio::test(start_paused = true)]
async fn a_vanished_job_is_taken_for_running_for_a_minute() {
    let mut desk = Desk::new();
    desk.jobs(RUNNING, &[("1", "DOING", START)]);
    desk.read(true).await;
    desk.jobs(RUNNING, &[]);
    let running = [(1, JobStatus::Doing)];
    assert_eq!(desk.observed().await, running);
    tokio::time::advance(Duration::from_mins(1)).await;
    assert_eq!(desk.observed().await, running);
    tokio::time::advance(Duration::from_secs(1)).await;
    assert!(desk.observed().await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_job_that_vanishes_again_has_a_whole_minute_again() {
    let mut desk = Desk::new();
    for _ in 0..2 {
        desk.jobs(RUNNING, &[("1", "DOING", START)]);
        desk.read(true).await;
        desk.jobs(RUNNING, &[]);
        desk.read(false).await;
        tokio::time::advance(Duration::from_secs(50)).await;
        assert_eq!(desk.observed().await, [(1, JobStatus::Doing)]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_set_that_is_late_is_read_as_soon_as_it_is_there() {
    let mut desk = Desk::new();
    let row = ["1002", "1", "1", "1", "0", "FULL", "COMPLETED", START];
    let ends = ["2026-11-20 01:59:50.000000", "0", "obb/x/1", "file:///data"];
    let row = [&row[..], &ends].concat().into_iter().map(Some);
    let row: Vec<_> = row.collect();
    desk.views.set(ENDED, JOB_COLUMNS, &[&row]);
    desk.read(true).await;
    assert!(desk.is_full().await);
    desk.now += SignedDuration::from_mins(1);
    assert!(!desk.is_full().await, "it is given up a minute later");
}

#[tokio::test(start_paused = true)]
async fn the_first_read_looks_back_five_weeks() {
    let mut desk = Desk::new();
    desk.read(true).await;
    assert_eq!(desk.since(), "2026-10-16 02:00:00");
}

#[tokio::test(start_paused = true)]
async fn later_reads_go_back_ten_minutes_before_the_newest_job() {
    let mut desk = Desk::new();
    desk.jobs(ENDED, &[("1", "COMPLETED", START)]);
    desk.read(true).await;
    desk.views.take_asked();
    desk.read(true).await;
    assert_eq!(desk.since(), "2026-11-20 01:20:00");
}

#[tokio::test(start_paused = true)]
async fn ended_jobs_are_read_from_the_oldest_unfinished_job_on() {
    let mut desk = Desk::new();
    let old = ("1", "DOING", "2026-11-19 20:00:00.999999");
    desk.jobs(RUNNING, &[old, ("2", "DOING", START)]);
    desk.read(true).await;
    desk.views.take_asked();
    desk.read(true).await;
    assert_eq!(desk.since(), "2026-11-19 20:00:00");
}

#[tokio::test(start_paused = true)]
async fn a_job_between_the_two_views_still_holds_back_what_is_read() {
    let mut desk = Desk::new();
    desk.jobs(RUNNING, &[("1", "DOING", "2026-11-19 20:00:00.5")]);
    desk.jobs(ENDED, &[("2", "COMPLETED", START)]);
    desk.read(true).await;
    desk.jobs(RUNNING, &[]);
    desk.read(false).await;
    desk.views.take_asked();
    desk.read(false).await;
    assert_eq!(desk.since(), "2026-11-19 20:00:00");
}

#[tokio::test(start_paused = true)]
async fn a_row_that_comes_up_late_is_still_found() {
    let mut desk = Desk::new();
    desk.jobs(RUNNING, &[("1", "DOING", "2026-11-19 20:00:00.5")]);
    desk.jobs(ENDED, &[("2", "COMPLETED", START)]);
    desk.read(true).await;
    desk.jobs(RUNNING, &[]);
    desk.read(false).await;
    tokio::time::advance(Duration::from_secs(90)).await;
    desk.read(false).await;
    desk.views.take_asked();
    desk.read(true).await;
    assert!(desk.since().as_str() <= "2026-11-19 20:00:00");
}

#[tokio::test(start_paused = true)]
async fn what_did_not_change_stays_the_same_allocation() {
    let mut desk = Desk::new();
    let (before, _) = desk.read(true).await;
    desk.tenants("RESTORE");
    let (after, _) = desk.read(true).await;
    let same = |id| Arc::ptr_eq(&before[&TenantId(id)], &after[&TenantId(id)]);
    assert_eq!((same(1002), same(1004)), (true, false));
}

#[tokio::test(start_paused = true)]
async fn sets_and_pieces_of_a_changed_tenant_stay_the_same_allocation() {
    let mut desk = Desk::new();
    let (before, _) = desk.read(true).await;
    desk.tenants("RESTORE");
    let (after, _) = desk.read(true).await;
    let (before, after) = (&before[&TenantId(1004)], &after[&TenantId(1004)]);
    assert!(Arc::ptr_eq(&before.sets, &after.sets) && Arc::ptr_eq(&before.pieces, &after.pieces));
}

#[tokio::test(start_paused = true)]
async fn the_first_read_is_full_and_the_next_is_not() {
    let mut desk = Desk::new();
    assert_eq!([desk.is_full().await, desk.is_full().await], [true, false]);
}

#[tokio::test(start_paused = true)]
async fn a_read_where_nothing_changed_asks_five_queries() {
    let mut desk = Desk::new();
    desk.read(true).await;
    desk.views.take_asked();
    desk.read(false).await;
    assert_eq!(desk.views.take_asked().len(), 5);
}

#[tokio::test(start_paused = true)]
async fn a_new_job_a_new_state_and_a_vanished_job_each_make_the_read_full() {
    let mut desk = Desk::new();
    desk.read(true).await;
    let mut full = Vec::new();
    for jobs in [
        &[("1", "INIT", START)][..],
        &[("1", "INIT", START)],
        &[("1", "DOING", START)],
        &[("1", "DOING", START)],
        &[],
    ] {
        desk.jobs(RUNNING, jobs);
        full.push(desk.is_full().await);
    }
    assert_eq!(full, [true, false, true, false, true]);
}

#[tokio::test(start_paused = true)]
async fn a_new_piece_and_a_new_state_of_the_round_each_make_the_read_full() {
    let mut desk = Desk::new();
    desk.read(true).await;
    let mut full = Vec::new();
    for (status, piece) in [
        ("DOING", "2"),
        ("DOING", "2"),
        ("SUSPEND", "2"),
        ("SUSPEND", "2"),
    ] {
        desk.rounds(status, piece);
        full.push(desk.is_full().await);
    }
    assert_eq!(full, [true, false, true, false]);
}

#[tokio::test(start_paused = true)]
async fn progress_is_asked_for_only_while_a_job_runs() {
    let mut desk = Desk::new();
    desk.jobs(RUNNING, &[("1", "COMPLETED", START)]);
    desk.read(true).await;
    let asked = desk.views.take_asked();
    assert!(asked.iter().all(|text| !text.contains("BACKUP_TASKS")));
}

#[tokio::test(start_paused = true)]
async fn the_newest_twenty_ended_jobs_and_all_running_ones_are_kept() {
    let mut desk = Desk::new();
    let numbers: Vec<_> = (2..=31).map(|number| number.to_string()).collect();
    let ended: Vec<_> = numbers
        .iter()
        .map(|number| (number.as_str(), "COMPLETED", START))
        .collect();
    desk.jobs(RUNNING, &[("1", "DOING", START)]);
    desk.jobs(ENDED, &ended);
    let observed: Vec<_> = desk
        .observed()
        .await
        .into_iter()
        .map(|(id, _)| id)
        .collect();
    let expected: Vec<_> = [1].into_iter().chain(12..=31).collect();
    assert_eq!(observed, expected);
}

#[tokio::test(start_paused = true)]
async fn a_running_job_of_no_tenant_does_not_make_every_read_full() {
    let mut desk = Desk::new();
    let orphan = [Some("1006")]
        .into_iter()
        .chain(["7", "1", "1", "0", "FULL", "DOING", START].map(Some))
        .chain([None, Some("0"), Some("other"), Some("file:///data")])
        .collect::<Vec<_>>();
    desk.views.set(RUNNING, JOB_COLUMNS, &[&orphan]);
    desk.read(true).await;
    assert!(!desk.is_full().await);
}
