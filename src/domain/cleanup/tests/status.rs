//! Cleanups of the database that are only mirrored.

use super::*;
use crate::api::backup_task::ExternalJob;

fn mirror(id: i64) -> Story {
    let mut story = Story::with(CleanupTaskSpec {
        external_job: Some(ExternalJob {
            job_id: id,
            start_time: time(at(5)),
        }),
        ..CleanupTaskSpec::default()
    });
    story.owned = true;
    story
}

#[test]
fn a_cleanup_of_the_policy_is_shown_with_what_it_deleted() {
    let mut story = mirror(4);
    story.jobs(&[job(4, JobStatus::Completed, false)]);
    assert_eq!(story.pass(10), None);
    assert_eq!(story.shown(), ("Completed", ""));
    assert_eq!(story.status.source.as_deref(), Some("Database"));
    assert_eq!(story.status.plan.len(), 2);
    assert_eq!(story.status.freed_bytes, Some(110));
}

#[test]
fn a_mirror_that_somebody_applies_is_refused() {
    let mut story = mirror(4);
    story.owned = false;
    story.jobs(&[job(4, JobStatus::Completed, false)]);
    story.pass(10);
    assert_eq!(story.shown(), ("Failed", "InvalidSpec"));
}

#[test]
fn a_job_that_is_not_shown_is_looked_for_for_a_day() {
    let mut story = mirror(4);
    story.pass(10);
    assert_eq!(story.status.outcome, None);
    story.pass(25 * 60 * 60);
    assert_eq!(story.shown(), ("Failed", "JobNotFound"));
}

#[test]
fn the_words_are_the_console_s() {
    let mut story = mirror(4);
    let mut words = Vec::new();
    for status in [
        JobStatus::Init,
        JobStatus::Doing,
        JobStatus::Canceling,
        JobStatus::Unknown("NEW".to_owned()),
        JobStatus::Canceled,
    ] {
        story.jobs(&[job(4, status, false)]);
        story.pass(6);
        words.push(story.status.console_label.clone().unwrap());
    }
    assert_eq!(
        words,
        ["Pending", "Executing", "Canceling", "Executing", "Canceled"]
    );
}
