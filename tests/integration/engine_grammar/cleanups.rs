//! Deletion of backups by the database: statements, most of which are newer than this engine's
//! grammar, and queries.

use oceanbase_backup_operator::oceanbase::model::{
    CleanedItem, CleanupJob, CleanupKind, Deletion, JobId, JobStatus, TenantId,
};
use oceanbase_backup_operator::oceanbase::query::{self, CleanupQuery};
use oceanbase_backup_operator::oceanbase::statement::{Cleanup, Command};

use super::engine::engine;
use super::jobs::{BEGAN, ENDED, at};
use super::rows::Desk;
use super::statements::tenant;

/// Statements that this engine's parser does not know, and the source of their form.
const EXCEPTIONS: [(&str, &str); 2] = [
    (
        "a list of backup sets",
        "one number only: oceanbase-v4.md 1.4, from the kernel's grammar of V4.4.2 and the manual",
    ),
    (
        "delete_archivelog_piece",
        "no ARCHIVELOG_PIECE: oceanbase-v4.md 1.4, from the kernel's grammar of V4.4.2 and the manual",
    ),
];

fn delete(what: Deletion) -> String {
    let delete = Cleanup::Delete {
        tenant: tenant(),
        tenant_id: TenantId(1002),
        what,
        after: JobId(0),
        again: false,
    };
    Command::from(delete).text().unwrap()
}

#[tokio::test]
#[allow(clippy::print_stdout, reason = "says what was shown")]
async fn statements_that_delete_are_known_to_the_engine_or_named_as_unknown_to_it() {
    let mut session = engine().session().await;
    let known = [delete(Deletion::Obsolete), delete(Deletion::Sets(vec![5]))];
    for text in &known {
        let code = session.code(text).await;
        assert!([1235, 5160].contains(&code), "{code}: {text}");
        for (good, bad) in [
            ("DELETE", "DELETTE"),
            ("OBSOLETE", "OBSOLETTE"),
            ("BACKUPSET", "BACKUPSETT"),
            (" TENANT", " TENNANT"),
        ] {
            if text.contains(good) {
                let spoilt = text.replacen(good, bad, 1);
                assert_eq!(session.code(&spoilt).await, 1064, "{spoilt}");
            }
        }
    }
    let unknown = [
        delete(Deletion::Sets(vec![5, 6])),
        delete(Deletion::Pieces(vec![5])),
    ];
    for text in &unknown {
        assert_eq!(session.code(text).await, 1064, "{text}");
    }
    for (what, why) in EXCEPTIONS {
        println!("exception: {what}: {why}");
    }
}

type Cells = Vec<(&'static str, &'static str)>;

/// A cleanup of tenant 1002 that sys has started.
fn row(job: &'static str, status: &'static str) -> Cells {
    vec![
        ("TENANT_ID", "1002"),
        ("JOB_ID", job),
        ("INITIATOR_TENANT_ID", "1"),
        ("INITIATOR_JOB_ID", "3"),
        ("EXECUTOR_TENANT_ID", "'1002'"),
        ("TYPE", "'DELETE BACKUP SET'"),
        ("START_TIMESTAMP", BEGAN.1),
        ("STATUS", status),
        ("TASK_COUNT", "2"),
        ("SUCCESS_TASK_COUNT", "1"),
        ("RESULT", "0"),
    ]
}

fn job(id: i64, status: JobStatus) -> CleanupJob {
    CleanupJob {
        tenant_id: TenantId(1002),
        id: JobId(id),
        initiator_tenant_id: TenantId(1),
        initiator_job_id: JobId(3),
        executors: "1002".to_owned(),
        kind: CleanupKind::Sets,
        status,
        started_at: at(BEGAN.0),
        ended_at: None,
        tasks: 2,
        done: 1,
        failure: None,
        items: Vec::new(),
    }
}

/// Runs all queries about cleanups.
pub(super) async fn cleanups(desk: &mut Desk) {
    let running = row("7", "'DOING'");
    desk.fill("CDB_OB_BACKUP_DELETE_JOBS", &[&running]).await;
    let of = |tenant| CleanupQuery::JobsOf(TenantId(tenant));
    for query in [CleanupQuery::Jobs, of(1002)] {
        let read = query::cleanups(&desk.ask(&query.into()).await);
        assert_eq!(read.rows, [job(7, JobStatus::Doing)]);
        assert_eq!(read.unreadable, []);
    }
    assert!(desk.ask(&of(1004).into()).await.rows.is_empty());
    history(desk).await;
    items(desk).await;
    own(desk).await;
}

async fn history(desk: &mut Desk) {
    let mut failed = row("8", "'FAILED'");
    failed[10] = ("RESULT", "-9045");
    failed.extend([
        ("END_TIMESTAMP", ENDED.1),
        ("COMMENT", "'id=5(dependent by backup set id=6)'"),
    ]);
    let mut idle = row("9", "'COMPLETED'");
    idle[8] = ("TASK_COUNT", "0");
    desk.fill("CDB_OB_BACKUP_DELETE_JOB_HISTORY", &[&failed, &idle])
        .await;
    let since = at(BEGAN.0);
    for (idle, count) in [(false, 1), (true, 2)] {
        let query = CleanupQuery::History { since, idle };
        let read = query::cleanups(&desk.ask(&query.into()).await).rows;
        assert_eq!(read.len(), count);
        let failed = read.iter().find(|job| job.id == JobId(8)).unwrap();
        assert_eq!(failed.ended_at, Some(at(ENDED.0)));
        let failure = failed.failure.as_ref().unwrap();
        assert_eq!(failure.reason, "DeleteNotAllowed");
        assert!(failure.message.contains("dependent by backup set id=6"));
    }
    let later = CleanupQuery::History {
        since: at(ENDED.0),
        idle: true,
    };
    assert!(desk.ask(&later.into()).await.rows.is_empty());
}

async fn items(desk: &mut Desk) {
    for (name, query) in [
        (
            "CDB_OB_BACKUP_DELETE_TASKS",
            CleanupQuery::Items(at(BEGAN.0)),
        ),
        (
            "CDB_OB_BACKUP_DELETE_TASK_HISTORY",
            CleanupQuery::ItemHistory(at(BEGAN.0)),
        ),
    ] {
        let item = |kind, id, status| {
            vec![
                ("TENANT_ID", "1002"),
                ("JOB_ID", "7"),
                ("TASK_TYPE", kind),
                ("ID", id),
                ("START_TIMESTAMP", BEGAN.1),
                ("STATUS", status),
            ]
        };
        let set = item("'BACKUP SET'", "5", "'COMPLETED'");
        let piece = item("'BACKUP PIECE'", "6", "'DOING'");
        desk.fill(name, &[&set, &piece]).await;
        let read = query::cleaned_items(&desk.ask(&query.into()).await);
        let item = |is_set, id, is_deleted| {
            let item = CleanedItem {
                is_set,
                id,
                is_deleted,
                bytes: None,
            };
            ((TenantId(1002), JobId(7)), item)
        };
        assert_eq!(read.rows, [item(true, 5, true), item(false, 6, false)]);
    }
}

/// Reads the views of sys itself, without TENANT_ID.
async fn own(desk: &mut Desk) {
    for (name, query) in [
        (
            "DBA_OB_BACKUP_DELETE_JOBS",
            CleanupQuery::OwnJobsAfter(JobId(6)),
        ),
        (
            "DBA_OB_BACKUP_DELETE_JOB_HISTORY",
            CleanupQuery::OwnHistoryAfter(JobId(6)),
        ),
    ] {
        let (older, newer) = (row("6", "'DOING'"), row("7", "'DOING'"));
        desk.fill(name, &[&older[1..], &newer[1..]]).await;
        let read = query::cleanups(&desk.ask(&query.into()).await).rows;
        let ids: Vec<_> = read.iter().map(|job| (job.tenant_id, job.id)).collect();
        assert_eq!(ids, [(TenantId::SYS, JobId(7))]);
        assert!(read[0].is_for(TenantId(1002)) && !read[0].is_for(TenantId(100)));
    }
}
