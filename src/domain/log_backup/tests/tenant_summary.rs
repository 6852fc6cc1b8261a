//! The tenant's summary.

use super::*;
use crate::api::log_backup::Transition;
use crate::domain::cause;

fn backed_up(second: i64) -> Tenant {
    Tenant {
        data_dest: Some("s3://b/data?host=h&access_key=secret".to_owned()),
        sets: Arc::new(vec![full_set(second)]),
        ..doing()
    }
}

fn reported(observed: Observation) -> Observation {
    Observation {
        related: Some(RelatedObjects {
            strategy: Some(("nightly".to_owned(), Some("InProgress".to_owned()))),
            last_task_name: Some("nightly-t1002-full".to_owned()),
        }),
        ..observed
    }
}

#[test]
fn it_tells_who_backs_the_tenant_up_and_when_that_was_last() {
    let mut story = Story::of(DesiredState::Running);
    story.reconcile(&reported(observed(backed_up(-60))), 0);
    let summary = story.status.tenant.as_ref().unwrap();
    assert_eq!((summary.id, summary.role.as_str()), (1002, "PRIMARY"));
    assert_eq!(summary.strategy_name.as_deref(), Some("nightly"));
    assert_eq!(summary.last_data_backup_time, Some(time(at(-59))));
    assert_eq!(summary.data_bytes, Some(1000));
}

#[test]
fn what_was_not_looked_up_stays_as_it_was() {
    let mut story = Story::of(DesiredState::Running);
    story.reconcile(&reported(observed(backed_up(-60))), 0);
    let before = story.status.clone();
    story.reconcile(&observed(backed_up(-60)), 1);
    assert_eq!(story.status, before);
}

#[test]
fn the_directory_of_the_data_is_shown_without_keys() {
    let mut story = Story::of(DesiredState::Running);
    story.reconcile(&observed(backed_up(-60)), 0);
    let shown = story.status.data_directory.as_deref();
    assert_eq!(shown, Some("s3://b/data"));
}

#[test]
fn the_bytes_of_the_round_are_written_with_its_checkpoint() {
    let mut story = Story::running();
    let mut later = doing();
    later.round = later.round.map(|round| Round {
        input_bytes: 4096,
        checkpoint_scn: scn(100),
        ..round
    });
    story.reconcile(&observed(later.clone()), 100);
    assert_eq!(story.status.input_bytes, Some(2048));
    later.round = later.round.map(|round| Round {
        checkpoint_scn: scn(400),
        ..round
    });
    story.reconcile(&observed(later), 400);
    assert_eq!(story.status.input_bytes, Some(4096));
}

#[test]
fn it_is_looked_up_with_the_checkpoint_and_after_a_backup_only() {
    let minutes = SignedDuration::from_mins(5);
    let mut story = Story::of(DesiredState::Running);
    let is_due = |story: &Story, tenant: &Tenant| is_summary_due(&story.status, tenant, minutes);
    assert!(is_due(&story, &backed_up(-60)), "the first time");
    story.reconcile(&reported(observed(backed_up(-60))), 0);
    assert!(!is_due(&story, &backed_up(-60)));
    assert!(is_due(&story, &backed_up(-30)), "another set");
    let mut later = backed_up(-60);
    later.round = later.round.map(|round| Round {
        checkpoint_scn: scn(400),
        ..round
    });
    assert!(is_due(&story, &later), "the checkpoint is due");
    story.status.transition = Some(Transition {
        to: "Stopped".to_owned(),
        since: time(at(0)),
        taken: None,
    });
    assert!(!is_due(&story, &later), "it is on its way");
    story.status.cause = Some(cause("StopTimeout", "it takes too long"));
    assert!(is_due(&story, &later), "it is stuck on its way");
}
