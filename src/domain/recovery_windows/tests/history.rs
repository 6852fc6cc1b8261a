//! Random small histories of one tenant: rounds at two destinations, missing pieces and sets.

use std::collections::HashSet;

use proptest::prelude::*;

use super::*;

/// An SCN beyond every history.
pub(super) const END: u64 = 150;

/// SCNs archived per destination, instant by instant, with the pieces that the views would show.
#[derive(Clone, Debug, Default)]
pub(super) struct History {
    pub(super) pieces: Vec<Piece>,
    pub(super) archived: HashSet<(i64, u64)>,
}

/// Length of a piece, whether it still exists, and whether its row shows a stale checkpoint.
type Length = (u64, bool, bool);

/// One round: its destination, the pause before it, and its pieces. The last one stops short of its
/// planned end.
type Round = (bool, u64, Vec<Length>, u64);

fn reported(rounds: &[Round]) -> History {
    let mut history = History::default();
    let (mut now, mut piece_id) = (0, 0);
    for (round_id, (elsewhere, pause, lengths, short)) in (1..).zip(rounds) {
        now += pause;
        let dest_id = 1001 + i64::from(*elsewhere);
        for (index, (length, available, is_old)) in lengths.iter().enumerate() {
            piece_id += 1;
            let next = lengths.get(index + 1);
            let end_scn = now + length;
            let reached = if next.is_some() {
                end_scn
            } else {
                (end_scn.saturating_sub(*short)).max(now + 1)
            };
            let is_old = *is_old && next.is_some() && *length > 1;
            let checkpoint_scn = reached - u64::from(is_old);
            let stopped = round_id < i64::try_from(rounds.len()).unwrap();
            history.pieces.push(Piece {
                dest_id,
                round_id,
                id: piece_id,
                start_scn: Scn(now),
                checkpoint_scn: Scn(checkpoint_scn),
                end_scn: Scn(end_scn),
                frozen: next.is_some() || stopped,
                available: *available,
                output_bytes: 1,
            });
            // Without the next piece, nothing shows that the row's checkpoint is stale.
            let is_shown = next.is_some_and(|(_, available, _)| *available);
            let shown = if is_shown { reached } else { checkpoint_scn };
            if *available {
                let archived = (now..shown).map(|scn| (dest_id, scn));
                history.archived.extend(archived);
            }
            now = reached;
        }
    }
    history
}

pub(super) fn histories() -> impl Strategy<Value = History> {
    let length = (
        1_u64..12,
        proptest::bool::weighted(0.85),
        proptest::bool::weighted(0.2),
    );
    let pieces = proptest::collection::vec(length, 1..4);
    let pause = prop_oneof![Just(0), 0_u64..4];
    let round = (
        proptest::bool::weighted(0.25),
        pause,
        pieces,
        prop_oneof![Just(0), 0_u64..4],
    );
    proptest::collection::vec(round, 0..5).prop_map(|rounds| reported(&rounds))
}

/// Modifies a set: of ten, one failed, one is deleted, one has no row, one includes its logs.
fn spoil(mut set: BackupSet, luck: u8) -> Option<BackupSet> {
    match luck {
        0 => set.success = false,
        1 => set.available = false,
        2 => return None,
        3 => set.plus_archivelog = true,
        _ => {}
    }
    Some(set)
}

/// Generates sets that depend on any older set, with points anywhere.
pub(super) fn sets() -> impl Strategy<Value = Vec<BackupSet>> {
    let set = (
        any::<bool>(),
        0_i64..5,
        0_i64..5,
        0_u64..50,
        0_u64..5,
        0..10_u8,
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
            spoil(drawn, luck)
        };
        (1..).zip(drawn).filter_map(set).collect()
    })
}

/// Generates sets as the database creates them, one after another. An incremental set depends on
/// the newest successful full set and on the newest set of its chain; without any it is full.
pub(super) fn sets_in_order() -> impl Strategy<Value = Vec<BackupSet>> {
    let set = (any::<bool>(), 1_u64..12, 1_u64..5, 0..10_u8);
    proptest::collection::vec(set, 0..7).prop_map(|drawn| {
        let (mut now, mut chain): (u64, Option<(i64, i64)>) = (0, None);
        let set = |(id, (is_full, pause, wait, luck)): (i64, (bool, u64, u64, u8))| {
            let replay = now + pause;
            now = replay + wait;
            let set = match chain {
                Some(chain) if !is_full => incremental(id, chain, replay, now),
                _ => full(id, replay, now),
            };
            if luck > 0 {
                let base = if set.full { id } else { set.prev_full_id.0 };
                chain = Some((base, id));
            }
            spoil(set, luck)
        };
        (1..).zip(drawn).filter_map(set).collect()
    })
}

/// Returns whether a set and its whole chain can be used.
pub(super) fn restorable(set: &BackupSet, sets: &[BackupSet]) -> bool {
    let base = |id| {
        sets.iter()
            .find(|base| base.id == id && restorable(base, sets))
    };
    let full = base(set.prev_full_id).is_some_and(|full| full.full);
    let chain = set.prev_inc_id == NO_SET || base(set.prev_inc_id).is_some();
    set.success && set.available && (set.full || (full && chain))
}

/// Returns whether a set leads to a point: every instant before it, from the replay's start on, is
/// archived at one destination. Some log must also exist from the set's own earliest point on.
pub(super) fn leads_to(set: &BackupSet, point: u64, history: &History) -> bool {
    let last = set.min_restore_scn.0.max(point.saturating_sub(1));
    point >= set.min_restore_scn.0
        && [1001, 1002].iter().any(|dest| {
            (set.start_replay_scn.0..=last).all(|scn| history.archived.contains(&(*dest, scn)))
        })
}

/// Returns whether a set alone is enough for a point.
pub(super) fn suffices(set: &BackupSet, point: u64) -> bool {
    set.plus_archivelog && set.min_restore_scn.0 == point
}

/// Returns all restorable points, checked one by one.
pub(super) fn restorable_points(sets: &[BackupSet], history: &History) -> Vec<u64> {
    let sound: Vec<&BackupSet> = sets.iter().filter(|set| restorable(set, sets)).collect();
    let leads = |point: &u64| {
        let mut sound = sound.iter();
        sound.any(|set| suffices(set, *point) || leads_to(set, *point, history))
    };
    (0..=END).filter(leads).collect()
}
