//! Reasons why a backup is kept or deleted.

use crate::oceanbase::model::BackupSetId;

/// Why a set or a piece is kept or deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RetentionReason {
    /// A set that is older than the anchor of the window.
    Expired {
        /// The anchor.
        anchor: BackupSetId,
    },
    /// A piece that ends before the logs that the window needs.
    LogsBefore {
        /// The full set whose logs begin after it.
        anchor: BackupSetId,
    },
    /// A set that was not completed.
    Failed,
    /// A set that was not completed and is not older than the window yet.
    FailedLately,
    /// A user requested its deletion by number.
    AskedFor,
    /// Its deletion began but did not finish: the next cleanup continues it.
    HalfDeleted,
    /// The newest valid full set.
    NewestFull,
    /// The anchor: the full set that retains the window.
    Anchor,
    /// A set that is newer than the anchor.
    NewerThanAnchor(BackupSetId),
    /// A retained incremental set depends on it.
    NeededByIncremental(BackupSetId),
    /// A point of the window needs it.
    InsideWindow,
    /// It holds logs that this set needs to be recovered to a point of the window.
    NeededByLogs(BackupSetId),
    /// It is at a destination no longer in use, which the database does not clean.
    OtherDestination,
    /// It is still being written.
    Running,
    /// There is no delete policy.
    NoPolicy,
    /// The policy has no window.
    NeverExpires,
    /// No full set reaches back to the window's start yet.
    NoFullBefore,
    /// A full set whose logs are missing: it cannot serve as the anchor.
    WithoutLogs,
    /// Others were requested.
    NotQueried,
}

impl RetentionReason {
    /// Returns whether it is deleted.
    #[must_use]
    pub fn goes(&self) -> bool {
        matches!(
            self,
            Self::Expired { .. }
                | Self::LogsBefore { .. }
                | Self::Failed
                | Self::HalfDeleted
                | Self::AskedFor
        )
    }

    /// Returns the reason as one word.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Expired { .. } => "OlderThanWindow",
            Self::LogsBefore { .. } => "LogsNotNeeded",
            Self::Failed => "IncompleteBackup",
            Self::FailedLately => "IncompleteBackupInWindow",
            Self::AskedFor => "RequestedByNumber",
            Self::HalfDeleted => "DeletionContinues",
            Self::NewestFull => "NewestFullBackup",
            Self::Anchor => "WindowAnchor",
            Self::NewerThanAnchor(_) => "NewerThanAnchor",
            Self::NeededByIncremental(_) => "NeededByIncremental",
            Self::InsideWindow => "InsideWindow",
            Self::NeededByLogs(_) => "NeededByLogs",
            Self::OtherDestination => "OtherDestination",
            Self::Running => "StillWritten",
            Self::NoPolicy => "NoDeletePolicy",
            Self::NeverExpires => "NoRecoveryWindow",
            Self::NoFullBefore => "NoFullBackupBeforeWindow",
            Self::WithoutLogs => "WithoutLogs",
            Self::NotQueried => "NotRequested",
        }
    }

    /// Returns the reason as a sentence.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::Expired { anchor } => {
                format!("older than full set {anchor}, which reaches back to the window's start")
            }
            Self::LogsBefore { anchor } => {
                format!("ends before the logs that full set {anchor} needs")
            }
            Self::Failed => "failed set".to_owned(),
            Self::FailedLately => "failed set, not yet older than the window".to_owned(),
            Self::AskedFor => "requested".to_owned(),
            Self::HalfDeleted => "its deletion has begun and continues".to_owned(),
            Self::NewestFull => "newest valid full set".to_owned(),
            Self::Anchor => "newest full set that reaches back to the window's start".to_owned(),
            Self::NewerThanAnchor(id) => {
                format!("newer than full set {id}, which reaches back to the window's start")
            }
            Self::NeededByIncremental(id) => format!("needed by incremental set {id}"),
            Self::InsideWindow => "inside the window".to_owned(),
            Self::NeededByLogs(id) => format!("needed by the logs of set {id}"),
            Self::OtherDestination => {
                "in another destination, which the database does not clean".to_owned()
            }
            Self::Running => "still being written".to_owned(),
            Self::NoPolicy => "no delete policy".to_owned(),
            Self::NeverExpires => "the delete policy has no window".to_owned(),
            Self::NoFullBefore => "no full set reaches back to the window's start yet".to_owned(),
            Self::WithoutLogs => {
                "without its logs, so the database keeps older sets instead".to_owned()
            }
            Self::NotQueried => "not requested".to_owned(),
        }
    }
}
