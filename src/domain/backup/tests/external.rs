//! A job that the operator did not start.

use super::*;
use crate::api::backup_task::ExternalJob;

fn story() -> Story {
    let mut story = Story::new();
    story.owned = true;
    story.spec.external_job = Some(ExternalJob {
        job_id: 7,
        start_time: time(at(1)),
    });
    story
}

fn theirs(status: JobStatus) -> Job {
    Job {
        description: "by hand".to_owned(),
        initiator_tenant_id: TenantId(1002),
        initiator_job_id: JobId(0),
        ..job(status)
    }
}

#[test]
fn it_is_followed_to_its_end_and_nothing_is_sent() {
    let mut story = story();
    let decision = story.reconcile(&with_job(theirs(JobStatus::Doing)), 5);
    assert_eq!((story.phase(), decision.effect), ("InProgress", None));
    assert_eq!(story.status.source.as_deref(), Some("External"));
    let decision = story.reconcile(&with_job(theirs(JobStatus::Completed)), 100);
    assert_eq!((story.phase(), decision.effect), ("Completed", None));
}

#[test]
fn one_that_fails_is_not_tried_again() {
    let mut story = story();
    let failed = Job {
        failure: Some(failure(FailureClass::NotYet)),
        ..theirs(JobStatus::Failed)
    };
    let decision = story.reconcile(&with_job(failed), 100);
    assert_eq!((story.phase(), decision.effect), ("Failed", None));
}

#[test]
fn nothing_is_ever_sent_whatever_is_seen() {
    let worlds = [
        healthy(),
        unreachable(),
        observation_of(None),
        with_destination(ObservedDestination::Unset),
        with_job(theirs(JobStatus::Doing)),
    ];
    for observed in &worlds {
        let mut story = story();
        assert_eq!(story.reconcile(observed, 5).effect, None);
        story.cancel();
        assert_eq!(story.reconcile(observed, 6).effect, None);
        assert!(story.status.attempts.is_empty());
    }
}

#[test]
fn a_job_of_the_same_number_that_began_at_another_time_is_another_one() {
    let mut story = story();
    let other = Job {
        started_at: at(2),
        ..theirs(JobStatus::Failed)
    };
    story.reconcile(&with_job(other), 100);
    assert_eq!(story.status.outcome, None);
}

#[test]
fn one_that_is_not_shown_any_more_is_given_up_after_a_day() {
    let mut story = story();
    story.reconcile(&healthy(), 86_400);
    assert_eq!(story.status.outcome, None);
    story.reconcile(&healthy(), 86_402);
    assert_eq!((story.phase(), story.reason()), ("Failed", "JobNotFound"));
}

/// Its job will never be shown again.
#[test]
fn one_whose_tenant_is_dropped_ends_at_once() {
    let replaced = Tenant {
        id: TenantId(1004),
        ..tenant()
    };
    for now in [None, Some(replaced)] {
        let mut story = story();
        story.reconcile(&with_job(theirs(JobStatus::Doing)), 5);
        story.reconcile(&unreachable(), 6);
        assert_eq!(story.status.outcome, None);
        story.reconcile(&observation_of(now), 7);
        assert_eq!((story.phase(), story.reason()), ("Failed", "TenantDropped"));
    }
}

#[test]
fn one_that_a_person_wrote_is_refused() {
    let mut story = story();
    story.owned = false;
    let decision = story.reconcile(&with_job(theirs(JobStatus::Doing)), 5);
    assert_eq!((story.reason(), decision.effect), ("InvalidSpec", None));
    let conditions = &story.status.conditions;
    let stalled = crate::domain::kstatus::status_of(conditions, "Stalled");
    assert_eq!(stalled, Some("True"));
}
