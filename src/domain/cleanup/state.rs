//! State of a cleanup.

pub use crate::domain::outcome::Outcome;

use crate::domain::Blocker;
use crate::oceanbase::model::JobStatus;

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
