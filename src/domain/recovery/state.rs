//! State of a recovery.

pub use crate::domain::outcome::Outcome;

use crate::domain::Blocker;
use crate::oceanbase::model::RestoreStatus;

/// Step of a recovery that has changed the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The unit and the pool are being created.
    Preparing,
    /// RESTORE or RECOVER TABLE, or the database's job, is or may be active.
    Restoring,
    /// The tenant is restored temporarily, and its checks run.
    Verifying,
    /// The tenant is restored and becomes a primary tenant next.
    Activating,
    /// The primary tenant has an older version and is upgraded next.
    Upgrading,
    /// Created objects are being dropped.
    CleaningUp,
}

impl Step {
    /// Returns the word in `status.step`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Preparing => "Preparing",
            Self::Restoring => "Restoring",
            Self::Verifying => "Verifying",
            Self::Activating => "Activating",
            Self::Upgrading => "Upgrading",
            Self::CleaningUp => "CleaningUp",
        }
    }

    /// Reads `status.step`.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [
            Self::Preparing,
            Self::Restoring,
            Self::Verifying,
            Self::Activating,
            Self::Upgrading,
            Self::CleaningUp,
        ]
        .into_iter()
        .find(|step| step.word() == word)
    }
}

/// State of a task; the status is rendered from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Nothing has started; the task waits for this blocker.
    Waiting(Blocker),
    /// The target reads from the storage which backups the recovery needs.
    Asking,
    /// The tenant's resources are being created.
    Preparing,
    /// The statement is being sent, or may be.
    Sending,
    /// The database's job has this status.
    Running(RestoreStatus),
    /// The job is being canceled.
    Canceling,
    /// The job or the step cannot be observed now.
    Unobserved(Blocker),
    /// The tenant is restored and its checks run.
    Verifying,
    /// The tenant is restored and becomes a primary tenant.
    Activating,
    /// The tenant is a primary tenant and is being upgraded.
    Upgrading,
    /// Created objects are being dropped; the recovery then ends with this outcome.
    CleaningUp(Outcome),
    /// The recovery has ended.
    Ended(Outcome),
}
