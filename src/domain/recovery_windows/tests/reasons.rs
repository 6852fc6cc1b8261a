//! Every named blocker is real, on random histories.

use proptest::prelude::*;

use super::history::{END, History, histories, restorable, restorable_points, sets};
use super::*;

/// Returns whether a set depends on the other one, directly or indirectly.
fn stands_on(set: &BackupSet, other: BackupSetId, sets: &[BackupSet]) -> bool {
    let previous = [set.prev_full_id, set.prev_inc_id];
    !set.full
        && previous.iter().any(|id| {
            let mut sets_of_it = sets.iter().filter(|known| known.id == *id);
            *id == other || sets_of_it.any(|known| stands_on(known, other, sets))
        })
}

fn has(fault: SetDefect, id: BackupSetId, sets: &[BackupSet]) -> bool {
    let set = sets.iter().find(|set| set.id == id);
    match fault {
        SetDefect::Missing => set.is_none(),
        SetDefect::Failed => set.is_some_and(|set| !set.success),
        SetDefect::Unavailable => set.is_some_and(|set| set.success && !set.available),
        SetDefect::Unfit => set.is_some_and(|set| !set.full),
    }
}

fn is_archived(history: &History, at: u64) -> bool {
    let locations = [1001, 1002];
    locations
        .iter()
        .any(|location| history.archived.contains(&(*location, at)))
}

/// Returns whether log continues from one instant to the next at one destination.
fn goes_on(history: &History, at: u64) -> bool {
    let locations = [1001, 1002];
    locations.iter().any(|location| {
        at > 0
            && [at - 1, at]
                .iter()
                .all(|scn| history.archived.contains(&(*location, *scn)))
    })
}

/// Returns whether the blocker of a point is real.
fn is_real(blocker: Blocker, at: u64, sets: &[BackupSet], history: &History) -> bool {
    let found = |id| sets.iter().find(|set| set.id == id);
    let in_front = |set: &BackupSet| set.min_restore_scn.0 <= at;
    let is_used = |set: &BackupSet| in_front(set) && restorable(set, sets);
    match blocker {
        Blocker::NoBackup => sets.is_empty(),
        Blocker::NoUsableSet { newest: None } => !sets.iter().any(is_used),
        Blocker::NoUsableSet {
            newest: Some((id, fault)),
        } => found(id).is_some_and(in_front) && has(fault, id, sets),
        Blocker::BrokenChain {
            set,
            stands_on: other,
            fault,
        } => {
            found(set).is_some_and(|set| {
                in_front(set) && set.success && set.available && stands_on(set, other, sets)
            }) && has(fault, other, sets)
        }
        Blocker::BeforeEverything { oldest } => {
            oldest.0 > at && restorable_points(sets, history).first() == Some(&oldest.0)
        }
        Blocker::AfterEnd { archived_to } => {
            let end = history.archived.iter().map(|(_, scn)| scn + 1).max();
            archived_to.map(|scn| scn.0) == end && end.is_none_or(|end| end <= at)
        }
        Blocker::Hole { set, from, to } => {
            let set = found(set).filter(|set| is_used(set)).unwrap();
            let begins = from == set.start_replay_scn || is_archived(history, from.0 - 1);
            begins
                && (set.start_replay_scn.0..=at).contains(&from.0)
                && from < to
                && (from.0..to.0).all(|scn| !is_archived(history, scn))
                && is_archived(history, to.0)
        }
        Blocker::Seam { set, at: seam } => {
            let set = found(set).filter(|set| is_used(set)).unwrap();
            (set.start_replay_scn.0 + 1..=at).contains(&seam.0)
                && is_archived(history, seam.0 - 1)
                && is_archived(history, seam.0)
                && !goes_on(history, seam.0)
        }
        Blocker::NothingKnown | Blocker::AfterEverything { .. } | Blocker::Gap { .. } => false,
    }
}

/// Does the same for an explanation from windows alone.
fn is_known(blocker: Blocker, at: u64, points: &[u64]) -> bool {
    let before = points
        .iter()
        .rev()
        .find(|point| **point < at)
        .map(|point| Scn(*point));
    let after = points
        .iter()
        .find(|point| **point > at)
        .map(|point| Scn(*point));
    match blocker {
        Blocker::NothingKnown => points.is_empty(),
        Blocker::BeforeEverything { oldest } => before.is_none() && after == Some(oldest),
        Blocker::AfterEverything { newest } => after.is_none() && before == Some(newest),
        Blocker::Gap { from, to } => (before, after) == (Some(from), Some(to)),
        _ => false,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn every_blocker_is_there(sets in sets(), history in histories()) {
        for at in 0..=END {
            if let Explanation::Not { blocker, .. } = explain(&sets, &history.pieces, Scn(at)) {
                prop_assert!(
                    is_real(blocker, at, &sets, &history),
                    "{}: {:?} of {:?} in {:?}", at, blocker, sets, history
                );
            }
        }
    }

    #[test]
    fn the_nearest_points_are_those_that_can_be_restored_to_and_none_lies_between(
        sets in sets(), history in histories(),
    ) {
        let points = restorable_points(&sets, &history);
        for point in 0..=END {
            let explanation = explain(&sets, &history.pieces, Scn(point));
            if let Explanation::Not { at, before, after, .. } = explanation {
                let last = points.iter().rev().find(|other| **other < point);
                let first = points.iter().find(|other| **other > point);
                prop_assert_eq!(at, Scn(point));
                prop_assert_eq!(before.map(|window| window.end_scn.0), last.copied());
                prop_assert_eq!(after.map(|window| window.start_scn.0), first.copied());
            }
        }
    }

    #[test]
    fn windows_alone_tell_the_same_points_with_obstacles_that_are_there(
        sets in sets(), history in histories(),
    ) {
        let points = restorable_points(&sets, &history);
        let known = recoverable(&sets, &history.pieces);
        for at in 0..=END {
            match explain_from_windows(&known, Scn(at)) {
                Explanation::Recoverable { window, .. } => {
                    prop_assert!(points.contains(&at), "{}", at);
                    prop_assert!(window.is_none_or(|window| window.contains(Scn(at))), "{}", at);
                }
                Explanation::Not { blocker, .. } => {
                    prop_assert!(!points.contains(&at), "{}", at);
                    prop_assert!(is_known(blocker, at, &points), "{}: {:?}", at, blocker);
                }
            }
        }
    }

    #[test]
    fn an_explanation_does_not_depend_on_the_order_of_the_rows(
        sets in sets(), history in histories(),
    ) {
        let explained = |sets: &[BackupSet], pieces: &[Piece]| {
            (0..=END).map(|at| explain(sets, pieces, Scn(at))).collect::<Vec<_>>()
        };
        let turned: Vec<BackupSet> = sets.iter().rev().cloned().collect();
        let pieces: Vec<Piece> = history.pieces.iter().rev().cloned().collect();
        prop_assert_eq!(explained(&turned, &pieces), explained(&sets, &history.pieces));
    }
}
