//! State of a cleanup.

use crate::domain::Blocker;
use crate::oceanbase::model::JobStatus;

/// Final outcome of a cleanup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Outcome {
    Completed,
    Failed,
    Canceled,
}

impl Outcome {
    /// Returns the word in `status.outcome`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Completed => "Completed",
            Self::Failed => "Failed",
            Self::Canceled => "Canceled",
        }
    }

    pub(super) fn parse(word: &str) -> Option<Self> {
        [Self::Completed, Self::Failed, Self::Canceled]
            .into_iter()
            .find(|outcome| outcome.word() == word)
    }
}

/// State of a cleanup; the status is rendered from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Nothing has started; the cleanup waits for this blocker.
    Waiting(Blocker),
    /// A statement was refused for now, or could not be sent; the operator retries it.
    Refused,
    /// The statement is being sent, or may be.
    Sending,
    /// The database has accepted the statement and shows no job yet.
    Accepted,
    /// The database's job has this status.
    Running(JobStatus),
    /// The job cannot be observed now.
    Unobserved(Blocker),
    /// The cleanup has ended.
    Ended(Outcome),
}
