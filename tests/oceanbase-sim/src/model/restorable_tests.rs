use super::*;
use crate::model::{DestId, PieceId, PieceStatus, RoundId, SetStatus, Uri};
use crate::views::Version;

fn uri(text: &str) -> Uri {
    Uri::parse(text, Version::V4_3_5).unwrap()
}

/// Creates a set that needs log from `replay` on and leads to `min` at the earliest.
fn set(id: u64, base: u64, replay: u64, min: u64) -> BackupSet {
    let full = base == 0;
    BackupSet {
        id: SetId(id),
        dest: DestId(1002),
        backup_type: if full {
            BackupType::Full
        } else {
            BackupType::Inc
        },
        prev_full: SetId(u64::from(!full)),
        prev_inc: SetId(base),
        started_at: Scn(replay),
        ended_at: Some(Scn(min)),
        status: SetStatus::Success,
        file_status: FileStatus::Available,
        plus_archivelog: false,
        start_replay: Scn(replay),
        min_restore: Scn(min),
        bytes: 1,
        result: 0,
        comment: String::new(),
        passwd: String::new(),
        compatible: Version::V4_3_5,
        version: Version::V4_3_5,
        uri: uri("file:///data"),
    }
}

fn piece(round: u64, id: u64, start: u64, checkpoint: u64) -> Piece {
    Piece {
        id: PieceId(id),
        round: RoundId(round),
        dest: DestId(1001),
        status: PieceStatus::Frozen,
        file_status: FileStatus::Available,
        start: Scn(start),
        checkpoint: Scn(checkpoint),
        end: Scn(checkpoint + 5),
        bytes: 1,
        uri: uri("file:///log"),
    }
}

fn windows(sets: &[BackupSet], pieces: &[Piece]) -> Vec<(u64, u64)> {
    let windows = Restorable::new(sets, pieces).windows();
    windows
        .iter()
        .map(|window| (window.from.0, window.to.0))
        .collect()
}

#[test]
fn pieces_join_where_one_begins_at_the_checkpoint_of_the_other() {
    let pieces = [piece(1, 1, 0, 100), piece(1, 2, 100, 200)];
    assert_eq!(windows(&[set(1, 0, 10, 20)], &pieces), [(20, 200)]);
}

#[test]
fn a_hole_between_rounds_ends_a_window() {
    let sets = [set(1, 0, 10, 20), set(2, 0, 210, 220)];
    let pieces = [piece(1, 1, 0, 100), piece(2, 2, 200, 300)];
    assert_eq!(windows(&sets, &pieces), [(20, 100), (220, 300)]);
}

#[test]
fn the_planned_end_of_a_piece_is_no_log() {
    let pieces = [piece(1, 1, 0, 100), piece(2, 2, 105, 200)];
    assert_eq!(windows(&[set(1, 0, 10, 20)], &pieces), [(20, 100)]);
}

#[test]
fn a_set_whose_log_is_deleted_leads_nowhere() {
    let mut pieces = [piece(1, 1, 0, 100), piece(1, 2, 100, 200)];
    pieces[0].file_status = FileStatus::Deleted;
    assert_eq!(windows(&[set(1, 0, 10, 20)], &pieces), []);
}

#[test]
fn an_incremental_needs_every_set_that_it_stands_on() {
    let pieces = [piece(1, 1, 0, 100)];
    let mut sets = [set(1, 0, 10, 20), set(2, 1, 30, 40), set(3, 2, 50, 60)];
    sets[1].file_status = FileStatus::Deleted;
    let reading = Restorable::new(&sets, &pieces)
        .reading(Scn(70), false)
        .unwrap();
    let ids: Vec<_> = reading.sets.iter().map(|set| set.id.0).collect();
    assert_eq!(ids, [1]);
}

#[test]
fn a_set_with_its_own_log_leads_to_one_point() {
    let mut alone = set(1, 0, 10, 20);
    alone.plus_archivelog = true;
    let sets = [alone];
    assert_eq!(windows(&sets, &[]), [(20, 20)]);
    let restorable = Restorable::new(&sets, []);
    assert!(restorable.reading(Scn(20), true).is_ok());
    assert_eq!(
        restorable.reading(Scn(21), true).unwrap_err(),
        Shortage::LogEnds(Scn(20))
    );
}

#[test]
fn each_way_to_miss_a_window_has_its_name() {
    let sets = [set(1, 0, 10, 20)];
    let pieces = [piece(1, 1, 0, 100), piece(2, 2, 200, 300)];
    let miss = |pieces: &[Piece], at| {
        Restorable::new(&sets, pieces)
            .reading(Scn(at), false)
            .unwrap_err()
    };
    assert_eq!(miss(&pieces, 15), Shortage::Before(Scn(20)));
    assert_eq!(miss(&pieces, 150), Shortage::Hole(Scn(100)));
    assert_eq!(miss(&pieces[..1], 150), Shortage::LogEnds(Scn(100)));
    assert_eq!(miss(&pieces[1..], 250), Shortage::LogBeginsLater);
    assert_eq!(miss(&[], 30), Shortage::NoLog);
}

#[test]
fn what_is_read_ends_with_the_piece_that_holds_the_instant() {
    let sets = [set(1, 0, 10, 20)];
    let pieces = [
        piece(1, 1, 0, 100),
        piece(1, 2, 100, 200),
        piece(1, 3, 200, 300),
    ];
    let reading = Restorable::new(&sets, &pieces).reading(Scn(150), false);
    assert_eq!(reading.unwrap().pieces.len(), 2);
}

#[test]
fn what_is_read_and_the_windows_agree_at_every_instant() {
    let sets = [
        set(1, 0, 10, 20),
        set(2, 1, 110, 120),
        set(3, 0, 210, 220),
        set(4, 3, 390, 410),
    ];
    for deleted in 0..8_usize {
        let mut pieces = [
            piece(1, 1, 0, 100),
            piece(1, 2, 100, 180),
            piece(2, 3, 200, 300),
            piece(2, 4, 300, 400),
        ];
        for (index, piece) in pieces.iter_mut().enumerate() {
            if deleted & (1 << index) != 0 {
                piece.file_status = FileStatus::Deleted;
            }
        }
        let restorable = Restorable::new(&sets, &pieces);
        let windows = restorable.windows();
        for at in (0..450).map(Scn) {
            let inside = windows.iter().any(|w| w.from <= at && at <= w.to);
            let read = restorable.reading(at, false).is_ok();
            assert_eq!(read, inside, "{at} with {deleted:b} deleted");
        }
    }
}

#[test]
fn log_that_ends_where_that_of_another_place_begins_hides_none_of_it() {
    let mut first = piece(1, 1, 0, 10);
    first.dest = DestId(1002);
    let second = piece(2, 2, 10, 30);
    let pieces = [first, second];
    let sets = [set(1, 0, 10, 12)];
    let reading = Restorable::new(&sets, &pieces).reading(Scn(20), false);
    assert_eq!(reading.unwrap().pieces.len(), 1);
}
