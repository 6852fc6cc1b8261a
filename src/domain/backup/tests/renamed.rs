//! A renamed tenant.

use super::*;

/// The tenant under its new name, with these jobs.
fn renamed(jobs: Vec<Job>) -> Observation {
    observation_of(Some(Tenant {
        name: "purchases".to_owned(),
        jobs,
        ..tenant()
    }))
}

#[test]
fn the_job_of_a_renamed_tenant_is_followed_to_its_end() {
    let mut story = Story::accepted();
    story.reconcile(&renamed(vec![job(JobStatus::Doing)]), 10);
    assert_eq!(story.phase(), "InProgress");
    story.reconcile(&renamed(vec![job(JobStatus::Failed)]), 20);
    assert_eq!(story.phase(), "Failed");
}

#[test]
fn a_statement_that_was_refused_is_not_sent_again_under_a_name_that_is_not_the_tenants() {
    let mut story = Story::new();
    let refused = Answer::Refused(failure(FailureClass::NotYet));
    story.answered(&healthy(), 0, &refused);
    let decision = story.reconcile(&renamed(Vec::new()), 60);
    assert_eq!((decision.effect, story.reason()), (None, "TenantRenamed"));
}

#[test]
fn the_backup_is_canceled_under_the_tenants_new_name() {
    let mut story = Story::accepted();
    story.cancel();
    let decision = story.reconcile(&renamed(vec![job(JobStatus::Doing)]), 10);
    let Some(Effect::Cancel { tenant, .. }) = decision.effect else {
        panic!("not canceled");
    };
    assert_eq!(tenant.as_str(), "purchases");
}

#[test]
fn a_task_that_waits_for_a_renamed_tenant_says_its_new_name() {
    let mut story = Story::new();
    story.reconcile(&unsettled(healthy()), 0);
    let decision = story.reconcile(&renamed(Vec::new()), 60);
    assert_eq!((decision.effect, story.phase()), (None, "Failed"));
    assert_eq!(story.reason(), "TenantRenamed");
    let message = &story.status.cause.as_ref().unwrap().message;
    assert!(message.contains("'purchases'"), "{message}");
}

#[test]
fn the_object_and_the_database_are_shown_by_their_names() {
    let mut story = Story::new();
    story.reconcile(&unreachable(), 0);
    assert_eq!(story.status.cluster.as_deref(), Some("prod"));
    assert_eq!(story.status.database, None);
    let mut observed = healthy();
    if let Ok(database) = &mut observed.database {
        database.identity.cluster_name = "obprod".to_owned();
    }
    story.reconcile(&observed, 1);
    assert_eq!(story.status.cluster.as_deref(), Some("prod"));
    let database = story.status.database.as_ref();
    assert_eq!(database.map(|it| &*it.cluster_name), Some("obprod"));
}
