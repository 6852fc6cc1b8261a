//! Outcomes of commands to the database.

use super::{CheckResult, Job, PreviewRow, Restore};

/// Error of the database, explained.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// OceanBase's code, negative as in RESULT columns; 0 if the operator itself rejected the
    /// command.
    pub code: i32,
    /// Stable CamelCase word.
    pub reason: &'static str,
    /// Description and remedy, without statement text or keys.
    pub message: String,
    /// Meaning for the sender of the statement.
    pub class: FailureClass,
    /// Whether a job that failed with it may succeed when it is retried.
    pub passing: bool,
}

/// Meaning of an error for the sender of the statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureClass {
    /// The database is already in the state that the statement asks for.
    AlreadySo,
    /// The statement is not possible now and may succeed later.
    NotYet,
    /// Only a user can fix the problem.
    Permanent,
    /// The statement may have been run.
    Unknown,
}

/// Outcome of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The database accepted the statement.
    Done,
    /// A search found nothing.
    NotFound,
    /// The precondition found that the command was sent before.
    AlreadySent,
    /// A search by key found that the backup has ended.
    Ended(Box<Job>),
    /// A search by key found the restore, running or ended: it was sent before.
    Restore(Box<Restore>),
    /// Backup sets and pieces that a restore would read.
    Preview(Vec<PreviewRow>),
    /// Result of a check of a restored tenant.
    Checked(Box<CheckResult>),
    /// A background task sends the statement: see [`BackgroundAnswer`].
    HandedOver,
    /// The precondition does not hold now, for this reason.
    Withheld(String),
    /// The database rejected the statement or its session; nothing changed.
    Refused(Failure),
    /// Not sent: there is no connection or no send permit.
    NotSent(String),
    /// It is unknown whether the statement was run. Check before it is sent again.
    Unknown(String),
}

/// Whether the database accepted a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Acceptance<'a> {
    /// It did, now or before.
    Accepted,
    /// It rejected the statement or its session; nothing changed.
    Refused(&'a Failure),
    /// The statement was not sent: its precondition does not hold now.
    Withheld(&'a str),
    /// The statement was not sent.
    NotSent(&'a str),
    /// It is unknown.
    Unknown(&'a str),
}

impl Answer {
    /// Returns whether the database accepted the statement. A job that a search finds shows it too.
    #[must_use]
    pub fn acceptance(&self) -> Acceptance<'_> {
        match self {
            Self::Done
            | Self::AlreadySent
            | Self::Ended(_)
            | Self::Restore(_)
            | Self::Preview(_)
            | Self::Checked(_)
            | Self::HandedOver => Acceptance::Accepted,
            Self::Refused(failure) => Acceptance::Refused(failure),
            Self::Withheld(why) => Acceptance::Withheld(why),
            Self::NotSent(why) => Acceptance::NotSent(why),
            // Only a search has this answer. It says nothing about a statement.
            Self::NotFound => Acceptance::Unknown("a search found nothing"),
            Self::Unknown(why) => Acceptance::Unknown(why),
        }
    }
}

/// Outcome of a handed-over command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BackgroundAnswer {
    /// The command is in flight.
    Sending,
    /// The command was answered, never with [`Answer::HandedOver`].
    Answered(Answer),
}
