//! Sets and pieces of a delete job, and failures after its statement was answered with OK
//! (`ObBackupDeleteSelector`, V4.4.2).

use super::{
    BackupSet, BackupType, CleanKind, CleanTarget, DataDest, DestId, FileStatus, Health, Piece,
    PieceId, PieceStatus, Purpose, Scn, SetId, SetStatus, Storage, Tenant, Uri,
};
use crate::views::Version;

/// A set or a piece to delete, its destination and its location.
pub(super) type Chosen = (CleanTarget, DestId, Uri);

/// Why a job fails instead of beginning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    /// `RESULT`.
    pub(super) code: i64,
    /// `COMMENT`; the text of the code by default.
    pub(super) comment: Option<String>,
    /// Whether the engine retries first.
    pub(super) retry: bool,
}

const SET_STAYS: i64 = -9045;
const PIECE_STAYS: i64 = -9069;
const NOT_SUPPORTED: i64 = -4007;
const NO_ENTRY: i64 = -4018;
const UNEXPECTED: i64 = -4016;

impl Refusal {
    pub(super) fn plain(code: i64) -> Self {
        Self {
            code,
            comment: None,
            retry: false,
        }
    }

    fn because(code: i64, comment: impl Into<String>) -> Self {
        Self {
            comment: Some(comment.into()),
            ..Self::plain(code)
        }
    }

    /// `id=5(already deleted)`.
    fn of(code: i64, id: u64, reason: &str) -> Self {
        Self::because(code, format!("id={id}({reason})"))
    }

    /// `id=5(dependent by backup set id=6)`.
    fn by(code: i64, id: u64, reason: &str, related: u64) -> Self {
        Self::of(code, id, &format!("{reason} id={related}"))
    }
}

fn check_store(uri: &Uri, storage: &Storage, comment: Option<String>) -> Result<(), Refusal> {
    let health = storage.health(uri);
    health.error().map_or(Ok(()), |error| {
        Err(Refusal {
            code: -i64::from(error.code),
            comment,
            retry: health == Health::Unreachable,
        })
    })
}

fn chosen_set(set: &BackupSet) -> Chosen {
    (CleanTarget::Set(set.id), set.dest, set.uri.clone())
}

fn chosen_piece(piece: &Piece) -> Chosen {
    let target = CleanTarget::Piece(piece.round, piece.id);
    (target, piece.dest, piece.uri.clone())
}

impl Tenant {
    pub(super) fn choose(
        &self,
        kind: &CleanKind,
        version: Version,
        storage: &Storage,
    ) -> Result<Vec<Chosen>, Refusal> {
        match kind {
            CleanKind::Obsolete(expired) => {
                let data = self.data_dest.iter().map(|dest| &dest.uri);
                let logs = self.archive_dest.iter().map(|dest| &dest.uri);
                for uri in data.chain(logs) {
                    check_store(uri, storage, None)?;
                }
                self.obsolete(*expired, version)
            }
            CleanKind::Sets(ids) => self.sets_by_id(ids, storage),
            CleanKind::Pieces(ids) => self.pieces_by_id(ids, storage),
            CleanKind::All(purpose, dest, uri) => self.all_at(*purpose, *dest, uri, storage),
        }
    }

    fn sets_by_id(&self, ids: &[SetId], storage: &Storage) -> Result<Vec<Chosen>, Refusal> {
        let mut sets: Vec<&BackupSet> = Vec::new();
        for id in ids {
            let refused = |reason| Err(Refusal::of(SET_STAYS, id.0, reason));
            let Some(set) = self.backups.sets.iter().find(|set| set.id == *id) else {
                return refused("get set failed");
            };
            if set.status == SetStatus::Doing {
                return refused("status=DOING");
            }
            if set.file_status == FileStatus::Deleted {
                return refused("already deleted");
            }
            if sets.first().is_some_and(|first| first.dest != set.dest) {
                let reason = "delete from multiple dest is not supported";
                return Err(Refusal::of(NOT_SUPPORTED, id.0, reason));
            }
            sets.push(set);
        }
        sets.sort_by_key(|set| set.id);
        sets.dedup_by_key(|set| set.id);
        let Some(first) = sets.first() else {
            return Ok(Vec::new());
        };
        let comment = format!("id={}(dest connectivity check failed)", first.id);
        check_store(&first.uri, storage, Some(comment))?;
        let present = self.data_dest.as_ref();
        if let Some(dest) = present.filter(|dest| dest.uri.place() == first.uri.place()) {
            self.check_present_sets(dest, &sets)?;
        }
        // Newest first: an incremental before its base.
        for set in sets.iter().rev() {
            self.check_dependent(set, ids)?;
        }
        Ok(sets.into_iter().rev().map(chosen_set).collect())
    }

    /// Checks sets at the present path. With a policy, none is deleted by id. Without one, sets
    /// older than the newest restorable full set are; failed sets always are.
    fn check_present_sets(&self, dest: &DataDest, sets: &[&BackupSet]) -> Result<(), Refusal> {
        if !self.policies.is_empty() {
            return Err(Refusal::because(
                SET_STAYS,
                "cannot delete backup set in current path when delete policy is set",
            ));
        }
        let succeeded = |set: &&&BackupSet| set.status == SetStatus::Success;
        let Some(newest) = sets.iter().rfind(succeeded) else {
            return Ok(());
        };
        if self.archive_dest.is_none() {
            return Err(Refusal::plain(UNEXPECTED));
        }
        let mut fulls = self.fulls_at(dest);
        let Some(full) = fulls.rfind(|set| self.leads_somewhere(set)) else {
            return Err(Refusal::because(SET_STAYS, "no full backup exists"));
        };
        if newest.id >= full.id {
            let reason = "newer than latest full backupset";
            return Err(Refusal::by(SET_STAYS, newest.id.0, reason, full.id.0));
        }
        Ok(())
    }

    fn fulls_at(&self, dest: &DataDest) -> impl DoubleEndedIterator<Item = &BackupSet> {
        let sets = self.sets_at(dest);
        sets.filter(|set| set.backup_type == BackupType::Full && set.is_usable())
    }

    /// Checks only the next set of the destination for dependence on this set. A failed set between
    /// the two hides the dependence: the engine then deletes a needed set.
    fn check_dependent(&self, set: &BackupSet, ids: &[SetId]) -> Result<(), Refusal> {
        let mut later = self.backups.sets.iter().filter(|other| {
            other.dest == set.dest && other.id > set.id && other.file_status != FileStatus::Deleted
        });
        let lives = |other: &&BackupSet| {
            matches!(
                other.file_status,
                FileStatus::Available | FileStatus::Copying
            )
        };
        match later.next().filter(lives) {
            Some(next)
                if (next.prev_inc == set.id || next.prev_full == set.id)
                    && !ids.contains(&next.id) =>
            {
                let reason = "dependent by backup set";
                Err(Refusal::by(SET_STAYS, set.id.0, reason, next.id.0))
            }
            _ => Ok(()),
        }
    }

    fn pieces_by_id(&self, ids: &[PieceId], storage: &Storage) -> Result<Vec<Chosen>, Refusal> {
        let mut pieces: Vec<&Piece> = Vec::new();
        for id in ids {
            let refused = |reason| Err(Refusal::of(PIECE_STAYS, id.0, reason));
            let Some(piece) = self.archive.pieces.iter().find(|piece| piece.id == *id) else {
                return refused("not exist");
            };
            if piece.file_status == FileStatus::Deleted {
                return refused("already deleted");
            }
            if piece.status == PieceStatus::Active {
                return refused("is active piece");
            }
            if pieces.first().is_some_and(|first| first.dest != piece.dest) {
                let reason = "delete from multiple dest is not supported";
                return Err(Refusal::of(NOT_SUPPORTED, id.0, reason));
            }
            pieces.push(piece);
        }
        let Some(first) = pieces.first() else {
            return Ok(Vec::new());
        };
        let comment = format!("id={}(piece path valid check failed)", first.id);
        check_store(&first.uri, storage, Some(comment))?;
        let present = self.archive_dest.as_ref();
        if present.is_some_and(|dest| dest.id == first.dest) {
            self.check_present_pieces(&pieces)?;
        }
        pieces.sort_by_key(|piece| piece.id);
        pieces.dedup_by_key(|piece| piece.id);
        self.check_sequence(&pieces)?;
        Ok(pieces.into_iter().map(chosen_piece).collect())
    }

    fn check_present_pieces(&self, pieces: &[&Piece]) -> Result<(), Refusal> {
        if !self.policies.is_empty() {
            return Err(Refusal::because(
                PIECE_STAYS,
                "cannot delete backup piece in current path when delete policy is set",
            ));
        }
        let Some(dest) = &self.data_dest else {
            return Err(Refusal::because(PIECE_STAYS, "no backup set dest"));
        };
        let Some(oldest) = self.fulls_at(dest).next() else {
            return Err(Refusal::because(NO_ENTRY, "no full backup exists"));
        };
        let needed = |piece: &&&Piece| piece.end > oldest.start_replay;
        match pieces.iter().find(needed) {
            Some(piece) => {
                let reason = "needed for oldest full backup";
                Err(Refusal::by(PIECE_STAYS, piece.id.0, reason, oldest.id.0))
            }
            None => Ok(()),
        }
    }

    /// Checks that pieces are deleted in order, without a gap, from the first existing one.
    fn check_sequence(&self, pieces: &[&Piece]) -> Result<(), Refusal> {
        let dest = pieces.first().map(|first| first.dest);
        let mut present =
            self.archive.pieces.iter().filter(|piece| {
                Some(piece.dest) == dest && piece.file_status != FileStatus::Deleted
            });
        for piece in pieces {
            match present.next() {
                Some(next) if next.id != piece.id => {
                    let reason = "smaller piece exists";
                    return Err(Refusal::by(PIECE_STAYS, piece.id.0, reason, next.id.0));
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn all_at(
        &self,
        purpose: Purpose,
        dest: DestId,
        uri: &Uri,
        storage: &Storage,
    ) -> Result<Vec<Chosen>, Refusal> {
        let present = match purpose {
            Purpose::Data => self.data_dest.as_ref().map(|dest| dest.id),
            Purpose::Log => self.archive_dest.as_ref().map(|dest| dest.id),
        };
        let (code, what) = match purpose {
            Purpose::Data => (SET_STAYS, "backup"),
            Purpose::Log => (PIECE_STAYS, "archive"),
        };
        if present == Some(dest) {
            let reason = format!("cannot delete current writing {what} dest");
            return Err(Refusal::of(code, dest.0, &reason));
        }
        check_store(uri, storage, None)?;
        match purpose {
            Purpose::Data => {
                let here = self.backups.sets.iter().filter(|set| set.dest == dest);
                let here: Vec<_> = here.collect();
                if here.iter().any(|set| set.status == SetStatus::Doing) {
                    return Err(Refusal::plain(UNEXPECTED));
                }
                let there = |set: &&&BackupSet| set.file_status != FileStatus::Deleted;
                let there = here.iter().rev().filter(there);
                Ok(there.map(|set| chosen_set(set)).collect())
            }
            Purpose::Log => {
                let here = self
                    .archive
                    .pieces
                    .iter()
                    .filter(|piece| piece.dest == dest);
                let here: Vec<_> = here.collect();
                if here.iter().any(|piece| piece.status == PieceStatus::Active) {
                    return Err(Refusal::plain(UNEXPECTED));
                }
                let there = |piece: &&&Piece| piece.file_status != FileStatus::Deleted;
                let there = here.iter().filter(there);
                Ok(there.map(|piece| chosen_piece(piece)).collect())
            }
        }
    }

    /// Records the time of the check when a job begins.
    pub(super) fn record_checks(&mut self, kind: &CleanKind, at: Scn) {
        let places: Vec<String> = match kind {
            CleanKind::Obsolete(_) => {
                let data = self.data_dest.iter().map(|dest| dest.uri.place());
                let logs = self.archive_dest.iter().map(|dest| dest.uri.place());
                data.chain(logs).collect()
            }
            CleanKind::Sets(_) | CleanKind::Pieces(_) => Vec::new(),
            CleanKind::All(_, _, uri) => vec![uri.place()],
        };
        let here = self.checks.iter();
        let here = here.filter(|check| places.contains(&check.uri.place()));
        let here: Vec<Uri> = here.map(|check| check.uri.clone()).collect();
        for uri in &here {
            self.record_check(uri, at);
        }
    }
}
