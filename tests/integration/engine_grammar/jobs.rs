//! Jobs and their progress, from tables to values.

use jiff::Timestamp;
use oceanbase_backup_operator::oceanbase::capability::Capability;
use oceanbase_backup_operator::oceanbase::error::explain;
use oceanbase_backup_operator::oceanbase::model::{
    BackupSetId, Job, JobId, JobKey, JobStatus, TenantId,
};
use oceanbase_backup_operator::oceanbase::query::{self, Query};

use super::rows::Desk;

pub(super) fn at(micros: i64) -> Timestamp {
    Timestamp::from_microsecond(micros).unwrap()
}

/// 2026-03-29 01:00:00.123456 UTC, when European clocks go forward.
pub(super) const BEGAN: (i64, &str) = (1_774_746_000_123_456, "usec_to_time(1774746000123456)");
/// A day later, without a fraction.
pub(super) const ENDED: (i64, &str) = (1_774_832_400_000_000, "usec_to_time(1774832400000000)");

const KEY: &str = "obb/8b1d2a3e-7f60-4c1e-9d52-0a6f4f1c2b3d/1";

fn key() -> JobKey {
    JobKey::new("8b1d2a3e-7f60-4c1e-9d52-0a6f4f1c2b3d", 1).unwrap()
}

const KEY_LITERAL: &str = "'obb/8b1d2a3e-7f60-4c1e-9d52-0a6f4f1c2b3d/1'";

/// Returns a job with NULL in every nullable column, and a failed job.
fn job_rows() -> [[(&'static str, &'static str); 12]; 2] {
    [
        [
            ("TENANT_ID", "1002"),
            ("JOB_ID", "9223372036854775807"),
            ("BACKUP_SET_ID", "3"),
            ("INITIATOR_TENANT_ID", "1"),
            ("INITIATOR_JOB_ID", "12"),
            ("BACKUP_TYPE", "'FULL'"),
            ("STATUS", "'DOING'"),
            ("START_TIMESTAMP", BEGAN.1),
            ("END_TIMESTAMP", "NULL"),
            ("RESULT", "0"),
            ("DESCRIPTION", "NULL"),
            ("PATH", "'file:///ob/data'"),
        ],
        [
            ("TENANT_ID", "1004"),
            ("JOB_ID", "2"),
            ("BACKUP_SET_ID", "0"),
            ("INITIATOR_TENANT_ID", "1004"),
            ("INITIATOR_JOB_ID", "0"),
            ("BACKUP_TYPE", "'INC'"),
            ("STATUS", "'FAILED'"),
            ("START_TIMESTAMP", BEGAN.1),
            ("END_TIMESTAMP", ENDED.1),
            ("RESULT", "-9029"),
            ("DESCRIPTION", KEY_LITERAL),
            ("PATH", "'s3://b/d?host=h&access_id=a'"),
        ],
    ]
}

fn jobs() -> [Job; 2] {
    let running = Job {
        tenant_id: TenantId(1002),
        id: JobId(i64::MAX),
        set_id: BackupSetId(3),
        initiator_tenant_id: TenantId(1),
        initiator_job_id: JobId(12),
        full: true,
        status: JobStatus::Doing,
        started_at: at(BEGAN.0),
        ended_at: None,
        failure: None,
        description: String::new(),
        path: "file:///ob/data".to_owned(),
        percent: None,
    };
    let failed = Job {
        tenant_id: TenantId(1004),
        id: JobId(2),
        set_id: BackupSetId(0),
        initiator_tenant_id: TenantId(1004),
        initiator_job_id: JobId(0),
        full: false,
        status: JobStatus::Failed,
        started_at: at(BEGAN.0),
        ended_at: Some(at(ENDED.0)),
        failure: Some(explain(-9029)),
        description: KEY.to_owned(),
        path: "s3://b/d".to_owned(),
        percent: None,
    };
    [running, failed]
}

async fn jobs_of(desk: &mut Desk, query: &Query) -> Vec<Job> {
    let mut read = query::jobs(&desk.ask(query).await).unwrap();
    read.sort_by_key(|job| job.tenant_id);
    read
}

pub(super) async fn running_jobs(desk: &mut Desk) {
    let rows = job_rows();
    desk.fill("CDB_OB_BACKUP_JOBS", &[&rows[0], &rows[1]]).await;
    assert_eq!(jobs_of(desk, &Query::RunningJobs).await, jobs());
    let by_key = jobs_of(desk, &Query::RunningJobsByKey(key())).await;
    assert_eq!(by_key, jobs()[1..]);
    let own = own(&rows);
    desk.fill("DBA_OB_BACKUP_JOBS", &[&own[0], &own[1]]).await;
    let shown = desk.ask(&Query::OwnJobsByKey(key())).await;
    assert_eq!(shown.rows, [[Some("2".to_owned())]]);
}

/// Returns the same rows in the tenant's own views: without its number.
fn own<'a>(rows: &[[(&'a str, &'a str); 12]; 2]) -> [Vec<(&'a str, &'a str)>; 2] {
    rows.map(|row| row.into_iter().skip(1).collect())
}

pub(super) async fn job_history(desk: &mut Desk) {
    let rows = job_rows();
    let mut before = rows[1];
    // A microsecond before the second in the query.
    before[7] = ("START_TIMESTAMP", "usec_to_time(1774745999999999)");
    before[10] = ("DESCRIPTION", "'by hand'");
    desk.fill("CDB_OB_BACKUP_JOB_HISTORY", &[&rows[0], &before, &rows[1]])
        .await;
    let since = Query::JobHistory(at(BEGAN.0));
    assert_eq!(jobs_of(desk, &since).await, jobs());
    let by_key = jobs_of(desk, &Query::JobHistoryByKey(key())).await;
    assert_eq!(by_key, jobs()[1..]);
    let own = own(&rows);
    desk.fill("DBA_OB_BACKUP_JOB_HISTORY", &[&own[0], &own[1]])
        .await;
    let shown = desk.ask(&Query::OwnJobHistoryByKey(key())).await;
    assert_eq!(shown.rows, [[Some("2".to_owned())]]);
}

pub(super) async fn progress(desk: &mut Desk) {
    let counted = desk.version.can(Capability::BackupProgress);
    let mut half = vec![
        ("TENANT_ID", "1002"),
        ("JOB_ID", "7"),
        ("MACRO_BLOCK_COUNT", "3000000000"),
        ("FINISH_MACRO_BLOCK_COUNT", "1000000000"),
    ];
    let mut none = vec![
        ("TENANT_ID", "1004"),
        ("JOB_ID", "8"),
        ("MACRO_BLOCK_COUNT", "0"),
        ("FINISH_MACRO_BLOCK_COUNT", "0"),
    ];
    if counted {
        half.push(("DATA_PROGRESS", "57.89"));
        none.push(("DATA_PROGRESS", "0"));
    }
    desk.fill("CDB_OB_BACKUP_TASKS", &[&half, &none]).await;
    let answer = desk.ask(&Query::Progress).await;
    let mut read = query::progress(desk.version, &answer);
    assert_eq!(read.unreadable, []);
    read.rows.sort_unstable();
    // Without DATA_PROGRESS it is counted from blocks.
    let percent = if counted { 57 } else { 33 };
    let expected = [
        ((TenantId(1002), JobId(7)), percent),
        ((TenantId(1004), JobId(8)), 0),
    ];
    assert_eq!(read.rows, expected);
}
