//! A log backup whose database cannot be read.

use super::*;

/// A Git sync must not wait for the end of an outage.
#[test]
fn an_outage_leaves_a_log_backup_ready_that_was_applied_before() {
    let silent = Observation {
        database: Err(Blocker::outage()),
        ..observed(doing())
    };
    let mut new = Story::of(DesiredState::Running);
    new.reconcile(&silent, 0);
    assert_eq!(new.condition("Ready"), ("False", "Unreachable"));
    let mut story = Story::running();
    story.reconcile(&silent, 1);
    assert_eq!(story.condition("Ready"), ("True", "Applied"));
    assert_eq!(story.condition("Archiving"), ("Unknown", "Unreachable"));
    story.edit(DesiredState::Stopped);
    story.reconcile(&silent, 2);
    assert_eq!(story.condition("Ready"), ("False", "Unreachable"));
}

#[test]
fn an_outage_does_not_make_a_log_backup_ready() {
    let elsewhere = {
        let mut observed = observed(doing());
        let database = observed.database.as_mut().unwrap();
        database.destination = ObservedDestination::Elsewhere("file:///theirs".to_owned());
        observed
    };
    let mut gone = observed(doing());
    gone.database.as_mut().unwrap().tenant = None;
    for (trouble, reason) in [(elsewhere, "DestinationInUse"), (gone, "TenantNotFound")] {
        let mut story = Story::running();
        story.reconcile(&trouble, 1);
        assert_eq!(story.condition("Ready"), ("False", reason));
        let silent = Observation {
            database: Err(Blocker::outage()),
            ..trouble
        };
        story.reconcile(&silent, 2);
        assert_eq!(story.condition("Ready"), ("False", "Unreachable"));
    }
}
