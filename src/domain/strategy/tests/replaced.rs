//! A database that was made anew and is reached through an OceanBaseCluster of the same name: its
//! tenants have the same names and numbers.

use super::*;
use crate::api::retention::{Retention, RetentionPolicy};
use crate::domain::pinned;
use crate::domain::strategy::retention::PolicyChange;
use crate::oceanbase::model::DeletePolicy;

/// A strategy that has set a window of seven days in the database before.
fn story() -> Story {
    let mut story = Story::of(&[1002]);
    story.spec.suspend = true;
    story.spec.retention = Some(Retention {
        policy: RetentionPolicy::RecoveryWindow,
        recovery_window_days: Some(7),
    });
    shows(&mut story, Some("7d"));
    story.look(-30);
    assert_eq!(story.status.retention.len(), 1);
    story
}

/// What the database shows of the tenant's delete policy.
fn shows(story: &mut Story, window: Option<&str>) {
    let mut shown = Tenant::clone(&tenant(1002));
    shown.policies.extend(window.map(|window| DeletePolicy {
        name: "default".to_owned(),
        recovery_window: window.to_owned(),
    }));
    story.seen.database = Ok(vec![Arc::new(shown)]);
}

fn replace(story: &mut Story) {
    story.seen.identity.created_at = at(-20);
}

fn policy_change(story: &mut Story, minutes: i64) -> Option<PolicyChange> {
    match story.look(minutes).effect {
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
    // Its log backup is of the database before, and tells of the window that was set there.
    let known = &mut story.seen.log_backups[0];
    known.database = Some(pinned(&story.seen.identity));
    known.inherited.as_mut().unwrap().recovery_window = Some("7d".to_owned());
    replace(&mut story);
    story.spec.log_backup.mode = StrategyLogBackupMode::Unmanaged;
    story.spec.retention.as_mut().unwrap().recovery_window_days = Some(30);
    story.generation += 1;
    assert_eq!(policy_change(&mut story, -10), None);
    assert_eq!(story.is(types::RETENTION_APPLIED), "False");
}

#[test]
fn a_strategy_that_is_deleted_leaves_the_policy_of_a_database_that_was_made_anew() {
    let mut story = story();
    story.spec.deletion_policy = DeletionPolicy::Stop;
    story.spec.log_backup.mode = StrategyLogBackupMode::Unmanaged;
    story.seen.log_backups.clear();
    replace(&mut story);
    let strategy = Strategy {
        name: "nightly",
        generation: 1,
        created_at: at(-60),
        spec: &story.spec,
        status: &story.status,
    };
    let farewell = leave(&strategy, &story.seen, None, at(0), at(1));
    assert!(matches!(farewell, crate::domain::Farewell::Go(None)));
}

#[test]
fn a_first_backup_of_the_database_before_is_none_of_one_that_was_made_anew() {
    let mut story = Story::of(&[1002]);
    story.spec.first_backup = FirstBackup::Immediately;
    story.make(-30);
    let made = &mut story.seen.tasks[0];
    made.outcome = Some("Completed".to_owned());
    made.completed_at = Some(at(-25));
    made.database = Some(pinned(&story.seen.identity));
    assert_eq!(story.make(-22), [""; 0]);
    replace(&mut story);
    assert_eq!(story.make(-10), ["nightly-t1002-full-202611212350z"]);
}
