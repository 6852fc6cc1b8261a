//! A backup of a tenant without log backup.

use super::*;
use crate::api::log_backup::LogBackupMode;
use crate::domain::backup::{LogBackupOwner, ObservedArchiving};
use crate::domain::children::ApplyOutcome;

const NAME: &str = "prod-t1002";

fn loose() -> Story {
    let mut story = Story::new();
    story.spec.cluster_ref = Some(LocalReference::new("prod"));
    story.spec.storage_ref = Some(LocalReference::new("s3"));
    story
}

fn with_round(status: Option<RoundStatus>, owner: LogBackupOwner) -> Observation {
    let round = status.map(|status| Round {
        status,
        ..tenant().round.unwrap()
    });
    let logs = ObservedArchiving {
        owner,
        destination: ObservedDestination::Unset,
    };
    Observation {
        logs: Some(logs),
        ..observation_of(Some(Tenant { round, ..tenant() }))
    }
}

fn off() -> Observation {
    with_round(None, LogBackupOwner::Unowned)
}

fn log_backup(desired: DesiredState, cause: Option<Cause>) -> LogBackupOwner {
    LogBackupOwner::LogBackup {
        name: NAME.to_owned(),
        desired,
        cause,
    }
}

/// Runs one pass and answers its effect on objects.
fn created(story: &mut Story, second: i64, created: &ApplyOutcome) -> BackupDecision {
    story.reconcile(&off(), second);
    let decision = on_objects_applied(&story.task(), &off(), created, at(second));
    story.status = decision.status.clone();
    decision
}

#[test]
fn a_log_backup_that_runs_around_the_backup_is_made_where_nobody_archives() {
    for status in [None, Some(RoundStatus::Stop)] {
        let mut story = loose();
        let decision = story.reconcile(&with_round(status, LogBackupOwner::Unowned), 0);
        let Some(Effect::MakeLogBackup(name, spec)) = decision.effect else {
            panic!("{decision:?}");
        };
        assert_eq!((&*name, &*spec.tenant_name), (NAME, "orders"));
        assert_eq!(
            (spec.mode, spec.state, &*spec.storage_ref.name),
            (LogBackupMode::AroundDataBackup, DesiredState::Running, "s3")
        );
        assert_eq!(
            (story.phase(), story.reason()),
            ("Pending", "StartingLogBackup")
        );
    }
}

/// After a restart between the status write and the creation, neither object nor backup exists.
#[test]
fn a_log_backup_that_was_not_made_after_all_is_made_again() {
    let mut story = loose();
    let first = story.reconcile(&off(), 0);
    let again = story.reconcile(&off(), 30);
    assert_eq!(
        (again.effect, again.status),
        (first.effect.clone(), first.status)
    );
}

#[test]
fn whoever_sees_to_log_backup_already_goes_on_to() {
    let refused = Cause {
        message: "the directory is not empty".to_owned(),
        ..Cause::default()
    };
    let owners = [
        (LogBackupOwner::Strategy("nightly".to_owned()), "'nightly'"),
        (log_backup(DesiredState::Running, None), "is starting it"),
        (log_backup(DesiredState::Stopped, None), "`spec.state`"),
        (log_backup(DesiredState::Paused, None), "`spec.state`"),
        (
            log_backup(DesiredState::Running, Some(refused)),
            "not empty",
        ),
    ];
    for (owner, reported) in owners {
        let mut story = loose();
        let decision = story.reconcile(&with_round(None, owner), 0);
        assert_eq!(
            (decision.effect, story.reason()),
            (None, "WaitingForLogBackup")
        );
        let message = story.status.cause.unwrap().message;
        assert!(message.contains(reported), "{message}");
    }
}

#[test]
fn a_round_that_somebody_holds_is_left_to_him() {
    for status in [
        RoundStatus::Prepare,
        RoundStatus::Suspend,
        RoundStatus::Stopping,
        RoundStatus::Interrupted,
        RoundStatus::Unknown("NAPPING".to_owned()),
    ] {
        let mut story = loose();
        let decision = story.reconcile(&with_round(Some(status), LogBackupOwner::Unowned), 0);
        assert_eq!(
            (decision.effect, story.reason()),
            (None, "WaitingForLogBackup")
        );
    }
}

#[test]
fn a_tenant_whose_logs_went_elsewhere_is_refused() {
    let mut observed = with_round(Some(RoundStatus::Stop), LogBackupOwner::Unowned);
    if let Some(logs) = &mut observed.logs {
        logs.destination = ObservedDestination::Elsewhere("file:///theirs".to_owned());
    }
    let mut story = loose();
    let decision = story.reconcile(&observed, 0);
    assert_eq!(
        (decision.effect, story.phase(), story.reason()),
        (None, "Failed", "DestinationInUse")
    );
}

#[test]
fn nothing_is_made_before_the_backup_may_start_or_after_its_deadline() {
    let mut early = loose();
    early.spec.scheduled_time = Some(time(at(60)));
    assert_eq!(early.reconcile(&off(), 0).effect, None);
    let mut late = loose();
    late.spec.starting_deadline_seconds = Some(30);
    assert_eq!(late.reconcile(&off(), 31).effect, None);
    assert_eq!(late.phase(), "Overdue");
}

#[test]
fn that_log_backup_runs_for_this_backup_is_told_once() {
    let mut story = loose();
    let ours = ApplyOutcome {
        owned: [NAME.to_owned()].into(),
        ..ApplyOutcome::default()
    };
    let decision = created(&mut story, 0, &ours);
    assert_eq!(decision.event.unwrap().reason, "StartingLogBackup");
    let observed = with_round(None, log_backup(DesiredState::Running, None));
    assert_eq!(story.reconcile(&observed, 1).event, None);
}

#[test]
fn a_log_backup_that_can_not_be_made_is_tried_a_minute_later() {
    let foreign = ApplyOutcome {
        foreign: [NAME.to_owned()].into(),
        ..ApplyOutcome::default()
    };
    let error = ApplyOutcome {
        errors: [(NAME.to_owned(), "quota".to_owned())].into(),
        ..ApplyOutcome::default()
    };
    for (answer, reason) in [(foreign, "NameCollision"), (error, "CreateFailed")] {
        let mut story = loose();
        created(&mut story, 0, &answer);
        assert_eq!(story.reason(), reason);
        let before = story.status.clone();
        assert_eq!(story.reconcile(&off(), 59).effect, None);
        let again = story.reconcile(&off(), 61);
        assert!(matches!(again.effect, Some(Effect::MakeLogBackup(..))));
        assert_eq!(again.status, before, "the try itself is not written");
    }
}

#[test]
fn a_backup_that_is_canceled_meanwhile_ends_without_one() {
    let mut story = loose();
    story.reconcile(&off(), 0);
    story.cancel();
    let decision = story.reconcile(&off(), 1);
    assert_eq!((decision.effect, story.phase()), (None, "Canceled"));
}

#[test]
fn the_backup_is_sent_once_logs_are_archived() {
    let mut story = loose();
    story.reconcile(&off(), 0);
    assert!(is_backup(&story.reconcile(&healthy(), 5)));
}

#[test]
fn a_round_that_a_user_paused_in_the_database_is_not_reported_as_pending() {
    let mut story = loose();
    let owner = log_backup(DesiredState::Running, None);
    story.reconcile(&with_round(Some(RoundStatus::Suspend), owner), 0);
    let message = &story.status.cause.as_ref().unwrap().message;
    assert!(
        message.contains("then resume it in the database"),
        "{message}"
    );
}
