//! What became of something that was asked of the database.

use super::{CheckResult, Job, PreviewRow, Restore};

/// An error of the engine, explained.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// OceanBase's code, negative as in RESULT columns; 0 for a refusal by the operator itself.
    pub code: i32,
    /// Stable CamelCase word.
    pub reason: &'static str,
    /// What happened and what to do; no statement text, no keys.
    pub message: String,
    /// What it means for whoever sent the statement.
    pub class: FailureClass,
    /// Whether a job that failed of it may go well when it is started again.
    pub passing: bool,
}

/// What an error means for whoever sent the statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureClass {
    /// The database is already in the state that the statement asks for.
    AlreadySo,
    /// Not now; the same statement may go well later.
    NotYet,
    /// Only somebody's help makes it go well.
    Permanent,
    /// The statement may have been run.
    Unknown,
}

/// What became of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The database took it.
    Done,
    /// Its guard found that it was sent before.
    AlreadySent,
    /// A look by key found that the backup has ended, and how.
    Ended(Box<Job>),
    /// A look by key found the restore, running or ended: it was sent before.
    Restore(Box<Restore>),
    /// What a restore would read.
    Preview(Vec<PreviewRow>),
    /// What a restored tenant has answered.
    Checked(Box<CheckResult>),
    /// It is being sent by a task of its own: see [`BackgroundAnswer`].
    HandedOver,
    /// Its guard found that it must not be sent now; why.
    Withheld(String),
    /// The database refused it, or its session; nothing was changed.
    Refused(Failure),
    /// It was not sent: no connection, or another command has the cluster's session.
    NotSent(String),
    /// Whether it was run is not known; look before sending again.
    Unknown(String),
}

/// What became of a command that takes minutes and was handed over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BackgroundAnswer {
    /// It is under way.
    Sending,
    /// It was answered; never with [`Answer::HandedOver`].
    Answered(Answer),
}
