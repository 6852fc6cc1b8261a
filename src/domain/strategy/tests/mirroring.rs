//! Jobs that others started.

use super::*;
use crate::oceanbase::model::{BackupSetId, Job, JobId, JobStatus};

fn job(status: JobStatus) -> Job {
    Job {
        tenant_id: TenantId(1002),
        id: JobId(7),
        set_id: BackupSetId(3),
        initiator_tenant_id: TenantId(1002),
        initiator_job_id: JobId(0),
        full: true,
        ended_at: status.is_terminal().then(|| at(2)),
        status,
        started_at: at(1),
        failure: None,
        description: "by hand".to_owned(),
        path: "file:///data".to_owned(),
        percent: None,
    }
}

fn with(job: Job) -> Story {
    let mut story = Story::of(&[1002]);
    // No slots in between.
    story.spec.suspend = true;
    story.seen.external = [(TenantId(1002), vec![job])].into();
    story
}

fn names(story: &mut Story, minutes: i64) -> Vec<String> {
    match story.look(minutes).effect {
        Some(Effect::MakeTasks(tasks)) => tasks.into_iter().map(|(name, _)| name).collect(),
        _ => Vec::new(),
    }
}

#[test]
fn a_job_that_somebody_else_started_is_shown_once() {
    let mut story = with(job(JobStatus::Doing));
    assert_eq!(names(&mut story, 3), ["nightly-t1002-ext-7"]);
    let mut shown = task("nightly-t1002-ext-7", 1002, None);
    shown.external = true;
    story.seen.tasks.push(shown);
    assert_eq!(names(&mut story, 4), [""; 0]);
}

#[test]
fn one_from_before_the_strategy_is_not_shown() {
    let before = Job {
        started_at: at(-61),
        ..job(JobStatus::Doing)
    };
    assert_eq!(names(&mut with(before), 3), [""; 0]);
}

#[test]
fn one_that_ended_long_ago_is_not_shown() {
    let mut story = with(job(JobStatus::Completed));
    assert_eq!(names(&mut story, 61).len(), 1);
    assert_eq!(names(&mut story, 62), [""; 0]);
}

#[test]
fn one_that_history_would_delete_at_once_is_not_shown() {
    let mut story = with(job(JobStatus::Failed));
    for number in 0..5 {
        let mut newer = task(&format!("nightly-full-{number}"), 1002, Some("Failed"));
        newer.completed_at = Some(at(3));
        newer.full = true;
        story.seen.tasks.push(newer);
    }
    assert_eq!(names(&mut story, 4), [""; 0]);
}

#[test]
fn one_that_fails_does_not_make_the_strategy_unhealthy() {
    let mut story = Story::of(&[1002]);
    let mut failed = task("nightly-t1002-ext-7", 1002, Some("Failed"));
    failed.external = true;
    story.seen.tasks = vec![task("nightly-full-1", 1002, Some("Completed")), failed];
    story.look(1);
    let healthy = status_of(&story.status.conditions, types::BACKUP_HEALTHY);
    assert_eq!(healthy, Some("True"));
    assert_eq!(story.status.last_failure_time, None);
}
