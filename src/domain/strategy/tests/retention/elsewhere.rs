//! Tenants that another tool backs up: a policy set there would delete that tool's backups.

use super::*;
use crate::api::strategy::StrategyLogBackupMode;

#[test]
fn the_policy_of_a_tenant_that_is_backed_up_elsewhere_is_left_as_it_is() {
    type Elsewhere = fn(&mut Observation);
    let ways: [Elsewhere; 2] = [
        |observed| observed.data_elsewhere = [(TenantId(1004), "file:///theirs".to_owned())].into(),
        |observed| observed.logs_elsewhere = [TenantId(1004)].into(),
    ];
    for elsewhere in ways {
        let mut story = of(&[1002, 1004], days(7));
        elsewhere(&mut story.observed);
        assert_eq!(story.sent(0).as_deref(), Some("t1002 + 7d"));
        assert_eq!(story.sent(1), None);
        assert_eq!(story.why(), ("False", "DestinationInUse"));
        let message = &story.applied().message;
        assert!(message.contains("t1004"), "{message}");
        // Enforcement applies only to the operator's own policies.
        story.put_drift_right();
        story.window(1004, Some("30d"));
        assert_eq!(story.sent(2), None);
        // It is not the operator's there even if it happens to match.
        story.window(1004, Some("7d"));
        assert_eq!(story.sent(3), None);
        assert_eq!(story.why().0, "True");
        assert!(
            story
                .status
                .retention
                .iter()
                .all(|known| known.tenant_id != 1004)
        );
    }
}

#[test]
fn logs_that_somebody_else_archives_on_purpose_do_not_keep_a_policy_from_being_set() {
    let mut story = of(&[1002], days(7));
    story.spec.log_backup.mode = StrategyLogBackupMode::Unmanaged;
    story.observed.logs_elsewhere = [TenantId(1002)].into();
    assert_eq!(story.sent(0).as_deref(), Some("t1002 + 7d"));
}
