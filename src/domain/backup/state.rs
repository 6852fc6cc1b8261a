//! State of a data backup.

use crate::domain::Blocker;
use crate::oceanbase::model::JobStatus;

/// Final outcome of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Outcome {
    Completed,
    Failed,
    Canceled,
    Overdue,
}

impl Outcome {
    /// Returns the word in `status.outcome`.
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

/// State of a task; the status is rendered from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Nothing has started; the task waits for this blocker.
    Waiting(Blocker),
    /// A statement was refused for now, or could not be sent; the operator retries it.
    Refused,
    /// The statement is being sent, or may be.
    Sending,
    /// The database has accepted the statement and shows no job yet.
    Accepted,
    /// The database's job has this status.
    Running(JobStatus),
    /// The database has accepted the statement, and its job cannot be observed now.
    Unobserved(Blocker),
    /// Its child tasks are active; this is their progress.
    FannedOut(String),
    /// The task has ended.
    Ended(Outcome),
}
