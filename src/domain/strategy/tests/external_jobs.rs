//! Jobs that other tools or users started.

use super::*;
use crate::api::schedule::BlackoutAction;
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

/// Returns a running job that began at this time.
pub(super) fn began(started_at: Timestamp) -> Job {
    Job {
        started_at,
        ..job(JobStatus::Doing)
    }
}

fn with(job: Job) -> Story {
    let mut story = Story::of(&[1002]);
    // Without slots in between.
    story.spec.suspend = true;
    story.observed.external = [(TenantId(1002), vec![job])].into();
    story
}

fn names(story: &mut Story, minutes: i64) -> Vec<String> {
    match story.reconcile(minutes).effect {
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
    story.observed.tasks.push(shown);
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
fn one_that_history_has_deleted_is_not_made_again() {
    for (status, outcome) in [
        (JobStatus::Failed, "Failed"),
        (JobStatus::Completed, "Completed"),
    ] {
        let mut story = with(job(status));
        story.spec.task_history_limits = TaskHistoryLimits {
            successful: 3,
            failed: 3,
        };
        // One of the three ended at the same time.
        for (number, second) in [(1, 2), (2, 3), (3, 3)] {
            let mut newer = task(&format!("nightly-t1002-full-{number}"), 1002, Some(outcome));
            newer.completed_at = Some(at(second));
            newer.external = number == 2;
            story.observed.tasks.push(newer);
        }
        assert_eq!(names(&mut story, 4), [""; 0]);
        story.spec.task_history_limits.successful = 4;
        story.spec.task_history_limits.failed = 4;
        assert_eq!(names(&mut story, 5).len(), 1);
    }
}

#[test]
fn it_is_shown_in_a_blackout_window_too() {
    let mut story = with(job(JobStatus::Doing));
    story.spec.schedule.blackout_windows =
        vec![blackout::window("00:00", "12:00", BlackoutAction::Postpone)];
    assert_eq!(names(&mut story, 3).len(), 1);
}

#[test]
fn one_is_no_first_backup() {
    let mut story = Story::of(&[1002]);
    story.spec.first_backup = FirstBackup::Immediately;
    let mut shown = task("nightly-t1002-ext-7", 1002, Some("Completed"));
    (shown.full, shown.external) = (true, true);
    story.observed.tasks.push(shown);
    let created = names(&mut story, 3);
    assert!(
        created.iter().all(|name| name.contains("-full-")),
        "{created:?}"
    );
    assert_eq!(created.len(), 1);
}

#[test]
fn one_that_fails_does_not_make_the_strategy_unhealthy() {
    let mut story = Story::of(&[1002]);
    let mut failed = task("nightly-t1002-ext-7", 1002, Some("Failed"));
    failed.external = true;
    story.observed.tasks = vec![task("nightly-full-1", 1002, Some("Completed")), failed];
    story.reconcile(1);
    let healthy = status_of(&story.status.conditions, types::BACKUP_HEALTHY);
    assert_eq!(healthy, Some("True"));
    assert_eq!(story.status.last_failure_time, None);
}
