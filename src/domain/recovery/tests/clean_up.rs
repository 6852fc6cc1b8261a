//! Leftovers of a failed recovery.

use super::*;

fn failed() -> Story {
    Story::running().with_job(RestoreStatus::Fail, Some("RESTORE"))
}

#[test]
fn the_tenant_the_pool_and_the_unit_are_dropped_in_this_order() {
    let mut story = failed();
    let effect = story.pass_with_answer(&Answer::Done, 60);
    assert!(matches!(
        effect,
        Effect::DropTenant {
            tenant_id: TenantId(1010),
            ..
        }
    ));
    story.target().tenant = None;
    assert_eq!(story.pass(61), None, "its pool is not free yet");
    story = story.with_resources(None);
    assert_eq!(
        story.pass_with_answer(&Answer::Done, 62),
        Effect::DropPool(resource())
    );
    story.restores().pools.clear();
    assert_eq!(
        story.pass_with_answer(&Answer::Done, 63),
        Effect::DropUnit(resource())
    );
    story.restores().units.clear();
    story.pass(64);
    assert_eq!(
        (story.phase(), story.cause()),
        ("Failed", "LogStreamRestoreFailed")
    );
    let cleanup = story.status.cleanup.clone().unwrap();
    assert_eq!(cleanup.tenant_dropped.as_deref(), Some("restore_orders"));
    assert_eq!(
        (cleanup.pools_dropped, cleanup.units_dropped),
        (vec![resource()], vec![resource()])
    );
}

#[test]
fn what_is_dropped_is_told_also_by_whoever_goes_on_after_a_crash() {
    let mut story = failed();
    story.pass(60);
    story.target().tenant = None;
    story = story.with_resources(None);
    story.pass(61);
    story.restores().pools.clear();
    story.pass(62);
    story.restores().units.clear();
    story.pass(63);
    assert_eq!(story.phase(), "Failed");
    let cleanup = story.status.cleanup.clone().unwrap();
    assert_eq!(cleanup.tenant_dropped.as_deref(), Some("restore_orders"));
    assert_eq!(
        (cleanup.pools_dropped, cleanup.units_dropped),
        (vec![resource()], vec![resource()])
    );
}

#[test]
fn a_tenant_of_another_number_is_not_dropped() {
    let mut story = failed();
    let mut other = tenant("PRIMARY");
    other.id = TenantId(1012);
    story.target().tenant = Some(Arc::new(other));
    story = story.with_resources(None);
    assert_eq!(story.pass(60), Some(Effect::DropPool(resource())));
}

#[test]
fn where_all_is_to_be_kept_nothing_is_dropped() {
    let mut story = failed();
    story.spec.failure_policy = FailurePolicy::Keep;
    assert_eq!(story.pass(60), None);
    assert_eq!(story.phase(), "Failed");
    let message = story.status.cause.unwrap().message;
    for left in ["restore_orders", &resource(), "drop manually"] {
        assert!(message.contains(left), "{message}");
    }
}

#[test]
fn pools_that_existed_are_left() {
    let mut story = failed();
    story.spec.target.resources.create = None;
    story.target().tenant = None;
    assert_eq!(story.pass(60), None);
    assert_eq!(story.phase(), "Failed");
}

#[test]
fn what_can_not_be_dropped_within_an_hour_is_named_and_left() {
    let mut story = failed();
    story.pass_with_answer(&Answer::NotSent("busy".to_owned()), 60);
    assert_eq!(story.pass(4_000), None);
    assert_eq!(story.phase(), "Failed");
    let message = story.status.cause.clone().unwrap().message;
    assert!(message.contains(&resource()), "{message}");
    assert_eq!(story.status.cleanup, None, "all of it is there");
}

#[test]
fn what_the_database_refuses_to_show_is_not_gone() {
    let mut story = failed();
    story.pass_with_answer(&Answer::Done, 60);
    story.target().tenant = None;
    *story.restores() = Restores {
        refused: Some(failure(FailureClass::Unknown)),
        ..Restores::default()
    };
    assert_eq!(story.pass(61), None);
    assert_eq!(story.phase(), "CleaningUp");
    story = story.with_resources(None);
    story.restores().refused = None;
    assert_eq!(story.pass(62), Some(Effect::DropPool(resource())));
}

/// A recovery from a storage whose backups belong to another tenant: its job must be canceled.
fn mismatched() -> Story {
    let mut of_storage = spec();
    of_storage["source"] = json!({"storage": {
        "storageRef": {"name": "nfs"}, "dataPath": "d", "logPath": "l", "tenantName": "payroll"}});
    let mut story = Story::running();
    story.spec = serde_json::from_value(of_storage).unwrap();
    let effect = story.pass_with_answer(&Answer::NotSent("busy".to_owned()), 3);
    assert!(matches!(effect, Effect::Cancel { .. }), "{effect:?}");
    story
}

#[test]
fn a_release_that_cannot_cancel_ends_the_job_with_its_tenant() {
    let mut story = mismatched().with_job(RestoreStatus::Restoring(String::new()), Some("RESTORE"));
    story.target().version = Version([4, 1, 0, 0]);
    let effect = story.pass(120);
    assert!(
        matches!(effect, Some(Effect::DropTenant { .. })),
        "{effect:?}"
    );
}

#[test]
fn a_job_that_ends_well_before_it_is_canceled_leaves_a_tenant_that_is_kept_and_named() {
    let mut story = mismatched().with_job(RestoreStatus::Success, Some("STANDBY"));
    assert_eq!(story.pass(60), None);
    assert_eq!((story.phase(), story.cause()), ("Failed", "SourceMismatch"));
    let message = story.status.cause.clone().unwrap().message;
    assert!(
        message.contains("'restore_orders' was restored"),
        "{message}"
    );
    assert_eq!(story.status.cleanup, None, "nothing was dropped");
    assert!(story.status.restored_time.is_some());
}

#[test]
fn a_cancel_that_comes_too_late_says_that_the_tenant_is_kept() {
    let mut story = mismatched().with_job(RestoreStatus::Success, Some("STANDBY"));
    story.status.ending = Some("Canceled".to_owned());
    assert_eq!(story.pass(60), None);
    assert_eq!(
        (story.phase(), story.cause()),
        ("Canceled", "CanceledAfterRestore")
    );
}

#[test]
fn a_recovery_that_runs_too_long_is_canceled_and_fails() {
    let mut story = Story::running();
    story.spec.active_deadline_seconds = Some(60);
    story.spec.failure_policy = FailurePolicy::Keep;
    let started = story.status.start_time.clone().unwrap().0;
    let start = started.duration_since(at(0)).as_secs();
    assert_eq!(story.pass(start + 59), None);
    let effect = story.pass(start + 60);
    assert!(matches!(effect, Some(Effect::Cancel { .. })), "{effect:?}");
    story = story.with_job(RestoreStatus::Fail, None);
    story.pass(start + 120);
    assert_eq!(story.status.ending.as_deref(), Some("Failed"));
    assert_eq!(story.cause(), "ActiveDeadlineExceeded");
}

#[test]
fn a_tenant_whose_number_the_job_shows_only_when_it_was_given_up_is_dropped() {
    let mut story = mismatched();
    story.status.database.as_mut().unwrap().tenant_id = None;
    story = story.with_job(RestoreStatus::Fail, Some("RESTORE"));
    let effect = story.pass(60);
    assert!(
        matches!(
            effect,
            Some(Effect::DropTenant {
                tenant_id: TenantId(1010),
                ..
            })
        ),
        "{effect:?}"
    );
}

#[test]
fn a_tenant_that_somebody_else_dropped_is_not_told_as_dropped_by_the_recovery() {
    let mut story = Story::running().with_job(RestoreStatus::Fail, None);
    story.pass(60);
    story.restores().pools.clear();
    story.restores().units.clear();
    story.pass(61);
    assert_eq!(story.phase(), "Failed");
    let dropped = story.status.cleanup.unwrap_or_default().tenant_dropped;
    assert_eq!(dropped, None);
}

#[test]
fn a_tenant_of_a_job_that_was_canceled_is_told_as_dropped() {
    let mut story = mismatched().with_job(RestoreStatus::Fail, None);
    story.restores().pools.clear();
    story.restores().units.clear();
    story.pass(60);
    assert_eq!(story.phase(), "Failed");
    let dropped = story.status.cleanup.unwrap_or_default().tenant_dropped;
    assert_eq!(dropped.as_deref(), Some("restore_orders"));
}
