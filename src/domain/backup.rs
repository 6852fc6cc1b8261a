//! One data backup: it waits for its preconditions, sends BACKUP once, and follows the database's
//! job.
//!
//! ```text
//! Waiting ──intent written──> Sending ──answer or job──> Accepted ──job ends──> Ended
//!    ^                          │ refused for now             │
//!    └──────────────────────────┘                             └─ also: never found again
//! Waiting ──deadline, cancel, refused for good──> Ended
//! Accepted ──job fails for a passing cause──> Waiting, for another attempt
//! ```
//!
//! The status records the intent (an attempt with its key) before the statement is sent. If a pass
//! finds an intent without an answer, it waits until the statement has certainly ended, and looks
//! up its key. If the database does not know the key, the task waits again. Each send checks the
//! key once more, on the same session.
//!
//! This check is certain, however late views show rows. sys writes the parent of a backup to its
//! own table within the statement, and the operator reads that table. One race remains: a network
//! that is cut during the send may deliver the statement after the wait. Then only the database
//! prevents a second backup (9036, while the first one runs).

mod attempt;
mod blockers;
mod deadline;
mod destination;
mod effect;
mod external;
mod fan_out;
mod incremental;
mod job;
mod log_archiving;
mod observation;
pub mod queue;
mod refusal;
mod retry;
mod state;
mod status;
#[cfg(test)]
mod tests;

use jiff::Timestamp;

pub use attempt::{is_suspended, may_be_sent, open_intent};
pub use fan_out::{ChildTask, ChildTasks};
pub use log_archiving::{LogBackupOwner, ObservedArchiving};
pub use observation::{Held, MigrationState, Observation, ObservedDatabase, Target, Task};
pub use state::{Outcome, State};

use super::attempt::SentOnce;
use super::children::ApplyOutcome;
use super::tenant::CLUSTER_REPLACED;
use super::{Blocker, Decision, Event, Next, cause, pin, time};
use crate::api::backup_task::Scope;
use crate::api::{BackupTaskSpec, BackupTaskStatus, Cause};
use crate::oceanbase::model::{Answer, Job, JobKey, Tenant, TenantName};
pub use effect::Effect;

type BackupDecision = Decision<BackupTaskStatus, Effect>;

/// Decides. `answer` is the effect of this pass and its result, if there was an effect.
#[must_use]
pub fn decide(
    task: &Task<'_>,
    observed: &Observation,
    answer: Option<(&Effect, &Answer)>,
    now: Timestamp,
) -> BackupDecision {
    let mut evaluation = Evaluation::new(task, observed, now);
    if let Some(word) = &task.status.outcome {
        return match Outcome::parse(word) {
            Some(outcome) => evaluation.render(&State::Ended(outcome), None, Next::Await),
            // A newer operator wrote this outcome. The task has ended and must not restart.
            None => evaluation.unchanged(),
        };
    }
    if let (Err(blocker), None) = (&observed.database, answer)
        && blocker.is_passing()
        && task.status.observed_generation == Some(task.generation)
    {
        return evaluation.unchanged();
    }
    evaluation.record_facts();
    match answer {
        Some((effect, answer)) => evaluation.on_answer(effect, answer),
        None => evaluation.decide(),
    }
}

/// Decides after objects were created, changed or deleted in this pass.
#[must_use]
pub fn on_objects_applied(
    task: &Task<'_>,
    observed: &Observation,
    created: &ApplyOutcome,
    now: Timestamp,
) -> BackupDecision {
    if task.status.outcome.is_some() {
        return Evaluation::new(task, observed, now).unchanged();
    }
    let mut evaluation = Evaluation::new(task, observed, now);
    evaluation.record_facts();
    if task.spec.scope == Scope::Tenant {
        evaluation.on_log_backup_answer(created)
    } else {
        evaluation.on_create_answer(created)
    }
}

/// Returns the status of a task whose BACKUP may be sent and waits for other statements. The intent
/// is not recorded before its turn.
#[must_use]
pub fn decide_waiting(task: &Task<'_>, observed: &Observation, now: Timestamp) -> BackupDecision {
    let mut evaluation = Evaluation::new(task, observed, now);
    evaluation.record_facts();
    // The task keeps its queue position.
    evaluation.status.queue_position = task.status.queue_position;
    let turn = Blocker::waiting(
        "WaitingForSendPermit",
        "the operator is sending statements of other objects to the database; the backup is sent \
         after them",
    );
    evaluation.wait(turn, Next::Await)
}

/// Decision in progress.
struct Evaluation<'a> {
    task: &'a Task<'a>,
    observed: &'a Observation,
    status: BackupTaskStatus,
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
        self.observed
            .database
            .as_ref()
            .ok()?
            .tenant
            .tenant
            .as_deref()
    }

    fn source(&self, scheduled: bool) -> &'static str {
        match (&self.task.spec.external_job, scheduled) {
            (Some(_), _) => "External",
            (None, true) => "Strategy",
            (None, false) => "Manual",
        }
    }

    /// Records known facts that may disappear later.
    fn record_facts(&mut self) {
        self.status.method = Some("Physical".to_owned());
        self.status.queue_position = None;
        if self.status.type_.is_none() {
            self.status.type_ = Some(status::type_word(self.task.spec.type_).to_owned());
        }
        if let Ok(target) = &self.observed.target {
            self.status.source = Some(self.source(target.scheduled).to_owned());
            if self.status.attempts.is_empty() {
                self.status.cluster = Some(target.cluster.clone());
                // The operator does not know the destination and settings of external backups.
                if self.task.spec.external_job.is_none() {
                    self.status.storage = Some(target.storage.clone());
                    self.status.strategy_generation = target.strategy_generation;
                    self.status.data_path.clone_from(&target.data_path);
                    self.status.data_backup = Some(target.settings.clone());
                }
            }
        }
        if let Ok(database) = &self.observed.database
            && self.status.attempts.is_empty()
        {
            let tenant = database.tenant.tenant.as_deref();
            pin(&mut self.status.database, &database.identity, tenant);
        }
    }

    /// Evaluates the observed state and takes the next step.
    fn decide(self) -> BackupDecision {
        if let Some(mirror) = &self.task.spec.external_job {
            return self.mirror(mirror);
        }
        if self.task.spec.scope != Scope::Tenant {
            return self.lead();
        }
        // An OceanBaseCluster refers to one database during its lifetime. The other database cannot
        // be observed any more, and the task would occupy a slot of this one.
        let gone = self.observed.database.as_ref().err();
        if let Some(gone) = gone.filter(|gone| gone.reason == CLUSTER_REPLACED) {
            return self.fail(gone.cause());
        }
        if let Some(job) = self.find_job() {
            return self.follow(&job);
        }
        if let Some(parent) = self.find_parent() {
            return self.follow_parent(&parent);
        }
        self.proceed()
    }

    fn key(&self) -> Option<JobKey> {
        let key = &self.status.attempts.last()?.key;
        let (uid, number) = key.strip_prefix(JobKey::PREFIX)?.split_once('/')?;
        JobKey::new(uid, number.parse().ok()?)
    }

    fn tenant_name(&self) -> Option<TenantName> {
        TenantName::parse(&self.task.spec.tenant_name)
    }

    fn is_settled(&self) -> bool {
        self.observed
            .database
            .as_ref()
            .is_ok_and(|observed| observed.tenant.settled)
    }

    fn is_cancel_wanted(&self) -> bool {
        self.task.spec.cancel == Some(true)
    }

    /// Waits for a blocker.
    fn wait(self, blocker: Blocker, next: Next) -> BackupDecision {
        self.wait_with(blocker, None, next)
    }

    fn wait_with(mut self, blocker: Blocker, effect: Option<Effect>, next: Next) -> BackupDecision {
        self.status.cause = Some(blocker.cause());
        self.status.retry_time = None;
        let next = self.sooner_than_deadline(next);
        self.render(&State::Waiting(blocker), effect, next)
    }

    /// Ends a backup that was not sent and is no longer needed.
    fn end_unsent(self) -> BackupDecision {
        if self.is_cancel_wanted() {
            self.canceled_unsent()
        } else if let Some(failure) = self.last_failure() {
            self.fail(failure)
        } else {
            self.overdue()
        }
    }

    fn canceled_unsent(mut self) -> BackupDecision {
        self.status.cause = Some(canceled_cause(self.task.spec));
        self.end(Outcome::Canceled, None)
    }

    fn overdue(mut self) -> BackupDecision {
        let waited_for = self.status.cause.take().map(|cause| cause.message);
        let waited_for = waited_for.unwrap_or_else(|| "the operator could not start it".to_owned());
        self.status.cause = Some(cause(
            "StartingDeadlineExceeded",
            &format!(
                "the backup did not start before its deadline ({waited_for}); remove the cause, \
                 then create a new BackupTask"
            ),
        ));
        self.end(Outcome::Overdue, None)
    }

    fn fail(mut self, cause: Cause) -> BackupDecision {
        self.status.cause = Some(cause);
        self.end(Outcome::Failed, None)
    }

    fn end(mut self, outcome: Outcome, at: Option<Timestamp>) -> BackupDecision {
        let at = at.unwrap_or(self.now);
        self.status.outcome = Some(outcome.word().to_owned());
        self.status.completion_time = Some(time(at));
        self.status.retry_time = None;
        self.status.duration = self
            .status
            .start_time
            .as_ref()
            .map(|start| super::duration_text(start.0.duration_until(at)));
        if self.status.job_id.is_some() {
            self.set_attempt(outcome.word(), self.status.cause.clone());
        }
        let event = status::ended_event(outcome, &self.status, self.task.spec);
        let mut decision = self.render(&State::Ended(outcome), None, Next::Await);
        decision.event = Some(event);
        decision
    }

    fn render(self, state: &State, effect: Option<Effect>, next: Next) -> BackupDecision {
        let started = self.task.status.job_id.is_none() && self.status.job_id.is_some();
        let started = started.then(|| status::started_event(&self.status, self.task.spec));
        let before = self.task.status.phase.as_deref();
        let status = status::render(state, self.status, self.task.generation, self.now);
        let canceling = || status::canceling_event(before, &status, self.task.spec);
        let event = started.or_else(canceling);
        Decision {
            status,
            effect,
            next,
            event,
        }
    }

    /// Keeps the current status.
    fn unchanged(mut self) -> BackupDecision {
        self.status.observed_generation = Some(self.task.generation);
        Decision {
            status: self.status,
            effect: None,
            next: Next::Await,
            event: None,
        }
    }
}

fn ended_job_cause(job: &Job) -> Cause {
    job.failure.as_ref().map_or_else(
        || {
            cause(
                "DatabaseError",
                "the database's job failed without a cause: check \
                 DBA_OB_ROOTSERVICE_EVENT_HISTORY, then create a new BackupTask",
            )
        },
        Cause::from,
    )
}

fn canceled_cause(spec: &BackupTaskSpec) -> Cause {
    if spec.cancel == Some(true) {
        cause("Canceled", "`spec.cancel` is set")
    } else {
        cause(
            "CanceledExternally",
            "a user canceled the backup in the database",
        )
    }
}
