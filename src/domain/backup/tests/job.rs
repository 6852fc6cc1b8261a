//! The database's job is found and followed.

use super::*;

#[test]
fn a_job_is_followed_to_its_set() {
    let mut story = Story::accepted();
    story.reconcile(&with_job(job(JobStatus::Doing)), 5);
    assert_eq!(story.phase(), "InProgress");
    let mut observed = with_job(job(JobStatus::Completed));
    if let Ok(database) = &mut observed.database {
        let known = database.tenant.tenant.as_deref().unwrap().clone();
        database.tenant.tenant = Some(Arc::new(Tenant {
            sets: Arc::new(vec![set()]),
            ..known
        }));
    }
    story.reconcile(&observed, 61);
    assert_eq!(story.phase(), "Completed");
    assert_eq!(story.status.backup_set_id, Some(3));
    assert_eq!(story.status.duration.as_deref(), Some("59s"));
}

#[test]
fn each_state_of_the_job_has_its_phase() {
    let cases = [
        (JobStatus::Init, "Initializing"),
        (JobStatus::Doing, "InProgress"),
        (JobStatus::Canceling, "Canceling"),
        (JobStatus::Unknown("NAPPING".to_owned()), "InProgress"),
        (JobStatus::Failed, "Failed"),
        (JobStatus::Canceled, "Canceled"),
    ];
    for (status, phase) in cases {
        let mut story = Story::accepted();
        story.reconcile(&with_job(job(status)), 70);
        assert_eq!(story.phase(), phase);
    }
}

#[test]
fn a_child_without_a_description_is_found_by_its_parent() {
    let mut story = Story::accepted();
    let mut observed = with_job(Job {
        description: String::new(),
        ..job(JobStatus::Doing)
    });
    if let Ok(database) = &mut observed.database {
        database.parents = Arc::new(vec![parent(JobStatus::Doing)]);
    }
    story.reconcile(&observed, 5);
    assert_eq!(story.status.job_id, Some(7));
}

#[test]
fn a_known_job_is_found_by_its_number_when_its_parent_is_forgotten() {
    let mut story = Story::accepted();
    story.reconcile(&with_job(job(JobStatus::Doing)), 5);
    let nameless = Job {
        description: String::new(),
        ..job(JobStatus::Failed)
    };
    story.reconcile(&with_job(nameless), 70);
    assert_eq!(story.phase(), "Failed");
}

#[test]
fn a_job_of_the_same_number_of_a_tenant_made_anew_is_another_one() {
    let mut story = Story::accepted();
    story.reconcile(&with_job(job(JobStatus::Doing)), 5);
    let other = Tenant {
        id: TenantId(1010),
        jobs: vec![job(JobStatus::Failed)],
        ..tenant()
    };
    story.reconcile(&observation_of(Some(other)), 70);
    assert_eq!(story.status.outcome, None);
}

#[test]
fn a_parent_that_completes_without_a_child_has_skipped_the_tenant() {
    let mut story = Story::accepted();
    story.status.data_backup = None;
    story.reconcile(&with_parent(parent(JobStatus::Completed)), 91);
    assert_eq!(story.phase(), "Pending", "the child may follow");
    story.reconcile(&with_parent(parent(JobStatus::Completed)), 400);
    assert_eq!((story.phase(), story.reason()), ("Failed", "TenantSkipped"));
}

#[test]
fn a_parent_that_was_canceled_without_a_child_is_a_canceled_backup() {
    let mut story = Story::accepted();
    story.reconcile(&with_parent(parent(JobStatus::Canceled)), 91);
    assert_eq!(
        (story.phase(), story.reason()),
        ("Canceled", "CanceledExternally")
    );
}

#[test]
fn a_job_that_was_seen_is_not_called_skipped_when_only_its_parent_is_left() {
    let mut story = Story::accepted();
    story.reconcile(&with_job(job(JobStatus::Doing)), 5);
    story.reconcile(&with_parent(parent(JobStatus::Doing)), 10);
    assert_eq!(story.phase(), "InProgress");
    story.reconcile(&with_parent(parent(JobStatus::Completed)), 91);
    assert_eq!(story.phase(), "Completed");
}

#[test]
fn a_backup_whose_tenant_was_dropped_in_the_middle_has_failed() {
    for tenant in [None, Some(TenantId(1010))] {
        let mut story = Story::accepted();
        story.reconcile(&with_job(job(JobStatus::Doing)), 5);
        let mut observed = with_parent(parent(JobStatus::Completed));
        let known = &mut observed.database.as_mut().unwrap().tenant.tenant;
        *known = tenant.map(|id| {
            Arc::new(Tenant {
                id,
                ..known.as_deref().unwrap().clone()
            })
        });
        story.reconcile(&observed, 91);
        assert_eq!((story.phase(), story.reason()), ("Failed", "TenantDropped"));
    }
}

#[test]
fn a_database_clock_that_runs_ahead_does_not_hold_a_completed_task() {
    let mut story = Story::accepted();
    let ahead = Job {
        ended_at: Some(at(7_200)),
        ..job(JobStatus::Completed)
    };
    story.reconcile(&with_job(ahead), 61);
    assert_eq!(story.phase(), "Completed");
}

#[test]
fn an_accepted_backup_without_a_row_is_looked_for_after_a_while_and_then_fails() {
    let mut story = Story::accepted();
    assert_eq!(story.reconcile(&healthy(), 599).effect, None);
    story.answered(&healthy(), 601, &Answer::NotFound);
    assert_eq!((story.phase(), story.reason()), ("Failed", "JobNotFound"));
}

/// The reader keeps only the newest ended jobs.
#[test]
fn a_job_that_ended_while_nobody_looked_is_over_as_the_look_by_key_finds_it() {
    let cases = [
        (JobStatus::Completed, "Completed"),
        (JobStatus::Failed, "Failed"),
        (JobStatus::Canceled, "Canceled"),
    ];
    for (status, phase) in cases {
        for found in [job(status.clone()), parent(status)] {
            let mut story = Story::accepted();
            story.reconcile(&with_job(job(JobStatus::Doing)), 5);
            story.answered(&healthy(), 86_400, &Answer::Ended(Box::new(found)));
            assert_eq!(story.phase(), phase);
        }
    }
}

#[test]
fn the_job_of_an_intent_is_waited_for_though_it_has_ended_already() {
    let mut story = Story::lost();
    let ended = Answer::Ended(Box::new(job(JobStatus::Completed)));
    story.answered(&old_intent(healthy()), 60, &ended);
    assert_eq!(
        (story.phase(), story.status.outcome.as_deref()),
        ("Pending", None)
    );
}

#[test]
fn progress_is_written_in_steps() {
    let mut story = Story::accepted();
    let running = |percent| {
        with_job(Job {
            percent: Some(percent),
            ..job(JobStatus::Doing)
        })
    };
    story.reconcile(&running(41), 5);
    let before = story.status.clone();
    story.reconcile(&running(44), 7);
    assert_eq!(story.status, before);
    assert_eq!(story.status.progress.as_deref(), Some("40%"));
}

#[test]
fn a_set_that_anybody_can_restore_is_no_success_where_a_password_was_asked_for() {
    for (mode, phase) in [("PASSWORD", "Completed"), ("NONE", "Failed")] {
        let mut story = Story::accepted();
        let settings = story.status.data_backup.as_mut().unwrap();
        settings.restore_password_secret_ref = Some(crate::api::LocalReference::new("pw"));
        let set = BackupSet {
            encryption_mode: mode.to_owned(),
            ..set()
        };
        let observed = observation_of(Some(Tenant {
            jobs: vec![job(JobStatus::Completed)],
            sets: Arc::new(vec![set]),
            ..tenant()
        }));
        story.reconcile(&observed, 61);
        assert_eq!(story.phase(), phase);
    }
}

#[test]
fn a_set_that_never_shows_up_is_no_success_where_a_password_was_asked_for() {
    for (is_asked_for, phase) in [(false, "Completed"), (true, "InProgress")] {
        let mut story = Story::accepted();
        let settings = story.status.data_backup.as_mut().unwrap();
        settings.restore_password_secret_ref =
            is_asked_for.then(|| crate::api::LocalReference::new("pw"));
        let observed = with_job(job(JobStatus::Completed));
        story.reconcile(&observed, 100);
        assert_eq!(story.phase(), phase);
        story.reconcile(&observed, 700);
        if is_asked_for {
            assert_eq!((story.phase(), story.reason()), ("Failed", "SetNotVisible"));
        }
    }
}

/// The job was observed, and only its parent is left.
fn observed_and_gone(mode: &str, sets: Vec<BackupSet>) -> Story {
    let mut story = Story::accepted();
    let settings = story.status.data_backup.as_mut().unwrap();
    settings.restore_password_secret_ref = Some(crate::api::LocalReference::new("pw"));
    story.reconcile(&with_job(job(JobStatus::Doing)), 5);
    let mut observed = with_parent(parent(JobStatus::Completed));
    let known = &mut observed.database.as_mut().unwrap().tenant.tenant;
    let sets = sets.into_iter().map(|set| BackupSet {
        encryption_mode: mode.to_owned(),
        ..set
    });
    *known = Some(Arc::new(Tenant {
        sets: Arc::new(sets.collect()),
        ..known.as_deref().unwrap().clone()
    }));
    story.reconcile(&observed, 700);
    story
}

#[test]
fn a_backup_of_which_only_the_parent_is_left_is_judged_by_its_set() {
    let protected = observed_and_gone("PASSWORD", vec![set()]);
    assert_eq!(protected.phase(), "Completed");
    let open = observed_and_gone("NONE", vec![set()]);
    assert_eq!(open.reason(), "RestorePasswordNotApplied");
}

#[test]
fn a_parent_that_completes_is_no_success_where_a_password_was_asked_for_and_no_set_is_seen() {
    let story = observed_and_gone("NONE", Vec::new());
    assert_eq!((story.phase(), story.reason()), ("Failed", "SetNotVisible"));
}

#[test]
fn a_cancel_without_effect_is_repeated_after_a_pause_that_grows() {
    let not_sent = Answer::NotSent("connection refused".to_owned());
    let withheld = Answer::Withheld("the job is not there".to_owned());
    for answer in [not_sent, withheld, Answer::Done] {
        let mut story = Story::accepted();
        story.cancel();
        let running = with_job(job(JobStatus::Doing));
        let mut sent_at = Vec::new();
        for second in 10..50 {
            if story.reconcile(&running, second).effect.is_some() {
                story.answered(&running, second, &answer);
                sent_at.push(second);
            }
        }
        assert_eq!(sent_at, [10, 15, 25, 45], "{answer:?}");
    }
}

#[test]
fn a_job_that_is_being_canceled_waits_for_no_other_cancel() {
    let mut story = Story::accepted();
    story.cancel();
    let not_sent = Answer::NotSent("connection refused".to_owned());
    story.answered(&with_job(job(JobStatus::Doing)), 10, &not_sent);
    assert_eq!(story.status.retry_time, Some(time(at(15))));
    let decision = story.reconcile(&with_job(job(JobStatus::Canceling)), 11);
    assert_eq!((decision.effect, decision.next), (None, Next::Await));
    assert_eq!((story.status.cause, story.status.retry_time), (None, None));
}

#[test]
fn the_fourth_cancel_without_effect_is_told() {
    let mut story = Story::accepted();
    story.cancel();
    let running = with_job(job(JobStatus::Doing));
    for second in [10, 15, 25] {
        story.answered(&running, second, &Answer::Done);
        assert_eq!(story.status.cause, None);
    }
    story.answered(&running, 45, &Answer::Done);
    assert_eq!(story.reason(), "CancelIneffective");
    story.reconcile(&running, 46);
    assert_eq!(story.reason(), "CancelIneffective");
}
