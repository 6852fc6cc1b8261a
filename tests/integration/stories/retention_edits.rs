//! Stories of edits of `retention`: immediate effects, effects after a day, and forbidden ones.

use oceanbase_sim::statement::Kind;
use serde_json::Value;

use super::{ONE_TENANT, nightly_without_first_backup};
use crate::support::World;
use crate::support::world::condition_of;

const STRATEGY: (&str, &str) = ("backupstrategy", "nightly");

fn keep(days: u32) -> String {
    format!("spec: {{retention: {{policy: RecoveryWindow, recoveryWindowDays: {days}}}}}")
}

impl World {
    fn policy(&self) -> Option<String> {
        let rows = self.rows("SELECT RECOVERY_WINDOW FROM oceanbase.CDB_OB_BACKUP_DELETE_POLICY");
        rows.concat().into_iter().flatten().next()
    }

    fn retained(&self, status: &str, reason: &str) -> Value {
        self.condition(STRATEGY, "RetentionApplied", status, reason)
    }

    fn keep(&self, days: u32) {
        self.edit(STRATEGY.0, STRATEGY.1, &keep(days));
    }
}

#[test]
fn a_shorter_window_waits_for_a_day_and_an_edit_that_is_taken_back_changes_nothing() {
    let world = World::started("retention-shrink", ONE_TENANT);
    world.apply(&nightly_without_first_backup());
    world.retained("True", "Unmanaged");
    world.keep(30);
    world.retained("True", "Applied");
    assert_eq!(world.policy().as_deref(), Some("30d"));
    world.phase("logbackup", "prod-t1002", "InProgress");
    world.forget_statements();
    world.keep(7);
    let object = world.retained("Unknown", "RetentionShrinkPending");
    let ready = condition_of(&object, "Ready");
    assert_eq!(ready["status"], "True", "a wait does not block a sync");
    world.settle();
    assert_eq!(world.policy().as_deref(), Some("30d"));
    world.keep(30);
    world.retained("True", "Applied");
    world.settle();
    assert_eq!(world.changing(), [""; 0]);
}

#[test]
fn a_policy_that_was_set_here_goes_where_everything_is_to_be_kept_and_no_other() {
    let world = World::started("retention-removed", ONE_TENANT);
    world.apply(&nightly_without_first_backup());
    world.keep(30);
    world.retained("True", "Applied");
    let keep_all = "spec: {retention: {policy: KeepAll, recoveryWindowDays: null}}";
    world.edit(STRATEGY.0, STRATEGY.1, keep_all);
    crate::support::eventually("no policy", || world.policy(), Option::is_none);
    world.retained("True", "Applied");
    assert_eq!(world.count(Kind::DropDeletePolicy), 1);
    world.sql("ALTER SYSTEM ADD DELETE BACKUP POLICY 'default' RECOVERY_WINDOW '3d' TENANT orders");
    world.retained("False", "PolicyDrift");
    world.settle();
    assert_eq!(world.count(Kind::DropDeletePolicy), 1);
    assert_eq!(world.policy().as_deref(), Some("3d"));
}

#[test]
fn no_window_is_set_below_the_operator_s_floor() {
    let mut world = World::new("retention-floor", ONE_TENANT);
    world.start_operator_with(&["--min-recovery-window-days", "10"]);
    world.apply(&nightly_without_first_backup());
    world.keep(7);
    let object = world.retained("False", "BelowMinRecoveryWindow");
    let message = condition_of(&object, "RetentionApplied")["message"].to_string();
    assert!(message.contains("below 10 days"), "{message}");
    world.settle();
    assert_eq!(world.count(Kind::AddDeletePolicy), 0);
    world.keep(10);
    world.retained("True", "Applied");
    assert_eq!(world.policy().as_deref(), Some("10d"));
}
