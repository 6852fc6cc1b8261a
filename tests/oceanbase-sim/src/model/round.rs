//! Rows of log archiving: rounds and pieces.

use std::time::Duration;

use super::{DestId, PieceId, RoundId, Scn, Uri};

/// `STATUS` of a round (`ob_archive_struct.cpp`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)] // the engine's own words
pub enum RoundStatus {
    Prepare,
    Beginning,
    Doing,
    Interrupted,
    Stopping,
    Stop,
    Suspending,
    Suspend,
}

impl RoundStatus {
    /// Returns the name in the views.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Prepare => "PREPARE",
            Self::Beginning => "BEGINNING",
            Self::Doing => "DOING",
            Self::Interrupted => "INTERRUPTED",
            Self::Stopping => "STOPPING",
            Self::Stop => "STOP",
            Self::Suspending => "SUSPENDING",
            Self::Suspend => "SUSPEND",
        }
    }
}

/// `STATUS` of a piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // the engine's own words
pub enum PieceStatus {
    Active,
    Frozen,
}

/// `FILE_STATUS` of a piece or set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[allow(missing_docs)] // the engine's own words
pub enum FileStatus {
    Available,
    Copying,
    Incomplete,
    Deleting,
    Deleted,
}

impl FileStatus {
    /// Returns the name in the views.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Available => "AVAILABLE",
            Self::Copying => "COPYING",
            Self::Incomplete => "INCOMPLETE",
            Self::Deleting => "DELETING",
            Self::Deleted => "DELETED",
        }
    }
}

/// A round: a span of log without a gap.
#[derive(Clone, Debug)]
pub struct Round {
    /// `ROUND_ID`.
    pub id: RoundId,
    /// `DEST_ID`.
    pub dest: DestId,
    /// `STATUS`.
    pub status: RoundStatus,
    /// `START_SCN`, zero in PREPARE.
    pub start: Scn,
    /// `CHECKPOINT_SCN`, zero in PREPARE.
    pub checkpoint: Scn,
    /// `BASE_PIECE_ID`.
    pub base_piece: PieceId,
    /// `USED_PIECE_ID`.
    pub used_piece: PieceId,
    /// `PIECE_SWITCH_INTERVAL`.
    pub interval: Duration,
    /// Whether `COMPRESSION` is on.
    pub compression: bool,
    /// `INPUT_BYTES`, and `OUTPUT_BYTES` as well.
    pub bytes: u64,
    /// `COMMENT`.
    pub comment: String,
    /// The destination.
    pub uri: Uri,
}

/// A piece: one directory of archived log.
#[derive(Clone, Debug)]
pub struct Piece {
    /// `PIECE_ID`.
    pub id: PieceId,
    /// `ROUND_ID`.
    pub round: RoundId,
    /// `DEST_ID`.
    pub dest: DestId,
    /// `STATUS`.
    pub status: PieceStatus,
    /// `FILE_STATUS`.
    pub file_status: FileStatus,
    /// `START_SCN`.
    pub start: Scn,
    /// `CHECKPOINT_SCN`: the end of the archived log.
    pub checkpoint: Scn,
    /// `END_SCN`: the planned end, which the engine computes once. It does not change if the round
    /// stops earlier, so it is not the end of the archived log.
    pub end: Scn,
    /// `INPUT_BYTES`, and `OUTPUT_BYTES` as well.
    pub bytes: u64,
    /// Its location.
    pub uri: Uri,
}

impl Piece {
    pub(super) fn open(round: &Round, id: PieceId, start: Scn) -> Self {
        Self {
            id,
            round: round.id,
            dest: round.dest,
            status: PieceStatus::Active,
            file_status: FileStatus::Incomplete,
            start,
            checkpoint: start,
            end: start.plus(round.interval),
            bytes: 0,
            uri: round.uri.clone(),
        }
    }

    pub(super) fn advance(&mut self, to: Scn, bytes_per_second: u64) {
        self.bytes += bytes_in(to.since(self.checkpoint), bytes_per_second);
        self.checkpoint = to;
        if self.checkpoint > self.start {
            self.file_status = FileStatus::Available;
        }
    }
}

/// Returns the bytes that are written in a span.
pub(super) fn bytes_in(span: Duration, bytes_per_second: u64) -> u64 {
    let bytes = span.as_millis() * u128::from(bytes_per_second) / 1000;
    u64::try_from(bytes).unwrap_or(u64::MAX)
}
