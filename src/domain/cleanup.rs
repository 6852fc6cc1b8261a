//! One cleanup of a tenant's backups: looked at only, asked of the database, or shown of it.
//!
//! ```text
//! Preview: plan ──> Completed
//! Delete:  refused, or ──intent written──> Sending ──answer or job──> Accepted ──job ends──> Ended
//! mirror:  job ──> Ended
//! ```
//!
//! The database gives the job of a deletion no name. It is told by its number: the intent holds the
//! newest cleanup that there was before, and the job is the first of its kind that sys has started
//! after that. Right before the statement is sent that is looked at once more, in the table of sys
//! itself, which has the row within the statement. What remains is another session of sys that starts
//! a cleanup of the same kind and tenant between that look and the statement: then the one of the two
//! that is found first is shown, and both are made.

mod attempt;
mod blockers;
mod job;
mod plan;
mod status;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;

pub use attempt::open_intent;

use super::{Blocker, Decision, Next, cause, pinned, time};
use crate::api::cleanup_task::{CleanupMode, CleanupTarget, CleanupTargetType};
use crate::api::{Cause, CleanupTaskSpec, CleanupTaskStatus, PinnedDatabase};
use crate::oceanbase::model::{
    Answer, Deletion, Identity, JobId, JobStatus, Tenant, TenantId, TenantName,
};
use crate::oceanbase::version::Version;

/// What the decision is about.
#[derive(Clone, Copy, Debug)]
pub struct Task<'a> {
    /// Its generation.
    pub generation: i64,
    /// Whether a strategy made it.
    pub owned: bool,
    /// What was asked for.
    pub spec: &'a CleanupTaskSpec,
    /// What is known so far.
    pub status: &'a CleanupTaskStatus,
}

/// What was seen.
#[derive(Clone, Debug)]
pub struct Observation {
    /// Whether the tenant may be used through the cluster's object.
    pub allowed: Result<(), Blocker>,
    /// The database.
    pub database: Result<ObservedDatabase, Blocker>,
    /// Name of a RecoveryTask that has begun to recover from the tenant's backups, and is not over.
    pub recovery: Option<String>,
    /// How long ago the open intent was first seen by this process.
    pub intent_age: Duration,
    /// After how long a statement is surely over.
    pub surely_over: Duration,
}

/// What the database shows.
#[derive(Clone, Debug)]
pub struct ObservedDatabase {
    /// Who it is.
    pub identity: Identity,
    /// Version of the server.
    pub version: Version,
    /// The tenant.
    pub tenant: Option<Arc<Tenant>>,
    /// Whether this is newer than our last statement about the tenant.
    pub settled: bool,
    /// Whether this was read before the task was created: what was made between the two is missing.
    pub predates_task: bool,
    /// The newest cleanup that sys has started.
    pub newest_cleanup: JobId,
}

/// Something to ask of the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Delete. Only in a pass whose own write of the status went well.
    Delete {
        /// The tenant.
        tenant: TenantName,
        /// Its number.
        tenant_id: TenantId,
        /// What is deleted.
        what: Deletion,
        /// The newest cleanup that sys had started before.
        after: JobId,
        /// Whether it was about to be sent before.
        again: bool,
    },
    /// Look whether the database knows the statement.
    Find {
        /// The tenant.
        tenant: TenantName,
        /// Its number.
        tenant_id: TenantId,
        /// What it deletes.
        what: Deletion,
        /// The newest cleanup that sys had started before.
        after: JobId,
    },
    /// Cancel the job.
    Cancel {
        /// The tenant.
        tenant: TenantName,
        /// Its number.
        tenant_id: TenantId,
        /// The job.
        job_id: JobId,
    },
}

/// How a cleanup ends; it never changes again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Outcome {
    Completed,
    Failed,
    Canceled,
}

impl Outcome {
    /// The word in `status.outcome`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Completed => "Completed",
            Self::Failed => "Failed",
            Self::Canceled => "Canceled",
        }
    }

    fn parse(word: &str) -> Option<Self> {
        [Self::Completed, Self::Failed, Self::Canceled]
            .into_iter()
            .find(|outcome| outcome.word() == word)
    }
}

/// Where a cleanup stands; the status is rendered from it.
#[derive(Clone, Debug, PartialEq, Eq)]
enum State {
    /// Nothing is under way; what it waits for.
    Waiting(Blocker),
    /// A statement was refused for now, or could not be sent; it is tried again.
    Refused,
    /// The statement is, or may be, under way.
    Sending,
    /// The database has taken the statement and shows no job yet.
    Accepted,
    /// The database's job is in this state.
    Running(JobStatus),
    /// What became of it can not be seen now.
    Unobserved(Blocker),
    /// It is over.
    Ended(Outcome),
}

type CleanupDecision = Decision<CleanupTaskStatus, Effect>;

/// Reason of what is seen instead of a database where the cleanup was begun in another one.
pub const CLUSTER_REPLACED: &str = "ClusterReplaced";

/// Decides. `answer` is the effect of this very pass and what became of it, if there was one.
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
            // Written by a newer operator. It has ended, and must not begin anew.
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

/// What is shown of a task whose statement may be sent, and waits until others are: its intent is not
/// written before.
#[must_use]
pub fn decide_waiting(task: &Task<'_>, observed: &Observation, now: Timestamp) -> CleanupDecision {
    let mut evaluation = Evaluation::new(task, observed, now);
    evaluation.record_facts();
    let turn = Blocker::waiting(
        "WaitingForTurn",
        "statements of others are being sent to the database; the cleanup is sent after them",
    );
    evaluation.wait(turn, Next::Await)
}

/// A decision in the making.
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

    /// What is to be deleted, where somebody asks for it.
    fn deletion(&self) -> Option<Deletion> {
        self.task.spec.target.as_ref().map(deletion)
    }

    /// Copies what is known now and may be gone later.
    fn record_facts(&mut self) {
        if self.task.spec.mirror.is_none() {
            self.status.source = Some("Manual".to_owned());
        }
        // What was begun is followed in the database that it was begun in.
        let is_begun = self.status.statement.is_some() || self.status.job_id.is_some();
        if let (Ok(database), false) = (&self.observed.database, is_begun) {
            let identity = &database.identity;
            self.status.cluster_name = Some(identity.cluster_name.clone());
            self.status.cluster_id = Some(identity.cluster_id);
            self.status.cluster_create_time = Some(MicroTime(identity.created_at));
            if let (None, Some(tenant)) = (self.status.tenant_id, &database.tenant) {
                self.status.tenant_id = Some(tenant.id.0);
            }
        }
    }

    /// Whether the task was begun in another database than this.
    fn is_elsewhere(&self) -> bool {
        let known = self
            .status
            .cluster_id
            .zip(self.status.cluster_create_time.clone());
        let known = known.map(|(cluster_id, cluster_create_time)| PinnedDatabase {
            cluster_id,
            cluster_create_time,
        });
        match (&self.observed.database, known) {
            (Ok(database), Some(known)) => known != pinned(&database.identity),
            _ => false,
        }
    }

    /// Looks at the world and takes the next step.
    fn decide(self) -> CleanupDecision {
        if self.is_elsewhere() {
            return self.fail(cause(
                CLUSTER_REPLACED,
                "the OceanBaseCluster was made anew for another database: what became of the \
                 cleanup stands in the one that it was begun in; create a new CleanupTask",
            ));
        }
        if let Some(mirror) = &self.task.spec.mirror {
            return self.mirror(mirror);
        }
        match (self.task.spec.mode, self.deletion()) {
            (Some(CleanupMode::Preview), Some(what)) => self.preview(&what),
            (Some(CleanupMode::Delete), Some(what)) => self.delete(what),
            // The schema lets no such object through.
            _ => self.fail(cause(
                "InvalidSpec",
                "`mode` and `target` are missing: create a new CleanupTask with both",
            )),
        }
    }

    /// Waits for something that stands in the way.
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

    /// Nothing is sent for this long. It stands in the status: what a pass remembers only for
    /// itself is forgotten by the next one, which its own write wakes.
    fn pause(mut self, cause: Cause, pause: SignedDuration) -> CleanupDecision {
        let until = time(self.now.saturating_add(pause).unwrap_or(self.now));
        self.status.cause = Some(cause);
        self.status.retry_time = Some(until.clone());
        self.render(&State::Refused, None, Next::At(until.0))
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

    /// What is there stands.
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

/// What a target asks for.
fn deletion(target: &CleanupTarget) -> Deletion {
    let mut ids = target.ids.clone().unwrap_or_default();
    ids.sort_unstable();
    match target.type_ {
        CleanupTargetType::Obsolete => Deletion::Obsolete,
        CleanupTargetType::BackupSets => Deletion::Sets(ids),
        CleanupTargetType::Pieces => Deletion::Pieces(ids),
    }
}
