//! Results of a BACKUP in OceanBase besides running or refusing it: upgrades, skipped tenants, and
//! incremental backups that cannot follow the previous set.

use super::*;
use crate::api::BackupType;
use crate::api::condition::types::TYPE_CHANGED;
use crate::api::strategy::IncrementalNotPossible;
use crate::oceanbase::error::explain;
use crate::oceanbase::model::BackupRefusal;

fn on(version: &str, mut observed: Observation) -> Observation {
    if let Ok(database) = &mut observed.database {
        database.version = version.parse().unwrap();
    }
    observed
}

fn upgrading(mut observed: Observation) -> Observation {
    if let Ok(database) = &mut observed.database {
        database.is_upgrading = true;
    }
    observed
}

/// The tenant has the second data version, and its previous set has the third.
fn upgraded(version: &str, compatible: &str, previous: &str) -> Observation {
    let mut observed = on(
        version,
        observation_of(Some(Tenant {
            compatible: Some(compatible.to_owned()),
            ..tenant()
        })),
    );
    if let Ok(database) = &mut observed.database {
        database.previous_set = Some(BackupSet {
            tenant_compatible: previous.to_owned(),
            ..set()
        });
    }
    observed
}

fn incremental(policy: IncrementalNotPossible, observed: &mut Observation) -> Story {
    let mut story = Story::new();
    story.spec.type_ = BackupType::Incremental;
    if let Ok(target) = &mut observed.target {
        target.incremental_not_possible = policy;
    }
    story
}

fn is_incremental(decision: &BackupDecision) -> Option<bool> {
    match &decision.effect {
        Some(Effect::Backup { incremental, .. }) => Some(*incremental),
        _ => None,
    }
}

fn condition<'a>(story: &'a Story, kind: &str) -> Option<&'a crate::api::Condition> {
    let mut all = story.status.conditions.iter();
    all.find(|condition| condition.type_ == kind)
}

#[test]
fn a_backup_waits_until_the_cluster_is_upgraded() {
    let mut story = Story::new();
    assert_eq!(story.reconcile(&upgrading(healthy()), 0).effect, None);
    assert_eq!(
        (story.phase(), story.reason()),
        ("Pending", "ClusterUpgrading")
    );
    assert!(is_backup(&story.reconcile(&healthy(), 3_600)));
}

#[test]
fn a_backup_that_waits_for_an_upgrade_beyond_its_deadline_is_overdue() {
    let mut story = Story::due_within(60);
    story.reconcile(&upgrading(healthy()), 0);
    story.reconcile(&upgrading(healthy()), 61);
    assert_eq!(story.phase(), "Overdue");
    let message = &story.status.cause.as_ref().unwrap().message;
    assert!(message.contains("enable_upgrade_mode"), "{message}");
}

/// A job of the operator that an upgrade ended.
fn interrupted(id: i64, key: &str, code: i32) -> Job {
    Job {
        id: JobId(id),
        description: key.to_owned(),
        failure: Some(explain(code)),
        ..job(JobStatus::Failed)
    }
}

#[test]
fn a_backup_that_an_upgrade_ended_starts_again_though_nobody_asked_for_a_second_attempt() {
    for code in [-4109, -4143] {
        let mut observed = with_job(interrupted(7, KEY, code));
        if let Ok(target) = &mut observed.target {
            target.settings.retry = RetrySettings::never();
        }
        let mut without_job = observed.clone();
        if let Ok(database) = &mut without_job.database {
            database.tenant.tenant = Some(Arc::new(tenant()));
        }
        let mut story = Story::new();
        story.answered(&without_job, 0, &Answer::Done);
        story.reconcile(&observed, 60);
        assert_eq!(
            (story.phase(), story.reason()),
            ("Pending", "InterruptedByUpgrade")
        );
        assert_eq!(
            story.reconcile(&upgrading(observed.clone()), 3_600).effect,
            None
        );
        assert!(is_backup(&story.reconcile(&observed, 7_200)), "{code}");
    }
}

#[test]
fn a_backup_that_upgrades_end_again_and_again_fails() {
    let mut story = Story::new();
    let mut jobs = Vec::new();
    let mut second = 0;
    for attempt in 1..20 {
        let observed = observation_of(Some(Tenant {
            jobs: jobs.clone(),
            ..tenant()
        }));
        let decision = story.reconcile(&observed, second);
        if story.phase() == "Failed" {
            assert_eq!(story.reason(), "InterruptedByUpgrade");
            assert_eq!(attempt, 5, "the fourth interruption was one too many");
            return;
        }
        assert!(is_backup(&decision), "{attempt}: {:?}", story.status);
        let effect = decision.effect.unwrap();
        let decision = decide(
            &story.task(),
            &observed,
            Some((&effect, &Answer::Done)),
            at(second),
        );
        story.status = decision.status;
        let key = format!("obb/{UID}/{attempt}");
        jobs.push(interrupted(6 + attempt, &key, -4109));
        let observed = observation_of(Some(Tenant {
            jobs: jobs.clone(),
            ..tenant()
        }));
        story.reconcile(&observed, second + 60);
        second += 7_200;
    }
    panic!("it never ends");
}

fn refused(code: i32, second: i64) -> Observation {
    let mut observed = with_parent(parent(JobStatus::Completed));
    if let Ok(database) = &mut observed.database {
        database.tenant.tenant = Some(Arc::new(Tenant {
            backup_refusals: vec![BackupRefusal {
                at: at(second),
                failure: explain(code),
            }],
            ..tenant()
        }));
    }
    observed
}

#[test]
fn a_tenant_that_the_database_leaves_out_is_a_refusal_with_its_number() {
    let mut story = Story::accepted();
    story.reconcile(&refused(-9040, 5), 61);
    let first = &story.status.attempts[0];
    assert_eq!(first.outcome, "Failed");
    let cause = first.cause.as_ref().unwrap();
    assert_eq!(
        (&*cause.reason, cause.code),
        ("BackupCannotStart", Some(-9040))
    );
    assert!(cause.message.contains("sys accepted"), "{}", cause.message);
}

#[test]
fn an_incremental_backup_that_is_rejected_after_an_upgrade_is_told_as_not_possible() {
    let mut before = upgraded("4.2.1.0", "4.2.1.0", "4.2.1.0");
    let mut story = incremental(IncrementalNotPossible::Full, &mut before);
    story.answered(&before, 0, &Answer::Done);
    // The tenant is upgraded between the operator's last read and the job of sys.
    let mut after = refused(-9040, 5);
    let later = upgraded("4.2.1.0", "4.2.1.1", "4.2.1.0");
    if let (Ok(database), Ok(later)) = (&mut after.database, later.database) {
        database.version = later.version;
        database.previous_set = later.previous_set;
        let refused = database.tenant.tenant.take().unwrap();
        database.tenant.tenant = Some(Arc::new(Tenant {
            compatible: Some("4.2.1.1".to_owned()),
            ..(*refused).clone()
        }));
    }
    story.reconcile(&after, 61);
    let cause = story.status.attempts[0].cause.as_ref().unwrap();
    assert_eq!(
        (&*cause.reason, cause.code),
        ("IncrementalNotPossible", Some(-9040))
    );
    assert!(cause.message.contains("4.2.1.1"), "{}", cause.message);
}

#[test]
fn a_backup_that_an_upgrade_did_not_let_begin_starts_again_though_nobody_asked_for_a_second_attempt()
 {
    let mut story = Story::accepted();
    let mut left_out = upgrading(refused(-9040, 5));
    if let Ok(target) = &mut left_out.target {
        target.settings.retry = RetrySettings::never();
    }
    story.reconcile(&left_out, 61);
    assert_eq!(
        (story.phase(), story.reason()),
        ("Pending", "InterruptedByUpgrade")
    );
    assert_eq!(story.reconcile(&left_out, 3_600).effect, None);
    let mut after = healthy();
    after.target = left_out.target;
    assert!(is_backup(&story.reconcile(&after, 7_200)));
}

#[test]
fn a_backup_that_the_database_rejects_before_its_job_begins_is_sent_again_three_times() {
    let rejected = |attempt: i64, second: i64| {
        let mut observed = refused(-9040, second);
        if let (Ok(database), Ok(target)) = (&mut observed.database, &mut observed.target) {
            database.parents = Arc::new(vec![Job {
                description: format!("obb/{UID}/{attempt}"),
                started_at: at(second),
                ended_at: Some(at(second + 5)),
                ..parent(JobStatus::Completed)
            }]);
            target.settings.retry = RetrySettings::never();
        }
        observed
    };
    let mut story = Story::new();
    for attempt in 1..=4 {
        let second = (attempt - 1) * 7_200;
        story.answered(&healthy(), second, &Answer::Done);
        story.reconcile(&rejected(attempt, second), second + 60);
        let phase = if attempt < 4 { "Pending" } else { "Failed" };
        assert_eq!(
            (story.phase(), story.reason()),
            (phase, "BackupCannotStart")
        );
    }
}

#[test]
fn a_refusal_of_an_earlier_backup_is_not_taken_for_one_of_this_one() {
    let mut story = Story::accepted();
    story.reconcile(&refused(-9040, -600), 61);
    assert_eq!(story.status.attempts[0].outcome, "Accepted");
}

#[test]
fn a_job_of_sys_that_never_leaves_init_is_reported_and_no_second_backup_is_sent() {
    let stuck = |version| on(version, with_parent(parent(JobStatus::Init)));
    let mut story = Story::accepted();
    story.reconcile(&stuck("4.1.0.0"), 60);
    assert_eq!(story.reason(), "");
    story.reconcile(&stuck("4.1.0.0"), 200);
    assert_eq!(story.reason(), "BackupNotStarting");
    let message = &story.status.cause.as_ref().unwrap().message;
    assert!(message.contains("CANCEL BACKUP"), "{message}");
    assert_eq!(story.reconcile(&stuck("4.1.0.0"), 90_000).effect, None);
    assert_eq!(story.phase(), "Pending");
}

#[test]
fn a_job_of_sys_in_init_is_no_trouble_where_the_release_ends_it() {
    let mut story = Story::accepted();
    let waiting = on("4.2.1.0", with_parent(parent(JobStatus::Init)));
    story.reconcile(&waiting, 200);
    assert_eq!(story.reason(), "");
}

#[test]
fn a_full_backup_replaces_an_incremental_one_that_cannot_follow_the_previous_set() {
    for version in ["4.2.1.0", "4.3.5.2"] {
        let mut observed = upgraded(version, "4.2.5.0", "4.2.1.0");
        let mut story = incremental(IncrementalNotPossible::Full, &mut observed);
        assert_eq!(is_incremental(&story.reconcile(&observed, 0)), Some(false));
        assert_eq!(story.status.type_.as_deref(), Some("Full"));
        let changed = condition(&story, TYPE_CHANGED).unwrap();
        assert_eq!(
            (&*changed.status, &*changed.reason),
            ("True", "IncrementalNotPossible")
        );
        assert!(changed.message.contains("4.2.5.0"), "{}", changed.message);
    }
}

#[test]
fn an_incremental_backup_that_is_not_possible_is_left_out_where_no_full_one_is_wanted() {
    let mut observed = upgraded("4.2.1.0", "4.2.5.0", "4.2.1.0");
    let mut story = incremental(IncrementalNotPossible::Skip, &mut observed);
    assert_eq!(story.reconcile(&observed, 0).effect, None);
    assert_eq!(
        (story.phase(), story.reason()),
        ("Failed", "IncrementalNotPossible")
    );
}

#[test]
fn an_incremental_backup_stays_one_where_nothing_changed_or_the_release_does_not_look() {
    for (version, compatible) in [("4.2.1.0", "4.2.1.0"), ("4.1.0.0", "4.1.1.0")] {
        let mut observed = upgraded(version, compatible, "4.2.1.0");
        let mut story = incremental(IncrementalNotPossible::Full, &mut observed);
        assert_eq!(
            is_incremental(&story.reconcile(&observed, 0)),
            Some(true),
            "{version}"
        );
        assert!(condition(&story, TYPE_CHANGED).is_none());
    }
}
