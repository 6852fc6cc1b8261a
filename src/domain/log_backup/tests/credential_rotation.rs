//! New keys of the storage: set once for each location, and for none if that is not possible.

use super::*;
use crate::domain::log_backup::{StorageKeys, rotation_blocker};

fn keys(version: &str, blocker: Option<Blocker>) -> Observation {
    Observation {
        storage_keys: Some(StorageKeys {
            version: version.to_owned(),
            locations: vec!["s3://b/log".to_owned(), "s3://b/data".to_owned()],
            blocker,
        }),
        ..observed(doing())
    }
}

fn rotate(location: &str, version: &str) -> Effect {
    Effect::Rotate {
        tenant: TenantName::parse("orders").unwrap(),
        location: location.to_owned(),
        version: version.to_owned(),
    }
}

/// A log backup whose tenant has the keys of the Secret's first version.
fn with_keys() -> Story {
    let mut story = Story::running();
    assert_eq!(story.reconcile(&keys("1", None), 1).effect, None);
    story
}

impl Story {
    fn version(&self) -> &str {
        let known = self.status.credentials.as_ref().unwrap();
        &known.secret_resource_version
    }

    fn why_not(&self) -> Option<&str> {
        let cause = self.status.credentials.as_ref()?.cause.as_ref();
        cause.map(|cause| cause.reason.as_str())
    }
}

#[test]
fn keys_that_were_there_before_count_as_given() {
    let story = with_keys();
    assert_eq!((story.version(), story.phase()), ("1", "InProgress"));
}

#[test]
fn each_place_is_given_new_keys_once() {
    let mut story = with_keys();
    let new = keys("2", None);
    let first = story.answered(&new, 2, &Answer::Done);
    assert_eq!((first.effect, story.version()), (None, "1"));
    assert_eq!(
        story.reconcile(&new, 3).effect,
        Some(rotate("s3://b/data", "2"))
    );
    story.answered(&new, 3, &Answer::Done);
    assert_eq!(story.reconcile(&new, 4).effect, None);
    assert_eq!(story.version(), "2");
    assert_eq!(story.status.credentials.as_ref().unwrap().applying, None);
}

#[test]
fn keys_that_change_once_more_are_given_to_all_places_anew() {
    let mut story = with_keys();
    story.answered(&keys("2", None), 2, &Answer::Done);
    let newest = keys("3", None);
    assert_eq!(
        story.reconcile(&newest, 3).effect,
        Some(rotate("s3://b/log", "3"))
    );
}

#[test]
fn nothing_is_sent_to_a_version_that_can_not_take_them() {
    let mut story = with_keys();
    let blocker = rotation_blocker("orders", "4.2.1.0", false, true);
    assert_eq!(story.reconcile(&keys("2", blocker.clone()), 2).effect, None);
    assert_eq!(story.why_not(), Some("RotationWouldInterruptLogs"));
    assert_eq!((story.version(), story.phase()), ("1", "InProgress"));
    assert_eq!(story.reconcile(&keys("1", blocker), 3).effect, None);
    assert_eq!(story.why_not(), None);
}

#[test]
fn without_an_account_of_the_tenant_nothing_is_sent() {
    let mut story = with_keys();
    let blocker = rotation_blocker("orders", "4.3.5.2", true, false);
    assert_eq!(story.reconcile(&keys("2", blocker), 2).effect, None);
    let cause = story.status.credentials.as_ref().unwrap().cause.as_ref();
    assert!(cause.unwrap().message.contains("`tenantCredentials`"));
}

#[test]
fn keys_that_the_store_refuses_are_tried_again_after_a_pause_and_told() {
    let mut story = with_keys();
    let new = keys("2", None);
    story.answered(&new, 2, &refused(FailureClass::Permanent));
    assert_eq!(story.why_not(), Some("DestinationOwnedByOther"));
    assert_eq!(story.reconcile(&new, 3).effect, None);
    assert_eq!(
        story.reconcile(&new, 3 + 300).effect,
        Some(rotate("s3://b/log", "2"))
    );
    assert_eq!(
        story.reconcile(&keys("3", None), 4).effect,
        Some(rotate("s3://b/log", "3"))
    );
}

#[test]
fn new_keys_come_before_a_new_round() {
    let mut story = with_keys();
    story.spec.interruption.policy = InterruptionPolicy::RestartAndFullBackup;
    let mut broken = keys("2", None);
    broken.database = observed(tenant(Some(RoundStatus::Interrupted))).database;
    assert_eq!(
        story.reconcile(&broken, 2).effect,
        Some(rotate("s3://b/log", "2"))
    );
    assert_eq!(story.status.heals, []);
}

#[test]
fn what_the_destination_was_set_with_stands_in_the_status() {
    let mut story = Story::of(DesiredState::Running);
    let mut bare = observed(bare());
    bare.storage_keys = Some(StorageKeys {
        version: "1".to_owned(),
        locations: Vec::new(),
        blocker: None,
    });
    bare.applied_version = Some("2".to_owned());
    story.answered(&bare, 1, &Answer::Done);
    assert_eq!(story.version(), "2");
}
