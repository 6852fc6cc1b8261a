//! Obsolete backups: not needed to restore to any instant of the recovery window.
//!
//! The rule is that of `ObUserTenantBackupDeleteMgr` and, since V4.4.2, `ObBackupDeleteSelector`.

use super::deletion::{Chosen, Refusal};
use super::{
    ArchiveDest, BackupSet, BackupType, CleanTarget, DataDest, FileStatus, Piece, PieceStatus,
    Restorable, Scn, SetStatus, Tenant,
};
use crate::views::Version;

impl Tenant {
    /// Returns the sets and pieces of the current destinations that are not needed from `expired`
    /// on.
    ///
    /// It checks the sets that ended by `expired`, newest first. Failed sets are obsolete. The
    /// first full set is the anchor: older sets are obsolete, and dependent sets stay. Pieces are
    /// obsolete if they end before the log of the anchor. Without an anchor, no full set and no
    /// piece is obsolete. The source allows END_SCN and CHECKPOINT_SCN as the end of a piece; the
    /// model deletes less. Backups at former paths are never checked.
    pub(super) fn obsolete(&self, expired: Scn, version: Version) -> Result<Vec<Chosen>, Refusal> {
        let Some(dest) = &self.data_dest else {
            return Ok(Vec::new());
        };
        let checks_log = version >= Version::V4_4_2;
        if checks_log && self.archive_dest.is_none() {
            return Err(Refusal::plain(-4016));
        }
        let candidates = self.sets_at(dest).filter(|set| {
            set.file_status != FileStatus::Deleted && set.ended_at.is_some_and(|end| end <= expired)
        });
        let mut anchor: Option<&BackupSet> = None;
        let mut chosen = Vec::new();
        for set in candidates.rev() {
            let gone = set.status == SetStatus::Failed || set.file_status == FileStatus::Deleting;
            let obsolete = match (anchor, set.backup_type) {
                _ if gone => true,
                (None, BackupType::Full) => {
                    // Since 4.4.2 a set without its log is no anchor, and stays nevertheless.
                    if !checks_log || self.leads_somewhere(set) {
                        anchor = Some(set);
                    }
                    false
                }
                (None, BackupType::Inc) => false,
                (Some(_), _) => true,
            };
            if obsolete {
                chosen.push((CleanTarget::Set(set.id), set.dest, set.uri.clone()));
            }
        }
        let pieces = self.pieces_before(anchor.map_or(Scn::ZERO, |set| set.start_replay));
        chosen.extend(pieces.map(|piece| {
            let target = CleanTarget::Piece(piece.round, piece.id);
            (target, piece.dest, piece.uri.clone())
        }));
        Ok(chosen)
    }

    /// Returns the sets at the path of a destination, ascending.
    pub(super) fn sets_at(
        &self,
        dest: &DataDest,
    ) -> impl DoubleEndedIterator<Item = &BackupSet> + use<'_> {
        let place = dest.uri.place();
        let sets = self.backups.sets.iter();
        sets.filter(move |set| set.uri.place() == place)
    }

    fn pieces_before(&self, scn: Scn) -> impl Iterator<Item = &Piece> {
        let place = self.archive_dest.as_ref().map(|dest| dest.uri.place());
        self.archive.pieces.iter().filter(move |piece| {
            piece.end <= scn
                && piece.status == PieceStatus::Frozen
                && piece.file_status != FileStatus::Deleted
                && place.as_ref() == Some(&piece.uri.place())
        })
    }

    /// Returns whether a full set can be restored. It carries its log, or the current log
    /// destination has all log up to its first restorable instant.
    pub(super) fn leads_somewhere(&self, set: &BackupSet) -> bool {
        let at = |dest: &ArchiveDest, piece: &&Piece| piece.uri.place() == dest.uri.place();
        let reaches = |dest: &ArchiveDest| {
            let pieces = self.archive.pieces.iter().filter(|piece| at(dest, piece));
            let log_end = Restorable::new([set], pieces).log_end(set.start_replay);
            log_end.is_some_and(|end| end >= set.min_restore)
        };
        set.plus_archivelog || self.archive_dest.as_ref().is_some_and(reaches)
    }
}
