//! Conditions, which are rendered from an object's state and never read back.

use jiff::Timestamp;

use super::{Blocker, shortened, time};
use crate::api::Condition;
use crate::api::condition::types::{READY, RECONCILING, STALLED};

/// Longest message, in bytes.
const LIMIT: usize = 1024;

/// Status of a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Status {
    True,
    False,
    Unknown,
}

impl Status {
    /// Returns the word in the API.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::True => "True",
            Self::False => "False",
            Self::Unknown => "Unknown",
        }
    }
}

impl From<bool> for Status {
    fn from(holds: bool) -> Self {
        if holds { Self::True } else { Self::False }
    }
}

/// Condition to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DesiredCondition {
    kind: &'static str,
    status: Status,
    reason: String,
    message: String,
}

impl DesiredCondition {
    /// Returns the type of the condition.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        self.kind
    }

    /// Returns its status.
    #[must_use]
    pub fn status(&self) -> Status {
        self.status
    }
}

/// Returns a condition to write.
#[must_use]
pub fn desired_condition(
    kind: &'static str,
    status: impl Into<Status>,
    reason: &str,
    message: impl Into<String>,
) -> DesiredCondition {
    DesiredCondition {
        kind,
        status: status.into(),
        reason: reason.to_owned(),
        message: message.into(),
    }
}

/// Progress of an object, rendered as `Ready`, `Reconciling` and `Stalled`. Flux, Argo CD and
/// `kubectl wait` judge the object by these conditions (kstatus).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// The object has its desired state.
    Ready,
    /// The object does not have its desired state yet.
    Reconciling,
    /// The object cannot reach its desired state until a user intervenes.
    Stalled,
}

/// Returns `Ready`, `Reconciling` and `Stalled`, which never contradict each other. The message
/// appears in `Ready`, which users read, and in the condition that holds, which kstatus reads. The
/// third condition does not repeat the text, because that would only make the status longer.
#[must_use]
pub fn progress(progress: Progress, reason: &str, message: &str) -> [DesiredCondition; 3] {
    let is = |this| progress == this;
    let said = |holds, otherwise| if holds { message } else { otherwise };
    let in_progress = said(is(Progress::Reconciling), "no work is in progress");
    let needs_help = said(is(Progress::Stalled), "no user action is needed");
    [
        desired_condition(READY, is(Progress::Ready), reason, message),
        desired_condition(RECONCILING, is(Progress::Reconciling), reason, in_progress),
        desired_condition(STALLED, is(Progress::Stalled), reason, needs_help),
    ]
}

/// Returns the progress of an object with a blocker. `ready` is the reason and message of `Ready`
/// if the object was ready when the database last answered. The object then stays ready during an
/// outage: otherwise a sync would wait for the end of the outage.
#[must_use]
pub fn blocked(blocker: &Blocker, ready: Option<(&str, &str)>) -> [DesiredCondition; 3] {
    match ready {
        _ if blocker.permanent => progress(Progress::Stalled, blocker.reason, &blocker.message),
        Some((reason, message)) if blocker.outage => progress(Progress::Ready, reason, message),
        _ => progress(Progress::Reconciling, blocker.reason, &blocker.message),
    }
}

/// Returns the generation if the object is ready with it; `blocked` uses it later.
#[must_use]
pub fn ready_generation(conditions: &[DesiredCondition], generation: i64) -> Option<i64> {
    let is_ready = |known: &DesiredCondition| known.kind == READY && known.status == Status::True;
    conditions.iter().any(is_ready).then_some(generation)
}

/// Returns a condition if its status differs from the status before.
#[must_use]
pub fn turned<'a>(
    before: &[Condition],
    after: &'a [Condition],
    kind: &str,
) -> Option<&'a Condition> {
    let now = after.iter().find(|known| known.type_ == kind)?;
    let before = before.iter().find(|known| known.type_ == kind)?;
    (before.status != now.status).then_some(now)
}

/// Returns the conditions to write; `lastTransitionTime` moves only if the status changes.
#[must_use]
pub fn merge(
    previous: &[Condition],
    wanted: impl IntoIterator<Item = DesiredCondition>,
    generation: i64,
    now: Timestamp,
) -> Vec<Condition> {
    wanted
        .into_iter()
        .map(|wanted| {
            let known = previous
                .iter()
                .find(|known| known.type_ == wanted.kind)
                .filter(|known| known.status == wanted.status.word());
            Condition {
                type_: wanted.kind.to_owned(),
                status: wanted.status.word().to_owned(),
                reason: wanted.reason,
                message: shortened(wanted.message, LIMIT),
                observed_generation: Some(generation),
                last_transition_time: known
                    .map_or_else(|| time(now), |known| known.last_transition_time.clone()),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn the_message_stands_where_people_and_where_kstatus_look_and_nowhere_else() {
        let holders = |of: Progress| {
            let shown = merge(&[], progress(of, "Because", "so it is"), 1, at(0));
            let holders = shown.into_iter().filter(|c| c.message == "so it is");
            holders.map(|c| c.type_).collect::<Vec<_>>()
        };
        assert_eq!(holders(Progress::Ready), ["Ready"]);
        assert_eq!(holders(Progress::Reconciling), ["Ready", "Reconciling"]);
        assert_eq!(holders(Progress::Stalled), ["Ready", "Stalled"]);
    }

    /// Returns the time of the transition after Ready was false with reason A at second 10, and has
    /// this status, reason and message at second 20.
    fn transition_time(is_ready: bool, reason: &str, message: &str) -> Timestamp {
        let before = desired_condition("Ready", false, "A", "a");
        let after = desired_condition("Ready", is_ready, reason, message);
        let first = merge(&[], [before], 1, at(10));
        let second = merge(&first, [after], 2, at(20));
        second[0].last_transition_time.0
    }

    #[test]
    fn the_transition_time_stays_while_only_the_message_changes() {
        assert_eq!(transition_time(false, "B", "b"), at(10));
    }

    #[test]
    fn the_transition_time_moves_with_the_status() {
        assert_eq!(transition_time(true, "A", "a"), at(20));
    }

    #[test]
    fn a_message_is_cut_where_a_letter_ends() {
        let long = merge(
            &[],
            [desired_condition("Ready", true, "A", "ä".repeat(2000))],
            1,
            at(0),
        );
        assert!(long[0].message.len() <= 1024 && long[0].message.ends_with('…'));
    }
}
