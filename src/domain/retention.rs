//! Retention rule: why a backup is kept or deleted.
//!
//! The same rule serves the preview of a cleanup, checks before a deletion, and reports about the
//! database's own cleanups. It matches the database's rule. The anchor is the newest valid full set
//! that ended before the window's start. Older sets are obsolete, as are archive pieces that end
//! before the logs that the anchor needs. Failed sets are obsolete once they are older than the
//! window. Only the current destinations are cleaned. From V4.4.2 on, a full set without its logs
//! is no anchor, but is kept.

mod manual_delete;
mod reason;

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

pub use manual_delete::{Refusal, kept_for_last_chain, refusal};
pub use reason::RetentionReason;

use super::recovery_windows;
use crate::oceanbase::capability::Capability;
use crate::oceanbase::model::{BackupSet, BackupSetId, Piece, Scn, Tenant};
use crate::oceanbase::version::Version;

/// Kind of a backup: a data set, or a piece of archived log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// `CDB_OB_BACKUP_SET_FILES`.
    Set,
    /// `CDB_OB_ARCHIVELOG_PIECE_FILES`.
    Piece,
}

/// A set or piece, and the verdict on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// Its kind.
    pub kind: Kind,
    /// Its number.
    pub id: i64,
    /// Its destination; each tenant numbers its own.
    pub dest_id: i64,
    /// Bytes in the storage.
    pub bytes: i64,
    /// Why it is kept or deleted.
    pub why: RetentionReason,
}

/// Everything that a tenant has at its destinations, and the rule that retains it.
#[derive(Clone, Debug)]
pub struct RetainedItems {
    /// Sets that are not deleted.
    pub sets: Vec<BackupSet>,
    /// Pieces that are not deleted.
    pub pieces: Vec<Piece>,
    /// Current destination of data backups.
    pub data_dest: Option<i64>,
    /// Current destination of logs.
    pub log_dest: Option<i64>,
    /// Whether a delete policy exists.
    pub has_policy: bool,
    /// Start of the time that stays recoverable; `None` if nothing expires.
    pub window_start: Option<Scn>,
    /// Whether a full set needs its logs to be the anchor: from V4.4.2 on.
    pub checks_logs: bool,
}

impl RetainedItems {
    /// Returns what a tenant has now.
    #[must_use]
    pub fn of(tenant: &Tenant, version: Version, now: Timestamp) -> Self {
        let window = tenant.recovery_window().and_then(window);
        let window = window.and_then(|window| SignedDuration::try_from(window).ok());
        let start = window.and_then(|window| now.checked_sub(window).ok());
        Self {
            sets: tenant.sets.to_vec(),
            pieces: recovery_windows::pieces_of(tenant),
            data_dest: data_dest(tenant),
            log_dest: log_dest(tenant),
            has_policy: tenant.recovery_window().is_some(),
            window_start: start
                .and_then(|at| u64::try_from(at.as_nanosecond()).ok())
                .map(Scn),
            checks_logs: version.can(Capability::ManualCleanup),
        }
    }

    /// Returns the anchor of the window: the newest full set that reaches back to its start.
    #[must_use]
    pub fn anchor(&self) -> Option<&BackupSet> {
        let fulls = self.valid_fulls().filter(|set| self.is_here(set));
        let old = fulls.filter(|set| self.is_old(set));
        let usable = old.filter(|set| !self.checks_logs || self.has_its_logs(set));
        usable.max_by_key(|set| set.id)
    }

    /// Returns whether the set ended before the window's start.
    fn is_old(&self, set: &BackupSet) -> bool {
        let ended_at = set.ended_at;
        self.window_start
            .is_some_and(|start| ended_at.is_some_and(|ended_at| ended_at <= start.at()))
    }

    /// Returns whether a set can be recovered to some point, by itself or with logs at the current
    /// destination.
    fn has_its_logs(&self, set: &BackupSet) -> bool {
        let pieces = self.pieces.iter().filter(|piece| self.is_piece_here(piece));
        let pieces: Vec<_> = pieces.cloned().collect();
        let set = std::slice::from_ref(set);
        !recovery_windows::recoverable(set, &pieces)
            .points
            .is_empty()
    }

    fn valid_fulls(&self) -> impl Iterator<Item = &BackupSet> {
        let sets = self.sets.iter();
        sets.filter(|set| set.full && set.success && set.available)
    }

    /// Returns the newest valid full set at the current destination.
    fn newest_full(&self) -> Option<&BackupSet> {
        let here = self.valid_fulls().filter(|set| self.is_here(set));
        here.max_by_key(|set| set.id)
    }

    fn is_here(&self, set: &BackupSet) -> bool {
        Some(set.dest_id) == self.data_dest
    }

    fn is_piece_here(&self, piece: &Piece) -> bool {
        Some(piece.dest_id) == self.log_dest
    }

    /// Returns all sets and pieces, with what the database's own cleanup does with each. Sets come
    /// before pieces, oldest first.
    #[must_use]
    pub fn judged(&self) -> Vec<Item> {
        let anchor = self.anchor();
        let kept = self.kept_sets(anchor);
        let mut sets: Vec<_> = self
            .sets
            .iter()
            .map(|set| Self::item_of_set(set, self.why_set(set, anchor, &kept)))
            .collect();
        let mut pieces: Vec<_> = self
            .pieces
            .iter()
            .map(|piece| Self::item_of_piece(piece, self.why_piece(piece, anchor)))
            .collect();
        sets.sort_by_key(|item| (item.id, item.dest_id));
        pieces.sort_by_key(|item| (item.id, item.dest_id));
        sets.extend(pieces);
        sets
    }

    fn item_of_set(set: &BackupSet, why: RetentionReason) -> Item {
        Item {
            kind: Kind::Set,
            id: set.id.0,
            dest_id: set.dest_id,
            bytes: set.output_bytes,
            why,
        }
    }

    fn item_of_piece(piece: &Piece, why: RetentionReason) -> Item {
        Item {
            kind: Kind::Piece,
            id: piece.id,
            dest_id: piece.dest_id,
            bytes: piece.output_bytes,
            why,
        }
    }

    /// Returns the sets from the anchor on, with all sets that they depend on.
    fn kept_sets(&self, anchor: Option<&BackupSet>) -> BTreeSet<BackupSetId> {
        let Some(anchor) = anchor else {
            return self.sets.iter().map(|set| set.id).collect();
        };
        let young = self.sets.iter().filter(|set| set.id >= anchor.id);
        let mut kept: BTreeSet<_> = young
            .filter(|set| set.success && self.is_here(set))
            .map(|set| set.id)
            .collect();
        loop {
            let needed = self.sets.iter().filter(|set| kept.contains(&set.id));
            let bases: BTreeSet<_> = needed
                .flat_map(|set| [set.prev_full_id, set.prev_inc_id])
                .filter(|id| id.0 > 0 && !kept.contains(id))
                .collect();
            if bases.is_empty() {
                return kept;
            }
            kept.extend(bases);
        }
    }

    fn why_set(
        &self,
        set: &BackupSet,
        anchor: Option<&BackupSet>,
        kept: &BTreeSet<BackupSetId>,
    ) -> RetentionReason {
        if is_running(set) {
            return RetentionReason::Running;
        }
        if !self.is_here(set) {
            return RetentionReason::OtherDestination;
        }
        if !self.has_policy {
            return RetentionReason::NoPolicy;
        }
        if self.window_start.is_none() {
            return RetentionReason::NeverExpires;
        }
        if set.success && !set.available && self.is_old(set) {
            return RetentionReason::HalfDeleted;
        }
        if !set.success {
            return if self.is_old(set) {
                RetentionReason::Failed
            } else {
                RetentionReason::FailedLately
            };
        }
        let Some(anchor) = anchor else {
            return self.why_without_anchor(set);
        };
        if set.id == anchor.id {
            let newest = self.newest_full().map(|set| set.id);
            return if newest == Some(set.id) {
                RetentionReason::NewestFull
            } else {
                RetentionReason::Anchor
            };
        }
        if set.id > anchor.id {
            return match self.why_without_anchor(set) {
                RetentionReason::NoFullBefore => RetentionReason::NewerThanAnchor(anchor.id),
                why => why,
            };
        }
        if !kept.contains(&set.id) {
            return RetentionReason::Expired { anchor: anchor.id };
        }
        self.needed_by(set, |other| kept.contains(&other.id))
            .map_or(
                RetentionReason::InsideWindow,
                RetentionReason::NeededByIncremental,
            )
    }

    fn why_without_anchor(&self, set: &BackupSet) -> RetentionReason {
        if self.newest_full().is_some_and(|newest| newest.id == set.id) {
            return RetentionReason::NewestFull;
        }
        let inside = !self.is_old(set);
        match self.needed_by(set, |_| true) {
            Some(other) if !inside => RetentionReason::NeededByIncremental(other),
            _ if !inside && set.full && self.checks_logs && !self.has_its_logs(set) => {
                RetentionReason::WithoutLogs
            }
            _ if !inside => RetentionReason::NoFullBefore,
            _ => RetentionReason::InsideWindow,
        }
    }

    /// Returns the first set that depends on this one.
    fn needed_by(
        &self,
        set: &BackupSet,
        counts: impl Fn(&BackupSet) -> bool,
    ) -> Option<BackupSetId> {
        let others = self.sets.iter().filter(|other| {
            other.success && (other.prev_full_id == set.id || other.prev_inc_id == set.id)
        });
        let ids = others.filter(|other| counts(other)).map(|other| other.id);
        ids.min()
    }

    fn why_piece(&self, piece: &Piece, anchor: Option<&BackupSet>) -> RetentionReason {
        if !self.is_piece_here(piece) {
            return RetentionReason::OtherDestination;
        }
        if !piece.frozen {
            return RetentionReason::Running;
        }
        if !self.has_policy {
            return RetentionReason::NoPolicy;
        }
        let Some(anchor) = anchor else {
            return match self.window_start {
                None => RetentionReason::NeverExpires,
                Some(_) => RetentionReason::NoFullBefore,
            };
        };
        if piece.end_scn <= anchor.start_replay_scn {
            return RetentionReason::LogsBefore { anchor: anchor.id };
        }
        match self.window_start {
            Some(start) if piece.end_scn <= start => RetentionReason::NeededByLogs(anchor.id),
            _ => RetentionReason::InsideWindow,
        }
    }

    /// Returns a copy without some sets and pieces.
    #[must_use]
    pub fn without(&self, gone: impl Fn(Kind, i64, i64) -> bool) -> Self {
        let mut left = self.clone();
        left.sets
            .retain(|set| !gone(Kind::Set, set.id.0, set.dest_id));
        left.pieces
            .retain(|piece| !gone(Kind::Piece, piece.id, piece.dest_id));
        left
    }

    /// Returns whether any point can be recovered to.
    #[must_use]
    pub fn is_recoverable(&self) -> bool {
        let recoverable = recovery_windows::recoverable(&self.sets, &self.pieces);
        !recoverable.spans().is_empty()
    }
}

/// Returns whether the set is still being written: END_TIMESTAMP is set once it is not.
fn is_running(set: &BackupSet) -> bool {
    !set.success && set.ended_at.is_none()
}

/// Returns the destination id of the sets at the current data destination.
fn data_dest(tenant: &Tenant) -> Option<i64> {
    let current = tenant.data_dest.as_deref()?.split('?').next()?;
    let current = current.trim_end_matches('/');
    let sets = tenant.sets.iter();
    let here = sets.filter(|set| set.path.trim_end_matches('/') == current);
    here.map(|set| set.dest_id).max()
}

/// Returns the current log destination's id; if the view shows none, that of the newest piece.
fn log_dest(tenant: &Tenant) -> Option<i64> {
    let current = tenant.log_dest.as_ref()?;
    let newest = || {
        let newest = tenant.pieces.iter().max_by_key(|piece| piece.id)?;
        Some(newest.dest_id)
    };
    current.dest_id.or_else(newest)
}

/// Returns the length of a policy's window; `None` if it never expires (unset or 0) or is invalid.
#[must_use]
pub fn window(recovery_window: &str) -> Option<Duration> {
    seconds(recovery_window)
        .filter(|seconds| *seconds > 0)
        .map(Duration::from_secs)
}

/// Returns the length of a time literal of the database: digits and `s`, `m`, `h` or `d`, seconds
/// without a unit. The view keeps the text as entered, so `168h` and `7d` are equal.
#[must_use]
pub fn seconds(literal: &str) -> Option<u64> {
    let literal = literal.trim();
    let split = literal
        .find(|letter: char| !letter.is_ascii_digit())
        .unwrap_or(literal.len());
    let (digits, unit) = literal.split_at(split);
    let unit = match unit.to_ascii_lowercase().as_str() {
        "" | "s" => 1,
        "m" => 60,
        "h" => 60 * 60,
        "d" => 24 * 60 * 60,
        _ => return None,
    };
    digits.parse::<u64>().ok()?.checked_mul(unit)
}

#[cfg(test)]
mod tests;
