//! One BACKUP: its intent, its statement, its answer, and the lookup after a missing answer.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::incremental::SentType;
use super::queue::WAITING_FOR_CONCURRENCY_SLOT;
use super::state::{ACCEPTED, FAILED, REFUSED, SENDING};
use super::{BackupDecision, Effect, Evaluation, Held, State, status};
use crate::api::{BackupTaskStatus, BackupType, Cause};
use crate::domain::backoff::{Backoff, still_to_come};
use crate::domain::tenant::unnameable;
use crate::domain::{Blocker, Next, cause, time};
use crate::oceanbase::model::{Answer, Failure, FailureClass, JobKey, TenantId};

/// First delay after a statement that was refused for now; it doubles.
pub(super) const REFUSED_PAUSE: SignedDuration = SignedDuration::from_secs(15);
/// First delay after a statement that could not be sent; it doubles.
const NOT_SENT_PAUSE: SignedDuration = SignedDuration::from_secs(3);
/// Longest delay between two statements.
pub(super) const MAX_RETRY_DELAY: SignedDuration = SignedDuration::from_mins(5);
/// Delay before a failed lookup of an intent is retried.
pub(super) const LOOKUP_PAUSE: Duration = Duration::from_secs(15);
/// Time in which a job is expected to appear after its statement was accepted.
const JOB_EXPECTED_AFTER: Duration = Duration::from_secs(5);
/// Time without a row after which an accepted backup is looked up directly.
const JOB_LOOKUP_TIMEOUT: SignedDuration = SignedDuration::from_mins(10);
/// Interval between these lookups.
const JOB_LOOKUP_INTERVAL: Duration = Duration::from_mins(1);

/// Returns the recorded intent that has no answer; each send of it has another name.
#[must_use]
pub fn open_intent(status: &BackupTaskStatus) -> Option<String> {
    let last = status
        .attempts
        .last()
        .filter(|last| last.outcome == SENDING)?;
    Some(format!("{}#{}", last.key, last.sends))
}

/// Returns whether a task with this status may still send BACKUP.
#[must_use]
pub fn may_be_sent(status: Option<&BackupTaskStatus>) -> bool {
    let last = status.and_then(|status| status.attempts.last());
    status.is_none_or(|status| status.outcome.is_none())
        && last.is_none_or(|last| matches!(&*last.outcome, REFUSED | FAILED))
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
    /// Continues from the last attempt if there is no job.
    pub(super) fn take_up(self) -> BackupDecision {
        let outcome = self
            .status
            .attempts
            .last()
            .map(|attempt| attempt.outcome.as_str());
        match outcome {
            None | Some(REFUSED | FAILED) => self.prepare(),
            Some(SENDING) => self.resolve(),
            // An outcome that this operator does not know also counts as accepted, and is never
            // sent again.
            Some(_) => self.await_job(),
        }
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
            SENDING.clone_into(&mut attempt.outcome);
            attempt.cause = None;
        }
        self.status.cause = None;
        self.status.retry_time = None;
        self.status.taken = None;
        let effect = Effect::Backup {
            tenant,
            incremental: is_incremental,
            key,
            settings: self.status.data_backup.clone().unwrap_or_default(),
        };
        let next = Next::After(self.observed.surely_over);
        self.render(&State::Sending, Some(effect), next)
    }

    /// Resolves an intent without an answer, after a lost reply or a restart. The tenant's state is
    /// checked only after it is known that no statement was accepted.
    fn resolve(mut self) -> BackupDecision {
        if let Err(blocker) = &self.observed.database {
            self.status.cause = Some(blocker.cause());
            return self.render(&State::Sending, None, Next::Await);
        }
        let is_reported = |cause: &Cause| cause.reason == OUTCOME_UNKNOWN;
        if !self.status.cause.as_ref().is_some_and(is_reported) {
            self.status.cause = Some(outcome_unknown("the answer was not received"));
        }
        if let Some(rest) = self
            .observed
            .surely_over
            .checked_sub(self.observed.intent_age)
        {
            let next = Next::After(rest + Duration::from_millis(1));
            self.render(&State::Sending, None, next)
        } else {
            let effect = self.find_effect();
            self.render(&State::Sending, effect, Next::After(LOOKUP_PAUSE))
        }
    }

    /// Waits for the row of an accepted statement.
    fn await_job(self) -> BackupDecision {
        if let Err(blocker) = &self.observed.database {
            return self.render(&State::Unobserved(blocker.as_waiting()), None, Next::Await);
        }
        let sent_time = self
            .status
            .attempts
            .last()
            .and_then(|a| a.sent_time.as_ref());
        let waited = sent_time.map_or(SignedDuration::MAX, |at| at.0.duration_until(self.now));
        let effect = (waited > JOB_LOOKUP_TIMEOUT)
            .then(|| self.find_effect())
            .flatten();
        let state = self.unobserved_state();
        self.render(&state, effect, Next::After(JOB_LOOKUP_INTERVAL))
    }

    pub(super) fn unobserved_state(&self) -> State {
        match self.status.job_id {
            None => State::Accepted,
            Some(id) => State::Unobserved(Blocker::waiting(
                "JobNotVisible",
                format!("the database no longer shows job {id}; the operator looks it up"),
            )),
        }
    }

    fn find_effect(&self) -> Option<Effect> {
        Some(Effect::Find {
            tenant: self.tenant_name()?,
            key: self.key()?,
        })
    }

    /// Records the result of this pass's effect.
    pub(super) fn on_answer(self, effect: &Effect, answer: &Answer) -> BackupDecision {
        match effect {
            Effect::SetDestination(_) => self.on_destination_answer(answer),
            Effect::Backup { .. } => self.on_backup_answer(answer),
            Effect::Find { .. } => self.on_find_answer(answer),
            Effect::Cancel { .. } => self.on_cancel_answer(answer),
            Effect::MakeLogBackup(..)
            | Effect::MakeChildren(_)
            | Effect::CancelChildren(_)
            | Effect::Delete => self.decide(),
        }
    }

    fn on_backup_answer(mut self, answer: &Answer) -> BackupDecision {
        match answer {
            Answer::Done
            | Answer::AlreadySent
            | Answer::Ended(_)
            | Answer::Restore(_)
            | Answer::Preview(_)
            | Answer::Checked(_)
            | Answer::HandedOver => {
                self.set_attempt(ACCEPTED, None);
                self.status.cause = None;
                self.render(&State::Accepted, None, Next::After(JOB_EXPECTED_AFTER))
            }
            Answer::Refused(failure) => {
                self.set_attempt(REFUSED, Some(failure.into()));
                self.on_refusal(failure)
            }
            // The last slot was taken after the database was read.
            Answer::Withheld(why) => {
                self.set_attempt(REFUSED, None);
                self.pause(cause(WAITING_FOR_CONCURRENCY_SLOT, why), NOT_SENT_PAUSE)
            }
            Answer::NotSent(why) => {
                self.set_attempt(REFUSED, Some(not_sent(why)));
                let pause = self.doubled(NOT_SENT_PAUSE);
                self.pause(not_sent(why), pause)
            }
            Answer::Unknown(why) => {
                self.status.cause = Some(outcome_unknown(why));
                let next = Next::After(self.observed.surely_over);
                self.render(&State::Sending, None, next)
            }
        }
    }

    fn on_refusal(self, failure: &Failure) -> BackupDecision {
        if failure.class == FailureClass::Permanent {
            return self.fail(failure.into());
        }
        let pause = self.doubled(REFUSED_PAUSE);
        self.pause(failure.into(), pause)
    }

    /// Records the result of a lookup by key. `Done` means that nothing was found.
    fn on_find_answer(mut self, answer: &Answer) -> BackupDecision {
        let outcome = self.status.attempts.last().map(|last| &*last.outcome);
        let is_sending = outcome == Some(SENDING);
        match answer {
            Answer::AlreadySent | Answer::Ended(_) if is_sending => {
                self.set_attempt(ACCEPTED, None);
                self.status.cause = None;
                self.render(&State::Accepted, None, Next::After(JOB_EXPECTED_AFTER))
            }
            Answer::Done if is_sending => {
                let lost = cause(
                    "StatementNotReceived",
                    "the statement was lost before it reached the database; the operator sends it \
                     again",
                );
                self.set_attempt(REFUSED, Some(lost.clone()));
                if self.is_cancel_wanted() || self.is_past_deadline() {
                    self.status.cause = Some(lost);
                    return self.end_unsent();
                }
                self.pause(lost, SignedDuration::ZERO)
            }
            // The reader keeps only the newest ended jobs, and this job is not among them.
            Answer::Ended(job) if job.tenant_id == TenantId::SYS || self.is_tenant_gone() => {
                self.follow_parent(job)
            }
            Answer::Ended(job) => self.follow(job),
            Answer::Done => self.fail(cause(
                "JobNotFound",
                "the database accepted the statement but shows no job for it: check \
                 DBA_OB_ROOTSERVICE_EVENT_HISTORY, then create a new BackupTask",
            )),
            _ if is_sending => self.render(&State::Sending, None, Next::After(LOOKUP_PAUSE)),
            _ => {
                let state = self.unobserved_state();
                self.render(&state, None, Next::After(JOB_LOOKUP_INTERVAL))
            }
        }
    }

    /// Sends nothing for this long. The status records the delay: the write of this pass triggers
    /// the next pass, which has no memory of this one.
    pub(super) fn pause(mut self, cause: Cause, pause: SignedDuration) -> BackupDecision {
        let until = time(self.now.saturating_add(pause).unwrap_or(self.now));
        let next = self.sooner_than_deadline(Next::At(until.0));
        self.status.cause = Some(cause);
        self.status.retry_time = Some(until);
        self.render(&State::Refused, None, next)
    }

    /// Returns the delay, doubled for each earlier send.
    fn doubled(&self, shortest: SignedDuration) -> SignedDuration {
        let sends = self.status.attempts.last().map_or(1, |last| last.sends);
        Backoff::new(shortest, MAX_RETRY_DELAY).pause(sends)
    }

    /// Returns the instant before which nothing is sent.
    pub(super) fn paused_until(&self) -> Option<Timestamp> {
        let until = self.status.retry_time.as_ref()?.0;
        let longest = self.longest_retry_pause().unwrap_or(MAX_RETRY_DELAY);
        still_to_come(until, longest, self.now)
    }

    pub(super) fn set_attempt(&mut self, outcome: &str, cause: Option<Cause>) {
        if let Some(attempt) = self.status.attempts.last_mut() {
            outcome.clone_into(&mut attempt.outcome);
            attempt.cause = cause;
        }
    }
}

pub(super) fn before_start() -> Blocker {
    Blocker::waiting(
        "BeforeScheduledTime",
        "the backup waits for `scheduledTime`, or for `notBeforeTime` if that is later",
    )
}

const OUTCOME_UNKNOWN: &str = "OutcomeUnknown";

fn outcome_unknown(why: &str) -> Cause {
    let message = format!(
        "it is not known whether the database accepted the statement ({why}); the operator checks \
         this before it sends anything again"
    );
    cause(OUTCOME_UNKNOWN, &message)
}

pub(super) fn not_sent(why: &str) -> Cause {
    let message = format!("the statement could not be sent ({why}); the operator retries");
    cause("NotSent", &message)
}
