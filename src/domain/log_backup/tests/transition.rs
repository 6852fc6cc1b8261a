//! The transition to the desired state: statements without effect, and states that are never
//! reached.

use super::*;
use crate::api::AcceptedStatement;

fn orders() -> TenantName {
    TenantName::parse("orders").unwrap()
}

/// Stopped, in a version that shows no LOG_MODE.
fn of_the_first_version() -> Observation {
    observed(Tenant {
        archive_log: None,
        ..tenant(None)
    })
}

fn taken(story: &Story) -> Option<&AcceptedStatement> {
    story.status.transition.as_ref()?.taken.as_ref()
}

fn message(story: &Story) -> &str {
    &story.status.cause.as_ref().unwrap().message
}

#[test]
fn a_statement_without_effect_waits_whatever_wakes_the_object() {
    let mut story = Story::of(DesiredState::Running);
    let world = of_the_first_version();
    story.answered(&world, 10, &Answer::Done);
    for second in [10, 11, 24] {
        let decision = story.reconcile(&world, second);
        assert_eq!((decision.effect, decision.next), (None, Next::At(at(25))));
    }
    let decision = story.reconcile(&world, 25);
    assert_eq!(decision.effect, Some(Effect::Start(orders())));
}

#[test]
fn the_fourth_time_it_is_told_that_nothing_comes_of_it() {
    let mut story = Story::of(DesiredState::Running);
    let world = of_the_first_version();
    for second in [0, 15, 45] {
        story.answered(&world, second, &Answer::Done);
        assert_eq!(story.phase(), "Starting");
    }
    let fourth = story.answered(&world, 105, &Answer::Done);
    assert_eq!(
        (story.phase(), story.reason()),
        ("Failed", "StatementIneffective")
    );
    assert_eq!(fourth.event.unwrap().reason, "LogBackupFailed");
    assert!(message(&story).contains("ARCHIVELOG"));
    // Reported only once, although it continues.
    let before = story.status.clone();
    story.reconcile(&unsettled(of_the_first_version()), 106);
    assert_eq!(story.status, before);
}

#[test]
fn what_comes_of_it_at_last_ends_the_trouble() {
    let mut story = Story::of(DesiredState::Running);
    for second in [0, 15, 45, 105] {
        story.answered(&of_the_first_version(), second, &Answer::Done);
    }
    story.reconcile(&observed(tenant(Some(RoundStatus::Beginning))), 110);
    assert_eq!((story.phase(), story.reason()), ("Starting", ""));
    assert_eq!(taken(&story), None);
    story.reconcile(&observed(doing()), 120);
    assert_eq!(story.status.transition, None);
}

#[test]
fn the_next_step_does_not_wait_for_the_pause_of_the_one_before() {
    let mut story = Story::of(DesiredState::Running);
    story.answered(&observed(bare()), 0, &Answer::Done);
    let decision = story.reconcile(&observed(tenant(None)), 1);
    assert_eq!(decision.effect, Some(Effect::Start(orders())));
}

#[test]
fn a_round_whose_end_was_asked_for_is_waited_for() {
    let off = Tenant {
        archive_log: Some(false),
        ..doing()
    };
    let mut story = Story::of(DesiredState::Stopped);
    assert_eq!(story.reconcile(&observed(off), 0).effect, None);
    assert_eq!(story.phase(), "InProgress");
}

/// Since second 0 the round has had this status.
fn stuck_in(status: RoundStatus, desired: DesiredState) -> Story {
    let mut story = Story::of(desired);
    let world = observed(tenant(Some(status)));
    for second in [0, 599] {
        story.reconcile(&world, second);
        assert_eq!(story.status.cause, None);
    }
    let decision = story.reconcile(&world, 600);
    assert_eq!(decision.effect, None);
    story
}

#[test]
fn a_round_that_never_gets_going_is_a_failure_after_ten_minutes() {
    for status in [RoundStatus::Prepare, RoundStatus::Beginning] {
        let story = stuck_in(status, DesiredState::Running);
        assert_eq!((story.phase(), story.reason()), ("Failed", "StartTimeout"));
        assert_eq!(story.condition("Archiving"), ("False", "StartTimeout"));
        assert_eq!(story.condition("Reconciling"), ("True", "StartTimeout"));
        assert!(message(&story).contains("write to the storage"));
    }
}

#[test]
fn what_the_database_says_of_the_round_is_passed_on() {
    let story = stuck_in(RoundStatus::Beginning, DesiredState::Running);
    assert!(message(&story).contains("BEGINNING (log stream 1001 interrupted)"));
}

#[test]
fn an_archive_that_does_not_end_is_told_in_its_own_state() {
    let story = stuck_in(RoundStatus::Stopping, DesiredState::Stopped);
    assert_eq!((story.phase(), story.reason()), ("Stopping", "StopTimeout"));
    let deferred = Tenant {
        log_dest: Some(dest(false)),
        ..tenant(Some(RoundStatus::Suspending))
    };
    let mut story = Story::of(DesiredState::Paused);
    story.reconcile(&observed(deferred.clone()), 0);
    story.reconcile(&observed(deferred), 600);
    assert_eq!(
        (story.phase(), story.reason()),
        ("Suspending", "PauseTimeout")
    );
}

#[test]
fn a_round_that_gets_going_late_is_as_good_as_any() {
    let mut story = stuck_in(RoundStatus::Beginning, DesiredState::Running);
    let decision = story.reconcile(&observed(doing()), 700);
    assert_eq!(decision.event.unwrap().reason, "LogBackupStarted");
    assert_eq!((story.phase(), story.reason()), ("InProgress", ""));
    assert_eq!(story.status.transition, None);
}

#[test]
fn an_edit_and_another_wanted_state_begin_the_time_anew() {
    let mut story = stuck_in(RoundStatus::Beginning, DesiredState::Running);
    story.edit(DesiredState::Running);
    story.reconcile(&observed(tenant(Some(RoundStatus::Beginning))), 601);
    assert_eq!(story.phase(), "Starting");
    story.edit(DesiredState::Stopped);
    story.reconcile(&observed(tenant(Some(RoundStatus::Stopping))), 602);
    let to = &story.status.transition.as_ref().unwrap().to;
    assert_eq!((story.phase(), to.as_str()), ("Stopping", "Stopped"));
}

#[test]
fn a_heal_that_hangs_is_told_and_the_object_stays_ready() {
    let mut story = Story::running();
    story.spec.interruption = InterruptionSettings {
        policy: InterruptionPolicy::RestartArchive,
        max_restarts_per_day: 1,
    };
    story.reconcile(&observed(in_round(1, RoundStatus::Interrupted)), 10);
    story.reconcile(&observed(in_round(2, RoundStatus::Beginning)), 20);
    story.reconcile(&observed(in_round(2, RoundStatus::Beginning)), 610);
    assert_eq!((story.phase(), story.reason()), ("Failed", "StartTimeout"));
    assert_eq!(story.condition("Ready"), ("True", "Applied"));
}
