//! Points that a tenant can be restored to: recovery windows and the points of single sets.
//!
//! The rules match the database's own for `RESTORE`. It needs a backup set with its whole chain,
//! and archived log without a gap from the set's `START_REPLAY_SCN` (`DBA_OB_BACKUP_SET_FILES`,
//! `DBA_OB_ARCHIVELOG_PIECE_FILES`). If the views are ambiguous, the smaller window is used: a
//! window that is too wide promises data that cannot be restored.

mod archived_log;
mod backup_chain;
mod explain;
mod message;
mod status;
mod tenant;

pub use backup_chain::SetDefect;
pub use explain::{Blocker, Explanation, explain, explain_from_windows};
pub use status::{known, shown};
pub use tenant::{of_tenant, pieces_of};

use crate::oceanbase::model::{BackupSet, BackupSetId, Piece, Scn};
use archived_log::ArchivedLog;
use backup_chain::BackupChains;

/// A window in which every point from `start_scn` to `end_scn`, both included, can be restored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Window {
    /// The first point.
    pub start_scn: Scn,
    /// The last point.
    pub end_scn: Scn,
}

/// Earliest point of a restorable backup set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RestorePoint {
    /// `BACKUP_SET_ID`.
    pub backup_set_id: BackupSetId,
    /// Whether the set is full rather than incremental.
    pub full: bool,
    /// `MIN_RESTORE_SCN`.
    pub scn: Scn,
    /// Whether the set is sufficient without the log archive (`PLUS_ARCHIVELOG`).
    pub self_contained: bool,
}

/// Points that a tenant can be restored to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recoverable {
    /// Windows, oldest first. They neither overlap nor touch: between two of them is a gap.
    pub windows: Vec<Window>,
    /// Points, oldest first. A self-contained one may lie outside every window.
    pub points: Vec<RestorePoint>,
}

impl Recoverable {
    /// Returns everything that can be restored, oldest first. A point that needs no window counts
    /// as a window of one instant.
    #[must_use]
    pub fn spans(&self) -> Vec<Window> {
        let alone = self.points.iter().filter(|point| point.self_contained);
        let alone = alone.map(|point| Window {
            start_scn: point.scn,
            end_scn: point.scn,
        });
        merge(self.windows.iter().copied().chain(alone).collect())
    }
}

impl Window {
    /// Returns whether the window contains an instant.
    #[must_use]
    pub fn contains(&self, at: Scn) -> bool {
        (self.start_scn..=self.end_scn).contains(&at)
    }
}

/// Derives the windows and points of one tenant from its backup sets and archive pieces, given in
/// any order.
#[must_use]
pub fn recoverable(sets: &[BackupSet], pieces: &[Piece]) -> Recoverable {
    let log = ArchivedLog::of(pieces);
    let runs = log.runs();
    let chains = BackupChains::of(sets);
    let mut windows = Vec::new();
    let mut points = Vec::new();
    for set in sets.iter().filter(|set| chains.of_set(set).is_ok()) {
        let before = windows.len();
        windows.extend(runs.iter().filter_map(|run| run.window(set)));
        if set.plus_archivelog || windows.len() > before {
            points.push(RestorePoint {
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

/// Sorts windows and joins those that overlap or touch; gaps stay. Also serves as the union over
/// tenants.
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

#[cfg(test)]
mod tests;
