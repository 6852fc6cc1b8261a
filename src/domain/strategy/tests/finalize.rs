//! Deletion of a strategy with `deletionPolicy: Stop`.

mod fixture;

use fixture::{DELETED, another, deleted};

use super::*;
use crate::api::retention::AppliedPolicy;
use crate::domain::strategy::retention::PolicyChange;
use crate::domain::{Finalization, cause, pinned};
use crate::oceanbase::model::{DeletePolicy, Failure, FailureClass};

#[test]
fn logs_that_somebody_else_sees_to_are_not_stopped() {
    let mut story = deleted(&[1002]);
    story.status.retention.clear();
    story.spec.log_backup.mode = StrategyLogBackupMode::Unmanaged;
    assert!(matches!(
        story.finalize(None, DELETED),
        Finalization::Release(None)
    ));
}

#[test]
fn of_a_tenant_that_is_gone_nothing_is_waited_for() {
    let mut story = deleted(&[1002]);
    story.observed.database = Ok(Vec::new());
    assert!(matches!(
        story.finalize(None, DELETED),
        Finalization::Release(None)
    ));
}

#[test]
fn policies_go_log_backups_stop_and_then_the_strategy_goes() {
    let mut story = deleted(&[1002, 1004]);
    let steps = [(); 4].map(|()| story.end(11));
    assert_eq!(
        steps,
        [
            "drop t1002",
            "drop t1004",
            "stop prod-t1002 prod-t1004",
            "wait"
        ]
    );
    story.all_stopped();
    assert_eq!(story.end(11), "go");
    assert_eq!(story.events, [""; 0]);
}

/// Returns the window that the first tenant's log backup records for the next strategy.
fn recovery_window(story: &mut Story) -> &mut Option<String> {
    let inherited = story.observed.log_backups[0].inherited.as_mut();
    &mut inherited.unwrap().recovery_window
}

/// A DBA may set the same policy later, which would count as the operator's own.
#[test]
fn a_policy_that_was_taken_away_is_not_passed_on() {
    let mut story = deleted(&[1002]);
    *recovery_window(&mut story) = Some("7d".to_owned());
    let ended = [(); 3].map(|()| story.end(11));
    assert_eq!(ended, ["drop t1002", "stop prod-t1002", "edit prod-t1002"]);
    assert_eq!(*recovery_window(&mut story), None);
    story.all_stopped();
    assert_eq!(story.end(11), "go");
}

#[test]
fn a_policy_that_could_not_be_taken_away_is_passed_on() {
    let mut story = deleted(&[1002]);
    *recovery_window(&mut story) = Some("7d".to_owned());
    story.all_stopped();
    story.observed.log_backups[0].desired_state = DesiredState::Stopped;
    let refused = ApplyOutcome {
        answer: Some(Answer::NotSent("busy".to_owned())),
        ..ApplyOutcome::default()
    };
    assert_eq!(story.end_with_answer(11, &refused), "drop t1002");
    assert_eq!(story.end(10 + 5), "go");
    assert_eq!(*recovery_window(&mut story), Some("7d".to_owned()));
}

#[test]
fn a_strategy_that_was_edited_to_retain_goes_at_once() {
    let mut story = deleted(&[1002]);
    story.spec.deletion_policy = DeletionPolicy::Retain;
    assert_eq!(story.end(11), "go");
    assert_eq!(story.events, [""; 0]);
}

#[test]
fn what_another_strategy_covers_is_left_as_it_is() {
    for other in [
        another("all", None),
        another(
            "orders",
            Some(TenantSelection {
                names: vec!["t1002".to_owned()],
                exclude: Vec::new(),
            }),
        ),
    ] {
        let mut story = deleted(&[1002]);
        story.observed.rivals.push(other);
        assert_eq!(story.end(11), "go");
    }
}

/// `kubectl delete --all` deletes one after the other, and the other strategy may have no
/// finalizer.
#[test]
fn nothing_is_left_to_another_strategy_that_is_deleted_a_moment_later() {
    let mut story = deleted(&[1002]);
    story.observed.rivals.push(another("all", None));
    assert_eq!(story.end(DELETED), "wait");
    story.observed.rivals.clear();
    assert_eq!(story.end(DELETED), "drop t1002");
}

/// The policy of a tenant that is now locked or standby continues to delete.
#[test]
fn the_policy_of_a_tenant_that_can_not_be_backed_up_now_goes_too() {
    let mut story = deleted(&[1002, 1004]);
    story.observed.rivals.push(another("nightly", None));
    story.spec.retention = crate::api::retention::Retention {
        policy: crate::api::retention::RetentionPolicy::RecoveryWindow,
        recovery_window_days: Some(7),
    };
    let tenants = story.observed.database.as_mut().unwrap();
    Arc::make_mut(&mut tenants[0]).locked = true;
    Arc::make_mut(&mut tenants[1]).role = "STANDBY".to_owned();
    story.reconcile(1);
    story.observed.rivals.clear();
    assert_eq!(
        [(); 2].map(|()| story.end(11)),
        ["drop t1002", "drop t1004"]
    );
}

#[test]
fn a_tenant_that_the_strategy_was_edited_to_leave_out_is_left_as_it_is() {
    for (names, exclude) in [(vec!["t1004"], vec![]), (vec![], vec!["t1002"])] {
        let mut story = deleted(&[1002, 1004]);
        let owned = |names: Vec<&str>| names.into_iter().map(str::to_owned).collect();
        story.spec.tenants = Some(TenantSelection {
            names: owned(names),
            exclude: owned(exclude),
        });
        let ended = [(); 3].map(|()| story.end(11));
        assert_eq!(ended, ["drop t1004", "stop prod-t1004", "wait"]);
    }
}

#[test]
fn a_tenant_that_every_other_strategy_leaves_out_is_not_covered() {
    let mut story = deleted(&[1002]);
    story.observed.rivals.push(another(
        "rest",
        Some(TenantSelection {
            names: Vec::new(),
            exclude: vec!["t1*".to_owned()],
        }),
    ));
    assert_eq!(story.end(11), "drop t1002");
}

#[test]
fn a_log_backup_that_somebody_else_made_goes_on() {
    let mut story = deleted(&[1002]);
    story.status.retention.clear();
    story.observed.log_backups[0].inherited = None;
    assert_eq!(story.end(11), "go");
}

/// The operator runs nothing in the replacement database, and the log backup stops nothing there.
#[test]
fn a_log_backup_of_a_database_that_was_replaced_is_not_waited_for() {
    let mut story = deleted(&[1002]);
    story.status.retention.clear();
    let known = &mut story.observed.log_backups[0];
    known.database = Some(pinned(&story.observed.identity));
    known.phase = Some("Failed".to_owned());
    known.cause = Some(cause("ClusterReplaced", "recreated"));
    story.observed.identity.created_at = at(5);
    assert_eq!((story.end(11), story.events.len()), ("go".to_owned(), 0));
}

#[test]
fn nor_is_it_while_the_database_that_took_its_place_is_silent() {
    let mut story = deleted(&[1002]);
    story.status.retention.clear();
    let known = &mut story.observed.log_backups[0];
    known.cause = Some(cause("ClusterReplaced", "recreated"));
    let _ = story.unreachable();
    assert_eq!(story.end(11), "go");
}

#[test]
fn a_policy_that_somebody_else_set_is_left() {
    let mut story = deleted(&[1002]);
    story.all_stopped();
    story.observed.log_backups[0].desired_state = DesiredState::Stopped;
    story.status.retention[0].recovery_window = "30d".to_owned();
    assert_eq!(story.end(11), "go");
}

#[test]
fn a_drop_that_is_not_seen_yet_is_waited_for() {
    let mut story = deleted(&[1002]);
    story.observed.log_backups.clear();
    let decision = story.wait(None, 11);
    story.status = decision.status;
    story.observed.unsettled = [TenantId(1002)].into();
    assert_eq!(story.end(11), "wait");
}

#[test]
fn a_drop_that_is_refused_holds_back_nothing_else() {
    let mut story = deleted(&[1002, 1004]);
    let refused = ApplyOutcome {
        answer: Some(Answer::Refused(Failure {
            code: -4016,
            reason: "InternalError",
            message: "look into the log".to_owned(),
            class: FailureClass::NotYet,
            passing: false,
        })),
        ..ApplyOutcome::default()
    };
    assert_eq!(story.end_with_answer(11, &refused), "drop t1002");
    assert_eq!(story.end(11), "drop t1004");
    assert_eq!(story.end(11), "stop prod-t1002 prod-t1004");
    assert_eq!(story.end(12), "drop t1002");
}

#[test]
fn what_can_not_be_ended_in_time_is_told_once_and_left() {
    let mut story = deleted(&[1002]);
    let _ = story.unreachable();
    assert_eq!(story.end(DELETED + 4), "stop prod-t1002");
    assert_eq!(story.end(DELETED + 4), "wait");
    let Finalization::Release(Some(event)) = story.finalize(None, DELETED + 5) else {
        panic!("it stays");
    };
    assert_eq!((event.reason, event.warning), ("StopTimeout", true));
    assert!(event.message.contains("'7d'") && event.message.contains("'prod-t1002'"));
}

#[test]
fn the_deadline_is_looked_at_without_being_woken() {
    let story = deleted(&[1002]);
    let next = story.wait(None, 11).next;
    assert_eq!(next, Next::At(at(DELETED + 5)));
}

#[test]
fn nothing_is_waited_for_where_the_cluster_s_object_is_gone() {
    let mut story = deleted(&[1002]);
    story.observed.database = Err(Blocker::waiting("ClusterNotFound", "there is none"));
    assert_eq!(story.end(11), "go");
    assert_eq!(story.events, ["StopTimeout"]);
}

#[test]
fn a_log_backup_that_can_not_be_edited_is_tried_again_soon() {
    let mut story = deleted(&[1002]);
    story.status.retention.clear();
    let errors = [("prod-t1002".to_owned(), "conflict".to_owned())].into();
    let created = ApplyOutcome {
        errors,
        ..ApplyOutcome::default()
    };
    let next = story.wait(Some(&created), 11).next;
    assert_eq!(next, Next::After(Duration::from_secs(5)));
}

#[test]
fn a_strategy_that_is_going_says_what_it_waits_for_and_keeps_its_other_conditions() {
    let mut story = deleted(&[1002]);
    story.observed.rivals.push(another("nightly", None));
    story.reconcile(1);
    story.observed.rivals.clear();
    let before = story.status.conditions.len();
    story.end(11);
    assert_sound(&story.status.conditions, 1);
    assert_eq!(story.is("Reconciling"), "True");
    assert_eq!(story.status.conditions.len(), before);
    let shown = story.status.clone();
    story.observed.unsettled = [TenantId(1002)].into();
    assert_eq!(story.wait(None, 12).status.conditions, shown.conditions);
}
