//! The latest start of a deletion.

use super::*;
use crate::domain::time;

const DAY: i64 = 86_400;

fn unreachable(story: &mut Story) {
    story.observed.database = Err(Blocker::waiting("ConnectionFailed", "it is down"));
}

/// The database was down when a user requested the deletion, and answers two days later. By then
/// the user may have restored what is missing, and relies on the old backups.
#[test]
fn a_deletion_that_waited_for_a_day_deletes_nothing() {
    let mut story = Story::obsolete();
    let back = story.observed.database.clone();
    unreachable(&mut story);
    assert_eq!(story.pass(0), None);
    assert_eq!(story.pass(DAY - 1), None);
    assert_eq!(story.shown().0, "Pending");
    story.observed.database = back;
    assert_eq!(story.pass(2 * DAY), None);
    assert_eq!(story.shown(), ("Failed", "NotAfterTimePassed"));
    let message = &story.status.cause.as_ref().unwrap().message;
    assert!(message.contains("it is down"), "{message}");
}

#[test]
fn the_deletion_ends_at_its_deadline_although_the_database_is_still_down() {
    let mut story = Story::obsolete();
    story.spec.not_after_time = Some(time(at(3600)));
    unreachable(&mut story);
    assert_eq!(story.pass(0), None);
    let task = Task {
        generation: 1,
        owned: false,
        created_at: Some(at(0)),
        spec: &story.spec,
        status: &story.status,
    };
    let decision = decide(&task, &story.observed, None, at(60));
    assert_eq!(decision.next, Next::At(at(3600)));
    story.pass(3600);
    assert_eq!(story.shown(), ("Failed", "NotAfterTimePassed"));
}

#[test]
fn a_deletion_that_began_in_time_is_followed_to_its_end() {
    let mut story = Story::obsolete();
    story.sent(DAY - 10, &Answer::Done);
    story.jobs(&[job(4, JobStatus::Doing, true)]);
    story.pass(2 * DAY);
    assert_eq!(story.shown().0, "Executing");
    story.jobs(&[job(4, JobStatus::Completed, true)]);
    story.pass(2 * DAY + 10);
    assert_eq!(story.shown(), ("Completed", ""));
}

/// The statement may have arrived although the operator got no answer: it is looked up, however
/// late.
#[test]
fn a_deletion_with_an_unknown_outcome_is_looked_up_after_its_deadline() {
    let mut story = Story::obsolete();
    story.sent(DAY - 10, &Answer::Unknown("cut".to_owned()));
    story.observed.intent_age = OVER + Duration::from_secs(1);
    let find = story.sent(2 * DAY, &Answer::NotFound);
    assert!(matches!(find, Effect::Find { .. }));
    assert_eq!(story.pass(2 * DAY + 1), None);
    assert_eq!(story.shown(), ("Failed", "NotAfterTimePassed"));
}

#[test]
fn a_preview_has_no_deadline() {
    let mut story = Story::of(CleanupMode::Preview, CleanupTargetType::Obsolete, &[]);
    story.pass(2 * DAY);
    assert_eq!(story.shown().0, "Completed");
}
