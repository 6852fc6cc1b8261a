//! Limits of the storage: set for each location with other limits, and for none if that is not
//! possible.

use super::*;
use crate::domain::log_backup::{ObservedLimits, limits_blocker};
use crate::oceanbase::model::StorageLimits;

const LOG: &str = "s3://b/log";
const DATA: &str = "s3://b/data";

const SLOW: StorageLimits = limits(800);
const SLOWER: StorageLimits = limits(400);

const fn limits(max_iops: i64) -> StorageLimits {
    StorageLimits {
        max_iops,
        max_bandwidth: 20 << 20,
    }
}

/// The database shows these limits of the logs' and of the data's location.
fn shows(wanted: StorageLimits, logs: StorageLimits, data: StorageLimits) -> Observation {
    let shown = [(LOG, logs), (DATA, data)];
    let limited = shown.into_iter().filter(|(_, limits)| *limits != NONE);
    Observation {
        limits: Some(ObservedLimits {
            wanted,
            locations: vec![LOG.to_owned(), DATA.to_owned()],
            limited: Some(
                limited
                    .map(|(location, limits)| (location.to_owned(), limits))
                    .collect(),
            ),
            blocker: None,
        }),
        ..observed(doing())
    }
}

/// The same if the tenant has only these locations.
fn at_locations(locations: &[&str], mut observed: Observation) -> Observation {
    let limits = observed.limits.as_mut().unwrap();
    limits.locations = locations
        .iter()
        .map(|location| (*location).to_owned())
        .collect();
    observed
}

fn blind(mut observed: Observation) -> Observation {
    observed.limits.as_mut().unwrap().limited = None;
    observed
}

fn blocked(mut observed: Observation, blocker: Option<Blocker>) -> Observation {
    observed.limits = observed
        .limits
        .map(|limits| ObservedLimits { blocker, ..limits });
    observed
}

fn limit(location: &str, limits: StorageLimits) -> Effect {
    Effect::Limit {
        tenant: TenantName::parse("orders").unwrap(),
        location: location.to_owned(),
        limits,
    }
}

impl Story {
    /// Whether the limits are applied, and why not.
    fn limits(&self) -> Option<(bool, Option<&str>)> {
        let known = self.status.storage_limits.as_ref()?;
        let mut pending = known.pending.iter();
        let cause = pending.find_map(|pending| pending.cause.as_ref());
        let cause = cause.map(|cause| cause.reason.as_str());
        Some((known.pending.is_empty(), cause))
    }

    fn why_not_limited(&self) -> Option<&str> {
        self.limits()?.1
    }
}

const NONE: StorageLimits = StorageLimits::NONE;

#[test]
fn each_place_is_given_them_until_the_database_shows_them() {
    let mut story = Story::running();
    let none = shows(SLOW, NONE, NONE);
    assert_eq!(story.reconcile(&none, 1).effect, Some(limit(LOG, SLOW)));
    story.answered(&none, 1, &Answer::Done);
    assert_eq!(story.reconcile(&none, 2).effect, Some(limit(DATA, SLOW)));
    story.answered(&none, 2, &Answer::Done);
    // Neither was checked since.
    assert_eq!(story.reconcile(&none, 3).effect, None);
    let first = shows(SLOW, SLOW, NONE);
    assert_eq!(story.reconcile(&first, 7).effect, Some(limit(DATA, SLOW)));
    assert_eq!(story.limits(), Some((false, None)));
    assert_eq!(story.reconcile(&shows(SLOW, SLOW, SLOW), 8).effect, None);
    assert_eq!(story.limits(), Some((true, None)));
    assert_eq!(story.phase(), "InProgress");
}

#[test]
fn nothing_is_sent_on_a_picture_that_is_older_than_the_last_statement() {
    let mut story = Story::running();
    let mut observed = shows(SLOW, NONE, NONE);
    observed.database.as_mut().unwrap().settled = false;
    assert_eq!(story.reconcile(&observed, 1).effect, None);
    assert_eq!(story.limits(), Some((false, None)));
}

#[test]
fn what_nobody_asked_for_here_is_left_alone() {
    let mut story = Story::running();
    assert_eq!(story.reconcile(&shows(NONE, SLOW, SLOW), 1).effect, None);
    assert_eq!(story.limits(), None);
}

#[test]
fn limits_that_are_taken_out_are_taken_back() {
    let mut story = Story::running();
    story.reconcile(&shows(SLOW, SLOW, SLOW), 1);
    let left = shows(NONE, SLOW, NONE);
    story.answered(&left, 2, &Answer::Done);
    assert_eq!(story.limits(), Some((false, None)));
    assert_eq!(story.reconcile(&shows(NONE, NONE, NONE), 3).effect, None);
    assert_eq!(story.limits(), None);
}

#[test]
fn an_edit_that_is_taken_back_half_way_is_taken_back_in_the_database_too() {
    let mut story = Story::running();
    story.reconcile(&shows(SLOW, SLOW, SLOW), 1);
    story.answered(&shows(SLOWER, SLOW, SLOW), 2, &Answer::Done);
    let half = shows(SLOW, SLOWER, SLOW);
    assert_eq!(story.reconcile(&half, 3).effect, Some(limit(LOG, SLOW)));
}

#[test]
fn what_somebody_else_has_set_since_is_told_and_stands() {
    let mut story = Story::running();
    story.reconcile(&shows(SLOW, SLOW, SLOW), 1);
    assert_eq!(story.reconcile(&shows(SLOW, SLOW, NONE), 2).effect, None);
    assert_eq!(story.limits(), Some((false, Some("LimitsDrifted"))));
    assert_eq!(
        story.reconcile(&shows(SLOWER, SLOW, NONE), 3).effect,
        Some(limit(LOG, SLOWER))
    );
    assert_eq!(story.limits(), Some((false, None)));
}

#[test]
fn with_enforce_they_are_given_again() {
    let mut story = Story::running();
    story.spec.drift_policy = DriftPolicy::Enforce;
    story.reconcile(&shows(SLOW, SLOW, SLOW), 1);
    let decision = story.reconcile(&shows(SLOW, SLOW, NONE), 2);
    assert_eq!(decision.effect, Some(limit(DATA, SLOW)));
    assert_eq!(decision.event.unwrap().reason, "DriftCorrected");
}

#[test]
fn an_older_version_and_a_tenant_without_an_account_are_told_of_and_go_on() {
    for (version, can, known, reason) in [
        ("4.2.5.1", false, true, "UnsupportedServerVersion"),
        ("4.3.5.2", true, false, "TenantAccountUnknown"),
    ] {
        let mut story = Story::running();
        let blocker = limits_blocker("orders", version, can, known);
        let none = shows(SLOW, NONE, NONE);
        assert_eq!(
            story.reconcile(&blocked(none.clone(), blocker), 1).effect,
            None
        );
        assert_eq!(story.limits(), Some((false, Some(reason))));
        assert_eq!(story.phase(), "InProgress");
        assert_eq!(story.condition("Ready").0, "True");
        assert_eq!(story.reconcile(&none, 2).effect, Some(limit(LOG, SLOW)));
        assert_eq!(story.limits(), Some((false, None)));
    }
}

#[test]
fn a_refusal_is_told_and_tried_again_after_a_pause_and_at_once_after_an_edit() {
    let mut story = Story::running();
    let none = shows(SLOW, NONE, SLOW);
    story.answered(&none, 1, &refused(FailureClass::Permanent));
    assert_eq!(
        story.limits(),
        Some((false, Some("DestinationOwnedByOther")))
    );
    assert_eq!(story.reconcile(&none, 2).effect, None);
    assert_eq!(
        story.reconcile(&none, 1 + 300).effect,
        Some(limit(LOG, SLOW))
    );
    assert_eq!(
        story.reconcile(&shows(SLOWER, NONE, SLOW), 3).effect,
        Some(limit(LOG, SLOWER))
    );
}

#[test]
fn a_database_that_takes_them_and_shows_none_is_told_of() {
    let mut story = Story::running();
    let none = shows(SLOW, NONE, NONE);
    for times in 1..=4 {
        assert_eq!(story.limits().and_then(|(_, why)| why), None);
        story.answered(&none, times * 600, &Answer::Done);
    }
    assert_eq!(story.limits(), Some((false, Some("LimitsNotEffective"))));
}

#[test]
fn a_tenant_that_has_left_the_store_has_no_place_to_keep_to_them() {
    let mut story = Story::running();
    story.reconcile(&shows(SLOW, SLOW, SLOW), 1);
    story.reconcile(&at_locations(&[], shows(SLOW, NONE, NONE)), 2);
    let known = story.status.storage_limits.as_ref().unwrap();
    assert_eq!((known.locations.len(), known.pending.len()), (0, 0));
}

#[test]
fn a_log_backup_that_is_blocked_takes_note_of_what_is_so() {
    let mut story = Story::running();
    story.reconcile(&shows(SLOW, SLOW, SLOW), 1);
    // Its `storageRef` names another storage with the same limits.
    let other = Observation {
        limits: at_locations(&[], shows(SLOW, NONE, NONE)).limits,
        ..elsewhere(doing())
    };
    story.reconcile(&other, 2);
    let known = story.status.storage_limits.as_ref().unwrap();
    assert_eq!((known.locations.len(), known.pending.len()), (0, 0));
}

#[test]
fn while_they_can_not_be_read_nothing_is_sent_and_what_was_seen_stands() {
    let mut story = Story::running();
    story.reconcile(&shows(SLOW, SLOW, SLOW), 1);
    assert_eq!(
        story.reconcile(&blind(shows(SLOW, NONE, NONE)), 2).effect,
        None
    );
    assert_eq!(story.limits(), Some((true, None)));
    assert_eq!(
        story.reconcile(&blind(shows(SLOWER, NONE, NONE)), 3).effect,
        None
    );
    assert_eq!(story.limits(), Some((false, Some("LimitsNotReadable"))));
    let observed = shows(SLOWER, SLOW, SLOW);
    assert_eq!(
        story.reconcile(&observed, 4).effect,
        Some(limit(LOG, SLOWER))
    );
    assert_eq!(story.limits(), Some((false, None)));
}

#[test]
fn a_tenant_that_can_not_be_told_now_is_told_of() {
    for change in [
        (|tenant| tenant.locked = true) as fn(&mut Tenant),
        |tenant| tenant.role = "STANDBY".to_owned(),
    ] {
        let mut story = Story::running();
        let mut tenant = doing();
        change(&mut tenant);
        let none = Observation {
            limits: shows(SLOW, NONE, NONE).limits,
            ..observed(tenant)
        };
        assert_eq!(story.reconcile(&none, 1).effect, None);
        assert!(story.why_not_limited().is_some());
        assert_eq!(
            story.reconcile(&shows(SLOW, NONE, NONE), 2).effect,
            Some(limit(LOG, SLOW))
        );
    }
}

#[test]
fn one_place_is_not_held_up_by_what_befell_the_other() {
    let mut story = Story::running();
    let none = shows(SLOW, NONE, NONE);
    story.answered(&none, 1, &refused(FailureClass::Permanent));
    story.answered(&none, 301, &Answer::Done);
    assert_eq!(story.limits(), Some((false, None)));
    let effect = story.reconcile(&shows(SLOW, SLOW, NONE), 302).effect;
    assert_eq!(effect, Some(limit(DATA, SLOW)));
}

#[test]
fn what_was_taken_once_is_not_told_as_taken_several_times() {
    let mut story = Story::running();
    let none = shows(SLOW, NONE, NONE);
    for times in 1..=3 {
        story.answered(&none, times * 600, &Answer::NotSent("busy".to_owned()));
    }
    assert_eq!(story.why_not_limited(), Some("StatementNotSent"));
    story.answered(&none, 4 * 600, &Answer::Done);
    assert_eq!(story.why_not_limited(), None);
}

#[test]
fn limits_that_a_destination_was_set_with_are_taken_back_though_nobody_has_looked_since() {
    let mut story = Story::of(DesiredState::Running);
    let bare = Observation {
        limits: at_locations(&[], shows(SLOW, NONE, NONE)).limits,
        ..observed(bare())
    };
    story.answered(&bare, 1, &Answer::Done);
    let effect = story.reconcile(&shows(NONE, SLOW, NONE), 10).effect;
    assert_eq!(effect, Some(limit(LOG, NONE)));
}

#[test]
fn a_place_that_the_tenant_has_left_is_remembered_until_its_limits_are_taken_back() {
    let mut story = Story::running();
    story.reconcile(&shows(SLOW, SLOW, SLOW), 1);
    story.reconcile(&at_locations(&[LOG], shows(SLOW, SLOW, SLOW)), 2);
    assert_eq!(story.limits(), Some((true, None)));
    let left = at_locations(&[LOG], shows(NONE, NONE, SLOW));
    assert_eq!(story.reconcile(&left, 3).effect, Some(limit(DATA, NONE)));
    assert_eq!(
        story
            .reconcile(&at_locations(&[LOG], shows(NONE, NONE, NONE)), 4)
            .effect,
        None
    );
    assert_eq!(story.limits(), None);
}

#[test]
fn what_is_limited_by_hand_after_the_end_is_somebody_elses() {
    let mut story = Story::running();
    story.reconcile(&shows(SLOW, SLOW, SLOW), 1);
    story.answered(&shows(NONE, SLOW, SLOW), 2, &Answer::Done);
    story.reconcile(&shows(NONE, NONE, SLOW), 8);
    assert_eq!(story.reconcile(&shows(NONE, SLOWER, NONE), 20).effect, None);
    assert_eq!(story.limits(), None);
}

#[test]
fn a_place_that_is_refused_for_good_does_not_keep_the_other_from_its_limits() {
    let mut story = Story::running();
    let none = shows(SLOW, NONE, NONE);
    story.answered(&none, 1, &refused(FailureClass::Permanent));
    assert_eq!(story.reconcile(&none, 2).effect, Some(limit(DATA, SLOW)));
    story.answered(&none, 2, &Answer::Done);
    let known = story.status.storage_limits.as_ref().unwrap();
    let causes = known.pending.iter().map(|pending| pending.cause.is_some());
    assert_eq!(causes.collect::<Vec<_>>(), [true, false]);
}

#[test]
fn what_somebody_else_had_set_before_is_not_taken_back_where_it_was_never_replaced() {
    let mut story = Story::running();
    let blocker = limits_blocker("orders", "4.3.5.2", true, false);
    let alone = blocked(shows(SLOW, SLOWER, NONE), blocker.clone());
    assert_eq!(story.reconcile(&alone, 1).effect, None);
    assert_eq!(story.why_not_limited(), Some("TenantAccountUnknown"));
    story.reconcile(&blocked(shows(NONE, SLOWER, NONE), blocker), 2);
    assert_eq!(story.limits(), None);
}

#[test]
fn a_move_to_a_store_without_limits_leaves_alone_what_it_finds_there() {
    let mut story = Story::running();
    story.reconcile(&shows(SLOW, SLOW, SLOW), 1);
    let other = at_locations(&["s3://other/data"], shows(NONE, NONE, NONE));
    let mut limited = other.clone();
    let found = ("s3://other/data".to_owned(), SLOWER);
    limited.limits.as_mut().unwrap().limited = Some(vec![found]);
    assert_eq!(story.reconcile(&limited, 2).effect, None);
    assert_eq!(story.limits(), None);
}

#[test]
fn a_tenant_that_is_gone_keeps_to_nothing() {
    let mut story = Story::running();
    story.reconcile(&shows(SLOW, SLOW, SLOW), 1);
    let mut gone = shows(SLOW, NONE, NONE);
    gone.limits = None;
    if let Ok(database) = &mut gone.database {
        database.tenant = None;
    }
    story.reconcile(&gone, 2);
    assert_eq!((story.reason(), story.limits()), ("TenantNotFound", None));
}

#[test]
fn what_is_not_known_is_not_told_as_something_else() {
    let mut story = Story::running();
    let blocker = limits_blocker("orders", "4.3.5.2", true, false);
    story.reconcile(&blocked(blind(shows(SLOW, SLOW, SLOW)), blocker), 1);
    assert_eq!(story.why_not_limited(), Some("LimitsNotReadable"));
}
