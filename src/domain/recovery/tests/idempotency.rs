//! Objects that find a recovery with their key.

use super::*;

#[test]
fn an_object_that_is_applied_again_does_not_recover_again() {
    let mut story = Story::new(spec()).with_job(RestoreStatus::Success, Some("PRIMARY"));
    assert_eq!(story.pass(0), None);
    assert_eq!(
        (story.phase(), story.cause()),
        ("Completed", "AlreadyRecovered")
    );
}

#[test]
fn an_object_that_is_applied_again_follows_the_recovery_that_runs() {
    let mut story = Story::new(spec()).with_job(RestoreStatus::WaitTenant, Some("RESTORE"));
    assert_eq!(story.pass(0), None);
    assert_eq!((story.phase(), story.status.job_id), ("Restoring", Some(3)));
}

#[test]
fn of_a_recovery_that_failed_what_is_left_is_dropped_and_it_is_not_tried_again() {
    let mut story = Story::new(spec())
        .with_resources(Some(TenantId(1010)))
        .with_job(RestoreStatus::Fail, Some("RESTORE"));
    let effect = story.pass_with_answer(&Answer::Done, 0);
    assert!(matches!(effect, Effect::DropTenant { .. }), "{effect:?}");
    story.target().tenant = None;
    story.restores().pools.clear();
    story.restores().units.clear();
    story.pass(1);
    assert_eq!(
        (story.phase(), story.cause()),
        ("Failed", "AlreadyAttempted")
    );
}

#[test]
fn a_tenant_that_nobody_made_a_primary_one_is_named_and_left_as_it_is() {
    let mut story = Story::new(spec()).with_job(RestoreStatus::Success, Some("STANDBY"));
    assert_eq!(story.pass(0), None);
    let cause = story.status.cause.unwrap();
    assert!(cause.message.contains("ACTIVATE STANDBY"), "{cause:?}");
}

#[test]
fn a_key_that_was_used_for_another_tenant_source_or_point_is_refused() {
    for other in [
        |job: &mut Restore| "restore_other".clone_into(&mut job.tenant_name),
        |job: &mut Restore| job.scn = Scn(7),
        |job: &mut Restore| "payroll".clone_into(&mut job.source_tenant),
    ] {
        for status in [RestoreStatus::Success, RestoreStatus::WaitTenant] {
            let mut story = Story::new(spec()).with_job(status, None);
            other(&mut story.restores().restores[0]);
            assert_eq!(story.pass(0), None);
            assert_eq!(
                (story.phase(), story.cause()),
                ("Failed", "IdempotencyKeyUsed")
            );
        }
    }
}

#[test]
fn a_recovery_that_ended_long_ago_is_not_taken_for_the_own_one() {
    let mut story = Story::sent();
    story.observed.handed_over = None;
    story.observed.intent_age = Duration::from_mins(1);
    story.status.step_time = Some(time(at(100_000)));
    let old = Answer::Restore(Box::new(job(RestoreStatus::Success)));
    let effect = story.pass_with_answer(&old, 100_060);
    assert!(matches!(effect, Effect::Find { .. }), "{effect:?}");
    assert_eq!(
        story.pass_with_answer(&Answer::Done, 100_061),
        Effect::DropPool(resource())
    );
    story.restores().pools.clear();
    story.restores().units.clear();
    story.pass(100_062);
    assert_eq!(
        (story.phase(), story.cause()),
        ("Completed", "AlreadyRecovered")
    );
}

#[test]
fn a_key_that_was_used_for_another_tenant_of_a_store_is_refused() {
    let mut of_storage = spec();
    of_storage["source"] = json!({"storage": {
        "storageRef": {"name": "nfs"}, "dataPath": "d", "logPath": "l", "tenantName": "payroll"}});
    let mut story = Story::new(of_storage).with_job(RestoreStatus::Success, Some("PRIMARY"));
    assert_eq!(story.pass(0), None);
    assert_eq!(
        (story.phase(), story.cause()),
        ("Failed", "IdempotencyKeyUsed")
    );
}
