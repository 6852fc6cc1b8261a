//! The checkpoint of log backup in the status of a cluster.

use super::*;

#[test]
fn the_checkpoint_is_that_of_the_tenant_furthest_behind() {
    let stopped = tenant(1006, Some(round(RoundStatus::Stop, -900)), Vec::new());
    let mut fixture = Fixture::default();
    fixture.reconcile(
        &shows(vec![backed_up(1002, -5), backed_up(1004, -60), stopped]),
        0,
    );
    assert_eq!(fixture.checkpoint(), Some(at(-60)));
}

#[test]
fn a_checkpoint_that_moves_on_is_written_every_five_minutes() {
    let mut fixture = Fixture::default();
    let mut written = Vec::new();
    for checkpoint in [0, 15, 299, 300, 301] {
        fixture.reconcile(&shows(vec![backed_up(1002, checkpoint)]), checkpoint);
        written.push(fixture.checkpoint().unwrap());
    }
    assert_eq!(written, [at(0), at(0), at(0), at(300), at(300)]);
}

#[test]
fn a_checkpoint_that_falls_back_is_written_at_once() {
    let mut fixture = Fixture::default();
    fixture.reconcile(&shows(vec![backed_up(1002, 0)]), 0);
    fixture.reconcile(&shows(vec![backed_up(1002, 1), backed_up(1004, -60)]), 1);
    assert_eq!(fixture.checkpoint(), Some(at(-60)));
}

#[test]
fn without_running_log_backup_there_is_no_checkpoint() {
    let mut fixture = Fixture::default();
    fixture.reconcile(&shows(vec![backed_up(1002, 0)]), 0);
    fixture.reconcile(&shows(vec![tenant(1002, None, Vec::new())]), 1);
    assert_eq!(fixture.checkpoint(), None);
}
