//! Cleanups of the database, shown as tasks.

use super::*;
use crate::domain::strategy::cleanups::{AskedCleanup, ObservedCleanup};
use crate::oceanbase::model::{CleanupJob, CleanupKind, Failure, FailureClass, JobId, JobStatus};

fn job(id: i64, status: JobStatus, tasks: i64) -> CleanupJob {
    CleanupJob {
        tenant_id: TenantId(1002),
        id: JobId(id),
        initiator_tenant_id: TenantId(1002),
        initiator_job_id: JobId(0),
        executors: "1002".to_owned(),
        kind: CleanupKind::Obsolete,
        ended_at: status.is_terminal().then(|| at(id)),
        status,
        started_at: at(id - 1),
        tasks,
        done: tasks,
        failure: None,
        items: Vec::new(),
    }
}

fn story(jobs: &[CleanupJob]) -> Story {
    let mut story = Story::of(&[1002]);
    story.spec.suspend = true;
    story.show(jobs);
    story
}

impl Story {
    fn show(&mut self, jobs: &[CleanupJob]) {
        let tenants = self.observed.database.as_mut().unwrap();
        Arc::make_mut(&mut tenants[0]).cleanups = Arc::new(jobs.to_vec());
    }

    /// Returns the names of the cleanups that are created in this minute.
    fn created(&mut self, minutes: i64) -> Vec<String> {
        match self.reconcile(minutes).effect {
            Some(Effect::MakeCleanups(all)) => all.into_iter().map(|(name, _)| name).collect(),
            None => Vec::new(),
            Some(other) => panic!("{other:?}"),
        }
    }
}

fn shown(id: i64, outcome: &str) -> ObservedCleanup {
    ObservedCleanup {
        name: format!("nightly-t1002-clean-{id}"),
        version: (format!("uid of {id}"), "1".to_owned()),
        tenant_name: "t1002".to_owned(),
        mirrored_since: Some(at(id - 1)),
        deleting: false,
        outcome: Some(outcome.to_owned()),
        completed_at: Some(at(id)),
    }
}

#[test]
fn what_deleted_something_or_failed_is_shown_and_what_had_nothing_to_do_is_not() {
    let jobs = [
        job(10, JobStatus::Completed, 0),
        job(11, JobStatus::Completed, 2),
        job(12, JobStatus::Failed, 0),
        job(13, JobStatus::Doing, 1),
    ];
    let names = [11, 12, 13].map(|id| format!("nightly-t1002-clean-{id}"));
    assert_eq!(story(&jobs).created(20), names);
}

#[test]
fn what_a_cleanup_task_asked_for_is_shown_by_it_alone() {
    let mut ours = job(11, JobStatus::Completed, 2);
    ours.initiator_tenant_id = TenantId::SYS;
    let mut story = story(&[ours]);
    let asked = |job_id, is_over| AskedCleanup {
        tenant_name: "t1002".to_owned(),
        job_id,
        is_over,
    };
    for known in [asked(Some(11), true), asked(None, false)] {
        story.observed.asked_cleanups = vec![known];
        assert_eq!(story.created(20), [""; 0]);
    }
    story.observed.asked_cleanups = vec![asked(Some(9), true), asked(None, true)];
    assert_eq!(story.created(20), ["nightly-t1002-clean-11"]);
}

#[test]
fn a_name_that_a_database_before_has_taken_gets_the_job_s_start() {
    let mut story = story(&[job(11, JobStatus::Completed, 2)]);
    story.observed.cleanups = vec![ObservedCleanup {
        mirrored_since: Some(at(-5_000)),
        ..shown(11, "Completed")
    }];
    assert_eq!(
        story.created(20),
        ["nightly-t1002-clean-11-20261122001000z"]
    );
}

#[test]
fn old_ones_are_deleted_and_not_made_again() {
    let mut story = story(&[job(11, JobStatus::Completed, 2)]);
    story.spec.task_history_limits = TaskHistoryLimits {
        successful: 2,
        failed: 1,
    };
    story.observed.cleanups = (12..=14).map(|id| shown(id, "Completed")).collect();
    story
        .observed
        .cleanups
        .extend([shown(15, "Failed"), shown(16, "Failed")]);
    let Some(Effect::DeleteCleanups(deleted)) = story.reconcile(20).effect else {
        panic!("nothing is deleted");
    };
    let names: Vec<_> = deleted.into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["nightly-t1002-clean-15", "nightly-t1002-clean-12"]);
}

#[test]
fn a_failed_cleanup_is_an_alert_until_one_goes_well() {
    let failed = CleanupJob {
        failure: Some(Failure {
            code: -9140,
            reason: "ObjectLocked",
            message: "the storage keeps an object".to_owned(),
            class: FailureClass::Permanent,
            passing: false,
        }),
        ..job(11, JobStatus::Failed, 1)
    };
    let mut story = story(std::slice::from_ref(&failed));
    let alerts = |story: &Story| {
        let alerts = story.status.alerts.iter();
        let ours = alerts.filter(|alert| alert.type_ == "backup_cleanup_fail");
        ours.map(|alert| alert.status.clone()).collect::<Vec<_>>()
    };
    story.reconcile(20);
    assert_eq!(alerts(&story), ["Active"]);
    story.show(&[failed, job(12, JobStatus::Completed, 0)]);
    story.reconcile(21);
    assert_eq!(alerts(&story), ["Recovered"]);
}
