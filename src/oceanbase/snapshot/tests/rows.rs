//! Rows that cannot be read, and rows that appear where a hot read does not query them.

use super::*;

/// Sets a row of a running job of `orders`, and rows of its progress.
fn with_progress(rows: &[[Option<&str>; 5]]) -> Desk {
    const COLUMNS: &str =
        "TENANT_ID, JOB_ID, MACRO_BLOCK_COUNT, FINISH_MACRO_BLOCK_COUNT, DATA_PROGRESS";
    let desk = Desk::new();
    desk.jobs(RUNNING, &[("1", "DOING", START), ("2", "DOING", START)]);
    let rows: Vec<_> = rows.iter().map(<[_; 5]>::as_slice).collect();
    desk.views.set("CDB_OB_BACKUP_TASKS", COLUMNS, &rows);
    desk
}

#[tokio::test(start_paused = true)]
async fn progress_that_can_not_be_read_costs_only_its_number() {
    let good = ["1002", "1", "10", "4", "42.5"].map(Some);
    let bad = ["1002", "2", "10", "4", "soon"].map(Some);
    let mut desk = with_progress(&[bad, good]);
    let (tenants, _) = desk.read(true).await;
    let jobs = tenants[&TenantId(1002)].jobs.iter();
    let percents: Vec<_> = jobs.map(|job| (job.id.0, job.percent)).collect();
    assert_eq!(percents, [(1, Some(42)), (2, None)]);
}

#[tokio::test(start_paused = true)]
async fn rows_that_are_left_out_are_counted() {
    let bad = ["1002", "2", "10", "4", "soon"].map(Some);
    let mut desk = with_progress(&[bad]);
    desk.read(true).await;
    let text = desk.metrics.text().unwrap();
    let counted = r#"obbackup_row_decode_errors_total{query="progress"} 1"#;
    assert!(text.lines().any(|line| line == counted), "{text}");
}

#[tokio::test(start_paused = true)]
async fn a_job_that_can_not_be_read_fails_the_read() {
    let mut desk = Desk::new();
    desk.jobs(RUNNING, &[("1", "DOING", START), ("2", "DOING", "soon")]);
    let mut views = desk.views.clone();
    let mut reading = Reading::new(&mut views, VERSION, &desk.metrics, SOME_TIME);
    let read = reading
        .read(&mut desk.history, ReadScope::Hot, desk.now)
        .await;
    assert!(matches!(read, Err(ReadError::View(_))));
}

#[tokio::test(start_paused = true)]
async fn a_job_that_began_and_ended_between_two_reads_is_seen_when_ended_jobs_are_asked_for() {
    let mut desk = Desk::new();
    desk.read(true).await;
    desk.jobs(ENDED, &[("1", "COMPLETED", START)]);
    assert!(
        desk.observed().await.is_empty(),
        "a hot read does not look there"
    );
    let (tenants, was_full) = desk.read_as_deep_as(ReadScope::AfterCommand).await;
    assert_eq!(
        tenants[&TenantId(1002)].jobs[0].status,
        JobStatus::Completed
    );
    assert!(was_full, "the job has made a set");
    let (_, was_full) = desk.read_as_deep_as(ReadScope::AfterCommand).await;
    assert!(!was_full, "the job is known already");
}
