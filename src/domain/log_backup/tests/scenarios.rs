//! Statements that are sent, rejected requests, and changes that are only reported.

use super::*;

fn effect(desired_state: DesiredState, observed: &Observation) -> Option<Effect> {
    Story::of(desired_state).reconcile(observed, 0).effect
}

fn orders() -> TenantName {
    TenantName::parse("orders").unwrap()
}

#[test]
fn each_step_to_the_wanted_state_is_the_one_statement_that_leads_there() {
    use DesiredState::{Paused, Running, Stopped};
    let deferred = |status| Tenant {
        log_dest: Some(dest(false)),
        ..tenant(status)
    };
    let no_log_mode = |tenant: Tenant| Tenant {
        archive_log: None,
        ..tenant
    };
    let archiving_asked = Tenant {
        archive_log: Some(true),
        ..tenant(None)
    };
    let cases = [
        (Running, bare(), Some(Effect::SetDestination(orders()))),
        (Running, tenant(None), Some(Effect::Start(orders()))),
        (
            Running,
            no_log_mode(tenant(None)),
            Some(Effect::Start(orders())),
        ),
        (Running, archiving_asked.clone(), None),
        (
            Running,
            deferred(None),
            Some(Effect::SetEnabled(orders(), true)),
        ),
        (
            Running,
            deferred(Some(RoundStatus::Suspend)),
            Some(Effect::SetEnabled(orders(), true)),
        ),
        (Running, tenant(Some(RoundStatus::Beginning)), None),
        (Running, tenant(Some(RoundStatus::Stopping)), None),
        (Running, doing(), None),
        (Running, tenant(Some(RoundStatus::Interrupted)), None),
        (Paused, doing(), Some(Effect::SetEnabled(orders(), false))),
        (Paused, deferred(Some(RoundStatus::Suspending)), None),
        (Paused, bare(), None),
        (Stopped, doing(), Some(Effect::Stop(orders()))),
        (
            Stopped,
            tenant(Some(RoundStatus::Interrupted)),
            Some(Effect::Stop(orders())),
        ),
        (Stopped, tenant(Some(RoundStatus::Stopping)), None),
        (Stopped, archiving_asked, Some(Effect::Stop(orders()))),
        (Stopped, no_log_mode(tenant(Some(RoundStatus::Stop))), None),
        (Stopped, bare(), None),
    ];
    for (desired, tenant, expected) in cases {
        let shown = format!("{desired:?} {:?}", tenant.round);
        assert_eq!(effect(desired, &observed(tenant)), expected, "{shown}");
    }
}

#[test]
fn a_destination_of_someone_else_is_never_set_again() {
    let mut story = Story::of(DesiredState::Running);
    let decision = story.reconcile(&elsewhere(tenant(None)), 0);
    assert_eq!(decision.effect, None);
    assert_eq!(
        (story.phase(), story.reason()),
        ("Failed", "DestinationInUse")
    );
}

fn owned_elsewhere(observed: Observation) -> Observation {
    let blocker = Blocker::permanent("DestinationOwnedByOther", "choose another path");
    Observation {
        conflict: Some(blocker),
        ..observed
    }
}

#[test]
fn a_place_that_is_somebody_elses_is_never_set() {
    let mut story = Story::of(DesiredState::Running);
    let decision = story.reconcile(&owned_elsewhere(observed(bare())), 0);
    assert_eq!(
        (decision.effect, story.phase(), story.reason()),
        (None, "Failed", "DestinationOwnedByOther")
    );
    // It is checked again, although no event shows when the location is free.
    assert_ne!(decision.next, Next::Await);
}

#[test]
fn what_somebody_changes_in_the_database_is_told_and_left_alone() {
    let mut story = Story::running();
    let decision = story.reconcile(&observed(tenant(Some(RoundStatus::Stop))), 10);
    assert_eq!(decision.effect, None);
    assert_eq!(
        (story.phase(), story.condition("Archiving")),
        ("Stopped", ("False", "ModifiedExternally"))
    );
    assert_eq!(story.condition("Ready").0, "True");
}

#[test]
fn an_edit_applies_the_wanted_state_again() {
    let mut story = Story::running();
    story.edit(DesiredState::Running);
    let stopped = Tenant {
        archive_log: Some(false),
        ..tenant(Some(RoundStatus::Stop))
    };
    let decision = story.reconcile(&observed(stopped), 11);
    assert_eq!(decision.effect, Some(Effect::Start(orders())));
}

#[test]
fn a_statement_of_a_data_backup_does_not_put_log_backup_in_question() {
    let mut story = Story::running();
    let before = story.status.clone();
    story.reconcile(&unsettled(observed(doing())), 1);
    assert_eq!(story.status, before);
}

#[test]
fn nothing_is_sent_on_an_old_picture() {
    assert_eq!(
        effect(DesiredState::Running, &unsettled(observed(bare()))),
        None
    );
}

#[test]
fn a_refused_destination_is_told_once_and_tried_rarely() {
    let mut story = Story::of(DesiredState::Running);
    let permanent = refused(FailureClass::Permanent);
    let first = story.answered(&observed(bare()), 0, &permanent);
    assert_eq!(
        (story.phase(), story.reason()),
        ("Failed", "DestinationOwnedByOther")
    );
    assert_eq!(first.event.unwrap().reason, "LogBackupFailed");
    let before = story.status.clone();
    assert_eq!(story.reconcile(&observed(bare()), 79).effect, None);
    let decision = story.reconcile(&observed(bare()), 80);
    assert!(decision.effect.is_some());
    assert_eq!(
        (decision.status, decision.event),
        (before, None),
        "the try itself is neither written nor told"
    );
}

#[test]
fn a_failure_that_another_clock_has_written_does_not_hold_for_ever() {
    let mut story = Story::of(DesiredState::Running);
    story.answered(&observed(bare()), 1_000_000, &refused(FailureClass::NotYet));
    assert!(story.reconcile(&observed(bare()), 0).effect.is_some());
}

#[test]
fn the_cause_of_an_outage_goes_with_the_outage() {
    let mut story = Story::running();
    story.reconcile(&unreachable(), 10);
    assert_eq!(story.reason(), "AccessDenied");
    story.reconcile(&observed(tenant(Some(RoundStatus::Stop))), 20);
    assert_eq!(story.status.cause, None, "drifted, but reachable");
}

#[test]
fn an_outage_keeps_the_phase_and_is_never_stalled() {
    let mut story = Story::running();
    story.reconcile(&unreachable(), 10);
    assert_eq!(
        (story.phase(), story.condition("Stalled").0),
        ("InProgress", "False")
    );
}

#[test]
fn a_cluster_that_is_being_connected_to_changes_nothing() {
    let mut story = Story::running();
    let before = story.status.clone();
    let connecting = without_database(Blocker::waiting("Connecting", "soon"));
    story.reconcile(&connecting, 400);
    assert_eq!(story.status, before);
}

#[test]
fn a_tenant_that_was_dropped_is_not_shown_as_archiving() {
    let mut story = Story::running();
    story.reconcile(&without_tenant(), 10);
    assert_eq!(
        (story.phase(), story.reason()),
        ("Failed", "TenantNotFound")
    );
}

#[test]
fn a_tenant_that_was_made_anew_needs_a_new_object() {
    let mut story = Story::running();
    let other = Tenant {
        id: TenantId(1010),
        ..bare()
    };
    let decision = story.reconcile(&observed(other), 10);
    assert_eq!((story.reason(), decision.effect), ("TenantReplaced", None));
    assert_eq!(story.condition("Stalled").0, "True");
}

#[test]
fn a_name_that_the_grammar_reads_as_a_word_is_refused_and_not_taken_for_done() {
    let mut story = Story::of(DesiredState::Running);
    story.spec.tenant_name = "all_user".to_owned();
    story.reconcile(&observed(bare()), 0);
    assert_eq!(
        (story.reason(), story.condition("Ready").0),
        ("UnsafeTenantName", "False")
    );
}

#[test]
fn a_mandatory_destination_is_never_deferred() {
    let mandatory = Tenant {
        log_dest: Some(ArchiveDest {
            binding: "MANDATORY".to_owned(),
            ..dest(true)
        }),
        ..doing()
    };
    let mut story = Story::of(DesiredState::Paused);
    assert_eq!(story.reconcile(&observed(mandatory), 0).effect, None);
    assert_eq!(story.reason(), "BindingMandatory");
}

#[test]
fn the_first_version_can_not_pause() {
    let old = Observation {
        can_pause: false,
        ..observed(doing())
    };
    let mut story = Story::of(DesiredState::Paused);
    assert_eq!(story.reconcile(&old, 0).effect, None);
    assert_eq!(story.reason(), "UnsupportedServerVersion");
}

#[test]
fn a_standby_is_sent_nothing() {
    let standby = Tenant {
        role: "STANDBY".to_owned(),
        ..bare()
    };
    let mut story = Story::of(DesiredState::Running);
    assert_eq!(story.reconcile(&observed(standby), 0).effect, None);
    assert_eq!(story.reason(), "TenantNotPrimary");
}

#[test]
fn an_interruption_after_the_start_keeps_the_object_ready_and_says_what_to_do() {
    let mut story = Story::running();
    let decision = story.reconcile(&observed(tenant(Some(RoundStatus::Interrupted))), 10);
    assert_eq!(decision.event.unwrap().reason, "LogBackupInterrupted");
    assert_eq!(
        (
            story.condition("Ready").0,
            story.condition("Archiving").1,
            story.reason()
        ),
        ("True", "Interrupted", "LogArchiveInterrupted")
    );
}

#[test]
fn a_word_that_is_not_known_is_taken_for_running() {
    let napping = RoundStatus::Unknown("NAPPING".to_owned());
    let mut story = Story::running();
    let decision = story.reconcile(&observed(tenant(Some(napping))), 10);
    assert_eq!((story.phase(), decision.effect), ("InProgress", None));
    assert_eq!(story.condition("Archiving"), ("Unknown", "UnknownStatus"));
}

#[test]
fn other_attributes_of_the_destination_are_told_and_left_alone() {
    let mut story = Story::running();
    story.spec.piece_switch_days = 7;
    story.generation += 1;
    let decision = story.reconcile(&observed(doing()), 10);
    let ready = story.status.conditions.iter().find(|c| c.type_ == "Ready");
    assert_eq!(decision.effect, None);
    assert!(ready.unwrap().message.contains("PIECE_SWITCH_INTERVAL"));
}

/// Stopped as requested, then requested to run with longer pieces.
fn with_longer_pieces() -> Story {
    let mut story = Story::of(DesiredState::Stopped);
    story.reconcile(&observed(stopped()), 0);
    story.edit(DesiredState::Running);
    story.spec.piece_switch_days = 7;
    story
}

fn stopped() -> Tenant {
    Tenant {
        archive_log: Some(false),
        ..tenant(Some(RoundStatus::Stop))
    }
}

#[test]
fn other_attributes_are_set_while_log_backup_is_stopped() {
    let mut story = with_longer_pieces();
    let decision = story.reconcile(&observed(stopped()), 10);
    assert_eq!(decision.effect, Some(Effect::SetAttributes(orders())));
    let set = Tenant {
        log_dest: Some(ArchiveDest {
            piece_switch_interval: "7d".to_owned(),
            ..dest(true)
        }),
        ..stopped()
    };
    let decision = story.reconcile(&observed(set), 20);
    assert_eq!(decision.effect, Some(Effect::Start(orders())));
}

#[test]
fn a_destination_that_is_found_with_other_attributes_is_taken_as_it_is() {
    let mut story = Story::of(DesiredState::Running);
    story.spec.piece_switch_days = 7;
    let decision = story.reconcile(&observed(stopped()), 0);
    assert_eq!(decision.effect, Some(Effect::Start(orders())));
}

#[test]
fn attributes_of_a_destination_elsewhere_are_never_set() {
    let mut story = with_longer_pieces();
    assert_eq!(story.reconcile(&elsewhere(stopped()), 10).effect, None);
}

#[test]
fn the_checkpoint_is_written_every_few_minutes_only() {
    let mut story = Story::running();
    let moved = |seconds| {
        let mut tenant = doing();
        tenant.round = tenant.round.map(|round| Round {
            checkpoint_scn: scn(seconds),
            ..round
        });
        observed(tenant)
    };
    let before = story.status.clone();
    story.reconcile(&moved(280), 290);
    assert_eq!(story.status, before);
    story.reconcile(&moved(296), 300);
    assert_eq!(story.status.checkpoint_time, Some(time(at(296))));
}

#[test]
fn a_delay_above_the_threshold_is_told_at_once_and_without_a_number() {
    let mut story = Story::running();
    let reported = story.reconcile(&observed(doing()), 700).event.unwrap();
    assert_eq!((reported.warning, reported.reason), (true, "DelayExceeded"));
    assert_eq!(
        story.condition("DelayWithinTarget"),
        ("False", "DelayExceeded")
    );
    let before = story.status.clone();
    let again = story.reconcile(&observed(doing()), 760);
    assert_eq!((&story.status, again.event), (&before, None));
}

#[test]
fn a_round_that_begins_shows_no_time_of_1970() {
    let mut tenant = tenant(Some(RoundStatus::Prepare));
    tenant.round = tenant.round.map(|round| Round {
        start_scn: Scn(0),
        checkpoint_scn: Scn(0),
        ..round
    });
    let mut story = Story::of(DesiredState::Running);
    story.reconcile(&observed(tenant), 0);
    assert_eq!(
        (&story.status.start_time, &story.status.checkpoint_time),
        (&None, &None)
    );
}
