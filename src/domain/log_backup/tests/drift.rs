//! External changes in the database that the operator corrects.

use super::*;

fn orders() -> TenantName {
    TenantName::parse("orders").unwrap()
}

/// The state after a DBA stopped archiving.
fn stopped() -> Tenant {
    Tenant {
        archive_log: Some(false),
        ..tenant(Some(RoundStatus::Stop))
    }
}

fn enforcing() -> Story {
    let mut story = Story::running();
    story.spec.drift_policy = DriftPolicy::Enforce;
    story
}

#[test]
fn what_was_stopped_is_started_again_and_told_once() {
    let mut story = enforcing();
    let first = story.reconcile(&observed(stopped()), 10);
    assert_eq!(first.effect, Some(Effect::Start(orders())));
    assert_eq!(first.event.unwrap().reason, "DriftCorrected");
    assert_eq!(
        (story.phase(), story.condition("Reconciling")),
        ("Starting", ("True", "Correcting"))
    );
    let second = story.reconcile(&observed(stopped()), 11);
    assert_eq!(second.effect, Some(Effect::Start(orders())));
    assert_eq!(second.event, None);
}

#[test]
fn what_was_put_right_is_ready_again() {
    let mut story = enforcing();
    story.reconcile(&observed(stopped()), 10);
    story.reconcile(&observed(doing()), 20);
    assert_eq!(story.status.correcting_since, None);
    assert_eq!(story.condition("Ready"), ("True", "Applied"));
}

#[test]
fn each_change_is_put_right_by_the_one_statement_that_does_it() {
    let deferred = Tenant {
        log_dest: Some(dest(false)),
        ..tenant(Some(RoundStatus::Suspend))
    };
    let cleared = Tenant {
        log_dest: None,
        ..stopped()
    };
    let cases = [
        (deferred, Effect::SetEnabled(orders(), true)),
        (cleared, Effect::SetDestination(orders())),
    ];
    for (tenant, expected) in cases {
        let decision = enforcing().reconcile(&observed(tenant), 10);
        assert_eq!(decision.effect, Some(expected));
    }
}

#[test]
fn a_destination_that_points_elsewhere_is_never_put_right() {
    let mut story = enforcing();
    let decision = story.reconcile(&elsewhere(stopped()), 10);
    assert_eq!(
        (decision.effect, story.reason()),
        (None, "DestinationInUse")
    );
}

#[test]
fn what_the_object_asks_to_be_stopped_or_paused_is_left_as_a_dba_made_it() {
    let suspended = Tenant {
        log_dest: Some(dest(false)),
        ..tenant(Some(RoundStatus::Suspend))
    };
    let cases = [
        (DesiredState::Stopped, stopped()),
        (DesiredState::Paused, suspended),
    ];
    for (desired, reached) in cases {
        let mut story = Story::of(desired);
        story.spec.drift_policy = DriftPolicy::Enforce;
        story.reconcile(&observed(reached), 0);
        let decision = story.reconcile(&observed(doing()), 10);
        assert_eq!(decision.effect, None, "{desired:?}");
        assert_eq!(story.condition("Archiving").1, "ModifiedExternally");
    }
}

#[test]
fn what_a_dba_stopped_stays_so_though_the_strategy_edits_what_asks_nothing_of_the_database() {
    let mut story = Story::running();
    story.reconcile(&observed(stopped()), 10);
    for second in [20, 30] {
        let decision = story.reconcile_after_spec_change(&observed(stopped()), second);
        assert_eq!(decision.effect, None);
    }
    assert_eq!(
        story.condition("Archiving"),
        ("False", "ModifiedExternally")
    );
}

#[test]
fn a_strategy_that_begins_to_enforce_puts_right_what_a_dba_stopped() {
    let mut story = Story::running();
    story.reconcile(&observed(stopped()), 10);
    story.spec.drift_policy = DriftPolicy::Enforce;
    let decision = story.reconcile_after_spec_change(&observed(stopped()), 20);
    assert_eq!(decision.effect, Some(Effect::Start(orders())));
}

#[test]
fn a_person_who_edits_before_or_after_the_strategy_is_heard() {
    for (from, to) in [(1, 2), (2, 3)] {
        let mut story = Story::running();
        story.reconcile(&observed(stopped()), 10);
        story.generation = 3;
        let object = LogBackup {
            followed: Some(Followed { from, to }),
            ..story.object()
        };
        let decision = decide(&object, &observed(stopped()), None, at(20));
        assert_eq!(
            decision.effect,
            Some(Effect::Start(orders())),
            "{from}-{to}"
        );
    }
}

#[test]
fn nothing_is_put_right_on_an_old_picture() {
    let decision = enforcing().reconcile(&unsettled(observed(stopped())), 10);
    assert_eq!(
        (decision.effect, decision.event.unwrap().reason),
        (None, "LogBackupStopped")
    );
}

#[test]
fn a_tenant_that_became_a_standby_is_shown_and_sent_nothing() {
    let standby = Tenant {
        role: "STANDBY".to_owned(),
        ..stopped()
    };
    let mut story = enforcing();
    assert_eq!(story.reconcile(&observed(standby), 10).effect, None);
    assert_eq!(story.status.correcting_since, None);
}

/// The state after a DBA paused archiving.
fn suspended() -> Tenant {
    Tenant {
        log_dest: Some(dest(false)),
        ..tenant(Some(RoundStatus::Suspend))
    }
}

fn advice(story: &Story) -> &str {
    let mut conditions = story.status.conditions.iter();
    let archiving = conditions.find(|condition| condition.type_ == "Archiving");
    &archiving.unwrap().message
}

#[test]
fn a_pause_that_is_asked_for_and_taken_back_lets_the_round_go_on() {
    let mut story = Story::running();
    story.reconcile(&observed(suspended()), 10);
    assert!(advice(&story).contains("set it to the state in the database, and then back"));
    story.edit(DesiredState::Paused);
    assert_eq!(story.reconcile(&observed(suspended()), 20).effect, None);
    story.edit(DesiredState::Running);
    let decision = story.reconcile(&observed(suspended()), 30);
    assert_eq!(decision.effect, Some(Effect::SetEnabled(orders(), true)));
}

#[test]
fn a_log_backup_that_can_not_ask_for_a_pause_is_told_how_the_database_goes_on() {
    let mut story = Story::of(DesiredState::Running);
    story.spec.binding = Binding::Mandatory;
    story.reconcile(&observed(doing()), 0);
    story.reconcile(&observed(suspended()), 10);
    let advice = advice(&story);
    assert!(advice.contains("= 'ENABLE' TENANT = 'orders'"), "{advice}");
}
