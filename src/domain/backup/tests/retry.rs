//! Further attempts after a failure for a passing cause, and their limit.

use super::*;

const SECOND_KEY: &str = "obb/0a1b-2c/2";

fn failed(passing: bool) -> Observation {
    let failure = Failure {
        passing,
        ..failure(FailureClass::NotYet)
    };
    with_job(Job {
        failure: Some(failure),
        ..job(JobStatus::Failed)
    })
}

/// The first backup failed for a passing cause at second 60.
fn failed_once() -> Story {
    let mut story = Story::accepted();
    story.reconcile(&failed(true), 60);
    story
}

/// The operator's second job, beside the failed first job.
fn second(status: JobStatus) -> Observation {
    let mut observed = failed(true);
    if let Ok(database) = &mut observed.database {
        let mut known = database.tenant.tenant.as_deref().unwrap().clone();
        known.jobs.push(Job {
            id: JobId(8),
            description: SECOND_KEY.to_owned(),
            initiator_job_id: JobId(71),
            ..job(status)
        });
        database.tenant.tenant = Some(Arc::new(known));
    }
    observed
}

#[test]
fn a_failure_that_passes_is_recorded_and_another_attempt_follows_after_the_pause() {
    let mut story = failed_once();
    assert_eq!(
        (story.phase(), story.reason()),
        ("Pending", "BackupCannotStart")
    );
    let first = &story.status.attempts[0];
    assert_eq!((&*first.outcome, first.job_id), ("Failed", Some(7)));
    assert_eq!(story.reconcile(&failed(true), 119).effect, None);
    assert!(is_backup(&story.reconcile(&failed(true), 120)));
    assert_eq!(story.status.attempts[1].key, SECOND_KEY);
}

#[test]
fn an_attempt_that_comes_due_in_a_blackout_window_follows_when_the_window_ends() {
    let mut story = failed_once();
    let held = Observation {
        held: Some(Held::Blackout(at(600))),
        ..failed(true)
    };
    let decision = story.reconcile(&held, 120);
    assert_eq!((decision.effect, decision.next), (None, Next::At(at(600))));
    assert_eq!(
        (story.phase(), story.reason()),
        ("Pending", "BlackoutWindow")
    );
    assert!(is_backup(&story.reconcile(&failed(true), 600)));
}

#[test]
fn somebody_is_told_of_an_attempt_that_failed() {
    let mut story = Story::accepted();
    let event = story.reconcile(&failed(true), 60).event.unwrap();
    assert_eq!((event.warning, event.reason), (true, "BackupAttemptFailed"));
    assert!(
        event.message.contains("attempt 2 of 2"),
        "{}",
        event.message
    );
}

#[test]
fn a_failure_that_stays_is_the_end_at_once() {
    let mut story = Story::accepted();
    story.reconcile(&failed(false), 60);
    assert_eq!(story.phase(), "Failed");
}

#[test]
fn the_last_attempt_that_fails_is_the_end_and_both_are_told() {
    let mut story = failed_once();
    story.answered(&failed(true), 120, &Answer::Done);
    let observed = second(JobStatus::Failed);
    story.reconcile(&observed, 200);
    let outcomes: Vec<_> = story.status.attempts.iter().map(|a| &*a.outcome).collect();
    assert_eq!((story.phase(), &*outcomes), ("Failed", &["Failed"; 2][..]));
    assert_eq!(story.status.attempts[1].job_id, Some(8));
}

#[test]
fn the_job_of_the_second_attempt_is_followed_and_not_the_first() {
    let mut story = failed_once();
    story.answered(&failed(true), 120, &Answer::Done);
    story.reconcile(&second(JobStatus::Completed), 200);
    assert_eq!((story.phase(), story.status.job_id), ("Completed", Some(8)));
}

#[test]
fn the_pause_doubles_with_each_attempt() {
    let mut story = Story::accepted();
    story.status.data_backup.as_mut().unwrap().retry.limit = 10;
    story.status.attempts[0].number = 3;
    story.reconcile(&failed(true), 60);
    let until = story.status.retry_time.as_ref().unwrap().0;
    assert_eq!(until, at(60 + 240));
}

#[test]
fn a_pause_is_never_longer_than_a_day() {
    let mut story = Story::accepted();
    story.status.data_backup.as_mut().unwrap().retry = RetrySettings {
        limit: 10,
        backoff_seconds: 86_400,
    };
    story.status.attempts[0].number = 10;
    let decision = story.reconcile(&failed(true), 60);
    assert_eq!(decision.next, Next::At(at(60 + 86_400)));
}

#[test]
fn ten_attempts_are_kept() {
    let mut story = Story::accepted();
    let last = story.status.attempts[0].clone();
    story.status.attempts = (1..=10)
        .map(|number| crate::api::Attempt {
            number,
            outcome: "Failed".to_owned(),
            ..last.clone()
        })
        .collect();
    story.reconcile(&healthy(), 60);
    let numbers: Vec<_> = story.status.attempts.iter().map(|a| a.number).collect();
    assert_eq!(numbers, (2..=11).collect::<Vec<_>>());
}

#[test]
fn an_attempt_that_would_come_after_the_deadline_is_not_waited_for() {
    let mut story = Story::due_within(110);
    story.answered(&healthy(), 0, &Answer::Done);
    story.reconcile(&failed(true), 60);
    assert_eq!(
        (story.phase(), story.reason()),
        ("Failed", "BackupCannotStart")
    );
}

#[test]
fn a_deadline_that_passes_between_two_attempts_tells_why_the_first_failed() {
    let mut story = Story::due_within(130);
    story.answered(&healthy(), 0, &Answer::Done);
    story.reconcile(&failed(true), 60);
    story.reconcile(&unreachable(), 120);
    assert_eq!(story.status.outcome, None);
    story.reconcile(&unreachable(), 130);
    assert_eq!(
        (story.phase(), story.reason()),
        ("Failed", "BackupCannotStart")
    );
}

#[test]
fn a_cancel_between_two_attempts_is_the_end() {
    let mut story = failed_once();
    story.cancel();
    let decision = story.reconcile(&failed(true), 61);
    assert_eq!((story.phase(), decision.effect), ("Canceled", None));
}

#[test]
fn what_was_canceled_is_not_tried_again() {
    let mut by_dba = Story::accepted();
    by_dba.reconcile(&with_job(job(JobStatus::Canceled)), 60);
    let mut by_spec = Story::accepted();
    by_spec.cancel();
    by_spec.reconcile(&failed(true), 60);
    assert_eq!((by_dba.phase(), by_spec.phase()), ("Canceled", "Failed"));
}

#[test]
fn a_task_goes_on_as_it_began_when_its_strategy_has_changed() {
    let mut story = Story::accepted();
    let mut observed = failed(true);
    if let Ok(target) = &mut observed.target {
        target.settings.retry.limit = 0;
    }
    story.reconcile(&observed, 60);
    assert_eq!(story.phase(), "Pending");
}

#[test]
fn a_tenant_that_was_left_out_is_tried_again() {
    let mut story = Story::accepted();
    story.reconcile(&with_parent(parent(JobStatus::Completed)), 400);
    assert_eq!(
        (story.phase(), story.reason()),
        ("Pending", "TenantSkipped")
    );
    assert!(is_backup(&story.reconcile(&healthy(), 600)));
}

/// A backup that may run for 60 seconds.
fn limited() -> Story {
    let mut observed = healthy();
    if let Ok(target) = &mut observed.target {
        target.settings.active_deadline_seconds = Some(60);
    }
    let mut story = Story::new();
    story.answered(&observed, 0, &Answer::Done);
    story
}

#[test]
fn a_backup_that_runs_too_long_is_canceled_and_has_failed() {
    let mut story = limited();
    let running = with_job(job(JobStatus::Doing));
    let decision = story.reconcile(&running, 10);
    assert_eq!((decision.effect, decision.next), (None, Next::At(at(60))));
    let decision = story.reconcile(&running, 60);
    assert!(matches!(decision.effect, Some(Effect::Cancel { .. })));
    story.reconcile(&with_job(job(JobStatus::Canceled)), 65);
    assert_eq!(
        (story.phase(), story.reason()),
        ("Failed", "ActiveDeadlineExceeded")
    );
}

#[test]
fn a_backup_that_completes_while_it_is_canceled_is_complete() {
    let mut story = limited();
    story.reconcile(&with_job(job(JobStatus::Doing)), 60);
    story.reconcile(&with_job(job(JobStatus::Completed)), 100);
    assert_eq!(story.phase(), "Completed");
}

#[test]
fn a_backup_that_ran_too_long_is_not_tried_again() {
    let mut story = limited();
    story.reconcile(&with_job(job(JobStatus::Doing)), 60);
    story.reconcile(&failed(true), 65);
    assert_eq!(story.phase(), "Failed");
}
