//! Archived logs, and the runs in which they continue without a gap.

use super::Window;
use crate::oceanbase::model::{BackupSet, Piece, Scn};

/// The available pieces, in the order in which they join.
pub(super) struct ArchivedLog<'a>(Vec<&'a Piece>);

impl<'a> ArchivedLog<'a> {
    pub(super) fn of(pieces: &'a [Piece]) -> Self {
        let mut pieces: Vec<&Piece> = pieces.iter().filter(|piece| piece.available).collect();
        pieces.sort_unstable_by_key(|piece| (piece.dest_id, piece.round_id, piece.id));
        Self(pieces)
    }

    pub(super) fn runs<'s>(&'s self) -> Vec<ContiguousLog<'s>> {
        let joined = self.0.chunk_by(|previous, next| joins(previous, next));
        let run = |pieces: &'s [&'a Piece]| {
            let start = pieces.first()?.start_scn;
            let end = pieces.last()?.checkpoint_scn;
            (start < end).then_some(ContiguousLog { start, end, pieces })
        };
        joined.filter_map(run).collect()
    }
}

/// Log without a gap: `[start, end)` is archived, and `end` can be restored to.
#[derive(Clone, Copy)]
pub(super) struct ContiguousLog<'a> {
    pub(super) start: Scn,
    pub(super) end: Scn,
    pieces: &'a [&'a Piece],
}

impl<'a> ContiguousLog<'a> {
    /// Returns whether the log at an instant is archived.
    pub(super) fn covers(&self, at: Scn) -> bool {
        (self.start..self.end).contains(&at)
    }

    /// Returns the window that a set and these logs lead to.
    pub(super) fn window(&self, set: &BackupSet) -> Option<Window> {
        let start_scn = earliest(set);
        (self.covers(set.start_replay_scn) && self.end > start_scn).then_some(Window {
            start_scn,
            end_scn: self.end,
        })
    }

    /// Returns the pieces that restore a set to an instant; `None` if they do not reach it.
    pub(super) fn pieces_from(&self, set: &BackupSet, at: Scn) -> Option<&'a [&'a Piece]> {
        self.window(set).filter(|window| window.contains(at))?;
        let begins = |piece: &&Piece| piece.start_scn <= set.start_replay_scn;
        let first = self.pieces.iter().rposition(begins)?;
        let (_, from_first) = self.pieces.split_at(first);
        // The last instants before a piece's end may be past its checkpoint: then the next piece
        // shows that they are archived.
        let last = |piece: &&Piece| piece.checkpoint_scn >= needed(set, at);
        let count = from_first.iter().position(last)?;
        from_first.get(..=count)
    }
}

/// Returns the first instant that a set can be restored to. It is MIN_RESTORE_SCN in every healthy
/// set; log before the replay's start proves nothing.
pub(super) fn earliest(set: &BackupSet) -> Scn {
    set.min_restore_scn.max(set.start_replay_scn)
}

/// Returns up to where logs must be archived to restore a set to an instant. Some log must exist
/// after the set's own first point.
pub(super) fn needed(set: &BackupSet, at: Scn) -> Scn {
    at.max(Scn(earliest(set).0.saturating_add(1)))
}

fn joins(previous: &Piece, next: &Piece) -> bool {
    let reached = next.start_scn == previous.checkpoint_scn;
    // A frozen piece within a round was archived to its end. The last piece of a stopped round is
    // also frozen, but before its planned end: only its checkpoint is reliable.
    let completed = previous.frozen && next.start_scn == previous.end_scn;
    let gapless = match next.round_id.checked_sub(previous.round_id) {
        Some(0) => reached || completed,
        Some(1) => reached,
        _ => false,
    };
    gapless && previous.dest_id == next.dest_id
}
