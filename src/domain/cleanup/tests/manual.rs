//! Requests to the database: sent once, refused before, followed to their end.

use super::*;
use crate::oceanbase::model::{Failure, FailureClass, Job};

#[test]
fn what_is_obsolete_is_deleted_once_and_followed_to_its_end() {
    let mut story = Story::obsolete();
    let effect = story.sent(0, &Answer::Done);
    let Effect::Delete {
        what, after, again, ..
    } = effect
    else {
        panic!("{effect:?}");
    };
    assert_eq!((what, after, again), (Deletion::Obsolete, JobId(50), false));
    assert_eq!(story.pass(1), None);
    story.jobs(&[job(4, JobStatus::Doing, true)]);
    assert_eq!(story.pass(6), None);
    assert_eq!(story.shown(), ("Executing", ""));
    story.jobs(&[job(4, JobStatus::Completed, true)]);
    assert_eq!(story.pass(10), None);
    assert_eq!(story.shown(), ("Completed", ""));
    let status = &story.status;
    assert_eq!(
        (
            status.deleted_sets,
            status.deleted_pieces,
            status.freed_bytes
        ),
        (Some(1), Some(1), Some(110))
    );
    assert_eq!(story.pass(11), None);
}

#[test]
fn neither_the_policy_s_own_job_nor_an_older_one_is_taken_for_ours() {
    let mut story = Story::obsolete();
    story.jobs(&[job(3, JobStatus::Completed, true)]);
    story.sent(0, &Answer::Done);
    story.jobs(&[
        job(3, JobStatus::Completed, true),
        job(4, JobStatus::Completed, false),
    ]);
    story.pass(10);
    assert_eq!(story.shown(), ("Pending", ""));
    assert_eq!(story.status.job_id, None);
}

#[test]
fn a_lost_answer_is_looked_for_when_the_statement_is_surely_over() {
    let mut story = Story::obsolete();
    story.sent(0, &Answer::Unknown("cut".to_owned()));
    assert_eq!(story.pass(1), None);
    story.observed.intent_age = OVER + Duration::from_secs(1);
    let find = story.sent(20, &Answer::AlreadySent);
    assert!(matches!(
        find,
        Effect::Find {
            after: JobId(50),
            ..
        }
    ));
    story.jobs(&[job(4, JobStatus::Completed, true)]);
    story.pass(21);
    assert_eq!(story.shown(), ("Completed", ""));
}

#[test]
fn a_statement_that_the_database_does_not_know_is_sent_again() {
    let mut story = Story::obsolete();
    story.sent(0, &Answer::Unknown("cut".to_owned()));
    story.observed.intent_age = OVER + Duration::from_secs(1);
    let find = story.sent(20, &Answer::NotFound);
    assert!(matches!(find, Effect::Find { .. }));
    assert_eq!(story.shown().1, "StatementNotReceived");
    let effect = story.pass(21);
    assert!(matches!(effect, Some(Effect::Delete { .. })));
    assert_eq!(story.status.statement.as_ref().unwrap().sends, 2);
}

#[test]
fn what_is_withheld_is_tried_again_after_a_pause() {
    let mut story = Story::obsolete();
    story.sent(
        0,
        &Answer::Withheld("another cleanup is running".to_owned()),
    );
    assert_eq!(story.shown(), ("Pending", "NotSent"));
    assert_eq!(story.pass(1), None);
    assert!(story.pass(6).is_some());
}

#[test]
fn a_refusal_for_good_ends_it() {
    let mut story = Story::obsolete();
    let failure = Failure {
        code: -9045,
        reason: "DeleteNotAllowed",
        message: "no".to_owned(),
        class: FailureClass::Permanent,
        passing: false,
    };
    story.sent(0, &Answer::Refused(failure));
    assert_eq!(story.shown(), ("Failed", "DeleteNotAllowed"));
}

#[test]
fn a_job_that_fails_is_the_cause() {
    let mut story = Story::obsolete();
    story.sent(0, &Answer::Done);
    let failure = Failure {
        code: -9045,
        reason: "DeleteNotAllowed",
        message: "the database names id=5(dependent by backup set id=6)".to_owned(),
        class: FailureClass::Permanent,
        passing: false,
    };
    story.jobs(&[CleanupJob {
        failure: Some(failure),
        ..job(4, JobStatus::Failed, true)
    }]);
    story.pass(10);
    assert_eq!(story.shown(), ("Failed", "DeleteNotAllowed"));
}

#[test]
fn each_refusal_comes_before_anything_is_sent() {
    type Change = fn(&mut Story);
    let cases: [(&str, Change); 8] = [
        ("UnsupportedServerVersion", |story| {
            story.database().version = Version([4, 3, 5, 2]);
        }),
        ("DeletePolicyMissing", |story| {
            story.tenant(|tenant| tenant.policies.clear());
        }),
        ("DeletePolicyActive", |story| story.ask(&[1])),
        ("BackupSetNotFound", |story| story.ask(&[9])),
        ("LastRestorableChain", |story| {
            story.tenant(|tenant| tenant.policies.clear());
            story.ask(&[1, 2, 3]);
        }),
        ("TenantDropped", |story| {
            story.began_for(1002);
            story.database().tenant = None;
        }),
        ("TenantReplaced", |story| {
            story.began_for(1004);
        }),
        ("ClusterReplaced", |story| {
            story.began_for(1002).cluster_id = 8;
            story.status.job_id = Some(3);
        }),
    ];
    for (reason, change) in cases {
        let mut story = Story::obsolete();
        change(&mut story);
        assert_eq!(story.pass(0), None, "{reason}");
        assert_eq!(story.shown(), ("Failed", reason));
    }
}

#[test]
fn a_cleanup_whose_tenant_is_gone_waits_for_no_job() {
    for id in [None, Some(TenantId(1004))] {
        let mut story = Story::obsolete();
        story.sent(0, &Answer::Done);
        let reason = if let Some(id) = id {
            story.tenant(|tenant| tenant.id = id);
            "TenantReplaced"
        } else {
            story.database().tenant = None;
            "TenantDropped"
        };
        story.pass(10);
        assert_eq!(story.shown(), ("Failed", reason));
    }
}

#[test]
fn a_cleanup_with_an_outcome_of_a_newer_operator_is_not_sent_again() {
    let mut story = Story::obsolete();
    story.sent(0, &Answer::Done);
    story.status.statement.as_mut().unwrap().outcome = "Queued".to_owned();
    assert_eq!(story.pass(10), None);
    assert_eq!(story.shown().0, "Pending");
    assert_eq!(story.pass(11 * 60), None);
    assert_eq!(story.shown(), ("Failed", "JobNotFound"));
}

#[test]
fn a_set_that_is_not_there_yet_is_not_missing_until_the_database_was_read_again() {
    let mut story = Story::obsolete();
    story.ask(&[9]);
    story.database().predates_task = true;
    assert_eq!(story.pass(0), None);
    assert_eq!(story.shown().0, "Pending");
    story.database().predates_task = false;
    assert_eq!(story.pass(5), None);
    assert_eq!(story.shown(), ("Failed", "BackupSetNotFound"));
}

impl Story {
    fn ask(&mut self, sets: &[i64]) {
        self.spec.target = Some(CleanupTarget {
            type_: CleanupTargetType::BackupSets,
            backup_set_ids: Some(sets.to_vec()),
            piece_ids: None,
        });
    }
}

#[test]
fn a_cleanup_waits_for_what_runs_and_for_what_is_not_there_yet() {
    type Change = Box<dyn Fn(&mut Story)>;

    let backup = Job {
        tenant_id: TenantId(1002),
        id: JobId(8),
        set_id: BackupSetId(4),
        initiator_tenant_id: TenantId(1),
        initiator_job_id: JobId(3),
        full: false,
        status: JobStatus::Doing,
        started_at: at(0),
        ended_at: None,
        failure: None,
        description: String::new(),
        path: String::new(),
        percent: None,
    };
    let cases: [(&str, Change); 6] = [
        (
            "WaitingForRunningBackup",
            Box::new(move |story| story.tenant(|tenant| tenant.jobs.push(backup.clone()))),
        ),
        (
            "WaitingForRunningCleanup",
            Box::new(|story| story.jobs(&[job(2, JobStatus::Doing, false)])),
        ),
        (
            "WaitingForRunningRecovery",
            Box::new(|story| story.observed.recovery = Some("back".to_owned())),
        ),
        (
            "TenantNotNormal",
            Box::new(|story| story.tenant(|tenant| tenant.role = "STANDBY".to_owned())),
        ),
        (
            "TenantNotFound",
            Box::new(|story| story.database().tenant = None),
        ),
        (
            "TenantNotAllowed",
            Box::new(|story| {
                story.observed.allowed = Err(Blocker::waiting("TenantNotAllowed", "not listed"));
            }),
        ),
    ];
    for (reason, change) in cases {
        let mut story = Story::obsolete();
        change(&mut story);
        assert_eq!(story.pass(0), None);
        assert_eq!(story.shown(), ("Pending", reason));
    }
}

#[test]
fn nothing_is_sent_where_nothing_is_obsolete() {
    let mut story = Story::obsolete();
    story.tenant(|tenant| tenant.policies[0].recovery_window = "100d".to_owned());
    assert_eq!(story.pass(0), None);
    assert_eq!(story.shown(), ("Completed", "NothingObsolete"));
}

#[test]
fn a_running_cleanup_is_canceled_and_one_that_was_not_sent_never_is() {
    let mut story = Story::obsolete();
    story.spec.cancel = Some(true);
    assert_eq!(story.pass(0), None);
    assert_eq!(story.shown(), ("Canceled", "Canceled"));

    let mut story = Story::obsolete();
    story.sent(0, &Answer::Done);
    story.jobs(&[job(4, JobStatus::Doing, true)]);
    story.spec.cancel = Some(true);
    let cancel = story.sent(6, &Answer::Done);
    assert!(matches!(
        cancel,
        Effect::Cancel {
            job_id: JobId(4),
            ..
        }
    ));
    assert_eq!(story.shown().0, "Canceling");
    story.jobs(&[job(4, JobStatus::Canceled, true)]);
    story.pass(9);
    assert_eq!(story.shown(), ("Canceled", "Canceled"));
}
