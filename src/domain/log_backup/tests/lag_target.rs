//! The lag target of log backup, if the spec sets one.

use super::*;

fn with_target(seconds: u64) -> Tenant {
    Tenant {
        lag_target: Some(Duration::from_secs(seconds)),
        ..doing()
    }
}

/// The spec requests one minute.
fn asking() -> Story {
    let mut story = Story::of(DesiredState::Running);
    story.spec.archive_lag_target_seconds = Some(60);
    story
}

/// The spec requests one minute, which was applied.
fn applied() -> Story {
    let mut story = asking();
    story.reconcile(&observed(with_target(60)), 0);
    story
}

fn set() -> Effect {
    Effect::SetLagTarget(TenantName::parse("orders").unwrap(), 60)
}

fn ready(story: &Story) -> (&str, &str) {
    let mut known = story.status.conditions.iter();
    let ready = known.find(|known| known.type_ == "Ready").unwrap();
    (&ready.status, &ready.message)
}

#[test]
fn it_is_set_once_logs_are_archived() {
    let mut story = asking();
    let bare = story.reconcile(&observed(bare()), 0).effect;
    assert!(matches!(bare, Some(Effect::SetDestination(_))), "{bare:?}");
    let decision = story.reconcile(&observed(with_target(120)), 10);
    assert_eq!(decision.effect, Some(set()));
    assert_eq!((story.phase(), ready(&story).0), ("InProgress", "False"));
    let decision = story.reconcile(&observed(with_target(60)), 20);
    assert_eq!((decision.effect, ready(&story).0), (None, "True"));
    assert_eq!(story.status.archive_lag_target_seconds, Some(60));
}

#[test]
fn it_is_set_where_the_tenants_own_was_not_read_yet() {
    assert_eq!(
        asking().reconcile(&observed(doing()), 0).effect,
        Some(set())
    );
}

#[test]
fn it_is_left_alone_where_nobody_asks_for_one() {
    let mut story = Story::of(DesiredState::Running);
    let decision = story.reconcile(&observed(with_target(7)), 0);
    assert_eq!((decision.effect, ready(&story).0), (None, "True"));
    assert_eq!(story.status.archive_lag_target_seconds, Some(7));
}

#[test]
fn an_edit_sets_another_one() {
    let mut story = applied();
    story.spec.archive_lag_target_seconds = Some(90);
    story.generation += 1;
    let orders = TenantName::parse("orders").unwrap();
    let decision = story.reconcile(&observed(with_target(60)), 10);
    assert_eq!(decision.effect, Some(Effect::SetLagTarget(orders, 90)));
}

#[test]
fn one_that_a_dba_has_set_is_told_and_left() {
    let mut story = applied();
    let decision = story.reconcile(&observed(with_target(30)), 10);
    assert_eq!((decision.effect, decision.event), (None, None));
    let (status, message) = ready(&story);
    assert!(
        status == "True" && message.contains("archive_lag_target to 30 s"),
        "{message}"
    );
    assert_eq!(story.condition("Archiving"), ("True", "Archiving"));
}

#[test]
fn one_that_a_dba_has_set_is_put_right_where_that_is_asked_for() {
    let mut story = applied();
    story.spec.drift_policy = DriftPolicy::Enforce;
    let decision = story.reconcile(&observed(with_target(30)), 10);
    assert_eq!(decision.effect, Some(set()));
    assert_eq!(decision.event.unwrap().reason, "DriftCorrected");
    story.reconcile(&observed(with_target(60)), 20);
    assert_eq!(story.status.correcting_since, None);
}

#[test]
fn one_that_the_database_refuses_does_not_make_the_log_backup_fail() {
    let mut story = asking();
    story.answered(
        &observed(with_target(120)),
        0,
        &refused(FailureClass::Permanent),
    );
    assert_eq!((story.phase(), ready(&story).0), ("InProgress", "False"));
    assert_eq!(story.condition("Archiving"), ("True", "Archiving"));
}

#[test]
fn one_that_shows_no_effect_for_long_does_not_make_the_log_backup_fail() {
    let mut story = asking();
    story.answered(&observed(with_target(120)), 0, &Answer::Done);
    story.reconcile(&observed(with_target(120)), 5_000);
    assert_eq!(story.phase(), "InProgress");
}

#[test]
fn a_server_that_knows_none_is_told_and_sent_nothing() {
    let mut story = asking();
    let old = Observation {
        can_set_lag_target: false,
        ..observed(bare())
    };
    let decision = story.reconcile(&old, 0);
    assert_eq!(decision.effect, None);
    assert_eq!(story.reason(), "UnsupportedServerVersion");
}

#[test]
fn logs_may_be_so_much_more_behind_as_their_target_is_beyond_the_usual() {
    let behind = |seconds: i64, target: u64| {
        let mut tenant = with_target(target);
        let round = tenant.round.as_mut().unwrap();
        round.checkpoint_scn = scn(-seconds);
        let mut story = Story::of(DesiredState::Running);
        story.reconcile(&observed(tenant), 0);
        story.condition("DelayWithinTarget").0.to_owned()
    };
    for (seconds, target, acceptable) in [
        (600, 120, "True"),
        (601, 120, "False"),
        (601, 60, "False"),
        (7_680, 7_200, "True"),
        (7_681, 7_200, "False"),
    ] {
        assert_eq!(behind(seconds, target), acceptable, "{seconds} {target}");
    }
}
