//! Status and events while the database is not readable.

use super::tenants::{cluster_level, naming, on_cluster_level};
use super::*;

/// An unreachable database does not turn the tenant into a primary one.
#[test]
fn a_named_tenant_that_can_not_be_backed_up_stays_so_while_the_database_is_not_seen() {
    let mut story = Story::of(&[1002]);
    let names = TenantSelection {
        names: vec!["t1002".to_owned()],
        exclude: Vec::new(),
    };
    story.spec.tenants = Some(names);
    story.observed.rivals = vec![naming("nightly", -60, &["t1002"])];
    Arc::make_mut(&mut story.observed.database.as_mut().unwrap()[0]).role = "STANDBY".to_owned();
    story.reconcile(1);
    story.events.clear();
    let observed = story.unreachable();
    story.reconcile(2);
    assert_eq!(story.is(types::BACKUP_HEALTHY), "False");
    assert_eq!(story.status.phase.as_deref(), Some("Abnormal"));
    story.observed.database = observed;
    story.reconcile(3);
    assert_eq!(story.events, [""; 0]);
}

#[test]
fn an_improvement_is_not_reported_while_the_database_is_not_observed() {
    let mut story = Story::of(&[1002]);
    story.observed.log_backups[0].phase = Some("Interrupted".to_owned());
    story.reconcile(1);
    assert_eq!(story.status.phase.as_deref(), Some("Abnormal"));
    story.events.clear();
    story.unreachable().unwrap();
    story.reconcile(2);
    assert_eq!(story.events, [""; 0]);
}

/// A Git sync must not wait for the end of an outage.
#[test]
fn an_outage_leaves_a_strategy_ready_that_was_taken_over_before() {
    let mut story = Story::of(&[1002]);
    story.reconcile(1);
    story.observed.database = Err(Blocker::outage());
    story.reconcile(2);
    assert_eq!(
        (story.is(types::READY), story.is(types::SCHEDULING)),
        ("True", "Unknown")
    );
    story.generation += 1;
    story.reconcile(3);
    assert_eq!(
        story.is(types::READY),
        "False",
        "an edit was not taken over"
    );
}

#[test]
fn an_outage_does_not_make_a_strategy_ready() {
    let mut new = Story::of(&[1002]);
    let mut without_tenants = on_cluster_level(vec![cluster_level("older", -90)], &[1002]);
    without_tenants.reconcile(1);
    for story in [&mut new, &mut without_tenants] {
        story.observed.database = Err(Blocker::outage());
        story.reconcile(2);
        assert_eq!(story.is(types::READY), "False");
    }
}
