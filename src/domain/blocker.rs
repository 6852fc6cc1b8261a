//! Condition that an object waits for, or that makes it fail.

use super::cause::cause;
use crate::api::Cause;
use crate::oceanbase::model::{Answer, Failure, FailureClass};

/// Reason after another statement about the tenant was sent.
const READING: &str = "Reading";

/// Condition that an object waits for, or that makes it fail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blocker {
    /// Stable CamelCase word.
    pub reason: &'static str,
    /// What is wrong and what the user can do.
    pub message: String,
    /// Whether only a user can resolve it; otherwise the object waits.
    pub permanent: bool,
    /// Whether the database does not answer although its description is correct. An object that was
    /// ready stays ready.
    pub outage: bool,
}

impl Blocker {
    /// Returns a blocker that may resolve by itself: a missing object may be applied later.
    #[must_use]
    pub fn waiting(reason: &'static str, message: impl Into<String>) -> Self {
        Self {
            reason,
            message: message.into(),
            permanent: false,
            outage: false,
        }
    }

    /// Returns a blocker that remains until a user changes something.
    #[must_use]
    pub fn permanent(reason: &'static str, message: impl Into<String>) -> Self {
        Self {
            reason,
            message: message.into(),
            permanent: true,
            outage: false,
        }
    }

    /// Returns the blocker of a database that does not answer.
    #[cfg(test)]
    pub(crate) fn outage() -> Self {
        Self {
            outage: true,
            ..Self::waiting("Unreachable", "no route")
        }
    }

    /// Returns the same blocker as one that may resolve by itself: a cluster that does not answer
    /// may answer later, whatever its last answer was.
    #[must_use]
    pub fn as_waiting(&self) -> Self {
        Self {
            permanent: false,
            ..self.clone()
        }
    }

    /// Returns the blocker after another statement about the tenant was sent and until its result
    /// is read.
    #[must_use]
    pub fn reading() -> Self {
        Self::waiting(READING, "the operator is reading the database again")
    }

    /// Returns whether the blocker is short-lived: the operator has just started and is still
    /// connecting, or a statement was sent. Until then the known status stays; otherwise every
    /// status would be written twice.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        matches!(self.reason, "Connecting" | READING)
    }

    /// Returns the cause to show in the status.
    #[must_use]
    pub fn cause(&self) -> Cause {
        cause(self.reason, &self.message)
    }
}

/// A blocker of a statement is a refusal by the operator.
impl From<Blocker> for Answer {
    fn from(blocker: Blocker) -> Self {
        let class = if blocker.permanent {
            FailureClass::Permanent
        } else {
            FailureClass::NotYet
        };
        Self::Refused(Failure {
            code: 0,
            reason: blocker.reason,
            message: blocker.message,
            class,
            passing: false,
        })
    }
}
