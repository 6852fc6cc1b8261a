//! A statement that must be sent once: its intent, its answer, and the search after a lost answer.
//!
//! An *intent* is the recorded decision to send. The *driver* is `controller::reconcile`, which writes
//! the status and performs the effect. A *kind* is BackupTask or CleanupTask ([`SentOnce`]).
//!
//! # Flow
//!
//! * The task records an intent: outcome `Sending` and one more send. The driver writes the status,
//!   then sends the statement in the same pass.
//! * The answer sets the outcome to `Accepted` or `Refused`.
//! * An intent without an answer stays `Sending`, after a lost answer or a crash. The operator waits
//!   until the statement is certainly over, then searches for it.
//! * A found statement is `Accepted`. A statement that the database does not know is `Refused`.
//! * A refused statement is sent again after a delay that doubles with each send.
//! * The row of an accepted statement's job may appear late. The operator waits for it, and after
//!   [`JOB_LOOKUP_TIMEOUT`] the kind decides.
//!
//! # Guarantees
//!
//! * The effect that sends is rendered together with its intent ([`SentOnce::record_intent`]).
//!   Otherwise a crash between send and record sends BACKUP twice.
//! * An intent is resolved before anything is sent again. Otherwise a restart sends BACKUP twice.
//! * No search starts before the statement is over. A search during the statement finds no job, and
//!   BACKUP is sent twice.
//! * An unclear answer leaves the intent open. If it counted as a refusal, a connection that breaks
//!   after the acceptance sends BACKUP twice.
//! * A recorded outcome that this operator does not know counts as accepted. Otherwise a downgrade
//!   sends again what the newer operator has sent.
//! * A recorded delay that is longer than the longest delay is ignored. Otherwise a clock that was
//!   ahead would stop a task for days.
//!
//! # Assumptions
//!
//! * The driver performs the effect only if its own write of the status succeeded. Otherwise two
//!   operators record one intent and both send it.
//! * `statement_lifetime` exceeds the statement's timeout in the database.
//! * The sender checks on the same session, right before it sends, that the database does not know
//!   the statement.
//! * The kind recognizes its job: a backup by the key in its description, a cleanup by its number.
//!
//! # Caveats
//!
//! * A network that was cut may deliver a statement after `statement_lifetime`. The sender's check
//!   does not prevent that.
//! * A cleanup has no key. A cleanup of the same kind that another session of sys starts at the same
//!   time is taken for it.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::backoff::{Backoff, still_to_come};
use super::{Blocker, Decision, Next, cause, time};
use crate::api::Cause;
use crate::oceanbase::model::{Acceptance, Answer, FailureClass};

/// Recorded outcome of an intent without an answer.
pub(super) const SENDING: &str = "Sending";
/// Recorded outcome of a statement that the database accepted.
pub(super) const ACCEPTED: &str = "Accepted";
/// Recorded outcome of a statement that the database certainly did not accept.
pub(super) const REFUSED: &str = "Refused";
/// Recorded outcome of a statement whose job failed; another statement may follow.
pub(super) const FAILED: &str = "Failed";

/// Longest delay between two statements.
pub(super) const MAX_RETRY_DELAY: SignedDuration = SignedDuration::from_mins(5);
/// Delay before a failed search for an intent is retried.
pub(super) const LOOKUP_PAUSE: Duration = Duration::from_secs(15);
/// Time in which a job is expected to appear after its statement was accepted.
pub(super) const JOB_EXPECTED_AFTER: Duration = Duration::from_secs(5);
/// Time without a row after which the job of an accepted statement is missing.
const JOB_LOOKUP_TIMEOUT: SignedDuration = SignedDuration::from_mins(10);
/// Interval between checks for the row of a job.
pub(super) const JOB_LOOKUP_INTERVAL: Duration = Duration::from_mins(1);

/// Reason of a cause: whether the database accepted the statement is not known.
pub(super) const OUTCOME_UNKNOWN: &str = "OutcomeUnknown";

/// What may be done about a statement, by its recorded outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SendState {
    /// No statement is active. One may be sent.
    MaySend,
    /// An intent has no answer. The operator must resolve it before it sends anything.
    Unresolved,
    /// The database accepted a statement. The operator sends nothing any more.
    Accepted,
}

impl SendState {
    /// Returns the state of a recorded outcome.
    pub(super) fn of(outcome: Option<&str>) -> Self {
        match outcome {
            None | Some(REFUSED | FAILED) => Self::MaySend,
            Some(SENDING) => Self::Unresolved,
            Some(_) => Self::Accepted,
        }
    }
}

/// What is known about the last statement.
#[derive(Clone, Copy, Debug)]
pub(super) struct Situation<'a> {
    /// Recorded outcome.
    pub(super) outcome: Option<&'a str>,
    /// Number of sends; each send of a refused statement counts.
    pub(super) sends: i32,
    pub(super) sent_time: Option<&'a Time>,
    /// Number of the statement's job, if it is known.
    pub(super) job_id: Option<i64>,
    /// Instant before which nothing is sent.
    pub(super) retry_time: Option<&'a Time>,
    /// Why the database cannot be observed.
    pub(super) outage: Option<&'a Blocker>,
    pub(super) now: Timestamp,
    /// Time since this process first observed the open intent. It is not measured from `sent_time`,
    /// which another clock may have written.
    pub(super) intent_age: Duration,
    /// Time after which a statement has certainly ended, from its send on.
    pub(super) statement_lifetime: Duration,
}

/// What the status shows about the last statement.
#[derive(Debug)]
pub(super) struct Shown<'a> {
    pub(super) cause: &'a mut Option<Cause>,
    /// Instant before which nothing is sent.
    pub(super) retry_time: &'a mut Option<Time>,
}

/// State of a statement without an observed job; each kind renders it in its own way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// A statement was refused for now, or could not be sent; the operator retries it.
    Refused,
    /// The statement is being sent, or may be.
    Sending,
    /// The database has accepted the statement and shows no job yet.
    Accepted,
    /// The job cannot be observed now.
    Unobserved(Blocker),
}

/// Decision about a task with a statement that must be sent once.
///
/// The required methods are what differs between the kinds. The provided methods are the machine.
pub(super) trait SentOnce: Sized {
    /// Status of the kind.
    type Status;
    /// Effect of the kind.
    type Effect;

    /// First delay after a statement that was refused for now; it doubles.
    const REFUSED_PAUSE: SignedDuration;

    /// Returns what is known about the last statement.
    fn situation(&self) -> Situation<'_>;

    /// Records an outcome of the last statement, and its cause if the kind shows one.
    fn set_outcome(&mut self, outcome: &str, cause: Option<Cause>);

    /// Returns what the status shows besides the record.
    fn shown(&mut self) -> Shown<'_>;

    /// Returns the cause to show while an intent has no answer; `None` keeps the shown one.
    fn unanswered(&self) -> Option<Cause>;

    /// Returns the effect that searches for the statement.
    fn search(&self) -> Option<Self::Effect>;

    /// Renders a state.
    fn render_state(
        self,
        state: State,
        effect: Option<Self::Effect>,
        next: Next,
    ) -> Decision<Self::Status, Self::Effect>;

    /// Ends the task, which has failed.
    fn give_up(self, cause: Cause) -> Decision<Self::Status, Self::Effect>;

    /// Decides whether a statement is sent. Nothing that was sent is active.
    fn prepare(self) -> Decision<Self::Status, Self::Effect>;

    /// Handles an accepted statement whose job should have appeared.
    fn on_missing_job(self) -> Decision<Self::Status, Self::Effect>;

    /// Handles a statement that was certainly not sent: a precondition was not met (`withheld`), or
    /// the session broke before.
    fn on_not_sent(self, why: &str, withheld: bool) -> Decision<Self::Status, Self::Effect>;

    /// Handles a statement that was lost on its way.
    fn on_lost(self, lost: Cause) -> Decision<Self::Status, Self::Effect> {
        self.pause(lost, SignedDuration::ZERO)
    }

    /// Returns when to continue after a delay.
    fn next_at(&self, until: Timestamp) -> Next {
        Next::At(until)
    }

    /// Returns the longest delay that the status may record now.
    fn max_pause(&self) -> SignedDuration {
        MAX_RETRY_DELAY
    }

    /// Returns what may be done about the last statement.
    fn send_state(&self) -> SendState {
        SendState::of(self.situation().outcome)
    }

    /// Continues from the recorded outcome if no job is observed.
    fn proceed(self) -> Decision<Self::Status, Self::Effect> {
        match self.send_state() {
            SendState::MaySend => self.prepare(),
            SendState::Unresolved => self.resolve(),
            SendState::Accepted => self.await_job(),
        }
    }

    /// Resolves an intent without an answer, after a lost reply or a restart. The tenant's state is
    /// checked only after it is known that no statement was accepted.
    fn resolve(mut self) -> Decision<Self::Status, Self::Effect> {
        let situation = self.situation();
        let rest = situation
            .statement_lifetime
            .checked_sub(situation.intent_age);
        if let Some(cause) = situation.outage.map(Blocker::cause) {
            *self.shown().cause = Some(cause);
            return self.render_state(State::Sending, None, Next::Await);
        }
        if let Some(cause) = self.unanswered() {
            *self.shown().cause = Some(cause);
        }
        if let Some(rest) = rest {
            let next = Next::After(rest + Duration::from_millis(1));
            return self.render_state(State::Sending, None, next);
        }
        let effect = self.search();
        self.render_state(State::Sending, effect, Next::After(LOOKUP_PAUSE))
    }

    /// Waits for the row of an accepted statement.
    fn await_job(self) -> Decision<Self::Status, Self::Effect> {
        let situation = self.situation();
        if let Some(blocker) = situation.outage {
            let state = State::Unobserved(blocker.as_waiting());
            return self.render_state(state, None, Next::Await);
        }
        let waited = situation.sent_time;
        let waited = waited.map(|at| at.0.duration_until(situation.now));
        if waited.is_none_or(|waited| waited > JOB_LOOKUP_TIMEOUT) {
            return self.on_missing_job();
        }
        let state = self.unobserved_state();
        self.render_state(state, None, Next::After(JOB_LOOKUP_INTERVAL))
    }

    /// Returns the state of an accepted statement whose job is not observed.
    fn unobserved_state(&self) -> State {
        match self.situation().job_id {
            None => State::Accepted,
            Some(id) => State::Unobserved(Blocker::waiting(
                "JobNotVisible",
                format!("the database no longer shows job {id}; the operator looks it up"),
            )),
        }
    }

    /// Records the intent of the statement, and returns the effect that sends it.
    fn record_intent(mut self, effect: Self::Effect) -> Decision<Self::Status, Self::Effect> {
        self.set_outcome(SENDING, None);
        let shown = self.shown();
        (*shown.cause, *shown.retry_time) = (None, None);
        let next = Next::After(self.situation().statement_lifetime);
        self.render_state(State::Sending, Some(effect), next)
    }

    /// Records the answer to the statement.
    fn on_statement_answer(mut self, answer: &Answer) -> Decision<Self::Status, Self::Effect> {
        match answer.acceptance() {
            Acceptance::Accepted => self.accepted(),
            Acceptance::Refused(failure) => {
                self.set_outcome(REFUSED, Some(failure.into()));
                if failure.class == FailureClass::Permanent {
                    return self.give_up(failure.into());
                }
                let pause = self.doubled(Self::REFUSED_PAUSE);
                self.pause(failure.into(), pause)
            }
            Acceptance::Withheld(why) => self.on_not_sent(why, true),
            Acceptance::NotSent(why) => self.on_not_sent(why, false),
            Acceptance::Unknown(why) => {
                *self.shown().cause = Some(outcome_unknown(Some(why)));
                let next = Next::After(self.situation().statement_lifetime);
                self.render_state(State::Sending, None, next)
            }
        }
    }

    /// Records the answer to the search for an intent.
    fn on_search_answer(mut self, answer: &Answer) -> Decision<Self::Status, Self::Effect> {
        match answer {
            Answer::AlreadySent | Answer::Ended(_) => self.accepted(),
            Answer::NotFound => {
                let lost = cause(
                    "StatementNotReceived",
                    "the statement was lost before it reached the database; the operator sends \
                     it again",
                );
                self.set_outcome(REFUSED, Some(lost.clone()));
                self.on_lost(lost)
            }
            _ => self.render_state(State::Sending, None, Next::After(LOOKUP_PAUSE)),
        }
    }

    /// Records that the database accepted the statement.
    fn accepted(mut self) -> Decision<Self::Status, Self::Effect> {
        self.set_outcome(ACCEPTED, None);
        *self.shown().cause = None;
        self.render_state(State::Accepted, None, Next::After(JOB_EXPECTED_AFTER))
    }

    /// Sends nothing for this long. The status records the delay: the write of this pass triggers
    /// the next pass, which has no memory of this one.
    fn pause(
        mut self,
        cause: Cause,
        pause: SignedDuration,
    ) -> Decision<Self::Status, Self::Effect> {
        let now = self.situation().now;
        let until = time(now.saturating_add(pause).unwrap_or(now));
        let next = self.next_at(until.0);
        let shown = self.shown();
        (*shown.cause, *shown.retry_time) = (Some(cause), Some(until));
        self.render_state(State::Refused, None, next)
    }

    /// Returns the delay, doubled for each earlier send.
    fn doubled(&self, shortest: SignedDuration) -> SignedDuration {
        Backoff::new(shortest, MAX_RETRY_DELAY).pause(self.situation().sends)
    }

    /// Returns the instant before which nothing is sent.
    fn paused_until(&self) -> Option<Timestamp> {
        let situation = self.situation();
        still_to_come(situation.retry_time?.0, self.max_pause(), situation.now)
    }
}

/// Returns the cause of a statement that the database may have accepted.
pub(super) fn outcome_unknown(why: Option<&str>) -> Cause {
    let why = why.map(|why| format!(" ({why})")).unwrap_or_default();
    let message = format!(
        "it is not known whether the database accepted the statement{why}; the operator checks \
         this before it sends anything again"
    );
    cause(OUTCOME_UNKNOWN, &message)
}

/// Returns the name of an intent; each send of it has another name. Otherwise the age of an earlier
/// send would count, and the search would start while the statement runs.
pub(super) fn intent_name(of: impl std::fmt::Display, sends: i32) -> String {
    format!("{of}#{sends}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_statement_that_is_certainly_not_active_may_be_sent() {
        for (outcome, state) in [
            (None, SendState::MaySend),
            (Some("Refused"), SendState::MaySend),
            (Some("Failed"), SendState::MaySend),
            (Some("Sending"), SendState::Unresolved),
            (Some("Accepted"), SendState::Accepted),
            (Some("OfANewerOperator"), SendState::Accepted),
            (Some(""), SendState::Accepted),
        ] {
            assert_eq!(SendState::of(outcome), state, "{outcome:?}");
        }
    }
}
