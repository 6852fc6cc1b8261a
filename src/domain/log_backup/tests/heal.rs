//! Interrupted rounds that the operator heals.

use super::*;

fn orders() -> TenantName {
    TenantName::parse("orders").unwrap()
}

fn interrupted(round: i64) -> Observation {
    observed(in_round(round, RoundStatus::Interrupted))
}

/// The state after the database ended the round.
fn ended() -> Observation {
    observed(Tenant {
        archive_log: Some(false),
        ..in_round(1, RoundStatus::Stop)
    })
}

fn healing(policy: InterruptionPolicy, max_restarts_per_day: i32) -> Story {
    let mut story = Story::running();
    story.spec.interruption = InterruptionSettings {
        policy,
        max_restarts_per_day,
    };
    story
}

fn outcomes(story: &Story) -> Vec<&str> {
    let heals = story.status.heals.iter();
    heals.map(|heal| heal.outcome.as_str()).collect()
}

/// Interrupted in this round, restarted, and running in the next round half a minute later.
fn heal_once(story: &mut Story, round: i64, second: i64) {
    story.reconcile(&interrupted(round), second);
    story.reconcile(
        &observed(in_round(round + 1, RoundStatus::Doing)),
        second + 30,
    );
}

#[test]
fn a_round_is_ended_and_a_new_one_begun() {
    let mut story = healing(InterruptionPolicy::RestartArchive, 1);
    let first = story.reconcile(&interrupted(1), 10);
    assert_eq!(first.effect, Some(Effect::Stop(orders())));
    assert_eq!(first.event.unwrap().reason, "LogBackupRestarting");
    let waiting = story.reconcile(&observed(in_round(1, RoundStatus::Stopping)), 20);
    assert_eq!(waiting.effect, None);
    let second = story.reconcile(&ended(), 30);
    assert_eq!(second.effect, Some(Effect::Start(orders())));
    story.reconcile(&observed(in_round(2, RoundStatus::Doing)), 40);
    assert_eq!(outcomes(&story), ["Healed"]);
}

#[test]
fn the_object_stays_ready_and_says_why_while_it_is_healed() {
    let mut story = healing(InterruptionPolicy::RestartArchive, 1);
    story.reconcile(&interrupted(1), 10);
    story.reconcile(&ended(), 30);
    assert_eq!(
        (
            story.phase(),
            story.condition("Ready").0,
            story.condition("Archiving")
        ),
        ("Starting", "True", ("False", "Healing"))
    );
    let cause = story.status.cause.as_ref().unwrap();
    assert!(cause.message.contains("log stream 1001 interrupted"));
}

#[test]
fn an_interruption_is_noted_once_though_it_is_seen_often() {
    let mut story = Story::running();
    story.reconcile(&interrupted(1), 10);
    story.reconcile(&interrupted(1), 20);
    let noted = &story.status.interruptions;
    assert_eq!((noted.len(), &noted[0].time), (1, &time(at(10))));
}

#[test]
fn no_more_heals_are_made_in_a_day_than_are_allowed() {
    let mut story = healing(InterruptionPolicy::RestartArchive, 2);
    heal_once(&mut story, 1, 100);
    heal_once(&mut story, 2, 200);
    let third = story.reconcile(&interrupted(3), 300);
    assert_eq!((third.effect, story.phase()), (None, "Interrupted"));
    // A day after the older of the two.
    assert_eq!(third.next, Next::At(at(100 + 86400)));
    let message = &story.status.cause.as_ref().unwrap().message;
    assert!(
        message.contains("interruption.maxRestartsPerDay"),
        "{message}"
    );
}

#[test]
fn a_day_later_there_may_be_another_heal() {
    let mut story = healing(InterruptionPolicy::RestartArchive, 1);
    heal_once(&mut story, 1, 100);
    story.reconcile(&interrupted(2), 200);
    let early = story.reconcile(&interrupted(2), 100 + 86399);
    assert_eq!(early.effect, None);
    let decision = story.reconcile(&interrupted(2), 100 + 86400);
    assert_eq!(decision.effect, Some(Effect::Stop(orders())));
}

#[test]
fn a_round_that_is_interrupted_while_it_begins_counts_as_no_heal_that_went_well() {
    let mut story = healing(InterruptionPolicy::RestartArchive, 1);
    story.reconcile(&interrupted(1), 10);
    let decision = story.reconcile(&interrupted(2), 40);
    assert_eq!(decision.effect, None);
    assert_eq!(outcomes(&story), ["InterruptedAgain"]);
    assert_eq!(story.status.interruptions.len(), 2);
}

#[test]
fn a_heal_is_given_up_where_something_else_is_asked_for() {
    let mut story = healing(InterruptionPolicy::RestartArchive, 1);
    story.reconcile(&interrupted(1), 10);
    story.edit(DesiredState::Stopped);
    let decision = story.reconcile(&ended(), 20);
    assert_eq!(decision.effect, None);
    assert_eq!(
        (outcomes(&story), story.phase()),
        (vec!["Abandoned"], "Stopped")
    );
}

#[test]
fn nothing_is_healed_in_a_blackout_window() {
    let mut story = healing(InterruptionPolicy::RestartArchive, 1);
    let blackout = |observed| Observation {
        may_heal_at: Some(at(500)),
        ..observed
    };
    let decision = story.reconcile(&blackout(interrupted(1)), 10);
    assert_eq!((decision.effect, decision.next), (None, Next::At(at(500))));
    let decision = story.reconcile(&blackout(interrupted(1)), 500);
    assert_eq!(decision.effect, Some(Effect::Stop(orders())));
}

#[test]
fn a_heal_that_has_begun_ends_though_a_blackout_window_begins() {
    let mut story = healing(InterruptionPolicy::RestartArchive, 1);
    story.reconcile(&interrupted(1), 10);
    let decision = story.reconcile(
        &Observation {
            may_heal_at: Some(at(500)),
            ..ended()
        },
        20,
    );
    assert_eq!(decision.effect, Some(Effect::Start(orders())));
}

#[test]
fn a_standby_is_not_healed() {
    let standby = Tenant {
        role: "STANDBY".to_owned(),
        ..in_round(1, RoundStatus::Interrupted)
    };
    let mut story = healing(InterruptionPolicy::RestartArchive, 1);
    assert_eq!(story.reconcile(&observed(standby), 10).effect, None);
    let message = &story.status.cause.as_ref().unwrap().message;
    assert!(message.contains("STANDBY"), "{message}");
}

#[test]
fn a_full_backup_is_wanted_until_the_new_round_has_one() {
    let mut story = healing(InterruptionPolicy::RestartAndFullBackup, 1);
    heal_once(&mut story, 1, 100);
    assert_eq!(story.status.full_backup_wanted_since, Some(time(at(130))));
    let with_set = |second| Tenant {
        sets: Arc::new(vec![full_set(second)]),
        ..in_round(2, RoundStatus::Doing)
    };
    story.reconcile(&observed(with_set(-5000)), 140);
    assert!(
        story.status.full_backup_wanted_since.is_some(),
        "an old set"
    );
    story.reconcile(&observed(with_set(135)), 150);
    assert_eq!(story.status.full_backup_wanted_since, None);
}

#[test]
fn no_full_backup_is_wanted_where_only_the_archive_is_restarted() {
    let mut story = healing(InterruptionPolicy::RestartArchive, 1);
    heal_once(&mut story, 1, 100);
    assert_eq!(story.status.full_backup_wanted_since, None);
}
