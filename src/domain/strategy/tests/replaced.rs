//! A recreated database behind an OceanBaseCluster of the same name: its tenants have the same
//! names and ids.

use super::*;
use crate::api::retention::{Retention, RetentionPolicy};
use crate::domain::pinned;
use crate::domain::strategy::retention::PolicyChange;
use crate::oceanbase::model::DeletePolicy;

/// Returns a strategy that set a window of seven days in the previous database.
fn story() -> Story {
    let mut story = Story::of(&[1002]);
    story.spec.suspend = true;
    story.spec.retention = Retention {
        policy: RetentionPolicy::RecoveryWindow,
        recovery_window_days: Some(7),
    };
    shows(&mut story, Some("7d"));
    story.reconcile(-30);
    assert_eq!(story.status.retention.len(), 1);
    story
}

/// Sets the delete policy that the database shows for the tenant.
fn shows(story: &mut Story, window: Option<&str>) {
    let mut shown = Tenant::clone(&tenant(1002));
    shown.policies.extend(window.map(|window| DeletePolicy {
        name: "default".to_owned(),
        recovery_window: window.to_owned(),
    }));
    story.observed.database = Ok(vec![Arc::new(shown)]);
}

fn replace(story: &mut Story) {
    story.observed.identity.created_at = at(-20);
}

fn policy_change(story: &mut Story, minutes: i64) -> Option<PolicyChange> {
    match story.reconcile(minutes).effect {
        Some(Effect::ChangePolicy(change)) => Some(change),
        other => {
            assert_eq!(other, None);
            None
        }
    }
}

#[test]
fn a_database_that_was_made_anew_gets_its_delete_policy() {
    let mut story = story();
    replace(&mut story);
    shows(&mut story, None);
    let change = policy_change(&mut story, -10);
    assert!(
        matches!(change, Some(PolicyChange::Add { days: 7, .. })),
        "{change:?}"
    );
}

#[test]
fn a_policy_in_a_database_that_was_made_anew_is_not_taken_for_the_one_that_was_set_before() {
    let mut story = story();
    // Its log backup belongs to the previous database, and records the window that was set there.
    let known = &mut story.observed.log_backups[0];
    known.database = Some(pinned(&story.observed.identity));
    known.inherited.as_mut().unwrap().recovery_window = Some("7d".to_owned());
    replace(&mut story);
    story.spec.log_backup.mode = StrategyLogBackupMode::Unmanaged;
    story.spec.retention.recovery_window_days = Some(30);
    story.generation += 1;
    assert_eq!(policy_change(&mut story, -10), None);
    assert_eq!(story.is(types::RETENTION_APPLIED), "False");
}

#[test]
fn a_strategy_that_is_deleted_leaves_the_policy_of_a_database_that_was_made_anew() {
    let mut story = story();
    story.spec.deletion_policy = DeletionPolicy::Stop;
    story.spec.log_backup.mode = StrategyLogBackupMode::Unmanaged;
    story.observed.log_backups.clear();
    replace(&mut story);
    let strategy = Strategy {
        name: "nightly",
        uid: "uid-of-nightly",
        generation: 1,
        created_at: at(-60),
        spec: &story.spec,
        status: &story.status,
    };
    let finalize = finalize(&strategy, &story.observed, None, at(0), at(1));
    assert!(matches!(
        finalize,
        crate::domain::Finalization::Release(None)
    ));
}

#[test]
fn a_first_backup_of_the_database_before_is_none_of_one_that_was_made_anew() {
    let mut story = Story::of(&[1002]);
    story.spec.first_backup = FirstBackup::Immediately;
    story.create(-30);
    let created = &mut story.observed.tasks[0];
    created.outcome = Some("Completed".to_owned());
    created.completed_at = Some(at(-25));
    created.database = Some(pinned(&story.observed.identity));
    assert_eq!(story.create(-22), [""; 0]);
    replace(&mut story);
    assert_eq!(story.create(-10), ["nightly-t1002-full-202611212350z"]);
}

/// Its only backup ended with this outcome in the previous database, which this one replaces.
fn backed_up_before(outcome: &str) -> Story {
    let mut story = Story::of(&[1002]);
    story.spec.suspend = true;
    let mut before = task("nightly-t1002-full-1", 1002, Some(outcome));
    before.completed_at = Some(at(-30));
    before.database = Some(pinned(&story.observed.identity));
    story.observed.tasks.push(before);
    story.reconcile(-25);
    assert_ne!(story.is(types::BACKUP_HEALTHY), "Unknown");
    replace(&mut story);
    story
}

#[test]
fn backups_of_the_database_before_say_nothing_of_the_health_of_one_that_was_made_anew() {
    for outcome in ["Completed", "Failed"] {
        let mut story = backed_up_before(outcome);
        story.reconcile(-10);
        assert_eq!(story.is(types::BACKUP_HEALTHY), "Unknown");
        assert_eq!(
            (story.failing().len(), story.status.alert_count),
            (0, Some(0))
        );
    }
}

#[test]
fn nor_do_they_when_that_one_falls_silent() {
    let mut story = backed_up_before("Completed");
    story.reconcile(-10);
    let _ = story.unreachable();
    story.generation += 1;
    story.reconcile(-5);
    assert_eq!(story.is(types::BACKUP_HEALTHY), "Unknown");
}

#[test]
fn a_database_that_falls_silent_is_still_the_one_whose_backups_are_judged() {
    let mut story = backed_up_before("Failed");
    story.observed.identity.created_at = at(-86_400);
    let _ = story.unreachable();
    story.observed.identity = Identity::default();
    story.generation += 1;
    story.reconcile(-5);
    assert_eq!(story.is(types::BACKUP_HEALTHY), "False");
}

/// The time counts from the strategy, at minute -60, not from the previous success.
#[test]
fn a_success_in_the_database_before_is_none_of_one_that_was_made_anew() {
    let mut story = backed_up_before("Completed");
    story.spec.alerts.no_success_days = Some(10);
    story.reconcile(10 * 24 * 60 - 60);
    let alerts: Vec<_> = story.status.alerts.iter().map(|it| &*it.type_).collect();
    assert_eq!(alerts, ["base_backup_too_long_time_no_one_success_task"]);
}

/// All databases number their jobs alike.
#[test]
fn a_job_of_others_in_a_database_that_was_made_anew_is_shown_once_beside_the_one_before() {
    let began = |minutes| external_jobs::began(at(minutes));
    let mut story = Story::of(&[1002]);
    story.spec.suspend = true;
    story.observed.external = [(TenantId(1002), vec![began(-40)])].into();
    assert_eq!(story.create(-30), ["nightly-t1002-ext-7"]);
    let shown = &mut story.observed.tasks[0];
    shown.outcome = Some("Completed".to_owned());
    shown.completed_at = Some(at(-25));
    shown.database = Some(pinned(&story.observed.identity));
    replace(&mut story);
    story.observed.external = [(TenantId(1002), vec![began(-15)])].into();
    assert_eq!(story.create(-10), ["nightly-t1002-ext-7-20261121234500z"]);
    assert_eq!(story.create(-9), [""; 0]);
    // It is not shown again after the earlier one is deleted.
    story.observed.tasks.remove(0);
    assert_eq!(story.create(-8), [""; 0]);
}

/// It has only observed the current database, and waits for a job that does not exist.
#[test]
fn nor_is_it_hidden_by_one_that_was_not_taken_up_in_time() {
    let mut story = Story::of(&[1002]);
    story.spec.suspend = true;
    story.observed.external = [(TenantId(1002), vec![external_jobs::began(at(-40))])].into();
    story.create(-30);
    replace(&mut story);
    story.observed.tasks[0].database = Some(pinned(&story.observed.identity));
    story.observed.external = [(TenantId(1002), vec![external_jobs::began(at(-15))])].into();
    assert_eq!(story.create(-10).len(), 1);
}
