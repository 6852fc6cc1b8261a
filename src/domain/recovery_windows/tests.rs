//! Recovery windows of small handwritten histories.

use super::backup_chain::NO_SET;
use super::*;

mod engine;
mod explain;
mod history;
mod message;
mod oracle;
mod reasons;
mod simulator;
mod status;

fn full(id: i64, start_replay_scn: u64, min_restore_scn: u64) -> BackupSet {
    BackupSet {
        id: BackupSetId(id),
        dest_id: 2001,
        full: true,
        prev_full_id: NO_SET,
        prev_inc_id: NO_SET,
        success: true,
        available: true,
        plus_archivelog: false,
        start_replay_scn: Scn(start_replay_scn),
        min_restore_scn: Scn(min_restore_scn),
        ended_at: None,
        input_bytes: 0,
        output_bytes: 0,
        encryption_mode: "NONE".to_owned(),
        tenant_compatible: "4.3.5.2".to_owned(),
        path: "file:///backup/t1/data".to_owned(),
    }
}

fn incremental(
    id: i64,
    chain: (i64, i64),
    start_replay_scn: u64,
    min_restore_scn: u64,
) -> BackupSet {
    BackupSet {
        full: false,
        prev_full_id: BackupSetId(chain.0),
        prev_inc_id: BackupSetId(chain.1),
        ..full(id, start_replay_scn, min_restore_scn)
    }
}

/// Returns a frozen, complete piece of round 1.
fn piece(id: i64, start_scn: u64, end_scn: u64) -> Piece {
    Piece {
        dest_id: 1001,
        round_id: 1,
        id,
        start_scn: Scn(start_scn),
        checkpoint_scn: Scn(end_scn),
        end_scn: Scn(end_scn),
        frozen: true,
        available: true,
        output_bytes: 1,
    }
}

fn windows(sets: &[BackupSet], pieces: &[Piece]) -> Vec<(u64, u64)> {
    let windows = recoverable(sets, pieces).windows;
    windows
        .iter()
        .map(|window| (window.start_scn.0, window.end_scn.0))
        .collect()
}

fn points(sets: &[BackupSet], pieces: &[Piece]) -> Vec<i64> {
    recoverable(sets, pieces)
        .points
        .iter()
        .map(|point| point.backup_set_id.0)
        .collect()
}

#[test]
fn a_window_reaches_from_the_set_to_the_checkpoint_of_the_log() {
    let active = Piece {
        checkpoint_scn: Scn(150),
        frozen: false,
        ..piece(2, 100, 200)
    };
    assert_eq!(
        windows(&[full(1, 10, 20)], &[active, piece(1, 0, 100)]),
        [(20, 150)]
    );
}

#[test]
fn windows_of_several_sets_on_one_log_are_one() {
    let sets = [full(2, 60, 70), full(1, 10, 20)];
    assert_eq!(windows(&sets, &[piece(1, 0, 100)]), [(20, 100)]);
}

#[test]
fn a_missing_piece_leaves_a_hole() {
    let sets = [full(1, 10, 20), full(2, 210, 220)];
    let deleted = Piece {
        available: false,
        ..piece(2, 100, 200)
    };
    let pieces = [piece(1, 0, 100), deleted, piece(3, 200, 300)];
    assert_eq!(windows(&sets, &pieces), [(20, 100), (220, 300)]);
}

#[test]
fn a_set_whose_replay_begins_before_the_log_has_no_window() {
    let sets = [full(1, 10, 20)];
    assert_eq!(windows(&sets, &[piece(1, 15, 100)]), []);
    assert!(points(&sets, &[piece(1, 15, 100)]).is_empty());
}

#[test]
fn log_that_ends_at_the_earliest_point_makes_no_window() {
    assert_eq!(windows(&[full(1, 10, 20)], &[piece(1, 0, 20)]), []);
    assert_eq!(windows(&[full(1, 10, 20)], &[piece(1, 0, 21)]), [(20, 21)]);
}

#[test]
fn log_that_begins_where_the_replay_begins_is_enough() {
    assert_eq!(
        windows(&[full(1, 10, 20)], &[piece(1, 10, 100)]),
        [(20, 100)]
    );
}

#[test]
fn different_destinations_do_not_join() {
    let elsewhere = Piece {
        dest_id: 1002,
        ..piece(2, 100, 200)
    };
    assert_eq!(
        windows(&[full(1, 10, 20)], &[piece(1, 0, 100), elsewhere]),
        [(20, 100)]
    );
}

#[test]
fn a_new_round_without_a_gap_continues_the_log() {
    let stopped = Piece {
        checkpoint_scn: Scn(70),
        ..piece(1, 0, 100)
    };
    let next_round = Piece {
        round_id: 2,
        ..piece(2, 70, 170)
    };
    assert_eq!(
        windows(&[full(1, 10, 20)], &[stopped, next_round]),
        [(20, 170)]
    );
}

#[test]
fn a_new_round_after_a_gap_does_not_continue_the_log() {
    let stopped = Piece {
        checkpoint_scn: Scn(70),
        ..piece(1, 0, 100)
    };
    let next_round = Piece {
        round_id: 2,
        ..piece(2, 80, 180)
    };
    assert_eq!(
        windows(&[full(1, 10, 20)], &[stopped, next_round]),
        [(20, 70)]
    );
}

#[test]
fn a_new_round_at_the_planned_end_of_a_stopped_piece_does_not_hide_the_gap() {
    let stopped = Piece {
        checkpoint_scn: Scn(70),
        ..piece(1, 0, 100)
    };
    let next_round = Piece {
        round_id: 2,
        ..piece(2, 100, 200)
    };
    assert_eq!(
        windows(&[full(1, 10, 20)], &[stopped, next_round]),
        [(20, 70)]
    );
}

#[test]
fn within_a_round_a_frozen_piece_reaches_its_end() {
    let stale = Piece {
        checkpoint_scn: Scn(99),
        ..piece(1, 0, 100)
    };
    assert_eq!(
        windows(&[full(1, 10, 20)], &[stale.clone(), piece(2, 100, 200)]),
        [(20, 200)]
    );
    let active = Piece {
        frozen: false,
        ..stale
    };
    assert_eq!(
        windows(&[full(1, 10, 20)], &[active, piece(2, 100, 200)]),
        [(20, 99)]
    );
}

#[test]
fn an_incremental_set_needs_its_whole_chain() {
    let log = [piece(1, 50, 100)];
    let chain = [
        full(1, 10, 20),
        incremental(2, (1, 0), 30, 40),
        incremental(3, (1, 2), 60, 70),
    ];
    assert_eq!(windows(&chain, &log), [(70, 100)]);
    for broken in 0..3 {
        let mut sets = chain.clone();
        sets[broken].available = false;
        assert_eq!(windows(&sets, &log), [], "set {}", broken + 1);
        let mut sets = chain.to_vec();
        sets.remove(broken);
        assert_eq!(windows(&sets, &log), [], "without set {}", broken + 1);
    }
}

#[test]
fn the_previous_set_of_a_first_increment_may_be_the_full_one() {
    let sets = [full(1, 10, 20), incremental(2, (1, 1), 60, 70)];
    assert_eq!(windows(&sets, &[piece(1, 50, 100)]), [(70, 100)]);
}

#[test]
fn a_chain_that_leads_around_in_a_circle_is_broken() {
    let log = [piece(1, 0, 10), piece(2, 50, 100)];
    let base = full(1, 20, 30);
    let pair = [
        base.clone(),
        incremental(2, (1, 3), 60, 70),
        incremental(3, (1, 2), 60, 70),
    ];
    assert_eq!(windows(&pair, &log), []);
    assert_eq!(windows(&[base, incremental(2, (1, 2), 60, 70)], &log), []);
}

#[test]
fn a_set_with_a_point_before_its_replay_counts_from_the_replay_on() {
    assert_eq!(
        windows(&[full(1, 30, 20)], &[piece(1, 0, 100)]),
        [(30, 100)]
    );
}

#[test]
fn a_set_that_failed_or_expired_has_no_window() {
    let failed = BackupSet {
        success: false,
        ..full(1, 10, 20)
    };
    let expired = BackupSet {
        available: false,
        ..full(2, 30, 40)
    };
    assert_eq!(windows(&[failed, expired], &[piece(1, 0, 100)]), []);
}

#[test]
fn a_set_that_brings_its_log_is_a_point_without_any_piece() {
    let alone = BackupSet {
        plus_archivelog: true,
        ..full(1, 10, 20)
    };
    let found = recoverable(&[alone, full(2, 30, 40)], &[]);
    let point = RestorePoint {
        backup_set_id: BackupSetId(1),
        full: true,
        scn: Scn(20),
        self_contained: true,
    };
    assert_eq!((found.windows, found.points), (vec![], vec![point]));
}

#[test]
fn points_come_oldest_first() {
    let sets = [full(2, 60, 70), full(1, 10, 20), full(3, 500, 510)];
    assert_eq!(points(&sets, &[piece(1, 0, 100)]), [1, 2]);
}

#[test]
fn the_highest_numbers_do_no_harm() {
    let sets = [
        full(i64::MAX, u64::MAX - 1, u64::MAX - 1),
        incremental(i64::MIN, (0, 0), 0, 0),
    ];
    let pieces = [
        Piece {
            round_id: i64::MIN,
            ..piece(i64::MIN, 0, u64::MAX)
        },
        Piece {
            round_id: i64::MAX,
            ..piece(i64::MAX, 0, u64::MAX)
        },
        Piece {
            start_scn: Scn(9),
            checkpoint_scn: Scn(3),
            ..piece(1, 9, 3)
        },
    ];
    assert_eq!(windows(&sets, &pieces), [(u64::MAX - 1, u64::MAX)]);
}

#[test]
fn merged_windows_neither_overlap_nor_touch() {
    let window = |(start, end)| Window {
        start_scn: Scn(start),
        end_scn: Scn(end),
    };
    let given = [(50, 60), (1, 5), (6, 9), (11, 12), (2, 3), (55, 70)]
        .map(window)
        .to_vec();
    assert_eq!(merge(given), [(1, 9), (11, 12), (50, 70)].map(window));
}
