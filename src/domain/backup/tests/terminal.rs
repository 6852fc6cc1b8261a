//! Cancel and deadline, and ended tasks that never change.

use super::*;

#[test]
fn an_old_object_applied_again_is_overdue_and_sends_nothing() {
    let mut story = Story::due_within(60);
    let decision = story.reconcile(&healthy(), 60);
    assert_eq!((story.phase(), decision.effect), ("Overdue", None));
}

#[test]
fn a_slot_that_is_still_to_come_is_waited_for() {
    let mut story = Story::new();
    story.spec.scheduled_time = Some(time(at(100)));
    let decision = story.reconcile(&healthy(), 10);
    assert_eq!((decision.effect, decision.next), (None, Next::At(at(100))));
    assert!(is_backup(&story.reconcile(&healthy(), 100)));
}

#[test]
fn a_start_after_the_slot_is_waited_for_and_the_deadline_counts_from_there() {
    let mut story = Story::due_within(60);
    story.spec.not_before_time = Some(time(at(100)));
    let decision = story.reconcile(&healthy(), 70);
    assert_eq!((decision.effect, decision.next), (None, Next::At(at(100))));
    assert!(is_backup(&story.reconcile(&healthy(), 159)));
}

#[test]
fn a_backup_that_waited_into_a_blackout_window_starts_when_it_ends() {
    let mut story = Story::due_within(600);
    let held = Observation {
        held: Some(Held::Blackout(at(300))),
        ..healthy()
    };
    let decision = story.reconcile(&held, 100);
    assert_eq!((decision.effect, decision.next), (None, Next::At(at(300))));
    assert_eq!(
        (story.phase(), story.reason()),
        ("Pending", "BlackoutWindow")
    );
    assert!(is_backup(&story.reconcile(&healthy(), 300)));
}

#[test]
fn a_backup_that_was_not_sent_waits_while_its_strategy_is_suspended() {
    let mut story = Story::new();
    let suspended = Observation {
        held: Some(Held::Suspended),
        ..healthy()
    };
    assert_eq!(story.reconcile(&suspended, 1).effect, None);
    assert_eq!(
        (story.phase(), story.reason()),
        ("Pending", "StrategySuspended")
    );
    assert!(is_suspended(&story.status));
    assert!(is_backup(&story.reconcile(&healthy(), 60)));
}

#[test]
fn a_backup_that_runs_when_a_blackout_window_begins_runs_on() {
    let mut story = Story::new();
    story.reconcile(&healthy(), 0);
    let held = Observation {
        held: Some(Held::Blackout(at(300))),
        ..with_job(job(JobStatus::Doing))
    };
    story.reconcile(&held, 10);
    assert_eq!(story.phase(), "InProgress");
}

#[test]
fn a_slot_without_a_deadline_is_never_too_late() {
    let mut story = Story::new();
    story.spec.scheduled_time = Some(time(at(0)));
    assert!(is_backup(&story.reconcile(&healthy(), 86_400)));
}

#[test]
fn a_task_that_waits_is_overdue_at_its_deadline_and_says_what_for() {
    let mut story = Story::due_within(60);
    let decision = story.reconcile(&unreachable(), 10);
    assert_eq!(decision.next, Next::At(at(60)));
    story.reconcile(&unreachable(), 60);
    let message = &story.status.cause.as_ref().unwrap().message;
    assert!(message.contains("the password is wrong"), "{message}");
}

#[test]
fn a_canceled_task_that_was_not_sent_is_canceled_at_once() {
    let mut story = Story::new();
    story.cancel();
    let decision = story.reconcile(&healthy(), 0);
    assert_eq!((story.phase(), decision.effect), ("Canceled", None));
}

#[test]
fn cancel_while_the_outcome_is_unknown_looks_first() {
    let mut story = Story::lost();
    story.cancel();
    assert_eq!(story.reconcile(&healthy(), 2).effect, None);
    assert_eq!(story.status.outcome, None);
    story.answered(&old_intent(healthy()), 60, &Answer::NotFound);
    assert_eq!(story.phase(), "Canceled");
}

#[test]
fn cancel_while_the_outcome_is_unknown_cancels_the_job_that_is_found() {
    let mut story = Story::lost();
    story.cancel();
    story.answered(&old_intent(healthy()), 60, &Answer::AlreadySent);
    let decision = story.reconcile(&with_job(job(JobStatus::Doing)), 65);
    assert!(matches!(decision.effect, Some(Effect::Cancel { .. })));
}

#[test]
fn a_deadline_that_passes_while_the_outcome_is_unknown_looks_first() {
    let mut story = Story::due_within(30);
    story.answered(&healthy(), 0, &Answer::Unknown("reset".to_owned()));
    assert_eq!(story.reconcile(&healthy(), 40).status.outcome, None);
    story.answered(&old_intent(healthy()), 60, &Answer::NotFound);
    assert_eq!(story.phase(), "Overdue");
}

#[test]
fn cancel_after_a_refusal_waits_for_a_look_that_is_newer_than_the_statement() {
    let mut story = Story::new();
    let refused = Answer::Refused(failure(FailureClass::NotYet));
    story.answered(&healthy(), 0, &refused);
    story.cancel();
    story.reconcile(&unsettled(healthy()), 1);
    assert_eq!(story.status.outcome, None);
    story.reconcile(&with_job(job(JobStatus::Doing)), 2);
    assert_eq!(story.phase(), "InProgress", "it was taken after all");
}

#[test]
fn a_cancel_that_can_not_be_sent_says_why() {
    let mut story = Story::accepted();
    story.cancel();
    let observed = with_job(job(JobStatus::Doing));
    story.answered(
        &observed,
        5,
        &Answer::Withheld("another backup is running".to_owned()),
    );
    assert_eq!(story.reason(), "CancelNotSent");
    let before = story.status.clone();
    story.reconcile(&observed, 10);
    assert_eq!(story.status, before);
}

#[test]
fn a_dba_who_cancels_is_told_from_the_object_that_asks() {
    let mut by_dba = Story::accepted();
    by_dba.reconcile(&with_job(job(JobStatus::Canceled)), 61);
    let mut by_spec = Story::accepted();
    by_spec.cancel();
    by_spec.reconcile(&with_job(job(JobStatus::Canceled)), 61);
    assert_eq!(
        (by_dba.reason(), by_spec.reason()),
        ("CanceledExternally", "Canceled")
    );
}

#[test]
fn an_outcome_that_a_newer_operator_wrote_is_an_end_too() {
    let mut story = Story::new();
    story.status.outcome = Some("Archived".to_owned());
    let decision = story.reconcile(&healthy(), 0);
    assert_eq!(
        (decision.effect, story.status.observed_generation),
        (None, Some(1))
    );
}

#[test]
fn an_attempt_in_a_state_that_is_not_known_is_never_sent_again() {
    let mut story = Story::accepted();
    "Postponed".clone_into(&mut story.status.attempts[0].outcome);
    assert!(!is_backup(&story.reconcile(&healthy(), 5)));
}

/// The numbers of jobs and tenants restart in the other database, and the first one cannot be
/// observed again. The task must not occupy a slot forever.
#[test]
fn a_backup_whose_database_was_replaced_is_over() {
    for mut story in [Story::accepted(), Story::lost()] {
        let decision = story.reconcile(&replaced(), 10);
        assert_eq!(
            (story.phase(), story.reason()),
            ("Failed", CLUSTER_REPLACED)
        );
        assert_eq!((decision.effect, decision.next), (None, Next::Await));
    }
}
