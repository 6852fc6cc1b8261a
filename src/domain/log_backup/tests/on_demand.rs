//! Log backup that runs only around data backups.

use super::*;
use crate::oceanbase::model::{Job, JobId, JobStatus};

fn orders() -> TenantName {
    TenantName::parse("orders").unwrap()
}

fn story() -> Story {
    let mut story = Story::of(DesiredState::Running);
    story.spec.mode = LogBackupMode::AroundDataBackup;
    story
}

fn with_task(observed: Observation) -> Observation {
    Observation {
        has_open_tasks: true,
        ..observed
    }
}

fn stopped() -> Tenant {
    Tenant {
        archive_log: Some(false),
        ..tenant(Some(RoundStatus::Stop))
    }
}

/// Archived up to this second, with a set that can be recovered to second 1.
fn archived_until(second: i64) -> Tenant {
    let mut tenant = doing();
    tenant.round = tenant.round.map(|round| Round {
        checkpoint_scn: scn(second),
        ..round
    });
    Tenant {
        sets: Arc::new(vec![full_set(0)]),
        ..tenant
    }
}

fn foreign_job() -> Job {
    Job {
        tenant_id: TenantId(1002),
        id: JobId(7),
        set_id: BackupSetId(2),
        initiator_tenant_id: TenantId(1002),
        initiator_job_id: JobId(0),
        full: true,
        status: JobStatus::Doing,
        started_at: at(0),
        ended_at: None,
        failure: None,
        description: String::new(),
        path: "file:///data".to_owned(),
        percent: None,
    }
}

#[test]
fn nothing_is_archived_while_no_data_backup_is_there() {
    let mut story = story();
    let decision = story.reconcile(&observed(bare()), 0);
    assert_eq!((decision.effect, story.phase()), (None, "Stopped"));
    assert_eq!(story.condition("Archiving"), ("False", "Idle"));
    assert_eq!(story.condition("Ready").0, "True");
}

#[test]
fn it_starts_when_a_data_backup_waits_for_it() {
    let mut story = story();
    story.reconcile(&observed(stopped()), 0);
    let decision = story.reconcile(&with_task(observed(stopped())), 10);
    assert_eq!(decision.effect, Some(Effect::Start(orders())));
}

#[test]
fn it_goes_on_until_the_set_can_be_recovered_to() {
    let mut story = story();
    story.reconcile(&with_task(observed(doing())), 0);
    assert_eq!(
        story.reconcile(&observed(archived_until(1)), 10).effect,
        None
    );
    assert_eq!(story.phase(), "InProgress");
    let decision = story.reconcile(&observed(archived_until(2)), 20);
    assert_eq!(decision.effect, Some(Effect::Stop(orders())));
}

/// In a real cluster a round takes at least ten seconds to stop.
#[test]
fn a_backup_that_comes_while_the_round_before_is_still_stopping_gets_a_round_of_its_own() {
    let mut story = story();
    story.reconcile(&with_task(observed(doing())), 0);
    story.answered(&observed(archived_until(2)), 20, &Answer::Done);
    let stopping = Tenant {
        archive_log: Some(false),
        ..tenant(Some(RoundStatus::Stopping))
    };
    story.reconcile(&with_task(observed(stopping)), 30);
    assert_eq!(story.condition("Ready"), ("False", "Applying"));
    let decision = story.reconcile(&with_task(observed(stopped())), 40);
    assert_eq!(decision.effect, Some(Effect::Start(orders())));
}

#[test]
fn a_set_with_its_own_logs_is_not_waited_for() {
    let mut story = story();
    story.reconcile(&with_task(observed(doing())), 0);
    let mut set = full_set(0);
    set.plus_archivelog = true;
    let tenant = Tenant {
        sets: Arc::new(vec![set]),
        ..archived_until(1)
    };
    let decision = story.reconcile(&observed(tenant), 10);
    assert_eq!(decision.effect, Some(Effect::Stop(orders())));
}

#[test]
fn it_goes_on_while_somebody_elses_backup_runs() {
    let mut story = story();
    story.reconcile(&with_task(observed(doing())), 0);
    let tenant = Tenant {
        jobs: vec![foreign_job()],
        ..archived_until(100)
    };
    assert_eq!(story.reconcile(&observed(tenant), 110).effect, None);
}

#[test]
fn a_round_that_was_stopped_too_early_is_not_begun_again_for_its_set() {
    let mut story = story();
    let early = Tenant {
        sets: Arc::new(vec![full_set(0)]),
        ..stopped()
    };
    assert_eq!(story.reconcile(&observed(early), 10).effect, None);
    assert_eq!(story.phase(), "Stopped");
}

#[test]
fn what_a_dba_starts_between_two_backups_is_shown_and_left_alone() {
    let mut story = story();
    story.reconcile(&observed(stopped()), 0);
    let decision = story.reconcile(&observed(doing()), 10);
    assert_eq!(decision.effect, None);
    assert_eq!(story.condition("Archiving"), ("True", "ModifiedExternally"));
}

/// A DBA started a round between two backups, and then a backup arrived.
fn story_with_found_round() -> Story {
    let mut story = story();
    story.reconcile(&observed(stopped()), 0);
    story.reconcile(&observed(doing()), 10);
    story.reconcile(&with_task(observed(doing())), 20);
    story
}

#[test]
fn what_a_dba_has_started_goes_on_after_the_next_backup() {
    let mut story = story_with_found_round();
    let decision = story.reconcile(&observed(archived_until(2)), 30);
    assert_eq!(decision.effect, None);
    assert_eq!(story.condition("Archiving"), ("True", "ModifiedExternally"));
}

#[test]
fn what_a_dba_has_started_goes_on_though_its_round_was_still_beginning_when_a_backup_came() {
    let mut story = story();
    story.reconcile(&observed(stopped()), 0);
    let begun = tenant(Some(RoundStatus::Beginning));
    story.reconcile(&with_task(observed(begun)), 10);
    story.reconcile(&with_task(observed(doing())), 20);
    assert_eq!(
        story.reconcile(&observed(archived_until(2)), 30).effect,
        None
    );
}

#[test]
fn a_round_that_it_began_itself_is_ended_though_something_stood_in_the_way_meanwhile() {
    let mut story = story();
    story.reconcile(&observed(stopped()), 0);
    story.answered(&with_task(observed(stopped())), 10, &Answer::Done);
    story.reconcile(&with_task(unreachable()), 20);
    story.reconcile(&with_task(observed(doing())), 30);
    let decision = story.reconcile(&observed(archived_until(2)), 40);
    assert_eq!(decision.effect, Some(Effect::Stop(orders())));
}

#[test]
fn it_is_started_and_stopped_again_once_a_dba_has_ended_what_was_found() {
    let mut story = story_with_found_round();
    story.reconcile(&observed(stopped()), 30);
    let decision = story.answered(&with_task(observed(stopped())), 40, &Answer::Done);
    assert_eq!(decision.status.around_state, None);
    story.reconcile(&with_task(observed(doing())), 50);
    let decision = story.reconcile(&observed(archived_until(2)), 60);
    assert_eq!(decision.effect, Some(Effect::Stop(orders())));
}

#[test]
fn what_was_found_is_ended_once_somebody_edits_the_object() {
    let mut story = story_with_found_round();
    story.edit(DesiredState::Running);
    let decision = story.reconcile(&observed(archived_until(2)), 30);
    assert_eq!(decision.effect, Some(Effect::Stop(orders())));
}

#[test]
fn what_was_found_goes_on_though_the_strategy_edits_what_asks_nothing_of_the_database() {
    let mut story = story_with_found_round();
    let decision = story.reconcile_after_spec_change(&observed(archived_until(2)), 30);
    assert_eq!(decision.effect, None);
    assert_eq!(story.condition("Archiving"), ("True", "ModifiedExternally"));
}

#[test]
fn one_that_a_person_stopped_stays_stopped_though_a_backup_waits() {
    let mut story = story();
    story.spec.state = DesiredState::Stopped;
    let decision = story.reconcile(&with_task(observed(stopped())), 0);
    assert_eq!((decision.effect, story.phase()), (None, "Stopped"));
}

#[test]
fn that_it_stops_is_no_warning() {
    let mut story = story();
    story.reconcile(&with_task(observed(doing())), 0);
    story.reconcile(&observed(archived_until(2)), 20);
    let event = story.reconcile(&observed(stopped()), 30).event.unwrap();
    assert_eq!((event.reason, event.warning), ("LogBackupStopped", false));
}
