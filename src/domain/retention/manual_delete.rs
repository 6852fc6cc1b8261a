//! Deletions that a user requests, and what prevents them.
//!
//! The database checks most of this only after it has accepted the statement (`DELETE BACKUPSET`,
//! `DELETE ARCHIVELOG_PIECE`, from V4.4.2 on). The operator checks it before.

use std::collections::BTreeSet;

use super::{Item, Kind, RetainedItems, RetentionReason, is_running};
use crate::oceanbase::model::{BackupSet, Deletion, Piece};

const BACKUP_SET_NOT_FOUND: &str = "BackupSetNotFound";
const PIECE_NOT_FOUND: &str = "PieceNotFound";

/// Why a deletion is rejected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Stable CamelCase word.
    pub reason: &'static str,
    /// What is wrong and what to do.
    pub message: String,
}

fn refuse(reason: &'static str, message: impl Into<String>) -> Refusal {
    Refusal {
        reason,
        message: message.into(),
    }
}

impl Refusal {
    /// Returns whether something that was requested does not exist.
    #[must_use]
    pub fn is_missing(&self) -> bool {
        [BACKUP_SET_NOT_FOUND, PIECE_NOT_FOUND].contains(&self.reason)
    }
}

impl RetainedItems {
    /// Returns the verdict on each item under this request.
    #[must_use]
    pub fn plan(&self, asked: &Deletion) -> Vec<Item> {
        let (kind, ids) = match asked {
            Deletion::Obsolete => return self.judged(),
            Deletion::Sets(ids) => (Kind::Set, ids),
            Deletion::Pieces(ids) => (Kind::Piece, ids),
        };
        let mut items = self.judged();
        for item in &mut items {
            let is_asked = item.kind == kind && ids.contains(&item.id);
            item.why = match (&item.why, is_asked) {
                (RetentionReason::Running, true) => RetentionReason::Running,
                (_, true) => RetentionReason::AskedFor,
                (why, false) if why.goes() => RetentionReason::NotQueried,
                (why, false) => why.clone(),
            };
        }
        items
    }
}

/// Returns why a request is rejected, if it is. `items` is its plan.
#[must_use]
pub fn refusal(held: &RetainedItems, asked: &Deletion, items: &[Item]) -> Option<Refusal> {
    let refusal = match asked {
        Deletion::Obsolete if !held.has_policy => Some(refuse(
            "DeletePolicyMissing",
            "the tenant has no delete policy, so no backup is obsolete: set `retention` in the \
             strategy, or name sets or pieces",
        )),
        Deletion::Obsolete => None,
        Deletion::Sets(ids) => refused_sets(held, ids),
        Deletion::Pieces(ids) => refused_pieces(held, ids),
    };
    refusal.or_else(|| last_chain(held, items))
}

/// Returns the item that must be kept because nothing recoverable would remain without it.
#[must_use]
pub fn kept_for_last_chain(held: &RetainedItems, items: &[Item]) -> Option<(Kind, i64)> {
    let goes = |kind, id, dest_id| {
        let mut items = items.iter().filter(|item| item.why.goes());
        items.any(|item| (item.kind, item.id, item.dest_id) == (kind, id, dest_id))
    };
    if !held.is_recoverable() || held.without(goes).is_recoverable() {
        return None;
    }
    // The newest item without which nothing would be recoverable.
    let mut going: Vec<_> = items.iter().filter(|item| item.why.goes()).collect();
    going.sort_by_key(|item| (item.kind == Kind::Piece, -item.id));
    let needed = going.iter().find(|item| {
        let stays =
            |kind, id, dest_id| goes(kind, id, dest_id) && (kind, id) != (item.kind, item.id);
        held.without(stays).is_recoverable()
    });
    let needed = needed.or(going.first())?;
    Some((needed.kind, needed.id))
}

fn last_chain(held: &RetainedItems, items: &[Item]) -> Option<Refusal> {
    let (kind, id) = kept_for_last_chain(held, items)?;
    let what = match kind {
        Kind::Set => "backup set",
        Kind::Piece => "archive piece",
    };
    Some(refuse(
        "LastRestorableChain",
        format!(
            "{what} {id} belongs to the last backups that the tenant can be recovered from: create \
             a full backup first"
        ),
    ))
}

fn refused_sets(held: &RetainedItems, ids: &[i64]) -> Option<Refusal> {
    let asked: BTreeSet<_> = ids.iter().copied().collect();
    let found: Vec<&BackupSet> = held
        .sets
        .iter()
        .filter(|set| asked.contains(&set.id.0))
        .collect();
    let is_there = |id: &i64| found.iter().any(|set| set.id.0 == *id);
    if let Some(id) = asked.iter().find(|id| !is_there(id)) {
        return Some(refuse(
            BACKUP_SET_NOT_FOUND,
            format!("the tenant has no backup set {id}, or it is deleted already"),
        ));
    }
    if let Some(set) = found.iter().find(|set| is_running(set)) {
        return Some(refuse(
            "BackupSetRunning",
            format!(
                "backup set {} is still being written: cancel its backup, or wait until it ends",
                set.id
            ),
        ));
    }
    if let Some(refusal) = several(found.iter().map(|set| set.dest_id)) {
        return Some(refusal);
    }
    let here = found.iter().find(|set| held.is_here(set));
    if let (Some(set), true) = (here, held.has_policy) {
        return Some(policy_active("backup set", set.id.0));
    }
    if let (Some(newest), Some(_)) = (held.newest_full(), here)
        && let Some(set) = found.iter().find(|set| set.success && set.id >= newest.id)
    {
        let why = if set.id == newest.id {
            format!("backup set {} is the newest valid full set", set.id)
        } else {
            format!(
                "backup set {} is newer than the newest valid full set, {}",
                set.id, newest.id
            )
        };
        return Some(refuse(
            "LastRestorableChain",
            format!("{why}, which the database never deletes: create a full backup first"),
        ));
    }
    found.iter().filter(|set| set.success).find_map(|set| {
        let other = held.needed_by(set, |other| !asked.contains(&other.id.0))?;
        Some(refuse(
            "NeededByIncremental",
            format!(
                "backup set {} is needed by incremental set {other}: name that set too, or keep \
                 both",
                set.id
            ),
        ))
    })
}

fn refused_pieces(held: &RetainedItems, ids: &[i64]) -> Option<Refusal> {
    let asked: BTreeSet<_> = ids.iter().copied().collect();
    let found: Vec<&Piece> = held
        .pieces
        .iter()
        .filter(|piece| asked.contains(&piece.id))
        .collect();
    let is_there = |id: &i64| found.iter().any(|piece| piece.id == *id);
    if let Some(id) = asked.iter().find(|id| !is_there(id)) {
        return Some(refuse(
            PIECE_NOT_FOUND,
            format!("the tenant has no archive piece {id}, or it is deleted already"),
        ));
    }
    if let Some(piece) = found.iter().find(|piece| !piece.frozen) {
        return Some(refuse(
            "PieceActive",
            format!(
                "archive piece {} is still being written: wait until it is frozen",
                piece.id
            ),
        ));
    }
    if let Some(refusal) = several(found.iter().map(|piece| piece.dest_id)) {
        return Some(refusal);
    }
    let here = found.iter().find(|piece| held.is_piece_here(piece));
    if let (Some(piece), true) = (here, held.has_policy) {
        return Some(policy_active("archive piece", piece.id));
    }
    let dest_id = found.first().map(|piece| piece.dest_id);
    let left = held
        .pieces
        .iter()
        .filter(|piece| Some(piece.dest_id) == dest_id && !asked.contains(&piece.id));
    if let (Some(oldest), Some(newest)) = (left.map(|piece| piece.id).min(), asked.last())
        && oldest < *newest
    {
        return Some(refuse(
            "PiecesNotInSequence",
            format!(
                "archive piece {oldest} is older than piece {newest} and would remain. The \
                 database deletes pieces in order, oldest first; name the older piece too"
            ),
        ));
    }
    let fulls = held.valid_fulls();
    let Some(oldest) = fulls.min_by_key(|set| set.start_replay_scn) else {
        return Some(refuse(
            "NoFullBackup",
            "the tenant has no valid full backup, and the database deletes only logs that are \
             older than one: create a full backup first",
        ));
    };
    let needed = found
        .iter()
        .find(|piece| piece.end_scn > oldest.start_replay_scn)?;
    Some(refuse(
        "NeededByLogs",
        format!(
            "archive piece {} contains logs that full set {} needs: delete that set first, or keep \
             both",
            needed.id, oldest.id
        ),
    ))
}

fn several(dest_ids: impl Iterator<Item = i64>) -> Option<Refusal> {
    let all: BTreeSet<_> = dest_ids.collect();
    (all.len() > 1).then(|| {
        refuse(
            "MultipleDestinations",
            "the named items are in more than one destination, and the database deletes from one \
             at a time: create a CleanupTask for each",
        )
    })
}

fn policy_active(what: &str, id: i64) -> Refusal {
    refuse(
        "DeletePolicyActive",
        format!(
            "{what} {id} is in the tenant's current destination, where only the database deletes \
             while a delete policy exists. Use `target.type: Obsolete`, or remove the policy \
             (`retention` of the strategy)"
        ),
    )
}
