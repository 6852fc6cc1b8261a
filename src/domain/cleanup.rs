//! One cleanup of a tenant's backups: previewed, requested by the operator, or mirrored from the
//! database.
//!
//! ```text
//! Preview: plan ──> Completed
//! Delete:  refused, or ──intent written──> Sending ──answer or job──> Accepted ──job ends──> Ended
//! mirror:  job ──> Ended
//! ```
//!
//! The database gives no name to the job of a deletion. The operator recognizes the job by its
//! number. The intent records the newest cleanup before it. The job is the first one of its kind
//! that sys started after that. Right before it sends the statement, the operator reads the newest
//! cleanup again from the table of sys, which has the row within the statement. One race remains:
//! another session of sys may start a cleanup of the same kind and tenant after that read. Then
//! both cleanups run, and the first one found is shown.

mod attempt;
mod blockers;
mod job;
mod observation;
mod plan;
mod state;
mod status;
#[cfg(test)]
mod tests;

use jiff::{SignedDuration, Timestamp};

pub use attempt::open_intent;

/// Effect of a cleanup: one statement, or a search for one.
pub use crate::oceanbase::statement::Cleanup as Effect;

use super::attempt::{SendState, SentOnce};
use super::tenant::CLUSTER_REPLACED;
use super::{Blocker, Decision, Next, cause, database_id, pin, time};
use crate::api::cleanup_task::{CleanupMode, CleanupTarget, CleanupTargetType};
use crate::api::{Cause, CleanupTaskStatus};
use crate::oceanbase::model::{Answer, Deletion, Tenant, TenantName};
pub use observation::{Observation, ObservedDatabase, Task};
pub use state::Outcome;
use state::State;

type CleanupDecision = Decision<CleanupTaskStatus, Effect>;

/// Decides. `answer` is the effect of this pass and its result, if there was an effect.
#[must_use]
pub fn decide(
    task: &Task<'_>,
    observed: &Observation,
    answer: Option<(&Effect, &Answer)>,
    now: Timestamp,
) -> CleanupDecision {
    let mut evaluation = Evaluation::new(task, observed, now);
    if let Some(word) = &task.status.outcome {
        return match Outcome::parse(word) {
            Some(outcome) => evaluation.render(&State::Ended(outcome), None, Next::Await),
            // A newer operator wrote this outcome. The cleanup has ended and must not restart.
            None => evaluation.unchanged(),
        };
    }
    if answer.is_none() && evaluation.is_too_late() {
        return evaluation.too_late();
    }
    if let (Err(blocker), None) = (&observed.database, answer)
        && blocker.is_passing()
        && task.status.observed_generation == Some(task.generation)
    {
        let deadline = evaluation.deadline();
        let mut decision = evaluation.unchanged();
        decision.next = deadline.map_or(decision.next, Next::At);
        return decision;
    }
    evaluation.record_facts();
    let deadline = evaluation.deadline();
    let mut decision = match answer {
        Some((effect, answer)) => evaluation.on_answer(effect, answer),
        None => evaluation.decide(),
    };
    if let (Some(deadline), None) = (deadline, &decision.status.outcome) {
        decision.next = decision.next.sooner(Next::At(deadline), now);
    }
    decision
}

/// Returns the status of a task whose statement may be sent and waits for other statements. The
/// intent is not recorded before its turn.
#[must_use]
pub fn decide_waiting(task: &Task<'_>, observed: &Observation, now: Timestamp) -> CleanupDecision {
    let mut evaluation = Evaluation::new(task, observed, now);
    evaluation.record_facts();
    let turn = Blocker::waiting(
        "WaitingForSendPermit",
        "the operator is sending statements of other objects to the database; the cleanup is sent \
         after them",
    );
    evaluation.wait(turn, Next::Await)
}

/// Time within which a deletion must begin after the creation of its object, by default.
const START_TIMEOUT: SignedDuration = SignedDuration::from_hours(24);

/// Decision in progress.
struct Evaluation<'a> {
    task: &'a Task<'a>,
    observed: &'a Observation,
    status: CleanupTaskStatus,
    now: Timestamp,
}

impl<'a> Evaluation<'a> {
    fn new(task: &'a Task<'a>, observed: &'a Observation, now: Timestamp) -> Self {
        Self {
            task,
            observed,
            status: task.status.clone(),
            now,
        }
    }

    fn tenant(&self) -> Option<&'a Tenant> {
        self.observed.database.as_ref().ok()?.tenant.as_deref()
    }

    fn tenant_name(&self) -> Option<TenantName> {
        TenantName::parse(&self.task.spec.tenant_name)
    }

    fn is_cancel_wanted(&self) -> bool {
        self.task.spec.cancel == Some(true)
    }

    /// Returns what to delete, if the spec names it.
    fn deletion(&self) -> Option<Deletion> {
        self.task.spec.target.as_ref().map(deletion)
    }

    /// Returns until when a deletion that was not sent yet must begin.
    fn deadline(&self) -> Option<Timestamp> {
        let spec = self.task.spec;
        if spec.mode != Some(CleanupMode::Delete) || self.send_state() != SendState::MaySend {
            return None;
        }
        match &spec.not_after_time {
            Some(time) => Some(time.0),
            None => self.task.created_at?.checked_add(START_TIMEOUT).ok(),
        }
    }

    fn is_too_late(&self) -> bool {
        self.deadline().is_some_and(|deadline| self.now >= deadline)
    }

    fn too_late(mut self) -> CleanupDecision {
        let reason = self.status.cause.take().map(|cause| cause.message);
        let reason = reason.unwrap_or_else(|| "the operator could not start it".to_owned());
        self.fail(cause(
            "NotAfterTimePassed",
            &format!(
                "the deletion did not start within 24 hours or before `notAfterTime` ({reason}), \
                 and nothing was deleted; remove the cause, then create a new CleanupTask"
            ),
        ))
    }

    /// Records known facts that may disappear later.
    fn record_facts(&mut self) {
        if self.task.spec.external_job.is_none() {
            self.status.source = Some("Manual".to_owned());
        }
        // A started cleanup stays with the database in which it started.
        let is_begun = self.status.statement.is_some() || self.status.job_id.is_some();
        if let (Ok(database), false) = (&self.observed.database, is_begun) {
            let tenant = database.tenant.as_deref();
            pin(&mut self.status.database, &database.identity, tenant);
        }
    }

    /// Returns whether the task was started in another database.
    fn is_elsewhere(&self) -> bool {
        match (&self.observed.database, &self.status.database) {
            (Ok(database), Some(known)) => database_id(known) != database.identity.database(),
            _ => false,
        }
    }

    /// Evaluates the observed state and takes the next step.
    fn decide(self) -> CleanupDecision {
        if self.is_elsewhere() {
            return self.fail(cause(
                CLUSTER_REPLACED,
                "the OceanBaseCluster was recreated for another database: check the outcome of the \
                 cleanup in the database in which it started, then create a new CleanupTask",
            ));
        }
        if let Some(mirror) = &self.task.spec.external_job {
            return self.mirror(mirror);
        }
        match (self.task.spec.mode, self.deletion()) {
            (Some(CleanupMode::Preview), Some(what)) => self.preview(&what),
            (Some(CleanupMode::Delete), Some(what)) => self.delete(&what),
            // The schema rejects such an object.
            _ => self.fail(cause(
                "InvalidSpec",
                "`mode` and `target` are missing: create a new CleanupTask with both",
            )),
        }
    }

    /// Waits for a blocker.
    fn wait(mut self, blocker: Blocker, next: Next) -> CleanupDecision {
        if blocker.permanent {
            return self.fail(blocker.cause());
        }
        self.status.cause = Some(blocker.cause());
        self.status.retry_time = None;
        self.render(&State::Waiting(blocker), None, next)
    }

    fn fail(mut self, cause: Cause) -> CleanupDecision {
        self.status.cause = Some(cause);
        self.end(Outcome::Failed, None)
    }

    fn end(mut self, outcome: Outcome, at: Option<Timestamp>) -> CleanupDecision {
        self.status.outcome = Some(outcome.word().to_owned());
        self.status.completion_time = Some(time(at.unwrap_or(self.now)));
        self.status.retry_time = None;
        let event = status::ended_event(outcome, &self.status, self.task.spec);
        let mut decision = self.render(&State::Ended(outcome), None, Next::Await);
        decision.event = event;
        decision
    }

    fn render(self, state: &State, effect: Option<Effect>, next: Next) -> CleanupDecision {
        let started = self.task.status.job_id.is_none() && self.status.job_id.is_some();
        let event = started.then(|| status::started_event(&self.status, self.task.spec));
        Decision {
            status: status::render(state, self.status, self.task.generation, self.now),
            effect,
            next,
            event,
        }
    }

    /// Keeps the current status.
    fn unchanged(mut self) -> CleanupDecision {
        self.status.observed_generation = Some(self.task.generation);
        Decision {
            status: self.status,
            effect: None,
            next: Next::Await,
            event: None,
        }
    }
}

/// Returns what a target requests.
fn deletion(target: &CleanupTarget) -> Deletion {
    let sorted = |ids: &Option<Vec<i64>>| {
        let mut ids = ids.clone().unwrap_or_default();
        ids.sort_unstable();
        ids
    };
    match target.type_ {
        CleanupTargetType::Obsolete => Deletion::Obsolete,
        CleanupTargetType::BackupSets => Deletion::Sets(sorted(&target.backup_set_ids)),
        CleanupTargetType::Pieces => Deletion::Pieces(sorted(&target.piece_ids)),
    }
}
