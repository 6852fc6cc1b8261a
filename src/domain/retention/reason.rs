//! The words for why a backup goes or stays.

use crate::oceanbase::model::BackupSetId;

/// Why a set or a piece goes, or stays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RetentionReason {
    /// A set that is older than the full one that the window needs.
    Expired {
        /// That one.
        anchor: BackupSetId,
    },
    /// A piece that ends before the logs that the window needs.
    LogsBefore {
        /// The full set whose logs begin after it.
        anchor: BackupSetId,
    },
    /// A set that was not completed.
    Failed,
    /// A set that was not completed, and is not older than the window yet.
    FailedLately,
    /// It was asked for by its number.
    AskedFor,
    /// Its deletion has begun and did not come to its end: the next cleanup takes it up.
    HalfDeleted,
    /// The newest valid full set.
    NewestFull,
    /// The full set by which the window is kept.
    Anchor,
    /// A set that is newer than the full one that the window needs.
    NewerThanAnchor(BackupSetId),
    /// A set that is kept stands on it.
    NeededByIncremental(BackupSetId),
    /// Some point of the window needs it.
    InsideWindow,
    /// It holds logs that this set needs to be recovered to a point of the window.
    NeededByLogs(BackupSetId),
    /// It is where the tenant's backups do not go any more: the database does not clean there.
    OtherDestination,
    /// It is still being written.
    Running,
    /// There is no delete policy.
    NoPolicy,
    /// The policy has no window.
    NeverExpires,
    /// No full set reaches back to the window's start yet.
    NoFullBefore,
    /// A full set whose logs are not there: no other may rely on it.
    WithoutLogs,
    /// Others were asked for.
    NotAsked,
}

impl RetentionReason {
    /// Whether it goes.
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

    /// In words.
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
            Self::FailedLately => "failed set, not older than the window yet".to_owned(),
            Self::AskedFor => "asked for".to_owned(),
            Self::HalfDeleted => "its deletion has begun, and goes on".to_owned(),
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
                "without its logs, so that the database keeps older sets instead".to_owned()
            }
            Self::NotAsked => "not asked for".to_owned(),
        }
    }
}
