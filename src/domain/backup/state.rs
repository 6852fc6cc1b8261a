//! Where a data backup stands.

use crate::domain::Blocker;
use crate::oceanbase::model::JobStatus;

/// How a task ends; it never changes again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Outcome {
    Completed,
    Failed,
    Canceled,
    Overdue,
}

impl Outcome {
    /// The word in `status.outcome`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Completed => "Completed",
            Self::Failed => "Failed",
            Self::Canceled => "Canceled",
            Self::Overdue => "Overdue",
        }
    }

    /// Reads `status.outcome`.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Completed, Self::Failed, Self::Canceled, Self::Overdue]
            .into_iter()
            .find(|outcome| outcome.word() == word)
    }
}

/// Where a task stands; the status is rendered from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Nothing is under way; what it waits for.
    Waiting(Blocker),
    /// A statement was refused for now, or could not be sent; it is tried again.
    Refused,
    /// The statement is, or may be, under way.
    Sending,
    /// The database has taken the statement and shows no job yet.
    Accepted,
    /// The database's job is in this state.
    Running(JobStatus),
    /// The database has taken the statement, and what became of it can not be seen now.
    Unobserved(Blocker),
    /// Its tasks are under way; how far they are.
    FannedOut(String),
    /// It is over.
    Ended(Outcome),
}
