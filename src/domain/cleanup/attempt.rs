//! The statement of a cleanup: its intent, its answer, and how an intent without an answer is
//! resolved.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::plan::READ_INTERVAL;
use super::{CleanupDecision, Effect, Evaluation, Outcome, State};
use crate::api::CleanupTaskStatus;
use crate::api::cleanup_task::CleanupStatement;
use crate::domain::backoff::{Backoff, still_to_come};
use crate::domain::{Next, cause, time};
use crate::oceanbase::model::{Answer, Deletion, Failure, FailureClass, JobId, TenantId};

const SENDING: &str = "Sending";
const ACCEPTED: &str = "Accepted";
const REFUSED: &str = "Refused";

/// First delay after a statement that was refused for now or could not be sent; it doubles.
const FIRST_RETRY_DELAY: SignedDuration = SignedDuration::from_secs(5);
/// Longest delay between two statements.
const MAX_RETRY_DELAY: SignedDuration = SignedDuration::from_mins(5);
/// Delay before a failed lookup of an intent is retried.
const LOOKUP_PAUSE: Duration = Duration::from_secs(15);
/// Time in which a job is expected to appear after its statement was accepted.
const JOB_EXPECTED_AFTER: Duration = Duration::from_secs(5);
/// Time after which an accepted cleanup without a job has failed.
const JOB_LOOKUP_TIMEOUT: SignedDuration = SignedDuration::from_mins(10);
/// Interval between lookups of the job.
const JOB_LOOKUP_INTERVAL: Duration = Duration::from_mins(1);

/// Returns the recorded intent that has no answer; each send of it has another name.
#[must_use]
pub fn open_intent(status: &CleanupTaskStatus) -> Option<String> {
    let statement = status.statement.as_ref()?;
    (statement.outcome == SENDING)
        .then(|| format!("{}#{}", statement.after_parent_job_id, statement.sends))
}

impl Evaluation<'_> {
    /// Continues a deletion from its recorded state.
    pub(super) fn delete(self, what: Deletion) -> CleanupDecision {
        let outcome = self.status.statement.as_ref().map(|it| it.outcome.clone());
        match outcome.as_deref() {
            Some(SENDING | ACCEPTED) => {
                if let Some(job) = self.find_job(&what) {
                    return self.follow(&job);
                }
                if outcome.as_deref() == Some(SENDING) {
                    self.resolve(what)
                } else {
                    self.await_job()
                }
            }
            _ => self.take_up(what),
        }
    }

    /// Starts a deletion of which no statement was accepted yet.
    fn take_up(mut self, what: Deletion) -> CleanupDecision {
        if self.is_cancel_wanted() {
            self.status.cause = Some(cause("Canceled", "canceled: `spec.cancel` is set"));
            return self.end(Outcome::Canceled, None);
        }
        let tenant = match self.reachable_tenant() {
            Ok(tenant) => tenant,
            Err(blocker) => return self.wait(blocker, Next::Await),
        };
        if let Some(blocker) = self.blocker(tenant) {
            return self.wait(blocker, Next::Await);
        }
        let plan = self.plan(tenant, &what);
        if let Some(blocker) = self.unread(plan.refusal.as_ref()) {
            return self.wait(blocker, Next::After(READ_INTERVAL));
        }
        self.show(&plan.items);
        if let Some(refusal) = &plan.refusal {
            return self.fail(cause(refusal.reason, &refusal.message));
        }
        if plan.is_empty() {
            // The database would refuse the statement (9040).
            self.record_deleted(&[]);
            self.status.cause = Some(cause("NothingObsolete", "nothing is obsolete"));
            return self.end(Outcome::Completed, None);
        }
        if let Some(until) = self.paused_until() {
            return self.render(&State::Refused, None, Next::At(until));
        }
        self.send(what)
    }

    /// Records the intent and sends the statement.
    fn send(mut self, what: Deletion) -> CleanupDecision {
        let (Some(tenant), Some(known), Ok(database)) =
            (self.tenant_name(), self.tenant(), &self.observed.database)
        else {
            return self.unchanged();
        };
        let newest = known.cleanups.iter().map(|job| job.id.0).max();
        let sends = self.status.statement.as_ref().map_or(0, |it| it.sends);
        let after = database.newest_cleanup;
        // The database does not know an earlier attempt.
        self.status.statement = Some(CleanupStatement {
            after_job_id: newest.unwrap_or(0),
            after_parent_job_id: after.0,
            sends: sends.saturating_add(1),
            outcome: SENDING.to_owned(),
            sent_time: Some(time(self.now)),
        });
        self.status.cause = None;
        self.status.retry_time = None;
        let effect = Effect::Delete {
            tenant,
            tenant_id: known.id,
            what,
            after,
            again: false,
        };
        let next = Next::After(self.observed.surely_over);
        self.render(&State::Sending, Some(effect), next)
    }

    /// Resolves an intent without an answer, after a lost reply or a restart.
    fn resolve(mut self, what: Deletion) -> CleanupDecision {
        if let Err(blocker) = &self.observed.database {
            self.status.cause = Some(blocker.cause());
            return self.render(&State::Sending, None, Next::Await);
        }
        self.status.cause = Some(cause(
            "OutcomeUnknown",
            "it is not known whether the database accepted the statement; the operator checks this \
             before it sends anything again",
        ));
        if let Some(rest) = self
            .observed
            .surely_over
            .checked_sub(self.observed.intent_age)
        {
            let next = Next::After(rest + Duration::from_millis(1));
            return self.render(&State::Sending, None, next);
        }
        let effect = self.find_effect(what);
        self.render(&State::Sending, effect, Next::After(LOOKUP_PAUSE))
    }

    fn find_effect(&self, what: Deletion) -> Option<Effect> {
        let after = self.status.statement.as_ref()?.after_parent_job_id;
        Some(Effect::Find {
            tenant: self.tenant_name()?,
            tenant_id: TenantId(self.status.tenant_id?),
            what,
            after: JobId(after),
        })
    }

    /// Waits for the job of an accepted statement.
    fn await_job(self) -> CleanupDecision {
        if let Err(blocker) = &self.observed.database {
            return self.render(&State::Unobserved(blocker.as_waiting()), None, Next::Await);
        }
        if let Some(gone) = self.gone_tenant() {
            return self.fail(gone.cause());
        }
        let sent_time = self.status.statement.as_ref();
        let sent_time = sent_time.and_then(|it| it.sent_time.as_ref());
        let waited = sent_time.map_or(SignedDuration::MAX, |at| at.0.duration_until(self.now));
        if waited <= JOB_LOOKUP_TIMEOUT {
            let state = self.unobserved_state();
            return self.render(&state, None, Next::After(JOB_LOOKUP_INTERVAL));
        }
        self.fail(cause(
            "JobNotFound",
            "the database accepted the statement but shows no job for it: check \
             CDB_OB_BACKUP_DELETE_JOB_HISTORY and the remaining backups, then create a new \
             CleanupTask",
        ))
    }

    /// Records the result of this pass's effect.
    pub(super) fn on_answer(self, effect: &Effect, answer: &Answer) -> CleanupDecision {
        match effect {
            Effect::Delete { .. } => self.on_delete_answer(answer),
            Effect::Find { .. } => self.on_find_answer(answer),
            Effect::Cancel { .. } => self.on_cancel_answer(answer),
        }
    }

    fn on_delete_answer(mut self, answer: &Answer) -> CleanupDecision {
        match answer {
            Answer::Refused(failure) if failure.class == FailureClass::Permanent => {
                self.set_outcome(REFUSED);
                self.fail(refused(failure))
            }
            Answer::Refused(failure) => {
                self.set_outcome(REFUSED);
                let pause = self.doubled();
                self.pause(refused(failure), pause)
            }
            Answer::Withheld(why) | Answer::NotSent(why) => {
                self.set_outcome(REFUSED);
                let message =
                    format!("the statement could not be sent ({why}); the operator retries");
                let pause = self.doubled();
                self.pause(cause("NotSent", &message), pause)
            }
            Answer::Unknown(why) => {
                let message = format!(
                    "it is not known whether the database accepted the statement ({why}); the \
                     operator checks this before it sends anything again"
                );
                self.status.cause = Some(cause("OutcomeUnknown", &message));
                let next = Next::After(self.observed.surely_over);
                self.render(&State::Sending, None, next)
            }
            _ => self.accepted(),
        }
    }

    /// Records the result of a lookup, which sends nothing. `Done` means that nothing was found.
    fn on_find_answer(mut self, answer: &Answer) -> CleanupDecision {
        match answer {
            Answer::AlreadySent => self.accepted(),
            Answer::Done => {
                self.set_outcome(REFUSED);
                let lost = "the statement was lost before it reached the database; the operator \
                            sends it again";
                self.pause(cause("StatementNotReceived", lost), SignedDuration::ZERO)
            }
            _ => self.render(&State::Sending, None, Next::After(LOOKUP_PAUSE)),
        }
    }

    fn on_cancel_answer(mut self, answer: &Answer) -> CleanupDecision {
        let why = match answer {
            Answer::Done | Answer::AlreadySent => {
                let state = State::Running(crate::oceanbase::model::JobStatus::Canceling);
                return self.render(&state, None, Next::After(JOB_EXPECTED_AFTER));
            }
            Answer::Refused(failure) => failure.message.clone(),
            Answer::Withheld(why) | Answer::NotSent(why) | Answer::Unknown(why) => why.clone(),
            _ => "no answer".to_owned(),
        };
        let message = format!("the cleanup could not be canceled ({why}); the operator retries");
        self.status.cause = Some(cause("CancelNotSent", &message));
        let state = State::Running(crate::oceanbase::model::JobStatus::Doing);
        self.render(&state, None, Next::After(LOOKUP_PAUSE))
    }

    fn accepted(mut self) -> CleanupDecision {
        self.set_outcome(ACCEPTED);
        self.status.cause = None;
        self.render(&State::Accepted, None, Next::After(JOB_EXPECTED_AFTER))
    }

    fn set_outcome(&mut self, outcome: &str) {
        if let Some(statement) = &mut self.status.statement {
            outcome.clone_into(&mut statement.outcome);
        }
    }

    fn doubled(&self) -> SignedDuration {
        let sends = self.status.statement.as_ref().map_or(1, |it| it.sends);
        Backoff::new(FIRST_RETRY_DELAY, MAX_RETRY_DELAY).pause(sends)
    }

    /// Returns the instant before which nothing is sent.
    fn paused_until(&self) -> Option<Timestamp> {
        let until = self.status.retry_time.as_ref()?.0;
        still_to_come(until, MAX_RETRY_DELAY, self.now)
    }
}

fn refused(failure: &Failure) -> crate::api::Cause {
    failure.into()
}
