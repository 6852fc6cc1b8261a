//! BACKUP is sent once, whatever happens around it.

use super::*;

fn refused(class: FailureClass) -> Answer {
    Answer::Refused(failure(class))
}

#[test]
fn the_intent_is_in_the_status_that_is_written_before_the_statement() {
    let decision = Story::new().reconcile(&healthy(), 0);
    let attempt = &decision.status.attempts[0];
    assert!(is_backup(&decision));
    assert_eq!((&*attempt.outcome, &*attempt.key), ("Sending", KEY));
}

/// Log backup never runs for such a tenant: without this the task would wait forever.
#[test]
fn a_tenant_whose_name_can_not_stand_in_a_statement_is_refused_at_once() {
    let mut story = Story::new();
    let name = "orders'; DROP TENANT billing; --".to_owned();
    story.spec.tenant_name.clone_from(&name);
    let decision = story.reconcile(
        &observation_of(Some(Tenant {
            name,
            round: None,
            ..tenant()
        })),
        0,
    );
    assert_eq!(
        (decision.effect, story.phase(), story.reason()),
        (None, "Failed", "UnsafeTenantName")
    );
}

#[test]
fn an_intent_without_an_answer_is_not_sent_again_while_it_may_still_run() {
    let mut story = Story::new();
    story.reconcile(&healthy(), 0);
    let decision = story.reconcile(&healthy(), 1);
    assert_eq!(decision.effect, None);
    assert_eq!(
        decision.next,
        Next::After(STATEMENT_LIFETIME + Duration::from_millis(1))
    );
}

#[test]
fn an_old_intent_is_looked_for_and_not_sent_at_once() {
    let decision = Story::lost().reconcile(&old_intent(healthy()), 60);
    assert!(matches!(decision.effect, Some(Effect::Find { .. })));
}

#[test]
fn a_lost_statement_that_the_database_does_not_know_is_sent_again_with_the_same_key() {
    let mut story = Story::lost();
    story.answered(&old_intent(healthy()), 60, &Answer::NotFound);
    let decision = story.reconcile(&healthy(), 61);
    assert!(is_backup(&decision));
    assert_eq!(
        (&*story.status.attempts[0].key, story.status.attempts.len()),
        (KEY, 1)
    );
}

#[test]
fn a_lost_statement_that_the_database_knows_is_accepted() {
    let mut story = Story::lost();
    story.answered(&old_intent(healthy()), 60, &Answer::AlreadySent);
    assert_eq!(story.status.attempts[0].outcome, "Accepted");
}

#[test]
fn a_lost_statement_is_not_sent_again_to_a_tenant_that_was_made_anew() {
    let mut story = Story::lost();
    let other = observation_of(Some(Tenant {
        id: TenantId(1010),
        ..tenant()
    }));
    story.answered(&old_intent(other.clone()), 60, &Answer::NotFound);
    let decision = story.reconcile(&other, 61);
    assert!(!is_backup(&decision));
    assert_eq!(
        (story.phase(), story.reason()),
        ("Failed", "TenantReplaced")
    );
}

/// Without this the task would wait forever, and so would a task for several tenants.
#[test]
fn a_task_that_has_seen_its_tenant_fails_when_that_is_dropped() {
    let mut story = Story::new();
    story.answered(&healthy(), 0, &refused(FailureClass::NotYet));
    story.reconcile(&observation_of(None), 60);
    assert_eq!((story.phase(), story.reason()), ("Failed", "TenantDropped"));
}

#[test]
fn a_task_waits_for_a_tenant_that_it_has_never_seen() {
    let mut story = Story::new();
    story.reconcile(&observation_of(None), 60);
    assert_eq!(
        (story.phase(), story.reason()),
        ("Pending", "TenantNotFound")
    );
}

#[test]
fn a_lost_statement_is_not_sent_again_where_backups_go_elsewhere_now() {
    let mut story = Story::lost();
    let elsewhere = with_destination(ObservedDestination::Elsewhere("s3://other".to_owned()));
    story.answered(&old_intent(elsewhere.clone()), 60, &Answer::NotFound);
    assert!(!is_backup(&story.reconcile(&elsewhere, 61)));
}

#[test]
fn the_same_words_stand_while_an_unknown_outcome_is_waited_for() {
    let mut story = Story::lost();
    let before = story.status.clone();
    story.reconcile(&healthy(), 3);
    assert_eq!(story.status, before);
}

#[test]
fn what_was_refused_for_now_waits_longer_each_time() {
    let mut story = Story::new();
    let mut pauses = Vec::new();
    let mut now = 0;
    for _ in 0..7 {
        let decision = story.answered(&healthy(), now, &refused(FailureClass::NotYet));
        let Next::At(until) = decision.next else {
            panic!("{:?}", decision.next)
        };
        pauses.push(at(now).duration_until(until).as_secs());
        now += pauses.last().unwrap();
    }
    assert_eq!(pauses, [15, 30, 60, 120, 240, 300, 300]);
}

#[test]
fn a_statement_that_could_not_be_sent_is_not_tried_again_by_the_pass_that_its_own_write_wakes() {
    let mut story = Story::new();
    story.answered(&healthy(), 0, &Answer::NotSent("no route".to_owned()));
    let before = story.status.clone();
    let decision = story.reconcile(&healthy(), 1);
    assert_eq!((decision.effect, &decision.status), (None, &before));
}

#[test]
fn a_pause_that_another_clock_has_written_does_not_hold_for_ever() {
    let mut story = Story::new();
    story.answered(&healthy(), 1_000_000, &refused(FailureClass::NotYet));
    assert!(is_backup(&story.reconcile(&healthy(), 0)));
}

#[test]
fn a_destination_that_is_refused_for_now_is_not_set_again_at_once() {
    let mut story = Story::new();
    let unset = with_destination(ObservedDestination::Unset);
    story.answered(&unset, 0, &refused(FailureClass::NotYet));
    let before = story.status.clone();
    assert_eq!(story.reconcile(&unset, 5).effect, None);
    assert_eq!(story.status, before);
    let decision = story.reconcile(&unset, 31);
    assert!(matches!(decision.effect, Some(Effect::SetDestination(_))));
    assert_eq!(story.status, before, "the try itself is not written");
}

/// sys reports success even if the tenant failed, and views lag.
#[test]
fn a_destination_that_is_taken_and_not_shown_is_set_again_more_and_more_rarely_and_told() {
    let mut story = Story::new();
    let unset = with_destination(ObservedDestination::Unset);
    let mut sent_at = Vec::new();
    for second in 0..600 {
        if story.reconcile(&unset, second).effect.is_some() {
            sent_at.push(second);
            story.answered(&unset, second, &Answer::Done);
        }
    }
    assert_eq!(sent_at, [0, 15, 45, 105, 225, 465]);
    assert_eq!(story.reason(), "StatementIneffective");
    assert!(is_backup(&story.reconcile(&healthy(), 600)));
    assert_eq!(story.status.taken, None);
}

#[test]
fn what_is_refused_for_good_fails_with_its_cause() {
    let mut story = Story::new();
    story.answered(&healthy(), 0, &refused(FailureClass::Permanent));
    assert_eq!(
        (story.phase(), story.reason()),
        ("Failed", "BackupCannotStart")
    );
}

#[test]
fn nothing_is_sent_on_an_old_picture() {
    assert_eq!(
        Story::new().reconcile(&unsettled(healthy()), 0).effect,
        None
    );
}

/// Its log backup starts with three statements, and the tenant is read after each.
#[test]
fn what_a_task_waits_for_stands_while_another_statement_is_read() {
    let without_logs = observation_of(Some(Tenant {
        round: None,
        ..tenant()
    }));
    let mut story = Story::due_within(60);
    story.reconcile(&without_logs, 0);
    let before = story.status.clone();
    let decision = story.reconcile(&unsettled(without_logs), 1);
    assert_eq!(story.status, before);
    assert_eq!(
        decision.next,
        Next::At(at(60)),
        "its deadline comes all the same"
    );
}

#[test]
fn what_stands_in_the_way_is_named_and_nothing_is_sent() {
    type Change = Box<dyn Fn(&mut Tenant)>;
    let cases: Vec<(&str, Change)> = vec![
        ("TenantNotPrimary", Box::new(|t| t.role = "STANDBY".into())),
        ("TenantNotNormal", Box::new(|t| t.status = "RESTORE".into())),
        ("TenantLocked", Box::new(|t| t.locked = true)),
        ("WaitingForLogBackup", Box::new(|t| t.round = None)),
        (
            "WaitingForRunningBackup",
            Box::new(|t| {
                t.jobs = vec![Job {
                    description: "by hand".into(),
                    ..job(JobStatus::Doing)
                }];
            }),
        ),
    ];
    for (reason, change) in cases {
        let mut tenant = tenant();
        change(&mut tenant);
        let mut story = Story::new();
        let decision = story.reconcile(&observation_of(Some(tenant)), 0);
        assert_eq!((story.reason(), decision.effect), (reason, None));
    }
}

#[test]
fn a_cluster_that_is_being_connected_to_changes_nothing() {
    let mut story = Story::accepted();
    story.reconcile(&with_job(job(JobStatus::Doing)), 5);
    let before = story.status.clone();
    let connecting = Observation {
        database: Err(Blocker::waiting("Connecting", "soon")),
        ..healthy()
    };
    story.reconcile(&connecting, 6);
    assert_eq!(story.status, before);
}

#[test]
fn a_tenant_that_is_somebody_elses_to_back_up_is_refused() {
    let mut story = Story::new();
    let decision = story.reconcile(&other_owner(), 0);
    assert_eq!(decision.effect, None);
    assert_eq!(
        (story.phase(), story.reason()),
        ("Failed", "DestinationInUse")
    );
}
