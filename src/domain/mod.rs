//! Decisions: the state of an object and the next step. They are pure and total: no clock, no I/O,
//! no `Result`. Failures are values.
//!
//! Each kind has `decide`, which maps the object and the observed state to a [`Decision`]. The
//! driver writes the status first and performs the effect afterwards. After a crash, the operator
//! recognizes unfinished work from the observed state (a job's key, a child's name), never from
//! memory.

mod accepted_statement;
mod attempt;
pub mod authorization;
mod backoff;
pub mod backup;
pub mod cleanup;
pub mod cluster;
pub mod condition;
#[cfg(test)]
mod kstatus;
pub mod log_backup;
pub mod naming;
mod outcome;
pub mod recovery;
pub mod recovery_windows;
pub mod retention;
pub mod schedule;
pub mod storage;
pub mod strategy;
mod tenant;

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{MicroTime, Time};

use crate::api::{Cause, PinnedDatabase};
use crate::oceanbase::model::{Answer, Failure, FailureClass, Identity, Tenant};

/// What to do about an object.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision<S, E> {
    /// Status to write; it is written only if it differs from the current status.
    pub status: S,
    /// At most one effect, performed after the status was written.
    pub effect: Option<E>,
    /// When to reconcile again if no change triggers it.
    pub next: Next,
    /// Event to publish, if any.
    pub event: Option<Event>,
}

/// Remaining work for an object that is being deleted and has the operator's finalizer.
#[derive(Clone, Debug, PartialEq)]
pub enum Finalization<S, E> {
    /// Work remains; the object keeps its finalizer.
    Wait(Decision<S, E>),
    /// No work remains: the finalizer is removed. The event is published before.
    Release(Option<Event>),
}

/// When to reconcile an object again if no change triggers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Only after a change.
    Await,
    /// After this time.
    After(Duration),
    /// At this instant.
    At(Timestamp),
}

impl Next {
    /// Returns the earlier of the two, relative to `now`.
    #[must_use]
    pub fn sooner(self, other: Self, now: Timestamp) -> Self {
        match (self.delay(now), other.delay(now)) {
            (Some(one), Some(two)) if two < one => other,
            (None, Some(_)) => other,
            _ => self,
        }
    }

    /// Returns the delay from `now`, which is never negative.
    #[must_use]
    pub fn delay(self, now: Timestamp) -> Option<Duration> {
        match self {
            Self::Await => None,
            Self::After(duration) => Some(duration),
            Self::At(at) => {
                let wait = now.duration_until(at).max(SignedDuration::ZERO);
                Some(wait.unsigned_abs())
            }
        }
    }
}

/// Kubernetes event of the object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// `Warning`, not `Normal`.
    pub warning: bool,
    /// Stable CamelCase word.
    pub reason: &'static str,
    /// What happened, below 1 kB, without secrets.
    pub message: String,
}

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
        Self::waiting(READING, "the database is being read again")
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

const READING: &str = "Reading";

/// Returns a cause without a number: a cause of the operator.
#[must_use]
pub fn cause(reason: &str, message: &str) -> Cause {
    Cause {
        code: None,
        reason: reason.to_owned(),
        message: shortened(message.to_owned(), CAUSE_LIMIT),
    }
}

/// Longest message of a cause that the schema accepts, in bytes.
const CAUSE_LIMIT: usize = 4096;

/// Shortens a text that is longer than the schema allows. A longer text would make every status
/// write fail.
pub(crate) fn shortened(mut text: String, limit: usize) -> String {
    if text.len() > limit {
        let end = (0..=limit.saturating_sub('…'.len_utf8()))
            .rev()
            .find(|at| text.is_char_boundary(*at))
            .unwrap_or(0);
        text.truncate(end);
        text.push('…');
    }
    text
}

impl From<&Failure> for Cause {
    fn from(failure: &Failure) -> Self {
        Self {
            // Refusals by the operator have no number.
            code: Some(failure.code).filter(|code| *code != 0),
            reason: failure.reason.to_owned(),
            message: shortened(failure.message.clone(), CAUSE_LIMIT),
        }
    }
}

/// Whether a tenant's destination is the desired destination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ObservedDestination {
    /// No destination is set.
    Unset,
    /// The destination is the desired destination.
    Ours,
    /// The destination is another one; this is its address without keys.
    Elsewhere(String),
}

/// Observed state of one tenant of a cluster.
#[derive(Clone, Debug)]
pub struct ObservedTenant {
    /// The tenant; `None` if the cluster has no tenant of this name.
    pub tenant: Option<Arc<Tenant>>,
    /// Whether this is newer than the operator's last statement to the tenant.
    pub settled: bool,
    /// Whether its destination is the desired one (of data or of logs, as the object requires).
    pub destination: ObservedDestination,
}

/// Returns an instant as the API server keeps it: in whole seconds. A finer instant would differ
/// from the stored one and cause endless writes.
#[must_use]
pub fn time(at: Timestamp) -> Time {
    Time(Timestamp::from_second(at.as_second()).unwrap_or(at))
}

/// Returns a database in the form that a status shows.
#[must_use]
pub fn pinned(identity: &Identity) -> PinnedDatabase {
    PinnedDatabase {
        cluster_id: identity.cluster_id,
        cluster_create_time: MicroTime(identity.created_at),
    }
}

/// Returns the first whole second at or after an instant. The start of a recovery window must not
/// be shown before its real start.
#[must_use]
pub fn time_from(at: Timestamp) -> Time {
    let whole = time(at);
    if whole.0 == at {
        return whole;
    }
    let next = whole.0.saturating_add(SignedDuration::from_secs(1));
    Time(next.unwrap_or(at))
}

/// Returns a duration in its usual text form: `3m20s`.
#[must_use]
pub fn duration_text(duration: SignedDuration) -> String {
    let seconds = duration.as_secs().max(0);
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, s) => format!("{s}s"),
        (0, m, s) => format!("{m}m{s}s"),
        (h, m, s) => format!("{h}h{m}m{s}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_recovered_from_an_instant_on_is_not_said_to_be_a_moment_before_it() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let shown = |text: &str| time_from(at(text)).0;
        assert_eq!(shown("2026-11-20T02:00:00Z"), at("2026-11-20T02:00:00Z"));
        assert_eq!(
            shown("2026-11-20T02:00:00.005560152Z"),
            at("2026-11-20T02:00:01Z")
        );
    }
}
