//! Where a recovery stands.

use crate::domain::Blocker;
use crate::oceanbase::model::RestoreStatus;

/// How a task ends; it never changes again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Outcome {
    Completed,
    Failed,
    Canceled,
}

impl Outcome {
    /// The word in `status.outcome`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Completed => "Completed",
            Self::Failed => "Failed",
            Self::Canceled => "Canceled",
        }
    }

    /// Reads `status.outcome`.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Completed, Self::Failed, Self::Canceled]
            .into_iter()
            .find(|outcome| outcome.word() == word)
    }
}

/// How far a recovery has come that has changed something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The unit and the pool are made.
    Preparing,
    /// RESTORE or RECOVER TABLE is, or may be, under way, or the database's job is.
    Restoring,
    /// The tenant is restored for a while, and is asked its checks.
    Verifying,
    /// The tenant is restored and is to become a primary one.
    Activating,
    /// The primary tenant came from an older version and is to be upgraded.
    Upgrading,
    /// What was made is dropped.
    CleaningUp,
}

impl Step {
    /// The word in `status.step`.
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

/// Where a task stands; the status is rendered from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Nothing is under way; what it waits for.
    Waiting(Blocker),
    /// The store is asked what the recovery is made of.
    Asking,
    /// What the tenant runs on is made.
    Preparing,
    /// The statement is, or may be, under way.
    Sending,
    /// The database's job is in this state.
    Running(RestoreStatus),
    /// The job is being canceled.
    Canceling,
    /// What is under way can not be seen now.
    Unobserved(Blocker),
    /// The tenant is restored and asked its checks.
    Verifying,
    /// The tenant is restored and becomes a primary one.
    Activating,
    /// The tenant is a primary one and is upgraded.
    Upgrading,
    /// What was made is dropped; how it will end.
    CleaningUp(Outcome),
    /// It is over.
    Ended(Outcome),
}
