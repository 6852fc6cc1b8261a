//! A cluster that has never answered, or no longer answers.

use super::*;

/// A Git sync must not wait for the end of an outage.
#[test]
fn a_cluster_that_answered_stays_current_while_it_does_not_answer() {
    let mut fixture = Fixture::default();
    fixture.reconcile(&shows(Vec::new()), 0);
    fixture.reconcile(&hidden(Blocker::outage()), 1);
    assert_eq!(
        (fixture.kstatus(), fixture.reachable()),
        (Kstatus::Current, Some("False"))
    );
    let edited = decide(
        &fixture.spec,
        2,
        &fixture.status,
        &hidden(Blocker::outage()),
        at(2),
    )
    .status;
    assert_eq!(
        kstatus(2, edited.observed_generation, &edited.conditions),
        Kstatus::InProgress,
        "by what was edited it has not answered yet"
    );
}

/// An outage does not make it current again.
#[test]
fn a_cluster_that_can_not_be_logged_in_to_is_not_current_any_more() {
    for (blocker, expected) in [
        (
            Blocker::waiting("SecretNotFound", "make it"),
            Kstatus::InProgress,
        ),
        (
            Blocker::permanent("AccessDenied", "wrong password"),
            Kstatus::Failed,
        ),
    ] {
        let mut fixture = Fixture::default();
        fixture.reconcile(&shows(Vec::new()), 0);
        fixture.reconcile(&hidden(blocker), 1);
        assert_eq!(fixture.kstatus(), expected);
        fixture.reconcile(&hidden(Blocker::outage()), 2);
        assert_eq!(fixture.kstatus(), Kstatus::InProgress);
    }
}

#[test]
fn what_is_known_of_the_backups_stands_while_the_cluster_does_not_answer() {
    let mut fixture = Fixture::default();
    let before = fixture
        .reconcile(&shows(vec![backed_up(1002, 0)]), 0)
        .clone();
    let after = fixture.reconcile(&hidden(Blocker::outage()), 100);
    assert_eq!(
        (&after.backup, &after.tenants),
        (&before.backup, &before.tenants)
    );
}

#[test]
fn going_and_coming_back_are_told_once_each() {
    let gone = hidden(Blocker::outage());
    let mut fixture = Fixture::default();
    for (second, observed) in [&hidden(connecting()), &gone, &gone, &shows(Vec::new())]
        .into_iter()
        .enumerate()
    {
        fixture.reconcile(observed, i64::try_from(second).unwrap());
    }
    assert_eq!(
        fixture.events,
        [(true, "Unreachable"), (false, "ClusterReachable")]
    );
}
