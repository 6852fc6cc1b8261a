//! A restored tenant becomes a primary tenant, and is kept whatever happens.

use super::*;

fn restored() -> Story {
    let mut story = Story::running().with_job(RestoreStatus::Success, Some("STANDBY"));
    story.pass(60);
    assert_eq!(story.phase(), "Activating");
    story
}

#[test]
fn a_restored_tenant_is_activated_and_then_the_recovery_is_complete() {
    let mut story = restored();
    let effect = story.pass_with_answer(&Answer::Done, 61);
    assert!(matches!(
        effect,
        Effect::Activate {
            tenant_id: TenantId(1010),
            ..
        }
    ));
    story = story.with_job(RestoreStatus::Success, Some("PRIMARY"));
    story.pass(62);
    assert_eq!(story.phase(), "Completed");
    assert!(story.status.activated_time.is_some());
}

#[test]
fn a_tenant_that_is_to_stay_a_standby_is_not_activated() {
    let mut story = Story::running().with_job(RestoreStatus::Success, Some("STANDBY"));
    story.spec.target.role = crate::api::recovery_task::TargetRole::Standby;
    assert_eq!(story.pass(60), None);
    assert_eq!(story.phase(), "Completed");
}

#[test]
fn a_tenant_that_can_not_be_activated_is_kept() {
    let mut story = restored();
    let refused = Answer::Refused(failure(FailureClass::Permanent));
    story.pass_with_answer(&refused, 61);
    assert_eq!(
        (story.phase(), story.cause()),
        ("Failed", "ActivationFailed")
    );
    assert_eq!((story.pass(62), &story.status.cleanup), (None, &None));
}

#[test]
fn a_tenant_that_does_not_become_a_primary_one_in_time_is_kept() {
    let mut story = restored();
    for second in [61, 800, 900, 1000] {
        story.pass_with_answer(&Answer::Done, second);
    }
    assert!(story.pass(1100).is_some(), "it was asked four times only");
    story.pass_with_answer(&Answer::Done, 1100);
    assert_eq!(story.pass(1200), None);
    assert_eq!(
        (story.phase(), story.cause()),
        ("Failed", "ActivationFailed")
    );
}

#[test]
fn a_cancel_after_the_restore_drops_nothing() {
    let mut story = Story::running()
        .with_job(RestoreStatus::Success, Some("STANDBY"))
        .canceled();
    assert_eq!(story.pass(60), None);
    assert_eq!(
        (story.phase(), story.cause()),
        ("Canceled", "CanceledAfterRestore")
    );
}

#[test]
fn a_tenant_of_the_same_name_and_another_number_is_not_activated() {
    let mut story = restored();
    let mut other = tenant("STANDBY");
    other.id = TenantId(1012);
    story.target().tenant = Some(Arc::new(other));
    assert_eq!(story.pass(61), None);
    assert_eq!(story.pass(200), None);
    assert_eq!((story.phase(), story.cause()), ("Failed", "TenantDropped"));
}

fn activated_of_older_version() -> Story {
    let mut story = restored();
    story.pass_with_answer(&Answer::Done, 61);
    story.of_older_version()
}

#[test]
fn a_tenant_from_an_older_version_is_upgraded_and_then_the_recovery_is_complete() {
    let mut story = activated_of_older_version();
    let effect = story.pass_with_answer(&Answer::Done, 62);
    assert!(matches!(
        effect,
        Effect::Upgrade {
            tenant_id: TenantId(1010),
            ..
        }
    ));
    assert_eq!(
        (story.pass(63), story.phase()),
        (None, "Upgrading"),
        "not sent twice"
    );
    let mut upgraded = tenant("PRIMARY");
    upgraded.compatible = Some("4.3.5.2".to_owned());
    story.target().tenant = Some(Arc::new(upgraded));
    story.pass(120);
    assert_eq!(story.phase(), "Completed");
}

#[test]
fn an_upgrade_whose_answer_was_lost_is_found_running() {
    let mut story = activated_of_older_version();
    story.pass_with_answer(&Answer::Unknown("lost".to_owned()), 62);
    let running = Failure {
        code: -4179,
        ..failure(FailureClass::Permanent)
    };
    story.pass_with_answer(&Answer::Refused(running), 80);
    assert_eq!((story.phase(), story.cause()), ("Upgrading", ""));
}

#[test]
fn a_tenant_that_is_not_upgraded_is_kept() {
    let mut refused = activated_of_older_version();
    refused.pass_with_answer(&Answer::Refused(failure(FailureClass::Permanent)), 62);
    assert_eq!(
        (refused.phase(), refused.cause()),
        ("Failed", "UpgradeFailed")
    );
    let mut endless = activated_of_older_version();
    endless.pass_with_answer(&Answer::Done, 62);
    assert_eq!(endless.pass(1_900), None);
    assert_eq!(
        (endless.phase(), endless.cause()),
        ("Failed", "UpgradeFailed")
    );
}

#[test]
fn nothing_is_said_of_an_upgrade_before_both_versions_were_read() {
    let mut story = activated_of_older_version();
    story.target().restores = None;
    assert_eq!((story.pass(62), story.phase()), (None, "Upgrading"));
}

#[test]
fn a_tenant_whose_version_is_not_shown_now_is_not_taken_for_a_new_one() {
    let mut story = activated_of_older_version();
    *story.restores() = Restores {
        refused: Some(failure(FailureClass::Unknown)),
        ..Restores::default()
    };
    assert_eq!(story.pass(64), None);
    assert_eq!(story.phase(), "Upgrading");
}
