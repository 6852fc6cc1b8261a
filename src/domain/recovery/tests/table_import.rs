//! RECOVER TABLE, the database's job, and its leftovers.

use super::tables::{
    AUXILIARY, asked, auxiliary, tables_resource, tables_spec, with_created, with_job_of_tables,
    word,
};
use super::*;

fn sent() -> Story {
    let mut story = with_created(asked(tables_spec()), None);
    let effect = story.pass_with_answer(&Answer::HandedOver, 0);
    assert!(matches!(effect, Effect::RecoverTables { .. }), "{effect:?}");
    story.observed.handed_over = Some(BackgroundAnswer::Sending);
    story
}

fn running(status: &str) -> Story {
    let story = with_created(sent(), Some(TenantId(1012)));
    let mut story = with_job_of_tables(story, word(status));
    story.target().auxiliary = Some(Arc::new(auxiliary("RESTORE")));
    story.pass(2);
    story
}

/// The engine has dropped the auxiliary tenant.
fn without_auxiliary(mut story: Story) -> Story {
    story.target().auxiliary = None;
    with_created(story, None)
}

#[test]
fn each_state_of_the_job_is_shown() {
    for (word, phase) in [
        ("PREPARE", "Restoring"),
        ("RESTORE_AUX_TENANT", "Restoring"),
        ("ACTIVE_AUX_TENANT", "Activating"),
        ("PRECHECK_IMPORT", "Importing"),
        ("GEN_IMPORT_JOB", "Importing"),
        ("IMPORTING", "Importing"),
        ("CANCELING", "Canceling"),
    ] {
        let story = running(word);
        assert_eq!(story.phase(), phase, "{word}");
        let status = &story.status;
        assert_eq!(status.engine_state.as_deref(), Some(word));
        assert_eq!(status.auxiliary_tenant.as_deref(), Some(AUXILIARY));
        let numbers = (status.job_id, status.target_tenant_id());
        assert_eq!(numbers, (Some(3), None), "{word}");
    }
}

#[test]
fn the_restore_of_the_auxiliary_tenant_tells_the_progress() {
    let mut story = running("RESTORE_AUX_TENANT");
    let mut restore = job(word("RESTORING"));
    restore.tenant_name = AUXILIARY.to_owned();
    restore.percent = Some(57);
    story.restores().restores = vec![restore];
    story.pass(3);
    assert_eq!(story.status.progress.as_deref(), Some("57%"));
}

#[test]
fn when_the_tables_are_there_what_the_auxiliary_tenant_ran_on_is_dropped() {
    let mut story = with_job_of_tables(running("IMPORTING"), RestoreStatus::Success);
    assert_eq!(story.pass(60), None, "the engine drops its tenant itself");
    let mut story = without_auxiliary(story);
    let pool = story.pass_with_answer(&Answer::Done, 61);
    assert_eq!(pool, Effect::DropPool(tables_resource()));
    story.restores().pools.clear();
    let unit = story.pass_with_answer(&Answer::Done, 62);
    assert_eq!(unit, Effect::DropUnit(tables_resource()));
    story.restores().units.clear();
    story.pass(63);
    assert_eq!((story.phase(), story.cause()), ("Completed", ""));
    assert_eq!(story.status.duration.as_deref(), Some("1m2s"));
}

#[test]
fn pools_that_were_there_stay() {
    let mut pools = tables_spec();
    pools["target"]["resources"] = json!({"pools": ["spare"]});
    let mut story = asked(pools);
    let mut spare = pool(None);
    spare.name = "spare".to_owned();
    story.restores().pools = vec![spare];
    story.pass_with_answer(&Answer::HandedOver, 0);
    let mut story = with_job_of_tables(story, RestoreStatus::Success);
    assert_eq!(story.pass(60), None);
    assert_eq!(story.phase(), "Completed");
}

#[test]
fn what_a_failure_left_of_the_auxiliary_tenant_is_dropped_and_no_other_tenant() {
    let mut story = with_job_of_tables(running("IMPORTING"), RestoreStatus::Fail);
    let effect = story.pass_with_answer(&Answer::Done, 60);
    let Effect::DropAuxiliary {
        auxiliary,
        auxiliary_id,
        ..
    } = effect
    else {
        panic!("{effect:?}");
    };
    assert_eq!(
        (auxiliary.as_str(), auxiliary_id),
        (AUXILIARY, TenantId(1012))
    );
    let mut story = without_auxiliary(story);
    let pool = story.pass_with_answer(&Answer::Done, 61);
    assert_eq!(pool, Effect::DropPool(tables_resource()));
    story.restores().pools.clear();
    story.restores().units.clear();
    story.pass(62);
    assert_eq!(
        (story.phase(), story.cause()),
        ("Failed", "LogStreamRestoreFailed")
    );
    let cleanup = story.status.cleanup.clone().unwrap();
    assert_eq!(cleanup.tenant_dropped.as_deref(), Some(AUXILIARY));
}

#[test]
fn an_auxiliary_tenant_that_is_on_its_way_out_is_left_to_the_engine() {
    let mut story = with_job_of_tables(running("IMPORTING"), RestoreStatus::Fail);
    story.target().auxiliary = Some(Arc::new(auxiliary("DROPPING")));
    assert_eq!(story.pass(60), None);
    assert_eq!(story.phase(), "CleaningUp");
}

#[test]
fn what_is_left_behind_is_never_said_to_be_the_tenant_that_gets_the_tables() {
    let mut story = with_job_of_tables(running("IMPORTING"), RestoreStatus::Fail);
    story.pass_with_answer(&Answer::NotSent("busy".to_owned()), 60);
    assert_eq!(story.pass(4_000), None);
    let message = story.status.cause.clone().unwrap().message;
    assert!(message.contains(AUXILIARY), "{message}");
    assert!(!message.contains("orders"), "{message}");
}

#[test]
fn a_cancel_is_sent_once_and_ends_when_all_that_was_made_is_gone() {
    let mut story = running("IMPORTING").canceled();
    let effect = story.pass_with_answer(&Answer::Done, 3);
    assert!(matches!(effect, Effect::CancelTables { .. }), "{effect:?}");
    let mut story = with_job_of_tables(story, word("CANCELING"));
    assert_eq!(story.pass(100), None);
    assert_eq!(story.phase(), "Canceling");
    let mut story = with_job_of_tables(story, RestoreStatus::Fail);
    let effect = story.pass_with_answer(&Answer::Done, 110);
    assert!(matches!(effect, Effect::DropAuxiliary { .. }), "{effect:?}");
    let mut story = without_auxiliary(story);
    story.pass_with_answer(&Answer::Done, 111);
    story.restores().pools.clear();
    story.pass_with_answer(&Answer::Done, 112);
    story.restores().units.clear();
    story.pass(113);
    assert_eq!(story.phase(), "Canceled");
}

#[test]
fn tables_that_are_there_when_the_cancel_is_seen_stay() {
    let story = with_job_of_tables(running("IMPORTING"), RestoreStatus::Success);
    let mut story = without_auxiliary(story.canceled());
    story.restores().pools.clear();
    story.restores().units.clear();
    story.pass(60);
    assert_eq!(story.phase(), "Completed");
}

#[test]
fn a_statement_that_was_lost_is_looked_for_only_when_the_database_works_on_it_no_more() {
    let mut story = sent();
    story.observed.handed_over = None;
    story.observed.intent_age = Duration::from_secs(66);
    assert_eq!(story.pass(60), None, "it may still be run");
    story.observed.intent_age = Duration::from_secs(71);
    let effect = story.pass(80).unwrap();
    assert!(matches!(effect, Effect::FindTables { .. }), "{effect:?}");
    story.on_answer(&effect, &Answer::NotFound, 80);
    let again = story.pass(81);
    assert!(matches!(again, Some(Effect::RecoverTables { .. })));
    assert_eq!(story.status.sends, Some(2));
}

#[test]
fn what_changed_right_before_the_statement_is_waited_for_a_while() {
    let mut story = sent();
    let withheld = Answer::Withheld("the tenant has role STANDBY and status NORMAL now".to_owned());
    story.observed.handed_over = Some(BackgroundAnswer::Answered(withheld));
    let mut second = 1;
    while story.status.ending.is_none() {
        assert_eq!(story.phase(), "Pending");
        story.pass(second);
        second += 61;
        assert!(second < 3_000, "it is tried for ever");
    }
    assert_eq!(story.cause(), "TargetNotReady");
}
