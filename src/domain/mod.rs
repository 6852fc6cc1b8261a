//! Decisions: what an object's state is and what to do next. Pure and total: no clock, no I/O, no
//! `Result`; trouble is a value.
//!
//! Each kind has `decide`: from the object and what was seen to a [`Decision`]. The driver writes
//! the status first and performs the effect after that; what a crash leaves behind is recognised
//! from the world (a job's key, a child's name), never from memory.

mod accepted_statement;
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
pub mod recovery;
pub mod recovery_windows;
pub mod retention;
pub mod schedule;
pub mod storage;
pub mod strategy;

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{MicroTime, Time};

use crate::api::{Cause, PinnedDatabase};
use crate::oceanbase::model::{Answer, Failure, FailureClass, Identity, Tenant};

/// What to do about an object.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision<S, E> {
    /// The status as it should be; it is written when it differs from what is there.
    pub status: S,
    /// At most one thing to do, after the status was written.
    pub effect: Option<E>,
    /// When to look again without being woken.
    pub next: Next,
    /// What to tell, where something worth telling has happened.
    pub event: Option<Event>,
}

/// What is left to do for an object that is being deleted and is held by our finalizer.
#[derive(Clone, Debug, PartialEq)]
pub enum Finalization<S, E> {
    /// Something; it stays until then.
    Wait(Decision<S, E>),
    /// Nothing: it may go. What to tell before.
    Release(Option<Event>),
}

/// When to look at an object again without being woken by a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Not before something changes.
    Await,
    /// After this time.
    After(Duration),
    /// At this instant.
    At(Timestamp),
}

impl Next {
    /// The earlier of the two, seen from `now`.
    #[must_use]
    pub fn sooner(self, other: Self, now: Timestamp) -> Self {
        match (self.delay(now), other.delay(now)) {
            (Some(one), Some(two)) if two < one => other,
            (None, Some(_)) => other,
            _ => self,
        }
    }

    /// How long that is from `now`; never less than nothing.
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

/// A Kubernetes event on the object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// `Warning`, not `Normal`.
    pub warning: bool,
    /// Stable CamelCase word.
    pub reason: &'static str,
    /// What happened, below 1 kB, without secrets.
    pub message: String,
}

/// Something that an object waits for or fails of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blocker {
    /// Stable CamelCase word.
    pub reason: &'static str,
    /// What is wrong and what to do.
    pub message: String,
    /// Whether only somebody's help makes it go away; otherwise the object waits.
    pub permanent: bool,
    /// Whether the database does not answer, by a description that nobody need touch: what was ready
    /// before stays ready.
    pub outage: bool,
}

impl Blocker {
    /// Something that may come right by itself: a missing object may be applied later.
    #[must_use]
    pub fn waiting(reason: &'static str, message: impl Into<String>) -> Self {
        Self {
            reason,
            message: message.into(),
            permanent: false,
            outage: false,
        }
    }

    /// Something that stays wrong until somebody changes it.
    #[must_use]
    pub fn permanent(reason: &'static str, message: impl Into<String>) -> Self {
        Self {
            reason,
            message: message.into(),
            permanent: true,
            outage: false,
        }
    }

    /// A database that does not answer.
    #[cfg(test)]
    pub(crate) fn outage() -> Self {
        Self {
            outage: true,
            ..Self::waiting("Unreachable", "no route")
        }
    }

    /// The same, as something that may come right by itself: a cluster that does not answer may
    /// answer later, whatever it said last.
    #[must_use]
    pub fn as_waiting(&self) -> Self {
        Self {
            permanent: false,
            ..self.clone()
        }
    }

    /// Another statement about the tenant was sent, and what it did has not been read yet.
    #[must_use]
    pub fn reading() -> Self {
        Self::waiting(READING, "the database is being read again")
    }

    /// Whether it is over in a moment: the operator has just started and every cluster is still
    /// being connected to, or a statement was sent. What is known of an object stands until then;
    /// every status would otherwise be written twice.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        matches!(self.reason, "Connecting" | READING)
    }

    /// As the status shows it.
    #[must_use]
    pub fn cause(&self) -> Cause {
        cause(self.reason, &self.message)
    }
}

/// What stands in the way of a statement is the operator's own refusal of it.
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

/// A cause without a number: the operator's own.
#[must_use]
pub fn cause(reason: &str, message: &str) -> Cause {
    Cause {
        code: None,
        reason: reason.to_owned(),
        message: shortened(message.to_owned(), CAUSE_LIMIT),
    }
}

/// Longest message of a cause that the schema takes, in bytes.
const CAUSE_LIMIT: usize = 4096;

/// A text longer than the schema allows would make every write of the status fail.
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
            // The operator's own refusals have no number.
            code: Some(failure.code).filter(|code| *code != 0),
            reason: failure.reason.to_owned(),
            message: shortened(failure.message.clone(), CAUSE_LIMIT),
        }
    }
}

/// Whether a tenant's destination is the wanted one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ObservedDestination {
    /// None is set.
    Unset,
    /// It is the wanted one.
    Ours,
    /// It is another one: its address without keys.
    Elsewhere(String),
}

/// What is known of one tenant of a cluster.
#[derive(Clone, Debug)]
pub struct ObservedTenant {
    /// The tenant; `None` when the cluster has none of the name.
    pub tenant: Option<Arc<Tenant>>,
    /// Whether this is newer than our last command to the tenant.
    pub settled: bool,
    /// Whether its destination (of data or of logs, whichever the object is about) is the wanted
    /// one.
    pub destination: ObservedDestination,
}

/// An instant as the API server keeps it: whole seconds. A finer one would differ from what is
/// read back, and be written again for ever.
#[must_use]
pub fn time(at: Timestamp) -> Time {
    Time(Timestamp::from_second(at.as_second()).unwrap_or(at))
}

/// A database as it stands in a status.
#[must_use]
pub fn pinned(identity: &Identity) -> PinnedDatabase {
    PinnedDatabase {
        cluster_id: identity.cluster_id,
        cluster_create_time: MicroTime(identity.created_at),
    }
}

/// The first whole second from an instant on: what can be recovered from an instant on can not be a
/// moment before it.
#[must_use]
pub fn time_from(at: Timestamp) -> Time {
    let whole = time(at);
    if whole.0 == at {
        return whole;
    }
    let next = whole.0.saturating_add(SignedDuration::from_secs(1));
    Time(next.unwrap_or(at))
}

/// A length of time as people write it: `3m20s`.
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
