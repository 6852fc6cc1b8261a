//! A tenant that moves to another strategy, with the policy that the previous one set.

use super::*;

fn passed_on(story: &Story) -> Option<&str> {
    let inherited = story.observed.log_backups[0].inherited.as_ref();
    inherited.unwrap().recovery_window.as_deref()
}

/// Returns a strategy that requires 30 days, for a tenant that shows 7.
fn taken_over(from_before: Option<&str>) -> Story {
    let mut story = of(&[1002], days(30));
    story.window(1002, Some("7d"));
    story.observed.log_backups[0].inherited = Some(Inherited {
        recovery_window: from_before.map(str::to_owned),
        ..inherited("before")
    });
    story
}

#[test]
fn the_policy_of_the_strategy_before_is_changed_like_our_own() {
    let mut story = taken_over(Some("7d"));
    assert_eq!(story.all_sent(1), ["t1002 - 7d", "t1002 + 30d"]);
    assert_eq!(story.why(), ("True", "Applied"));
    // The next pass records it for the next strategy.
    assert_eq!(story.all_sent(2), [""; 0]);
    assert_eq!(passed_on(&story), Some("30d"));
}

#[test]
fn a_policy_that_no_strategy_has_set_is_somebody_elses() {
    for from_before in [None, Some("14d")] {
        let mut story = taken_over(from_before);
        assert_eq!(story.all_sent(1), [""; 0]);
        assert_eq!(story.why(), ("False", "PolicyDrift"));
    }
}

#[test]
fn where_no_log_backup_tells_who_has_set_a_policy_it_is_said_so() {
    let mut story = taken_over(None);
    story.spec.log_backup.mode = StrategyLogBackupMode::Unmanaged;
    story.observed.log_backups.clear();
    assert_eq!(story.all_sent(1), [""; 0]);
    let message = &story.applied().message;
    assert!(message.contains("an earlier strategy"), "{message}");
}

#[test]
fn a_policy_of_a_tenant_that_can_not_be_backed_up_for_a_while_stays_ours() {
    for standby in [false, true] {
        let mut story = of(&[1002], days(7));
        assert_eq!(story.all_sent(1), ["t1002 + 7d"]);
        let shut = |story: &mut Story, shut: bool| {
            let tenant = &mut story.observed.database.as_mut().unwrap()[0];
            let tenant = Arc::make_mut(tenant);
            tenant.locked = shut && !standby;
            let role = if shut && standby {
                "STANDBY"
            } else {
                "PRIMARY"
            };
            role.clone_into(&mut tenant.role);
        };
        shut(&mut story, true);
        assert_eq!(story.all_sent(2), [""; 0]);
        // Nothing else records it.
        story.observed.log_backups[0].inherited = Some(inherited("nightly"));
        shut(&mut story, false);
        story.retain(days(30));
        assert_eq!(story.all_sent(3), ["t1002 - 7d", "t1002 + 30d"]);
    }
}

#[test]
fn what_was_taken_away_is_not_passed_on() {
    let mut story = taken_over(Some("7d"));
    story.all_sent(1);
    story.all_sent(1);
    assert_eq!(passed_on(&story), Some("30d"));
    story.retain(KEEP_ALL);
    assert_eq!(story.all_sent(2), ["t1002 - 30d"]);
    assert_eq!(passed_on(&story), None);
}

#[test]
fn what_was_handed_over_to_the_database_is_not_passed_on() {
    let mut story = taken_over(Some("7d"));
    story.all_sent(1);
    story.all_sent(1);
    story.retain(Retention {
        policy: RetentionPolicy::Unmanaged,
        recovery_window_days: None,
    });
    assert_eq!(story.all_sent(2), [""; 0]);
    assert_eq!(passed_on(&story), None);
}
