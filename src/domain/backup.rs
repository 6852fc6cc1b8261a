//! One data backup: waits for what it needs, sends BACKUP once, and follows the database's job.
//!
//! ```text
//! Waiting ──intent written──> Sending ──answer or job──> Accepted ──job ends──> Ended
//!    ^                          │ refused for now             │
//!    └──────────────────────────┘                             └─ also: never found again
//! Waiting ──deadline, cancel, refused for good──> Ended
//! ```
//!
//! The intent (an attempt with its key) stands in the status before the statement is sent. Who
//! finds an intent and no answer waits until the statement is surely over, looks for its key, and
//! goes back to waiting where the database does not know it. Each sending looks once more, on the
//! same session.

mod attempt;
mod deadline;
mod follow;
mod obstacle;
mod status;
#[cfg(test)]
mod tests;

use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;

pub use attempt::open_intent;
pub use obstacle::ineligible;

use super::{Decision, Event, Next, Obstacle, TenantSeen, cause, time};
use crate::api::{BackupTaskSpec, BackupTaskStatus, Cause};
use crate::oceanbase::model::{
    Answer, Identity, Job, JobKey, JobStatus, Tenant, TenantId, TenantName,
};

/// What the decision is about.
#[derive(Clone, Copy, Debug)]
pub struct Task<'a> {
    /// The object's uid.
    pub uid: &'a str,
    /// Its generation.
    pub generation: i64,
    /// When it was created.
    pub created_at: Timestamp,
    /// What was asked for.
    pub spec: &'a BackupTaskSpec,
    /// What is known so far.
    pub status: &'a BackupTaskStatus,
}

/// What was seen.
#[derive(Clone, Debug)]
pub struct Seen {
    /// Where the references lead.
    pub target: Result<Target, Obstacle>,
    /// What the database shows; an obstacle while it shows nothing.
    pub database: Result<DatabaseSeen, Obstacle>,
    /// Before when a strategy's own backup does not start: the end of a blackout window.
    pub may_start_at: Option<Timestamp>,
    /// For how long this process has known of the intent that stands in the status.
    pub intent_age: Duration,
    /// After how long a BACKUP statement is surely over, run or not.
    pub surely_over: Duration,
}

/// Where the task's references lead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Name of the cluster's object.
    pub cluster: String,
    /// Name of the store's object.
    pub storage: String,
    /// The strategy's generation.
    pub strategy_generation: Option<i64>,
    /// The tenant's directory below the store's own, once it is known.
    pub data_path: Option<String>,
    /// Whether the task's owner is a strategy.
    pub scheduled: bool,
}

/// What the database shows.
#[derive(Clone, Debug)]
pub struct DatabaseSeen {
    /// Who the cluster says it is.
    pub identity: Identity,
    /// The tenant.
    pub tenant: TenantSeen,
    /// Jobs of the sys tenant, in whose name we start backups.
    pub parents: std::sync::Arc<Vec<Job>>,
}

/// Something to ask of the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Set the tenant's `DATA_BACKUP_DEST`.
    SetDestination(TenantName),
    /// Send BACKUP. Only in a pass whose own write of the status went well.
    Backup {
        /// The tenant.
        tenant: TenantName,
        /// Only what changed.
        incremental: bool,
        /// The attempt's key.
        key: JobKey,
    },
    /// Look whether the attempt is known to the database.
    Find {
        /// The tenant.
        tenant: TenantName,
        /// The attempt's key.
        key: JobKey,
    },
    /// Cancel the job.
    Cancel {
        /// The tenant.
        tenant: TenantName,
        /// Its number.
        tenant_id: TenantId,
        /// The attempt's key.
        key: JobKey,
    },
}

/// How a task ends; it never changes again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Outcome {
    Completed,
    Failed,
    Canceled,
    Overdue,
}

impl Outcome {
    /// The word in `status.outcome`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Completed => "Completed",
            Self::Failed => "Failed",
            Self::Canceled => "Canceled",
            Self::Overdue => "Overdue",
        }
    }

    /// Reads `status.outcome`.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Completed, Self::Failed, Self::Canceled, Self::Overdue]
            .into_iter()
            .find(|outcome| outcome.word() == word)
    }
}

/// Where a task stands; the status is rendered from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Nothing is under way; what it waits for.
    Waiting(Obstacle),
    /// A statement was refused for now, or could not be sent; it is tried again.
    Refused,
    /// The statement is, or may be, under way.
    Sending,
    /// The database has taken the statement and shows no job yet.
    Accepted,
    /// The database's job is in this state.
    Running(JobStatus),
    /// The database has taken the statement, and what became of it can not be seen now.
    Unseen(Obstacle),
    /// It is over.
    Ended(Outcome),
}

type Verdict = Decision<BackupTaskStatus, Effect>;

/// Decides. `heard` is the effect of this very pass and what became of it, if there was one.
#[must_use]
pub fn decide(
    task: &Task<'_>,
    seen: &Seen,
    heard: Option<(&Effect, &Answer)>,
    now: Timestamp,
) -> Verdict {
    let mut draft = Draft::new(task, seen, now);
    if let Some(word) = &task.status.outcome {
        return match Outcome::parse(word) {
            Some(outcome) => draft.render(&State::Ended(outcome), None, Next::Await),
            // Written by a newer operator. It has ended, and must not begin anew.
            None => draft.unchanged(),
        };
    }
    if let (Err(obstacle), None) = (&seen.database, heard)
        && obstacle.is_passing()
        && task.status.observed_generation == Some(task.generation)
    {
        return draft.unchanged();
    }
    draft.note_facts();
    match heard {
        Some((effect, answer)) => draft.hear(effect, answer),
        None => draft.look(),
    }
}

/// A decision in the making.
struct Draft<'a> {
    task: &'a Task<'a>,
    seen: &'a Seen,
    status: BackupTaskStatus,
    now: Timestamp,
}

impl<'a> Draft<'a> {
    fn new(task: &'a Task<'a>, seen: &'a Seen, now: Timestamp) -> Self {
        Self {
            task,
            seen,
            status: task.status.clone(),
            now,
        }
    }

    fn tenant(&self) -> Option<&'a Tenant> {
        self.seen.database.as_ref().ok()?.tenant.tenant.as_deref()
    }

    /// Copies what is known now and may be gone later.
    fn note_facts(&mut self) {
        self.status.method = Some("Physical".to_owned());
        if self.status.type_.is_none() {
            self.status.type_ = Some(status::type_word(self.task.spec.type_).to_owned());
        }
        if let Ok(target) = &self.seen.target {
            let source = if target.scheduled {
                "Strategy"
            } else {
                "Manual"
            };
            self.status.source = Some(source.to_owned());
            if self.status.attempts.is_empty() {
                self.status.cluster = Some(target.cluster.clone());
                self.status.storage = Some(target.storage.clone());
                self.status.strategy_generation = target.strategy_generation;
                self.status.data_path.clone_from(&target.data_path);
            }
        }
        if let Ok(database) = &self.seen.database
            && self.status.attempts.is_empty()
        {
            let identity = &database.identity;
            self.status.cluster_name = Some(identity.cluster_name.clone());
            self.status.cluster_id = Some(identity.cluster_id);
            self.status.cluster_create_time = Some(MicroTime(identity.created_at));
        }
        if let (None, Some(tenant)) = (self.status.tenant_id, self.tenant()) {
            self.status.tenant_id = Some(tenant.id.0);
        }
    }

    /// Looks at the world and takes the next step.
    fn look(self) -> Verdict {
        if let Some(job) = self.find_job() {
            return self.follow(&job);
        }
        if let Some(parent) = self.find_parent() {
            return self.follow_parent(&parent);
        }
        self.take_up()
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
        self.seen
            .database
            .as_ref()
            .is_ok_and(|seen| seen.tenant.settled)
    }

    fn is_cancel_wanted(&self) -> bool {
        self.task.spec.cancel == Some(true)
    }

    /// Waits for something that stands in the way.
    fn wait(self, obstacle: Obstacle, next: Next) -> Verdict {
        self.wait_with(obstacle, None, next)
    }

    fn wait_with(mut self, obstacle: Obstacle, effect: Option<Effect>, next: Next) -> Verdict {
        self.status.cause = Some(obstacle.cause());
        self.status.retry_time = None;
        let next = self.sooner_than_deadline(next);
        self.render(&State::Waiting(obstacle), effect, next)
    }

    /// Ends what was never sent, where it is not wanted any more.
    fn end_unsent(self) -> Verdict {
        if self.is_cancel_wanted() {
            self.canceled_unsent()
        } else {
            self.overdue()
        }
    }

    fn canceled_unsent(mut self) -> Verdict {
        self.status.cause = Some(canceled_cause(self.task.spec));
        self.end(Outcome::Canceled, None)
    }

    fn overdue(mut self) -> Verdict {
        let waited_for = self.status.cause.take().map(|cause| cause.message);
        let waited_for = waited_for.unwrap_or_else(|| "nobody could start it".to_owned());
        self.status.cause = Some(cause(
            "StartingDeadlineExceeded",
            &format!(
                "the backup did not start before its deadline ({waited_for}); remove the cause, \
                 then create a new BackupTask"
            ),
        ));
        self.end(Outcome::Overdue, None)
    }

    fn fail(mut self, cause: Cause) -> Verdict {
        self.status.cause = Some(cause);
        self.end(Outcome::Failed, None)
    }

    fn end(mut self, outcome: Outcome, at: Option<Timestamp>) -> Verdict {
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
        let mut verdict = self.render(&State::Ended(outcome), None, Next::Await);
        verdict.event = Some(event);
        verdict
    }

    fn render(self, state: &State, effect: Option<Effect>, next: Next) -> Verdict {
        let started = self.task.status.job_id.is_none() && self.status.job_id.is_some();
        let event = started.then(|| status::started_event(&self.status, self.task.spec));
        let status = status::render(state, self.status, self.task.generation, self.now);
        Decision {
            status,
            effect,
            next,
            event,
        }
    }

    /// What is there stands.
    fn unchanged(mut self) -> Verdict {
        self.status.observed_generation = Some(self.task.generation);
        Decision {
            status: self.status,
            effect: None,
            next: Next::Await,
            event: None,
        }
    }
}

fn canceled_cause(spec: &BackupTaskSpec) -> Cause {
    if spec.cancel == Some(true) {
        cause("Canceled", "canceled as `spec.cancel` asks")
    } else {
        cause(
            "CanceledElsewhere",
            "somebody canceled the backup in the database",
        )
    }
}
