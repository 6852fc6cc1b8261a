//! RESTORE and the database's job.

use super::*;

fn is_restore(effect: Option<&Effect>) -> bool {
    matches!(effect, Some(Effect::Restore { .. }))
}

#[test]
fn while_the_statement_is_under_way_nothing_is_sent() {
    let mut story = Story::sent();
    assert_eq!(story.pass(100), None);
}

#[test]
fn what_a_kill_left_behind_is_looked_for_before_anything_is_sent() {
    let mut story = Story::sent();
    story.observed.handed_over = None;
    assert_eq!(story.pass(1), None, "it may be on its way");
    story.observed.intent_age = Duration::from_mins(1);
    assert!(matches!(story.pass(60), Some(Effect::Find { .. })));
}

#[test]
fn what_the_database_does_not_know_is_sent_once_more_in_another_pass() {
    let mut story = Story::sent();
    story.observed.handed_over = None;
    story.observed.intent_age = Duration::from_mins(1);
    story.pass_with_answer(&Answer::NotFound, 60);
    assert!(is_restore(story.pass(61).as_ref()));
    assert_eq!(story.status.sends, Some(2));
}

#[test]
fn in_pools_that_stay_nothing_is_sent_again_that_may_come_up_still() {
    let mut story = Story::sent();
    story.spec.target.resources.create = None;
    story.observed.handed_over = None;
    story.observed.intent_age = Duration::from_mins(1);
    story.pass_with_answer(&Answer::NotFound, 60);
    assert!(!is_restore(story.pass(61).as_ref()));
    story.observed.intent_age = Duration::from_mins(12);
    story.pass_with_answer(&Answer::NotFound, 720);
    assert!(is_restore(story.pass(721).as_ref()));
}

#[test]
fn a_cancel_waits_until_what_was_sent_can_not_come_up_any_more() {
    let mut story = Story::sent().canceled();
    story.observed.handed_over = None;
    story.observed.intent_age = Duration::from_mins(1);
    story.pass_with_answer(&Answer::NotFound, 60);
    assert_eq!(
        (story.phase(), story.cause()),
        ("Canceling", "WaitingForJob")
    );
    story.observed.intent_age = Duration::from_mins(12);
    story.pass_with_answer(&Answer::NotFound, 720);
    assert_eq!((story.phase(), story.cause()), ("Canceling", "Canceled"));
}

#[test]
fn a_store_that_holds_backups_of_another_tenant_is_not_recovered() {
    let mut of_storage = spec();
    of_storage["source"] = json!({"storage": {
        "storageRef": {"name": "nfs"}, "dataPath": "d", "logPath": "l", "tenantName": "payroll"}});
    let mut story = Story::running();
    story.spec = serde_json::from_value(of_storage).unwrap();
    let effect = story.pass(3);
    assert!(matches!(effect, Some(Effect::Cancel { .. })), "{effect:?}");
    assert_eq!(story.cause(), "SourceMismatch");
}

#[test]
fn what_the_database_knows_is_followed() {
    let mut story = Story::sent();
    story.observed.handed_over = None;
    story.observed.intent_age = Duration::from_mins(1);
    let known = Answer::Restore(Box::new(job(RestoreStatus::CreateTenant)));
    story.pass_with_answer(&known, 60);
    assert_eq!(
        (story.phase(), story.status.job_id),
        ("CreatingTenant", Some(3))
    );
}

/// Otherwise each write would trigger the next pass until the read ends.
#[test]
fn a_job_that_is_newer_than_the_last_read_is_written_once() {
    let mut story = Story::sent();
    story.observed.handed_over = None;
    story.observed.intent_age = Duration::from_mins(1);
    let known = Answer::Restore(Box::new(job(RestoreStatus::CreateTenant)));
    story.pass_with_answer(&known, 60);
    let written = story.status.clone();
    let effect = story.pass(60).expect("a look");
    assert_eq!(story.status, written);
    story.on_answer(&effect, &known, 60);
    assert_eq!(story.status, written);
}

#[test]
fn a_refusal_for_good_ends_it_and_drops_the_pool_and_the_unit() {
    let mut story = Story::sent();
    let refused = Answer::Refused(failure(FailureClass::Permanent));
    story.observed.handed_over = Some(BackgroundAnswer::Answered(refused));
    assert_eq!(story.pass(1), Some(Effect::DropPool(resource())));
    assert_eq!(story.cause(), "LogStreamRestoreFailed");
}

#[test]
fn a_refusal_for_now_is_tried_again_after_a_pause() {
    let mut story = Story::sent();
    let refused = Answer::Refused(failure(FailureClass::NotYet));
    story.observed.handed_over = Some(BackgroundAnswer::Answered(refused));
    assert_eq!(story.pass(1), None);
    assert_eq!(story.pass(2), None);
    assert!(is_restore(story.pass(10).as_ref()));
}

#[test]
fn the_job_is_shown() {
    let story = Story::running();
    assert_eq!(story.phase(), "Restoring");
    let status = &story.status;
    assert_eq!(
        (status.target_tenant_id(), status.progress.as_deref()),
        (Some(1010), Some("40%"))
    );
    assert_eq!(status.backup_sets, ["file:///backup/data/set_1"]);
}

#[test]
fn a_job_that_both_views_have_lost_is_looked_for_and_never_sent_again() {
    let mut story = Story::running().without_job();
    story.observed.handed_over = None;
    let mut second = 100;
    while story.status.outcome.is_none() && story.status.ending.is_none() {
        let effect = story.pass(second);
        assert!(!is_restore(effect.as_ref()));
        if let Some(effect) = effect {
            story.on_answer(&effect, &Answer::NotFound, second);
        }
        second += 100;
        assert!(second < 3_000, "it is looked for for ever");
    }
    assert_eq!(story.cause(), "RestoreLost");
}

#[test]
fn a_cancel_is_sent_to_the_job() {
    let mut story = Story::running().canceled();
    assert!(matches!(story.pass(3), Some(Effect::Cancel { .. })));
    assert_eq!(story.phase(), "Canceling");
}

#[test]
fn a_version_that_can_not_cancel_says_so() {
    let mut story = Story::running().canceled();
    story.target().version = Version([4, 1, 0, 0]);
    assert_eq!(story.pass(3), None);
    assert_eq!(story.cause(), "CancelNotSupported");
}

#[test]
fn a_canceled_recovery_ends_when_all_that_it_made_is_gone() {
    let mut story = Story::running().canceled();
    story.pass_with_answer(&Answer::Done, 3);
    story = story
        .with_job(RestoreStatus::Fail, None)
        .with_resources(None);
    assert_eq!(
        story.pass_with_answer(&Answer::Done, 20),
        Effect::DropPool(resource())
    );
    story.restores().pools.clear();
    assert_eq!(
        story.pass_with_answer(&Answer::Done, 21),
        Effect::DropUnit(resource())
    );
    story.restores().units.clear();
    story.pass(22);
    assert_eq!(story.phase(), "Canceled");
}

#[test]
fn another_database_under_the_same_name_ends_it() {
    let mut story = Story::running();
    story.observed.target = Err(Blocker::permanent(CLUSTER_REPLACED, "another one"));
    story.pass(3);
    assert_eq!((story.phase(), story.cause()), ("Failed", CLUSTER_REPLACED));
}
