//! Windows against a second opinion that asks point by point, on random small histories.

use super::*;
use proptest::prelude::*;
use std::collections::HashSet;

/// Which SCNs are archived where, told instant by instant, beside the pieces the views would show.
#[derive(Clone, Debug, Default)]
struct History {
    pieces: Vec<Piece>,
    archived: HashSet<(i64, u64)>,
}

/// One round: its place, the pause before it, and for each piece its length and whether it is
/// still there. The last piece stops short of its planned end.
type Round = (bool, u64, Vec<(u64, bool)>, u64);

fn history(rounds: &[Round]) -> History {
    let mut history = History::default();
    let (mut now, mut piece_id) = (0, 0);
    for (round_id, (elsewhere, pause, lengths, short)) in (1..).zip(rounds) {
        now += pause;
        let dest_id = 1001 + i64::from(*elsewhere);
        for (index, (length, available)) in lengths.iter().enumerate() {
            piece_id += 1;
            let last = index + 1 == lengths.len();
            let end_scn = now + length;
            let checkpoint_scn = if last {
                (end_scn.saturating_sub(*short)).max(now + 1)
            } else {
                end_scn
            };
            let stopped = round_id < i64::try_from(rounds.len()).unwrap();
            history.pieces.push(Piece {
                dest_id,
                round_id,
                id: piece_id,
                start_scn: Scn(now),
                checkpoint_scn: Scn(checkpoint_scn),
                end_scn: Scn(end_scn),
                frozen: !last || stopped,
                available: *available,
            });
            if *available {
                history
                    .archived
                    .extend((now..checkpoint_scn).map(|scn| (dest_id, scn)));
            }
            now = checkpoint_scn;
        }
    }
    history
}

fn restorable(set: &BackupSet, sets: &[BackupSet]) -> bool {
    let base = |id| {
        sets.iter()
            .find(|base| base.id == id && restorable(base, sets))
    };
    let full = base(set.prev_full_id).is_some_and(|full| full.full);
    let chain = set.prev_inc_id == NO_SET || base(set.prev_inc_id).is_some();
    set.success && set.available && (set.full || (full && chain))
}

/// A set leads to a point when every instant before it, from the replay's start on, is archived
/// in one place; and there must be some log from the set's own earliest point on.
fn leads_to(set: &BackupSet, point: u64, history: &History) -> bool {
    let last = set.min_restore_scn.0.max(point.saturating_sub(1));
    point >= set.min_restore_scn.0
        && [1001, 1002].iter().any(|dest| {
            (set.start_replay_scn.0..=last).all(|scn| history.archived.contains(&(*dest, scn)))
        })
}

fn sets() -> impl Strategy<Value = Vec<BackupSet>> {
    let set = (
        any::<bool>(),
        0_i64..5,
        0_i64..5,
        0_u64..50,
        0_u64..5,
        0..6_u8,
    );
    proptest::collection::vec(set, 0..6).prop_map(|drawn| {
        let set = |(id, (is_full, full_id, inc_id, replay, wait, luck))| {
            let older = |back: i64| {
                if (1..id).contains(&back) {
                    id - back
                } else {
                    0
                }
            };
            let chain = (older(full_id), older(inc_id));
            let drawn = if is_full {
                full(id, replay, replay + wait)
            } else {
                incremental(id, chain, replay, replay + wait)
            };
            BackupSet {
                available: luck > 0,
                plus_archivelog: luck == 5,
                ..drawn
            }
        };
        (1..).zip(drawn).map(set).collect()
    })
}

fn rounds() -> impl Strategy<Value = Vec<Round>> {
    let pieces = proptest::collection::vec((1_u64..12, proptest::bool::weighted(0.85)), 1..4);
    let pause = prop_oneof![Just(0), 0_u64..4];
    let round = (
        proptest::bool::weighted(0.25),
        pause,
        pieces,
        prop_oneof![Just(0), 0_u64..4],
    );
    proptest::collection::vec(round, 1..5)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn a_point_lies_in_a_window_exactly_when_some_set_leads_to_it(
        sets in sets(), rounds in rounds(),
    ) {
        let history = history(&rounds);
        let sound: Vec<&BackupSet> = sets.iter().filter(|set| restorable(set, &sets)).collect();
        let found = recoverable(&sets, &history.pieces);
        for point in 0..150 {
            let expected = sound.iter().any(|set| leads_to(set, point, &history));
            let windows = &found.windows;
            let inside = windows.iter().any(|w| (w.start_scn..=w.end_scn).contains(&Scn(point)));
            prop_assert_eq!(inside, expected, "point {} of {:?} in {:?}", point, sets, history);
        }
        for set in &sets {
            let logged = leads_to(set, set.min_restore_scn.0, &history);
            let expected = sound.contains(&set) && (set.plus_archivelog || logged);
            let listed = found.points.iter().any(|point| point.backup_set_id == set.id);
            prop_assert_eq!(listed, expected, "set {} of {:?} in {:?}", set.id, sets, history);
        }
    }

    #[test]
    fn windows_come_sorted_with_holes_between_them(sets in sets(), rounds in rounds()) {
        let found = recoverable(&sets, &history(&rounds).pieces).windows;
        prop_assert!(found.iter().all(|window| window.start_scn < window.end_scn));
        prop_assert!(found.windows(2).all(|pair| pair[0].end_scn.0 + 1 < pair[1].start_scn.0));
    }

    #[test]
    fn the_order_of_the_rows_does_not_matter(sets in sets(), rounds in rounds()) {
        let mut pieces = history(&rounds).pieces;
        let found = recoverable(&sets, &pieces);
        pieces.reverse();
        let turned: Vec<BackupSet> = sets.into_iter().rev().collect();
        prop_assert_eq!(recoverable(&turned, &pieces), found);
    }
}
