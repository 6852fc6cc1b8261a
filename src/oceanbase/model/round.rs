//! Rounds of log archiving.

use super::Scn;

/// A round of log archiving (`CDB_OB_ARCHIVELOG`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Round {
    /// Number of the round, from 1.
    pub id: i64,
    /// Its state.
    pub status: RoundStatus,
    /// Where the round starts.
    pub start_scn: Scn,
    /// Up to where logs are archived.
    pub checkpoint_scn: Scn,
    /// The newest piece.
    pub piece_id: i64,
    /// Bytes of log read.
    pub input_bytes: i64,
    /// Bytes written to the store.
    pub output_bytes: i64,
    /// Such as `log stream 1001 interrupted`.
    pub comment: String,
    /// Directory, without keys.
    pub path: String,
}

impl Round {
    /// Up to where logs are archived; none of a round that is only beginning and has neither a start
    /// nor a checkpoint: it is not behind since 1970.
    #[must_use]
    pub fn reached(&self) -> Option<Scn> {
        Some(self.checkpoint_scn.max(self.start_scn)).filter(|scn| *scn != Scn(0))
    }
}

/// State of a round.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RoundStatus {
    /// The scheduler has taken up the statement.
    Prepare,
    /// Log streams begin to archive.
    Beginning,
    /// Logs are archived.
    Doing,
    /// On the way to [`Self::Suspend`].
    Suspending,
    /// Held; the round goes on later.
    Suspend,
    /// Broken; it never heals by itself.
    Interrupted,
    /// On the way to [`Self::Stop`].
    Stopping,
    /// Ended.
    Stop,
    /// A word that this operator does not know; taken for a running state.
    Unknown(String),
}

impl RoundStatus {
    /// Reads `STATUS`.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        match text {
            "PREPARE" => Self::Prepare,
            "BEGINNING" => Self::Beginning,
            "DOING" => Self::Doing,
            "SUSPENDING" => Self::Suspending,
            "SUSPEND" => Self::Suspend,
            "INTERRUPTED" => Self::Interrupted,
            "STOPPING" => Self::Stopping,
            "STOP" => Self::Stop,
            other => Self::Unknown(other.to_owned()),
        }
    }

    /// Whether the scheduler will move it on by itself.
    #[must_use]
    pub fn is_moving(&self) -> bool {
        matches!(
            self,
            Self::Prepare | Self::Beginning | Self::Suspending | Self::Stopping
        )
    }
}
