//! The named set for a point, compared with the database's own choice, on random histories.

use proptest::prelude::*;

use super::history::{
    END, History, histories, leads_to, restorable, restorable_points, sets, sets_in_order, suffices,
};
use super::*;

/// Returns the set that `RESTORE` selects. It walks over the sets by number, and each full set
/// starts a new chain. It adds incremental sets that depend on the chain, and ends where
/// MIN_RESTORE_SCN is past the point (`do_get_backup_set_array_` of V4.2).
fn walked(sets: &[BackupSet], point: u64) -> Option<&BackupSet> {
    let mut chain: Vec<&BackupSet> = Vec::new();
    for set in sets {
        if set.min_restore_scn.0 > point {
            break;
        }
        if !set.success || !set.available {
            continue;
        }
        let has = |id| chain.iter().any(|known| known.id == id);
        if set.full {
            chain = vec![set];
        } else if has(set.prev_full_id) && has(set.prev_inc_id) {
            chain.push(set);
        }
    }
    chain.pop()
}

fn named(explanation: &Explanation) -> Option<(&[BackupSet], &[Piece])> {
    match explanation {
        Explanation::Recoverable { sets, pieces, .. } => Some((sets, pieces)),
        Explanation::Not { .. } => None,
    }
}

/// Returns the set to restore.
fn chosen(sets: &[BackupSet], pieces: &[Piece], at: u64) -> Option<BackupSetId> {
    let explanation = explain(sets, pieces, Scn(at));
    named(&explanation).and_then(|(sets, _)| Some(sets.last()?.id))
}

/// Returns all elements but the one at a position.
fn without<T: Clone>(all: &[T], position: usize) -> Vec<T> {
    let mut rest = all.to_vec();
    rest.remove(position);
    rest
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn a_point_is_explained_to_be_recoverable_exactly_when_it_is(
        sets in sets(), history in histories(),
    ) {
        let explained = |at: &u64| chosen(&sets, &history.pieces, *at).is_some();
        let explained: Vec<u64> = (0..=END).filter(explained).collect();
        prop_assert_eq!(explained, restorable_points(&sets, &history));
    }

    #[test]
    fn what_is_named_is_enough(sets in sets(), history in histories()) {
        for at in restorable_points(&sets, &history) {
            let explanation = explain(&sets, &history.pieces, Scn(at));
            let (sets, pieces) = named(&explanation).unwrap();
            let set = sets.last().unwrap();
            prop_assert!(restorable(set, sets), "{} by {:?}", at, explanation);
            let numbers: Vec<i64> = pieces.iter().map(|piece| piece.id).collect();
            let logs = history.without_pieces_but(&numbers);
            let leads = if pieces.is_empty() {
                suffices(set, at)
            } else {
                leads_to(set, at, &logs)
            };
            prop_assert!(leads, "{} by {:?} in {:?}", at, explanation, history);
            let again = explain(sets, pieces, Scn(at));
            prop_assert_eq!(named(&again), named(&explanation), "{} in {:?}", at, history);
        }
    }

    #[test]
    fn nothing_that_is_named_can_be_done_without(sets in sets(), history in histories()) {
        for at in restorable_points(&sets, &history) {
            let explanation = explain(&sets, &history.pieces, Scn(at));
            let (sets, pieces) = named(&explanation).unwrap();
            let set = sets.last().map(|set| set.id);
            for position in 0..sets.len() {
                let fewer = chosen(&without(sets, position), pieces, at);
                prop_assert_ne!(fewer, set, "{} without set {} of {:?}", at, position, explanation);
            }
            for position in 0..pieces.len() {
                let fewer = chosen(sets, &without(pieces, position), at);
                prop_assert_ne!(fewer, set, "{} without piece {} of {:?}", at, position, explanation);
            }
        }
    }

    #[test]
    fn of_sets_made_one_after_the_other_the_one_that_the_database_takes_is_named(
        sets in sets_in_order(), history in histories(),
    ) {
        for at in 0..=END {
            let Some(named) = chosen(&sets, &history.pieces, at) else {
                continue;
            };
            let walked = walked(&sets, at).unwrap();
            // Log that ends at a set's own first point gives no window: an older set is named.
            let ends_there = walked.min_restore_scn.0 == at && !leads_to(walked, at, &history);
            prop_assert!(
                walked.id == named || ends_there,
                "{}: {} instead of {} of {:?} in {:?}", at, named, walked.id, sets, history
            );
        }
    }

    #[test]
    fn where_nothing_is_recoverable_the_database_finds_no_logs_for_the_set_that_it_takes(
        sets in sets_in_order(), history in histories(),
    ) {
        let points = restorable_points(&sets, &history);
        for at in (0..=END).filter(|at| !points.contains(at)) {
            let leads = walked(&sets, at).is_some_and(|set| leads_to(set, at, &history));
            prop_assert!(!leads, "{} of {:?} in {:?}", at, sets, history);
        }
    }
}

impl History {
    /// Returns the history with only the pieces of these numbers.
    fn without_pieces_but(&self, numbers: &[i64]) -> Self {
        let kept = |piece: &&Piece| numbers.contains(&piece.id);
        let pieces: Vec<Piece> = self.pieces.iter().filter(kept).cloned().collect();
        let holds = |(dest_id, scn): &&(i64, u64)| {
            let mut pieces = pieces.iter();
            pieces.any(|piece| {
                piece.dest_id == *dest_id && (piece.start_scn..piece.end_scn).contains(&Scn(*scn))
            })
        };
        Self {
            archived: self.archived.iter().filter(holds).copied().collect(),
            pieces,
        }
    }
}
