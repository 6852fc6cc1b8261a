//! A recreated database behind an OceanBaseCluster of the same name. Its tenants have the same
//! names and numbers.

use super::*;

fn replaced(tenant: Tenant) -> Observation {
    let mut observed = observed(tenant);
    observed.identity.created_at = at(5);
    observed
}

#[test]
fn a_log_backup_of_a_database_that_was_replaced_says_so_and_sends_nothing() {
    let mut story = Story::running();
    let decision = story.reconcile(&replaced(bare()), 10);
    assert_eq!(decision.effect, None);
    assert_eq!(
        (story.phase(), story.reason()),
        ("Failed", "ClusterReplaced")
    );
    assert_eq!(story.condition("Ready"), ("False", "ClusterReplaced"));
}

#[test]
fn a_log_backup_that_nobody_has_started_is_of_the_database_that_it_saw_first() {
    let mut story = Story::of(DesiredState::Stopped);
    story.reconcile(&observed(bare()), 0);
    story.edit(DesiredState::Running);
    assert_eq!(story.reconcile(&replaced(bare()), 10).effect, None);
    assert_eq!(story.condition("Stalled"), ("True", "ClusterReplaced"));
}

#[test]
fn a_log_backup_that_waited_for_its_tenant_is_of_the_database_that_has_it() {
    let mut story = Story::of(DesiredState::Running);
    story.reconcile(&without_tenant(), 0);
    assert!(story.reconcile(&replaced(bare()), 10).effect.is_some());
}

#[test]
fn a_log_backup_of_a_database_that_was_replaced_stops_nothing_when_it_is_deleted() {
    let mut story = Story::running();
    story.spec.deletion_policy = DeletionPolicy::Stop;
    let finalize = finalize(&story.object(), &replaced(doing()), None, at(10), at(11));
    assert!(matches!(
        finalize,
        crate::domain::Finalization::Release(None)
    ));
}
