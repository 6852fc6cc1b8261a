//! Random histories of one tenant, compared with a check of every instant. The rule never removes a
//! point of the window, and permitted requests never delete the last backups.

use std::collections::HashSet;

use proptest::prelude::*;

use super::*;

/// Next event in a tenant's history.
#[derive(Clone, Debug)]
enum Act {
    /// A backup: whether it is full, and whether it succeeds.
    Backup(bool, bool),
    /// Archiving stops for a while, and logs go to this destination from then on.
    Restart(u64, i64),
    /// Data backups go to this destination from now on.
    Move(i64),
    /// Time passes.
    Pass(u64),
}

fn act() -> impl Strategy<Value = Act> {
    let dest = || prop_oneof![4 => Just(HERE), 1 => Just(ELSEWHERE)];
    prop_oneof![
        6 => (proptest::bool::weighted(0.4), proptest::bool::weighted(0.8))
            .prop_map(|(full, well)| Act::Backup(full, well)),
        1 => (1_u64..4, dest()).prop_map(|(pause, dest)| Act::Restart(pause, dest)),
        1 => dest().prop_map(Act::Move),
        4 => (1_u64..8).prop_map(Act::Pass),
    ]
}

/// Length of one piece.
const PIECE: u64 = 5;

/// History of a tenant under construction.
struct Life {
    now: u64,
    held: RetainedItems,
    round: i64,
}

impl Life {
    fn of(acts: &[Act]) -> Self {
        let mut life = Self {
            now: 1,
            held: RetainedItems {
                sets: Vec::new(),
                pieces: Vec::new(),
                data_dest: Some(HERE),
                log_dest: Some(HERE),
                has_policy: true,
                window_start: None,
                checks_logs: false,
            },
            round: 1,
        };
        life.begin_piece();
        for act in acts {
            match *act {
                Act::Pass(time) => life.pass(time),
                Act::Move(dest) => life.held.data_dest = Some(dest),
                Act::Restart(pause, dest) => life.restart(pause, dest),
                Act::Backup(full, well) => life.back_up(full, well),
            }
        }
        life
    }

    fn begin_piece(&mut self) {
        let id = i64::try_from(self.held.pieces.len()).unwrap() + 1;
        self.held.pieces.push(Piece {
            dest_id: self.held.log_dest.unwrap(),
            round_id: self.round,
            checkpoint_scn: Scn(self.now),
            frozen: false,
            ..piece(id, self.now, self.now + PIECE)
        });
    }

    fn pass(&mut self, time: u64) {
        for _ in 0..time {
            self.now += 1;
            let last = self.held.pieces.last_mut().unwrap();
            last.checkpoint_scn = Scn(self.now);
            if last.end_scn == last.checkpoint_scn {
                last.frozen = true;
                self.begin_piece();
            }
        }
    }

    fn restart(&mut self, pause: u64, dest: i64) {
        self.held.pieces.last_mut().unwrap().frozen = true;
        self.now += pause;
        self.round += 1;
        self.held.log_dest = Some(dest);
        self.begin_piece();
    }

    /// Takes a backup of two instants, during which logs are archived.
    fn back_up(&mut self, wants_full: bool, well: bool) {
        let (began, dest) = (self.now, self.held.data_dest.unwrap());
        self.pass(2);
        let good = || {
            let sets = self.held.sets.iter().rev();
            sets.filter(|set| set.success && set.dest_id == dest)
        };
        let base = good().find(|set| set.full).map(|set| set.id);
        let newest = good().next().filter(|set| !set.full).map(|set| set.id);
        let id = i64::try_from(self.held.sets.len()).unwrap() + 1;
        let mut set = full(id, began);
        set.dest_id = dest;
        if let (false, Some(base)) = (wants_full, base) {
            set.full = false;
            set.prev_full_id = base;
            set.prev_inc_id = newest.unwrap_or(BackupSetId(0));
        }
        set.success = well;
        set.available = well;
        self.held.sets.push(set);
    }
}

/// Returns whether one instant can be recovered, checked set by set and instant by instant.
fn can_recover(held: &RetainedItems, to: u64) -> bool {
    let find = |id: BackupSetId| held.sets.iter().find(|set| set.id == id);
    let is_whole = |set: &BackupSet| {
        let mut link = Some(set);
        while let Some(set) = link {
            if !set.success || !set.available {
                return false;
            }
            if set.full {
                return true;
            }
            if find(set.prev_full_id).is_none_or(|full| !full.success || !full.available) {
                return false;
            }
            link = match set.prev_inc_id.0 {
                0 => find(set.prev_full_id),
                _ => find(set.prev_inc_id),
            };
        }
        false
    };
    [HERE, ELSEWHERE].iter().any(|dest| {
        let mut archived = HashSet::new();
        for piece in held.pieces.iter().filter(|piece| piece.dest_id == *dest) {
            archived.extend(piece.start_scn.0..piece.checkpoint_scn.0);
        }
        held.sets.iter().any(|set| {
            let replayed = set.start_replay_scn.0..to;
            set.min_restore_scn.0 <= to
                && replayed.into_iter().all(|scn| archived.contains(&scn))
                && is_whole(set)
        })
    })
}

fn gone(items: &[Item]) -> impl Fn(Kind, i64, i64) -> bool {
    let goes = items.iter().filter(|item| item.why.goes());
    let ids: HashSet<_> = goes
        .map(|item| (item.kind as u8, item.id, item.dest_id))
        .collect();
    move |kind, id, dest_id| ids.contains(&(kind as u8, id, dest_id))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn what_expires_takes_no_point_of_the_window_and_never_everything(
        acts in proptest::collection::vec(act(), 1..40),
        window in 0_u64..60,
        checks_logs in any::<bool>(),
    ) {
        let life = Life::of(&acts);
        let start = life.now.saturating_sub(window);
        let held = RetainedItems { window_start: Some(Scn(start)), checks_logs, ..life.held };
        let left = held.without(gone(&held.judged()));
        for to in start..=life.now {
            prop_assert!(!can_recover(&held, to) || can_recover(&left, to), "{to}");
        }
        let any = |held: &RetainedItems| (0..=life.now).any(|to| can_recover(held, to));
        prop_assert!(!any(&held) || any(&left));
        prop_assert_eq!(kept_for_last_chain(&held, &held.judged()), None);
    }

    #[test]
    fn what_may_be_asked_for_leaves_something_to_recover_from_and_breaks_no_chain(
        acts in proptest::collection::vec(act(), 1..40),
        sets in proptest::collection::btree_set(1_i64..12, 1..6),
        is_sets in any::<bool>(),
        first in 1_i64..8,
    ) {
        let life = Life::of(&acts);
        let held = RetainedItems { has_policy: false, ..life.held };
        let asked = if is_sets {
            Deletion::Sets(sets.into_iter().collect())
        } else {
            Deletion::Pieces((1..=first).collect())
        };
        let plan = held.plan(&asked);
        if refusal(&held, &asked, &plan).is_none() {
            let left = held.without(gone(&plan));
            let any = |held: &RetainedItems| (0..=life.now).any(|to| can_recover(held, to));
            prop_assert!(!any(&held) || any(&left));
            let bases: HashSet<_> = left.sets.iter().map(|set| set.id).collect();
            for set in left.sets.iter().filter(|set| set.success && !set.full) {
                prop_assert!(bases.contains(&set.prev_full_id));
            }
        }
    }
}
