//! Deletion with archiving to be stopped first.

use super::*;
use crate::domain::Finalization;

fn orders() -> TenantName {
    TenantName::parse("orders").unwrap()
}

fn bid(
    story: &Story,
    observed: &Observation,
    second: i64,
) -> Finalization<LogBackupStatus, Effect> {
    finalize(&story.object(), observed, None, at(0), at(second))
}

fn wait(story: &Story, observed: &Observation, second: i64) -> LogBackupDecision {
    match bid(story, observed, second) {
        Finalization::Wait(decision) => decision,
        Finalization::Release(event) => panic!("it goes: {event:?}"),
    }
}

/// The event of a finalized object.
fn reported(story: &Story, observed: &Observation, second: i64) -> Option<(&'static str, bool)> {
    match bid(story, observed, second) {
        Finalization::Wait(decision) => panic!("it stays: {decision:?}"),
        Finalization::Release(event) => event.map(|event| (event.reason, event.warning)),
    }
}

fn stopped() -> Tenant {
    Tenant {
        archive_log: Some(false),
        ..tenant(Some(RoundStatus::Stop))
    }
}

#[test]
fn archiving_is_stopped_before_the_object_goes() {
    let story = Story::running();
    let decision = wait(&story, &observed(doing()), 1);
    assert_eq!(decision.effect, Some(Effect::Stop(orders())));
    let stopping = observed(tenant(Some(RoundStatus::Stopping)));
    assert_eq!(wait(&story, &stopping, 2).effect, None);
    let end = reported(&story, &observed(stopped()), 3);
    assert_eq!(end, Some(("LogBackupStopped", false)));
}

#[test]
fn an_old_picture_of_a_stopped_archive_lets_nothing_go() {
    let decision = wait(&Story::running(), &unsettled(observed(stopped())), 1);
    assert_eq!(decision.effect, None);
}

#[test]
fn it_waits_for_a_database_that_does_not_answer_and_then_gives_up_with_a_warning() {
    let story = Story::running();
    let decision = wait(&story, &unreachable(), 299);
    assert_eq!(decision.next, Next::At(at(300)));
    let end = reported(&story, &unreachable(), 300);
    assert_eq!(end, Some(("StopTimeout", true)));
}

#[test]
fn an_archive_that_is_not_the_objects_is_left_alone() {
    let younger = Observation {
        target: Err(Blocker::permanent("LogBackupExists", "another is older")),
        ..observed(doing())
    };
    let replaced = observed(Tenant {
        id: TenantId(1010),
        ..doing()
    });
    for observed in [elsewhere(doing()), without_tenant(), younger, replaced] {
        assert_eq!(reported(&Story::running(), &observed, 1), None);
    }
}

#[test]
fn a_store_that_went_first_does_not_make_the_archive_somebody_elses() {
    let observed = Observation {
        target: Err(Blocker::waiting("StorageNotFound", "no such store")),
        ..elsewhere(doing())
    };
    assert_eq!(wait(&Story::running(), &observed, 1).effect, None);
}

#[test]
fn the_end_is_stopped_for_one_that_ran_around_data_backups_too() {
    let mut story = Story::running();
    story.spec.mode = LogBackupMode::AroundDataBackup;
    let observed = Observation {
        has_open_tasks: true,
        ..observed(doing())
    };
    assert_eq!(
        wait(&story, &observed, 1).effect,
        Some(Effect::Stop(orders()))
    );
}

fn without_storage(tenant: Tenant) -> Observation {
    Observation {
        target: Err(Blocker::waiting("StorageNotFound", "no such store")),
        ..elsewhere(tenant)
    }
}

#[test]
fn what_is_stopped_goes_whatever_became_of_its_store() {
    let end = reported(&Story::running(), &without_storage(stopped()), 1);
    assert_eq!(end, Some(("LogBackupStopped", false)));
}

#[test]
fn an_old_picture_of_a_stopped_archive_lets_nothing_go_without_its_store_either() {
    let observed = unsettled(without_storage(stopped()));
    assert_eq!(wait(&Story::running(), &observed, 1).effect, None);
}

fn without_cluster() -> Observation {
    without_database(Blocker::waiting("ClusterNotFound", "there is none"))
}

/// The event if the cluster's object was deleted first.
fn left_behind(story: &Story) -> Option<String> {
    match bid(story, &without_cluster(), 1) {
        Finalization::Wait(decision) => panic!("it stays: {decision:?}"),
        Finalization::Release(event) => event.map(|event| event.message),
    }
}

#[test]
fn it_does_not_wait_for_a_cluster_that_is_gone_and_tells_what_goes_on() {
    let message = left_behind(&Story::running()).unwrap();
    assert!(
        message.contains("its last observed phase was InProgress"),
        "{message}"
    );
}

#[test]
fn what_was_told_to_stop_before_its_cluster_was_gone_is_told_so() {
    let mut story = Story::running();
    let decision = wait(&story, &observed(doing()), 1);
    story.status = decision.status;
    let effect = decision.effect.unwrap();
    let answer = Some((&effect, &Answer::Done));
    let Finalization::Wait(decision) =
        finalize(&story.object(), &observed(doing()), answer, at(0), at(1))
    else {
        panic!("it goes");
    };
    story.status = decision.status;
    let message = left_behind(&story).unwrap();
    assert!(message.contains("accepted NOARCHIVELOG"), "{message}");
}

#[test]
fn what_was_stopped_or_never_begun_goes_with_its_cluster_without_a_word() {
    let mut story = Story::of(DesiredState::Stopped);
    story.reconcile(&observed(stopped()), 0);
    assert_eq!(left_behind(&story), None);
    assert_eq!(left_behind(&Story::of(DesiredState::Running)), None);
}

#[test]
fn a_directory_of_somebody_else_is_not_taken_for_the_object_s_own() {
    let mut story = Story::of(DesiredState::Running);
    story.reconcile(&elsewhere(doing()), 0);
    assert_eq!(story.status.storage_directory, None);
    story.reconcile(&observed(doing()), 1);
    assert_eq!(
        story.status.storage_directory.as_deref(),
        Some("file:///log")
    );
}
