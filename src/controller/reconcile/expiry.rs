//! Expiry of the objects of ended tasks, by `ttlSecondsAfterFinished`.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use crate::domain::Next;

/// Delay before checking whether a newer task has replaced one that is kept.
const KEPT_INTERVAL: Duration = Duration::from_mins(10);

/// Expiry of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expiry {
    /// The object does not expire: its task has not ended, or has no time to live.
    Never,
    /// The object expires at this instant.
    At(Timestamp),
    /// The object has expired or will expire, and another object still needs it.
    Kept,
}

impl Expiry {
    /// Returns the expiry of a task that ended at this time, with this time to live in seconds.
    #[must_use]
    pub fn of(completion_time: Option<&Time>, ttl_seconds: Option<i32>) -> Self {
        let at = completion_time.zip(ttl_seconds).and_then(|(end, seconds)| {
            let ttl = SignedDuration::from_secs(i64::from(seconds));
            end.0.checked_add(ttl).ok()
        });
        at.map_or(Self::Never, Self::At)
    }

    /// Returns whether the object must be deleted now.
    pub(super) fn is_due(self, now: Timestamp) -> bool {
        matches!(self, Self::At(at) if now >= at)
    }

    /// Returns when to check again.
    pub(super) fn next(self) -> Next {
        match self {
            Self::Never => Next::Await,
            Self::At(at) => Next::At(at),
            Self::Kept => Next::After(KEPT_INTERVAL),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn an_ended_task_with_a_time_to_live_expires() {
        let end = Time(at(60));
        let expiry = Expiry::of(Some(&end), Some(100));
        assert_eq!(expiry, Expiry::At(at(160)));
        assert!(!expiry.is_due(at(159)));
        assert!(expiry.is_due(at(160)));
        assert_eq!(expiry.next(), Next::At(at(160)));
    }

    #[test]
    fn a_task_that_runs_or_has_no_time_to_live_does_not_expire() {
        let end = Time(at(60));
        for expiry in [Expiry::of(None, Some(0)), Expiry::of(Some(&end), None)] {
            assert_eq!(expiry, Expiry::Never);
            assert!(!expiry.is_due(at(1_000_000)));
        }
    }

    #[test]
    fn a_task_that_is_kept_is_checked_again() {
        assert!(!Expiry::Kept.is_due(at(1_000_000)));
        assert!(matches!(Expiry::Kept.next(), Next::After(_)));
    }
}
