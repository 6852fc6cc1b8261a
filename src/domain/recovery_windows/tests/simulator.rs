//! Explanations compared with what the simulated database accepts, on random but fixed histories.

use oceanbase_sim::model as sim;
use oceanbase_sim::views::Version;
use proptest::prelude::*;
use proptest::test_runner::{RngSeed, TestRunner};

use super::history::{END, histories, sets_in_order};
use super::*;

/// Number of histories.
const CASES: u32 = 3_000;
/// Seed of the histories.
const SEED: u64 = 2026;

fn uri() -> sim::Uri {
    sim::Uri::parse("file:///backup", Version::V4_3_5).unwrap()
}

fn number(id: BackupSetId) -> sim::SetId {
    sim::SetId(u64::try_from(id.0).unwrap())
}

fn file_status(available: bool) -> sim::FileStatus {
    if available {
        sim::FileStatus::Available
    } else {
        sim::FileStatus::Deleted
    }
}

/// Returns a set in the database's representation.
fn stored_set(set: &BackupSet) -> sim::BackupSet {
    let scn = |scn: Scn| sim::Scn(scn.0);
    sim::BackupSet {
        id: number(set.id),
        dest: sim::DestId(2001),
        backup_type: if set.full {
            sim::BackupType::Full
        } else {
            sim::BackupType::Inc
        },
        prev_full: number(set.prev_full_id),
        prev_inc: number(set.prev_inc_id),
        started_at: scn(set.start_replay_scn),
        ended_at: Some(scn(set.min_restore_scn)),
        status: if set.success {
            sim::SetStatus::Success
        } else {
            sim::SetStatus::Failed
        },
        file_status: file_status(set.available),
        plus_archivelog: set.plus_archivelog,
        start_replay: scn(set.start_replay_scn),
        min_restore: scn(set.min_restore_scn),
        bytes: 1,
        result: 0,
        comment: String::new(),
        passwd: String::new(),
        compatible: Version::V4_3_5,
        version: Version::V4_3_5,
        uri: uri(),
    }
}

/// Returns the pieces in the database's representation: a stale one extends to the next one's
/// start.
fn stored_pieces(pieces: &[Piece]) -> Vec<sim::Piece> {
    let stored = pieces.iter().enumerate().map(|(at, piece)| {
        let next = pieces.get(at + 1);
        let next = next.filter(|next| next.round_id == piece.round_id && next.available);
        let checkpoint = next.map_or(piece.checkpoint_scn, |next| next.start_scn);
        sim::Piece {
            id: sim::PieceId(u64::try_from(piece.id).unwrap()),
            round: sim::RoundId(u64::try_from(piece.round_id).unwrap()),
            dest: sim::DestId(u64::try_from(piece.dest_id).unwrap()),
            status: if piece.frozen {
                sim::PieceStatus::Frozen
            } else {
                sim::PieceStatus::Active
            },
            file_status: file_status(piece.available),
            start: sim::Scn(piece.start_scn.0),
            checkpoint: sim::Scn(checkpoint.0),
            end: sim::Scn(piece.end_scn.0),
            bytes: 1,
            uri: uri(),
        }
    });
    stored.collect()
}

/// Numbers of the sets and of the pieces.
type Named = (Vec<i64>, Vec<i64>);

/// Returns what the simulated database reads to restore to an instant.
fn taken(stored: &sim::Restorable<'_>, at: u64, alone: bool) -> Option<Named> {
    let reading = stored.reading(sim::Scn(at), alone).ok()?;
    let number = |number: u64| i64::try_from(number).unwrap();
    Some((
        reading.sets.iter().map(|set| number(set.id.0)).collect(),
        reading
            .pieces
            .iter()
            .map(|piece| number(piece.id.0))
            .collect(),
    ))
}

fn explained(sets: &[BackupSet], pieces: &[Piece], at: u64) -> Option<Named> {
    match explain(sets, pieces, Scn(at)) {
        Explanation::Recoverable { sets, pieces, .. } => Some((
            sets.iter().map(|set| set.id.0).collect(),
            pieces.iter().map(|piece| piece.id).collect(),
        )),
        Explanation::Not { .. } => None,
    }
}

/// Returns whether both name the same sets and pieces. If a view shows a stale piece, the next one
/// is also named for the instant at which it begins.
fn agree(by_us: Option<&Named>, by_it: Option<&Named>) -> bool {
    match (by_us, by_it) {
        (Some((sets, pieces)), Some((its_sets, its_pieces))) => {
            let more = pieces.strip_prefix(its_pieces.as_slice());
            sets == its_sets && more.is_some_and(|more| more.len() <= 1)
        }
        (by_us, by_it) => by_us.is_none() && by_it.is_none(),
    }
}

/// Compares one history at each instant; returns how many instants are restorable.
fn compare(sets: &[BackupSet], pieces: &[Piece]) -> Result<usize, TestCaseError> {
    let stored_sets: Vec<_> = sets.iter().map(stored_set).collect();
    let stored_pieces = stored_pieces(pieces);
    let with_logs = sim::Restorable::new(&stored_sets, &stored_pieces);
    let alone = sim::Restorable::new(&stored_sets, []);
    let mut recoverable = 0;
    for at in 0..=END {
        let by_us = explained(sets, pieces, at);
        let needs_logs = by_us.as_ref().is_none_or(|(_, pieces)| !pieces.is_empty());
        let by_it = taken(&with_logs, at, false).filter(|_| needs_logs);
        let by_it = by_it.or_else(|| taken(&alone, at, true));
        recoverable += usize::from(by_us.is_some());
        // Log that ends at a set's own first point gives no window: an older set is named, which
        // the database uses only with explicit sources.
        let ends_there = sets.iter().any(|set| set.min_restore_scn.0 == at) && by_it.is_none();
        prop_assert!(
            agree(by_us.as_ref(), by_it.as_ref()) || ends_there,
            "{at}: {by_us:?}, and the database takes {by_it:?}\n{sets:?}\n{pieces:?}"
        );
    }
    Ok(recoverable)
}

#[test]
fn what_is_explained_to_be_recoverable_is_what_the_simulated_database_takes() {
    let mut runner = TestRunner::new(ProptestConfig {
        cases: CASES,
        rng_seed: RngSeed::Fixed(SEED),
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let recoverable = std::cell::Cell::new(0);
    let looked = runner.run(&(sets_in_order(), histories()), |(sets, history)| {
        recoverable.set(recoverable.get() + compare(&sets, &history.pieces)?);
        Ok(())
    });
    looked.unwrap();
    // Guards against a test that compares nothing.
    assert!(recoverable.get() > 10_000, "{}", recoverable.get());
}
