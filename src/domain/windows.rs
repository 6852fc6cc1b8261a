//! To which points a tenant can be restored: recovery windows and the points of single sets.
//!
//! The rules are the database's own for `RESTORE`: a backup set with its whole chain, and the
//! archived log without a hole from the set's `START_REPLAY_SCN` on (`DBA_OB_BACKUP_SET_FILES`,
//! `DBA_OB_ARCHIVELOG_PIECE_FILES`). Where the views leave a doubt the window is the smaller one:
//! a window that is too wide promises data that nobody can bring back.

use crate::oceanbase::model::{BackupSet, BackupSetId, Piece, Scn};
use std::collections::HashMap;

/// Every point from `start_scn` to `end_scn`, both included, can be restored to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Window {
    /// The first point.
    pub start_scn: Scn,
    /// The last point.
    pub end_scn: Scn,
}

/// The earliest point that a restorable backup set can be restored to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Point {
    /// `BACKUP_SET_ID`.
    pub backup_set_id: BackupSetId,
    /// Whether the set is a full one, not an incremental one.
    pub full: bool,
    /// `MIN_RESTORE_SCN`.
    pub scn: Scn,
    /// Whether the set suffices without the log archive (`PLUS_ARCHIVELOG`).
    pub self_contained: bool,
}

/// How the views say that a set stands on no other.
const NO_SET: BackupSetId = BackupSetId(0);

/// What a tenant can be restored to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recoverable {
    /// Oldest first. They neither overlap nor touch: between two of them is a hole.
    pub windows: Vec<Window>,
    /// Oldest first. A self-contained one may lie outside every window.
    pub points: Vec<Point>,
}

/// Derives the windows and points of one tenant from its backup sets and archive pieces, given in
/// any order.
#[must_use]
pub fn recoverable(sets: &[BackupSet], pieces: &[Piece]) -> Recoverable {
    let runs = runs(pieces);
    let by_id: HashMap<BackupSetId, &BackupSet> = sets.iter().map(|set| (set.id, set)).collect();
    let mut windows = Vec::new();
    let mut points = Vec::new();
    for set in sets.iter().filter(|set| chain_is_usable(set, &by_id)) {
        let before = windows.len();
        windows.extend(runs.iter().filter_map(|run| window(set, run)));
        if set.plus_archivelog || windows.len() > before {
            points.push(Point {
                backup_set_id: set.id,
                full: set.full,
                scn: set.min_restore_scn,
                self_contained: set.plus_archivelog,
            });
        }
    }
    points.sort_by_key(|point| (point.scn, point.backup_set_id));
    Recoverable {
        windows: merge(windows),
        points,
    }
}

/// Sorts windows and joins those that overlap or touch; holes stay. Also the union over tenants.
#[must_use]
pub fn merge(mut windows: Vec<Window>) -> Vec<Window> {
    windows.sort_unstable();
    let mut merged: Vec<Window> = Vec::new();
    for window in windows {
        match merged.last_mut() {
            Some(last) if window.start_scn.0 <= last.end_scn.0.saturating_add(1) => {
                last.end_scn = last.end_scn.max(window.end_scn);
            }
            _ => merged.push(window),
        }
    }
    merged
}

/// Log without a hole: `[start, end)` is archived, and `end` can be restored to.
struct Run {
    start: Scn,
    end: Scn,
}

fn window(set: &BackupSet, run: &Run) -> Option<Window> {
    let replays = (run.start..run.end).contains(&set.start_replay_scn);
    // Equal or later in every healthy set; log before the replay's start proves nothing.
    let start_scn = set.min_restore_scn.max(set.start_replay_scn);
    (replays && run.end > start_scn).then_some(Window {
        start_scn,
        end_scn: run.end,
    })
}

fn is_usable(set: &BackupSet) -> bool {
    set.success && set.available
}

/// Whether the set and all it builds on are usable. A set builds only on older ones, so broken
/// references can not lead around in a circle.
fn chain_is_usable(set: &BackupSet, by_id: &HashMap<BackupSetId, &BackupSet>) -> bool {
    let mut link = set;
    while is_usable(link) {
        if link.full {
            return true;
        }
        let older = |id| by_id.get(&id).copied().filter(|older| older.id < link.id);
        let base = older(link.prev_full_id);
        if !base.is_some_and(|base| is_usable(base) && base.full) {
            return false;
        }
        if link.prev_inc_id == NO_SET {
            return true;
        }
        let Some(previous) = older(link.prev_inc_id) else {
            return false;
        };
        link = previous;
    }
    false
}

fn runs(pieces: &[Piece]) -> Vec<Run> {
    let mut pieces: Vec<&Piece> = pieces.iter().filter(|piece| piece.available).collect();
    pieces.sort_unstable_by_key(|piece| (piece.dest_id, piece.round_id, piece.id));
    let joined = pieces.chunk_by(|previous, next| joins(previous, next));
    let run = |run: &[&Piece]| {
        Some(Run {
            start: run.first()?.start_scn,
            end: run.last()?.checkpoint_scn,
        })
    };
    joined.filter_map(run).collect()
}

fn joins(previous: &Piece, next: &Piece) -> bool {
    let reached = next.start_scn == previous.checkpoint_scn;
    // A frozen piece within a round was archived to its end. The last one of a stopped round is
    // frozen too, but short of its planned end: there only the checkpoint tells the truth.
    let completed = previous.frozen && next.start_scn == previous.end_scn;
    let gapless = match next.round_id.checked_sub(previous.round_id) {
        Some(0) => reached || completed,
        Some(1) => reached,
        _ => false,
    };
    gapless && previous.dest_id == next.dest_id
}

#[cfg(test)]
mod tests;
