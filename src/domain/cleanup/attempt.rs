//! The statement of a cleanup: its plan, its intent, and what differs from other statements that
//! must be sent once ([`SentOnce`]).

use jiff::SignedDuration;

use super::plan::READ_INTERVAL;
use super::{CleanupDecision, Effect, Evaluation, Outcome, State};
use crate::api::cleanup_task::CleanupStatement;
use crate::api::{Cause, CleanupTaskStatus};
use crate::domain::attempt::{
    self, JOB_EXPECTED_AFTER, LOOKUP_PAUSE, REFUSED, SENDING, SendState, SentOnce, Shown,
    Situation, intent_name, outcome_unknown,
};
use crate::domain::{Next, cause, time};
use crate::oceanbase::model::{Answer, Deletion, JobId, JobStatus, TenantId};

/// Returns the recorded intent that has no answer; each send of it has another name.
#[must_use]
pub fn open_intent(status: &CleanupTaskStatus) -> Option<String> {
    let statement = status.statement.as_ref()?;
    (statement.outcome == SENDING)
        .then(|| intent_name(statement.after_parent_job_id, statement.sends))
}

impl Evaluation<'_> {
    /// Continues a deletion from its recorded state.
    pub(super) fn delete(self, what: &Deletion) -> CleanupDecision {
        if self.send_state() != SendState::MaySend
            && let Some(job) = self.find_job(what)
        {
            return self.follow(&job);
        }
        match self.gone_tenant() {
            Some(gone) if self.send_state() == SendState::Accepted => self.fail(gone.cause()),
            _ => self.proceed(),
        }
    }

    /// Starts a deletion of which no statement was accepted yet.
    fn take_up(mut self, what: Deletion) -> CleanupDecision {
        if self.is_cancel_wanted() {
            self.status.cause = Some(cause("Canceled", "`spec.cancel` is set"));
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
        let effect = Effect::Delete {
            tenant,
            tenant_id: known.id,
            what,
            after,
            again: false,
        };
        self.record_intent(effect)
    }

    /// Records the result of this pass's effect.
    pub(super) fn on_answer(self, effect: &Effect, answer: &Answer) -> CleanupDecision {
        match effect {
            Effect::Delete { .. } => self.on_statement_answer(answer),
            Effect::Find { .. } => self.on_search_answer(answer),
            Effect::Cancel { .. } => self.on_cancel_answer(answer),
        }
    }

    fn on_cancel_answer(mut self, answer: &Answer) -> CleanupDecision {
        let why = match answer {
            Answer::Done | Answer::AlreadySent => {
                let state = State::Running(JobStatus::Canceling);
                return self.render(&state, None, Next::After(JOB_EXPECTED_AFTER));
            }
            Answer::Refused(failure) => failure.message.clone(),
            Answer::Withheld(why) | Answer::NotSent(why) | Answer::Unknown(why) => why.clone(),
            _ => "no answer".to_owned(),
        };
        let message = format!("the cleanup could not be canceled ({why}); the operator retries");
        self.status.cause = Some(cause("CancelNotSent", &message));
        let state = State::Running(JobStatus::Doing);
        self.render(&state, None, Next::After(LOOKUP_PAUSE))
    }
}

impl SentOnce for Evaluation<'_> {
    type Status = CleanupTaskStatus;
    type Effect = Effect;

    const REFUSED_PAUSE: SignedDuration = SignedDuration::from_secs(5);

    fn situation(&self) -> Situation<'_> {
        let statement = self.status.statement.as_ref();
        Situation {
            outcome: statement.map(|it| it.outcome.as_str()),
            sends: statement.map_or(0, |it| it.sends),
            sent_time: statement.and_then(|it| it.sent_time.as_ref()),
            job_id: self.status.job_id,
            retry_time: self.status.retry_time.as_ref(),
            outage: self.observed.database.as_ref().err(),
            now: self.now,
            intent_age: self.observed.intent_age,
            statement_lifetime: self.observed.statement_lifetime,
        }
    }

    /// The status shows no cause of a statement besides its own.
    fn set_outcome(&mut self, outcome: &str, _: Option<Cause>) {
        if let Some(statement) = &mut self.status.statement {
            outcome.clone_into(&mut statement.outcome);
        }
    }

    fn shown(&mut self) -> Shown<'_> {
        Shown {
            cause: &mut self.status.cause,
            retry_time: &mut self.status.retry_time,
        }
    }

    fn unanswered(&self) -> Option<Cause> {
        Some(outcome_unknown(None))
    }

    fn search(&self) -> Option<Effect> {
        let after = self.status.statement.as_ref()?.after_parent_job_id;
        Some(Effect::Find {
            tenant: self.tenant_name()?,
            tenant_id: TenantId(self.status.tenant_id()?),
            what: self.deletion()?,
            after: JobId(after),
        })
    }

    fn render_state(
        self,
        state: attempt::State,
        effect: Option<Effect>,
        next: Next,
    ) -> CleanupDecision {
        self.render(&state.into(), effect, next)
    }

    fn give_up(self, cause: Cause) -> CleanupDecision {
        self.fail(cause)
    }

    fn prepare(self) -> CleanupDecision {
        match self.deletion() {
            Some(what) => self.take_up(what),
            None => self.unchanged(),
        }
    }

    fn on_missing_job(self) -> CleanupDecision {
        self.fail(cause(
            "JobNotFound",
            "the database accepted the statement but shows no job for it: check \
             CDB_OB_BACKUP_DELETE_JOB_HISTORY and the remaining backups, then create a new \
             CleanupTask",
        ))
    }

    fn on_not_sent(mut self, why: &str, _: bool) -> CleanupDecision {
        self.set_outcome(REFUSED, None);
        let message = format!("the statement could not be sent ({why}); the operator retries");
        let pause = self.doubled(Self::REFUSED_PAUSE);
        self.pause(cause("NotSent", &message), pause)
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
