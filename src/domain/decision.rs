//! Result of a decision.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

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

/// Time limit of a deletion with `deletionPolicy: Stop`, by default.
const DELETION_TIMEOUT: SignedDuration = SignedDuration::from_mins(5);

/// Returns the time limit of a deletion with `deletionPolicy: Stop`, from a field in seconds.
pub(crate) fn deletion_timeout(seconds: Option<i64>) -> SignedDuration {
    seconds.map_or(DELETION_TIMEOUT, SignedDuration::from_secs)
}
