//! Why a point can be recovered or not, in small handwritten histories.

use super::*;

/// Returns the numbers of the sets and pieces that lead to a point.
fn sources(sets: &[BackupSet], pieces: &[Piece], at: u64) -> (Vec<i64>, Vec<i64>) {
    match explain(sets, pieces, Scn(at)) {
        Explanation::Recoverable { sets, pieces, .. } => (
            sets.iter().map(|set| set.id.0).collect(),
            pieces.iter().map(|piece| piece.id).collect(),
        ),
        Explanation::Not { blocker, .. } => panic!("{blocker:?}"),
    }
}

#[track_caller]
fn blocker(sets: &[BackupSet], pieces: &[Piece], at: u64) -> Blocker {
    match explain(sets, pieces, Scn(at)) {
        Explanation::Not { blocker, .. } => blocker,
        found @ Explanation::Recoverable { .. } => panic!("{found:?}"),
    }
}

fn unavailable(set: BackupSet) -> BackupSet {
    BackupSet {
        available: false,
        ..set
    }
}

/// Returns a full set and two incremental sets on it.
fn chain() -> [BackupSet; 3] {
    [
        full(1, 10, 20),
        incremental(2, (1, 1), 110, 120),
        incremental(3, (1, 2), 210, 220),
    ]
}

fn log() -> [Piece; 3] {
    [piece(1, 0, 100), piece(2, 100, 200), piece(3, 200, 300)]
}

#[test]
fn the_newest_set_before_the_point_is_restored_with_all_that_it_stands_on() {
    assert_eq!(sources(&chain(), &log(), 219).0, [1, 2]);
    assert_eq!(sources(&chain(), &log(), 220).0, [1, 2, 3]);
}

#[test]
fn a_newer_full_set_needs_no_older_one() {
    let sets = [&chain()[..], &[full(4, 230, 240)]].concat();
    assert_eq!(sources(&sets, &log(), 250).0, [4]);
}

#[test]
fn logs_are_replayed_from_where_the_set_says_up_to_the_point() {
    assert_eq!(sources(&chain(), &log(), 100).1, [1]);
    assert_eq!(sources(&chain(), &log(), 101).1, [1, 2]);
    assert_eq!(sources(&chain(), &log(), 199).1, [2]);
}

#[test]
fn a_point_past_an_old_checkpoint_needs_the_next_piece_too() {
    let stale = Piece {
        checkpoint_scn: Scn(98),
        ..piece(1, 0, 100)
    };
    let pieces = [stale, piece(2, 100, 200)];
    assert_eq!(sources(&[full(1, 10, 20)], &pieces, 98).1, [1]);
    assert_eq!(sources(&[full(1, 10, 20)], &pieces, 99).1, [1, 2]);
}

#[test]
fn a_set_that_brings_its_logs_is_enough_for_its_own_point() {
    let alone = BackupSet {
        plus_archivelog: true,
        ..full(1, 10, 20)
    };
    let sets = [alone];
    assert_eq!(sources(&sets, &[], 20), (vec![1], vec![]));
    assert_eq!(sources(&sets, &log(), 20), (vec![1], vec![]));
    assert_eq!(sources(&sets, &log(), 21), (vec![1], vec![1]));
}

#[test]
fn the_window_is_that_of_all_sets_together() {
    let Explanation::Recoverable { window, .. } = explain(&chain(), &log(), Scn(250)) else {
        panic!("it is not recoverable");
    };
    let all = Window {
        start_scn: Scn(20),
        end_scn: Scn(300),
    };
    assert_eq!(window, Some(all));
}

#[test]
fn without_any_set_there_is_no_backup() {
    assert_eq!(blocker(&[], &log(), 50), Blocker::NoBackup);
}

#[test]
fn a_point_before_the_first_set_is_older_than_everything() {
    let expected = Blocker::BeforeEverything { oldest: Scn(20) };
    assert_eq!(blocker(&chain(), &log(), 19), expected);
}

#[test]
fn a_point_after_the_checkpoint_is_not_archived_yet() {
    let expected = Blocker::AfterEnd {
        archived_to: Some(Scn(300)),
    };
    assert_eq!(blocker(&chain(), &log(), 301), expected);
    let expected = Blocker::AfterEnd { archived_to: None };
    assert_eq!(blocker(&chain(), &[], 301), expected);
}

#[test]
fn a_piece_that_is_gone_is_a_hole_in_the_logs() {
    let [first, _, third] = log();
    let hole = Blocker::Hole {
        set: BackupSetId(1),
        from: Scn(100),
        to: Scn(200),
    };
    let sets = [full(1, 10, 20)];
    for at in [101, 200, 250, 300] {
        assert_eq!(blocker(&sets, &[first.clone(), third.clone()], at), hole);
    }
}

#[test]
fn logs_that_begin_after_the_replay_begins_leave_a_hole_before_them() {
    let [_, second, third] = log();
    let hole = Blocker::Hole {
        set: BackupSetId(1),
        from: Scn(10),
        to: Scn(100),
    };
    assert_eq!(blocker(&[full(1, 10, 20)], &[second, third], 150), hole);
}

#[test]
fn logs_that_go_on_in_another_place_do_not_join() {
    let [first, second, _] = log();
    let elsewhere = Piece {
        dest_id: 1002,
        round_id: 2,
        ..second
    };
    let seam = Blocker::Seam {
        set: BackupSetId(1),
        at: Scn(100),
    };
    assert_eq!(blocker(&[full(1, 10, 20)], &[first, elsewhere], 150), seam);
}

#[test]
fn the_set_that_breaks_a_chain_is_named_with_what_is_wrong_with_it() {
    let [base, middle, last] = chain();
    let third = &log()[2..];
    let failed = BackupSet {
        success: false,
        ..middle.clone()
    };
    for (sets, stands_on, fault) in [
        (vec![base.clone(), last.clone()], 2, SetDefect::Missing),
        (vec![middle.clone(), last.clone()], 1, SetDefect::Missing),
        (
            vec![base.clone(), failed, last.clone()],
            2,
            SetDefect::Failed,
        ),
        (
            vec![unavailable(base.clone()), middle.clone(), last.clone()],
            1,
            SetDefect::Unavailable,
        ),
        (
            vec![base, incremental(2, (2, 0), 110, 120), last],
            2,
            SetDefect::Unfit,
        ),
    ] {
        let (set, stands_on) = (BackupSetId(3), BackupSetId(stands_on));
        let found = blocker(&sets, third, 250);
        let expected = Blocker::BrokenChain {
            set,
            stands_on,
            fault,
        };
        assert_eq!(found, expected);
    }
}

#[test]
fn an_older_set_is_restored_where_the_chain_of_the_newest_is_broken() {
    let [base, _, last] = chain();
    assert_eq!(
        sources(&[base, last], &log(), 250),
        (vec![1], vec![1, 2, 3])
    );
}

#[test]
fn a_chain_is_to_blame_where_only_its_logs_would_lead_to_the_point() {
    let [base, _, last] = chain();
    let [first, _, third] = log();
    let expected = Blocker::BrokenChain {
        set: BackupSetId(3),
        stands_on: BackupSetId(2),
        fault: SetDefect::Missing,
    };
    let found = blocker(&[base, last], &[first, third], 250);
    assert_eq!(found, expected);
}

#[test]
fn a_set_that_is_being_deleted_is_named_where_there_is_no_other() {
    let sets = [unavailable(full(1, 10, 20)), full(2, 210, 220)];
    let expected = Blocker::NoUsableSet {
        newest: Some((BackupSetId(1), SetDefect::Unavailable)),
    };
    assert_eq!(blocker(&sets, &log(), 150), expected);
}

#[test]
fn of_a_set_that_failed_nobody_knows_where_it_would_have_led() {
    let failed = BackupSet {
        success: false,
        ..full(1, 0, 0)
    };
    let expected = Blocker::NoUsableSet { newest: None };
    assert_eq!(blocker(&[failed], &log(), 150), expected);
}

#[test]
fn the_highest_numbers_are_explained_too() {
    let pieces = [piece(1, 0, u64::MAX)];
    let sets = [full(1, u64::MAX - 1, u64::MAX - 1)];
    assert_eq!(sources(&sets, &pieces, u64::MAX), (vec![1], vec![1]));
    let last = [full(1, u64::MAX, u64::MAX)];
    let expected = Blocker::AfterEnd {
        archived_to: Some(Scn(u64::MAX)),
    };
    assert_eq!(blocker(&last, &pieces, u64::MAX), expected);
}
