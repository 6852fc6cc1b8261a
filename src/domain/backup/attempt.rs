//! One BACKUP: what it waits for, its intent, and what differs from other statements that must be
//! sent once ([`SentOnce`]).

use jiff::{SignedDuration, Timestamp};

use super::incremental::SentType;
use super::queue::WAITING_FOR_CONCURRENCY_SLOT;
use super::{BackupDecision, Effect, Evaluation, Held, State, status};
use crate::api::{BackupTaskStatus, BackupType, Cause};
use crate::domain::attempt::{
    self, JOB_LOOKUP_INTERVAL, MAX_RETRY_DELAY, OUTCOME_UNKNOWN, REFUSED, SENDING, SendState,
    SentOnce, Shown, Situation, intent_name, outcome_unknown,
};
use crate::domain::tenant::unnameable;
use crate::domain::{Blocker, Next, cause, time};
use crate::oceanbase::model::{Answer, JobKey, TenantId};

/// First delay after a statement that could not be sent; it doubles.
const NOT_SENT_PAUSE: SignedDuration = SignedDuration::from_secs(3);

/// Returns the recorded intent that has no answer; each send of it has another name.
#[must_use]
pub fn open_intent(status: &BackupTaskStatus) -> Option<String> {
    let last = status
        .attempts
        .last()
        .filter(|last| last.outcome == SENDING)?;
    Some(intent_name(&last.key, last.sends))
}

/// Returns whether a task with this status may still send BACKUP.
#[must_use]
pub fn may_be_sent(status: Option<&BackupTaskStatus>) -> bool {
    let last = status.and_then(|status| status.attempts.last());
    status.is_none_or(|status| status.outcome.is_none())
        && SendState::of(last.map(|last| last.outcome.as_str())) == SendState::MaySend
}

/// Reason of a task that waits because its strategy is suspended.
const STRATEGY_SUSPENDED: &str = "StrategySuspended";

/// Returns whether an active task waits until its strategy is resumed. Nothing has started, and
/// nothing starts before that.
#[must_use]
pub fn is_suspended(status: &BackupTaskStatus) -> bool {
    let cause = status.cause.as_ref();
    cause.is_some_and(|cause| cause.reason == STRATEGY_SUSPENDED) && may_be_sent(Some(status))
}

impl Evaluation<'_> {
    /// Returns whether the status says why nothing is sent.
    fn is_explained(&self) -> bool {
        let known = self.task.status;
        known.cause.is_some() && known.observed_generation == Some(self.task.generation)
    }

    /// Keeps the current status for a short time.
    fn stand_still(self) -> BackupDecision {
        let next = self.sooner_than_deadline(Next::Await);
        let known = Evaluation::new(self.task, self.observed, self.now).unchanged();
        BackupDecision { next, ..known }
    }

    /// Sends if a slot is free; only other waiting backups can block this one.
    fn acquire_slot(self) -> BackupDecision {
        if self.is_without_destination() {
            return self.set_destination();
        }
        match self.observed.queue.position() {
            Some(position) => self.wait_in_line(position),
            None => self.send(),
        }
    }

    /// Records the intent and sends the statement.
    fn send(mut self) -> BackupDecision {
        match self.sent_type() {
            SentType::AsAsked => self.status.type_change = None,
            SentType::FullInstead(why) => self.status.type_change = Some(why),
            SentType::Nothing(why) => return self.fail(why),
        }
        let is_incremental =
            self.task.spec.type_ == BackupType::Incremental && self.status.type_change.is_none();
        self.status.type_ = Some(status::full_word(!is_incremental).to_owned());
        let number = self.next_number();
        let (Some(key), Some(tenant)) = (JobKey::new(self.task.uid, number), self.tenant_name())
        else {
            let why = unnameable(&self.task.spec.tenant_name);
            return self.fail(why.map(|why| why.cause()).unwrap_or_default());
        };
        self.begin_attempt(number);
        if let Some(attempt) = self.status.attempts.last_mut() {
            key.as_str().clone_into(&mut attempt.key);
            attempt.sends = attempt.sends.saturating_add(1);
            attempt.sent_time = Some(time(self.now));
        }
        self.status.taken = None;
        let effect = Effect::Backup {
            tenant,
            incremental: is_incremental,
            key,
            settings: self.status.data_backup.clone().unwrap_or_default(),
        };
        self.record_intent(effect)
    }

    /// Records the result of this pass's effect.
    pub(super) fn on_answer(self, effect: &Effect, answer: &Answer) -> BackupDecision {
        match effect {
            Effect::SetDestination(_) => self.on_destination_answer(answer),
            Effect::Backup { .. } => self.on_statement_answer(answer),
            Effect::Find { .. } => self.on_find_answer(answer),
            Effect::Cancel { .. } => self.on_cancel_answer(answer),
            Effect::MakeLogBackup(..) | Effect::MakeChildren(_) | Effect::CancelChildren(_) => {
                self.decide()
            }
        }
    }

    /// Records the result of a lookup by key.
    fn on_find_answer(self, answer: &Answer) -> BackupDecision {
        if self.send_state() == SendState::Unresolved {
            return self.on_search_answer(answer);
        }
        match answer {
            // The reader keeps only the newest ended jobs, and this job is not among them.
            Answer::Ended(job) if job.tenant_id == TenantId::SYS || self.is_tenant_gone() => {
                self.follow_parent(job)
            }
            Answer::Ended(job) => self.follow(job),
            Answer::NotFound => self.fail(cause(
                "JobNotFound",
                "the database accepted the statement but shows no job for it: check \
                 DBA_OB_ROOTSERVICE_EVENT_HISTORY, then create a new BackupTask",
            )),
            _ => {
                let state = self.unobserved_state();
                self.render_state(state, None, Next::After(JOB_LOOKUP_INTERVAL))
            }
        }
    }

    pub(super) fn set_attempt(&mut self, outcome: &str, cause: Option<Cause>) {
        if let Some(attempt) = self.status.attempts.last_mut() {
            outcome.clone_into(&mut attempt.outcome);
            attempt.cause = cause;
        }
    }
}

impl SentOnce for Evaluation<'_> {
    type Status = BackupTaskStatus;
    type Effect = Effect;

    const REFUSED_PAUSE: SignedDuration = SignedDuration::from_secs(15);

    fn situation(&self) -> Situation<'_> {
        let last = self.status.attempts.last();
        Situation {
            outcome: last.map(|last| last.outcome.as_str()),
            sends: last.map_or(0, |last| last.sends),
            sent_time: last.and_then(|last| last.sent_time.as_ref()),
            job_id: self.status.job_id,
            retry_time: self.status.retry_time.as_ref(),
            outage: self.observed.database.as_ref().err(),
            now: self.now,
            intent_age: self.observed.intent_age,
            statement_lifetime: self.observed.statement_lifetime,
        }
    }

    fn set_outcome(&mut self, outcome: &str, cause: Option<Cause>) {
        self.set_attempt(outcome, cause);
    }

    fn shown(&mut self) -> Shown<'_> {
        Shown {
            cause: &mut self.status.cause,
            retry_time: &mut self.status.retry_time,
        }
    }

    fn unanswered(&self) -> Option<Cause> {
        let is_reported = |cause: &Cause| cause.reason == OUTCOME_UNKNOWN;
        let known = self.status.cause.as_ref().is_some_and(is_reported);
        (!known).then(|| outcome_unknown(Some("the answer was not received")))
    }

    fn search(&self) -> Option<Effect> {
        Some(Effect::Find {
            tenant: self.tenant_name()?,
            key: self.key()?,
        })
    }

    fn render_state(
        self,
        state: attempt::State,
        effect: Option<Effect>,
        next: Next,
    ) -> BackupDecision {
        self.render(&state.into(), effect, next)
    }

    fn give_up(self, cause: Cause) -> BackupDecision {
        self.fail(cause)
    }

    /// Prepares the first statement, or the next one after a refusal for now or a failure.
    fn prepare(self) -> BackupDecision {
        let was_sent = !self.status.attempts.is_empty() && !self.is_between_attempts();
        if self.is_cancel_wanted() || self.is_past_deadline() {
            // Only an observation newer than the statement shows that no job exists.
            if was_sent && self.observed.database.is_ok() && !self.is_settled() {
                return self.render(&State::Refused, None, Next::Await);
            }
            return self.end_unsent();
        }
        if let Some(until) = self.paused_until() {
            let next = self.sooner_than_deadline(Next::At(until));
            return self.render(&State::Refused, None, next);
        }
        if let Some(start) = self.starts_at().filter(|start| self.now < *start) {
            return self.wait(before_start(), Next::At(start));
        }
        match self.observed.held {
            Some(Held::Blackout(until)) => {
                let window = Blocker::waiting(
                    "BlackoutWindow",
                    format!("a blackout window of the strategy lasts until {until}"),
                );
                return self.wait(window, Next::At(until));
            }
            Some(Held::Suspended) => {
                let suspended = Blocker::waiting(
                    STRATEGY_SUSPENDED,
                    "the strategy is suspended: the backup starts if the strategy is resumed \
                     before the backup's deadline",
                );
                return self.wait(suspended, Next::Await);
            }
            None => {}
        }
        match self.blocker() {
            Some(blocker) if blocker.permanent => self.fail(blocker.cause()),
            Some(blocker) if blocker.is_passing() && self.is_explained() => self.stand_still(),
            Some(blocker) => self.hold(blocker),
            None if !self.is_archiving() => self.await_log_backup(),
            None => match self.running_backup() {
                Some(blocker) => self.wait(blocker, Next::Await),
                None => self.acquire_slot(),
            },
        }
    }

    /// Looks the job up by its key. The reader may not show it.
    fn on_missing_job(self) -> BackupDecision {
        let (effect, state) = (self.search(), self.unobserved_state());
        self.render_state(state, effect, Next::After(JOB_LOOKUP_INTERVAL))
    }

    fn on_not_sent(mut self, why: &str, withheld: bool) -> BackupDecision {
        if withheld {
            // The last slot was taken after the database was read.
            self.set_attempt(REFUSED, None);
            return self.pause(cause(WAITING_FOR_CONCURRENCY_SLOT, why), NOT_SENT_PAUSE);
        }
        self.set_attempt(REFUSED, Some(not_sent(why)));
        let pause = self.doubled(NOT_SENT_PAUSE);
        self.pause(not_sent(why), pause)
    }

    fn on_lost(mut self, lost: Cause) -> BackupDecision {
        if self.is_cancel_wanted() || self.is_past_deadline() {
            self.status.cause = Some(lost);
            return self.end_unsent();
        }
        self.pause(lost, SignedDuration::ZERO)
    }

    fn next_at(&self, until: Timestamp) -> Next {
        self.sooner_than_deadline(Next::At(until))
    }

    fn max_pause(&self) -> SignedDuration {
        self.longest_retry_pause().unwrap_or(MAX_RETRY_DELAY)
    }
}

impl From<attempt::State> for State {
    fn from(state: attempt::State) -> Self {
        match state {
            attempt::State::Refused => Self::Refused,
            attempt::State::Sending => Self::Sending,
            attempt::State::Accepted => Self::Accepted,
            attempt::State::Unobserved(blocker) => Self::Unobserved(blocker),
        }
    }
}

pub(super) fn before_start() -> Blocker {
    Blocker::waiting(
        "BeforeScheduledTime",
        "the backup waits for `scheduledTime`, or for `notBeforeTime` if that is later",
    )
}

pub(super) fn not_sent(why: &str) -> Cause {
    let message = format!("the statement could not be sent ({why}); the operator retries");
    cause("NotSent", &message)
}
