//! Rounds of log archiving.

use super::Scn;

/// Archive round (`CDB_OB_ARCHIVELOG`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Round {
    /// Number of the round, from 1.
    pub id: i64,
    /// State of the round.
    pub status: RoundStatus,
    /// Start of the round.
    pub start_scn: Scn,
    /// SCN up to which logs are archived.
    pub checkpoint_scn: Scn,
    /// The newest piece.
    pub piece_id: i64,
    /// Bytes of log read.
    pub input_bytes: i64,
    /// Bytes written to the storage.
    pub output_bytes: i64,
    /// Text such as `log stream 1001 interrupted`.
    pub comment: String,
    /// Directory of the archive, without keys.
    pub path: String,
}

impl Round {
    /// Returns the SCN up to which logs are archived. Returns `None` for a new round without a
    /// start and a checkpoint: such a round would seem to lag since 1970.
    #[must_use]
    pub fn reached(&self) -> Option<Scn> {
        Some(self.checkpoint_scn.max(self.start_scn)).filter(|scn| *scn != Scn(0))
    }
}

/// State of a round.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RoundStatus {
    /// The scheduler has accepted the statement.
    Prepare,
    /// Log streams start to archive.
    Beginning,
    /// Logs are archived.
    Doing,
    /// About to be in [`Self::Suspend`].
    Suspending,
    /// Paused; the round can continue later.
    Suspend,
    /// Broken; it never recovers by itself.
    Interrupted,
    /// About to be in [`Self::Stop`].
    Stopping,
    /// Stopped.
    Stop,
    /// A word that this operator does not know. It counts as a running state.
    Unknown(String),
}

impl RoundStatus {
    /// Parses `STATUS`.
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

    /// Returns whether the scheduler will change the state by itself.
    #[must_use]
    pub fn is_moving(&self) -> bool {
        matches!(
            self,
            Self::Prepare | Self::Beginning | Self::Suspending | Self::Stopping
        )
    }
}
