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
//! finds an intent and no answer waits until the statement is surely over, and then sends again
//! with the same key: the command looks for the key first, on the same session.

mod status;
#[cfg(test)]
mod tests;

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::{Decision, DestinationSeen, Event, Next, Obstacle, TenantSeen, time};
use crate::api::backup_task::Attempt;
use crate::api::{BackupTaskSpec, BackupTaskStatus, BackupType, Cause};
use crate::oceanbase::model::{
    Answer, FailureClass, Job, JobKey, JobStatus, RoundStatus, Tenant, TenantId, TenantName,
};

/// How long to wait before a statement that was refused for now is sent again.
const REFUSED_PAUSE: SignedDuration = SignedDuration::from_secs(15);
/// How long to wait before a statement that could not be sent is tried again.
const NOT_SENT_PAUSE: Duration = Duration::from_secs(3);
/// How long rows of one job may show up after each other: children after their parent, sets after
/// their job.
const ROWS_SETTLE: SignedDuration = SignedDuration::from_secs(30);
/// After how long without any row an accepted backup is looked for directly.
const JOB_PATIENCE: SignedDuration = SignedDuration::from_mins(10);

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
    /// For how long this process has known of the intent that stands in the status.
    pub intent_age: Duration,
    /// After how long a BACKUP statement is surely over, run or not.
    pub surely_over: Duration,
}

/// Where the task's references lead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Name of the store's object.
    pub storage: String,
    /// The strategy's generation.
    pub strategy_generation: Option<i64>,
    /// Whether the task's owner is a strategy.
    pub scheduled: bool,
}

/// What the database shows.
#[derive(Clone, Debug)]
pub struct DatabaseSeen {
    /// Name of the cluster as it calls itself.
    pub cluster_name: String,
    /// The tenant.
    pub tenant: TenantSeen,
    /// Jobs of the sys tenant, in whose name we start backups.
    pub parents: std::sync::Arc<Vec<Job>>,
}

/// Something to ask of the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Set the tenant's DATA_BACKUP_DEST.
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

/// Where the last attempt stands, as `attempts[].outcome` keeps it.
mod attempt {
    pub(super) const SENDING: &str = "Sending";
    pub(super) const ACCEPTED: &str = "Accepted";
    pub(super) const REFUSED: &str = "Refused";
}

/// Where a task stands; the status is rendered from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Nothing is under way; what it waits for.
    Waiting(Obstacle),
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

/// The intent that stands in a status without an answer; each sending of it is another one.
#[must_use]
pub fn open_intent(status: &BackupTaskStatus) -> Option<String> {
    let last = status
        .attempts
        .last()
        .filter(|last| last.outcome == attempt::SENDING)?;
    Some(format!("{}#{}", last.key, last.sends))
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
    if let Some(outcome) = task.status.outcome.as_deref().and_then(Outcome::parse) {
        return draft.render(State::Ended(outcome), None, Next::Await);
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
                self.status.storage = Some(target.storage.clone());
                self.status.strategy_generation = target.strategy_generation;
            }
        }
        if let Ok(database) = &self.seen.database {
            self.status.cluster_name = Some(database.cluster_name.clone());
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
        match self
            .status
            .attempts
            .last()
            .map(|attempt| attempt.outcome.as_str())
        {
            Some(attempt::SENDING) => self.resolve(),
            Some(attempt::ACCEPTED) => self.await_job(),
            _ => self.prepare(),
        }
    }

    /// The database's job for any of our attempts: by its key, or by its parent's.
    fn find_job(&self) -> Option<Job> {
        let tenant = self.tenant()?;
        let mut attempts = self.status.attempts.iter().rev();
        let by_key = attempts.find_map(|attempt| tenant.job_by_key(&attempt.key));
        let parent = self.find_parent();
        let by_parent = parent.and_then(|parent| {
            let is_child = |job: &&Job| {
                (job.initiator_tenant_id, job.initiator_job_id) == (parent.tenant_id, parent.id)
            };
            tenant.jobs.iter().find(is_child)
        });
        by_key.or(by_parent).cloned()
    }

    fn find_parent(&self) -> Option<Job> {
        let parents = &self.seen.database.as_ref().ok()?.parents;
        let ours = |job: &&Job| {
            self.status
                .attempts
                .iter()
                .any(|attempt| attempt.key == job.description)
        };
        parents.iter().find(ours).cloned()
    }

    /// Follows the job that does the backup.
    fn follow(mut self, job: &Job) -> Verdict {
        self.note_job(job);
        match &job.status {
            JobStatus::Completed => self.complete(job),
            JobStatus::Canceled => {
                self.status.cause = Some(canceled_cause(self.task.spec));
                self.end(Outcome::Canceled, job.ended_at)
            }
            JobStatus::Failed => {
                self.status.cause = Some(job.failure.as_ref().map_or_else(
                    || cause("DatabaseError", "the database's job failed without a cause"),
                    Cause::from,
                ));
                self.end(Outcome::Failed, job.ended_at)
            }
            running => {
                self.status.cause = None;
                let running = running.clone();
                let effect = self.cancel_effect(&running);
                let next = effect
                    .as_ref()
                    .map_or(Next::Await, |_| Next::After(CANCEL_PAUSE));
                self.render(State::Running(running), effect, next)
            }
        }
    }

    fn note_job(&mut self, job: &Job) {
        self.status.job_id = Some(job.id.0);
        self.status.start_time = Some(time(job.started_at));
        self.status.type_ = Some(status::full_word(job.full).to_owned());
        self.status.storage_directory = Some(job.path.clone());
        if job.set_id.0 > 0 {
            self.status.backup_set_id = Some(job.set_id.0);
        }
        if let Some(percent) = job.percent {
            // In steps: each written value is a write to the API server.
            self.status.progress = Some(format!("{}%", percent / 5 * 5));
        }
        if let Some(attempt) = self.status.attempts.last_mut() {
            attempt::ACCEPTED.clone_into(&mut attempt.outcome);
            attempt.cause = None;
            attempt.job_id = Some(job.id.0);
            attempt.start_time = Some(time(job.started_at));
        }
    }

    /// A completed job is the end once its set is there to be described.
    fn complete(mut self, job: &Job) -> Verdict {
        let set = self
            .tenant()
            .and_then(|tenant| tenant.sets.iter().find(|s| s.id == job.set_id));
        let ended_at = job.ended_at.unwrap_or(self.now);
        match set {
            Some(set) => status::note_set(&mut self.status, set),
            None if ended_at.duration_until(self.now) < ROWS_SETTLE => {
                return self.render(
                    State::Running(JobStatus::Doing),
                    None,
                    Next::After(Duration::from_secs(2)),
                );
            }
            // The set was deleted since; the backup went well all the same.
            None => {}
        }
        self.status.progress = Some("100%".to_owned());
        self.status.cause = None;
        self.end(Outcome::Completed, job.ended_at)
    }

    /// Only the parent is there: the child comes later, or never.
    fn follow_parent(mut self, parent: &Job) -> Verdict {
        if let Some(attempt) = self.status.attempts.last_mut() {
            attempt::ACCEPTED.clone_into(&mut attempt.outcome);
            attempt.cause = None;
        }
        let ended_at = parent.ended_at.unwrap_or(parent.started_at);
        if !parent.status.is_terminal() {
            self.status.cause = None;
            let next = Next::After(Duration::from_secs(5));
            return self.render(State::Accepted, None, next);
        }
        let settles_at = ended_at
            .saturating_add(ROWS_SETTLE)
            .unwrap_or(Timestamp::MAX);
        if self.now < settles_at {
            return self.render(State::Accepted, None, Next::At(settles_at));
        }
        self.status.cause = Some(parent.failure.as_ref().map_or_else(
            || {
                cause(
                    "TenantSkipped",
                    "the database took the statement and then left the tenant out: check that the \
                     tenant is normal, that its log backup runs and that no other backup runs, \
                     then start a new backup",
                )
            },
            Cause::from,
        ));
        let outcome = match parent.status {
            JobStatus::Canceled => Outcome::Canceled,
            _ => Outcome::Failed,
        };
        self.end(outcome, parent.ended_at)
    }

    /// An intent without an answer: by a lost reply, or a restart.
    fn resolve(mut self) -> Verdict {
        if let Err(obstacle) = &self.seen.database {
            let waiting = Obstacle {
                permanent: false,
                ..obstacle.clone()
            };
            return self.wait_sending(&waiting, Next::Await);
        }
        let Some(rest) = self.seen.surely_over.checked_sub(self.seen.intent_age) else {
            if self.is_unwanted() {
                let effect = self.find_effect();
                return self.render(State::Sending, effect, Next::After(NOT_SENT_PAUSE));
            }
            return self.send();
        };
        self.status.cause = None;
        self.render(
            State::Sending,
            None,
            Next::After(rest + Duration::from_millis(1)),
        )
    }

    fn wait_sending(mut self, obstacle: &Obstacle, next: Next) -> Verdict {
        self.status.cause = Some(obstacle.cause());
        self.render(State::Sending, None, next)
    }

    /// Accepted, and no row is there.
    fn await_job(self) -> Verdict {
        if let Err(obstacle) = &self.seen.database {
            return self.render(State::Unseen(obstacle.clone()), None, Next::Await);
        }
        let sent_at = self
            .status
            .attempts
            .last()
            .and_then(|a| a.sent_time.as_ref())
            .map(|t| t.0);
        let waited = sent_at.map_or(SignedDuration::ZERO, |at| at.duration_until(self.now));
        let effect = (waited > JOB_PATIENCE)
            .then(|| self.find_effect())
            .flatten();
        let state = self.unseen_state();
        self.render(state, effect, Next::After(Duration::from_secs(60)))
    }

    fn unseen_state(&self) -> State {
        match self.status.job_id {
            None => State::Accepted,
            Some(id) => State::Unseen(Obstacle::waiting(
                "JobNotVisible",
                format!("the database does not show job {id} any more; it is looked for"),
            )),
        }
    }

    /// Nothing was sent, or what was sent was refused for now.
    fn prepare(self) -> Verdict {
        if self.task.spec.cancel == Some(true) {
            return self.canceled_unsent();
        }
        if let Some(deadline) = self.deadline()
            && self.now >= deadline
        {
            return self.overdue();
        }
        match self.obstacle() {
            Some(Wait { obstacle, .. }) if obstacle.permanent => self.fail(obstacle.cause()),
            Some(Wait { obstacle, next }) => self.wait(obstacle, next),
            None => match self
                .seen
                .database
                .as_ref()
                .map(|seen| &seen.tenant.destination)
            {
                Ok(DestinationSeen::Unset) => {
                    let effect = self.tenant_name().map(Effect::SetDestination);
                    let waiting = Obstacle::waiting(
                        "SettingDestination",
                        "the destination of data backups is being set",
                    );
                    self.wait_with(waiting, effect, Next::After(NOT_SENT_PAUSE))
                }
                _ => self.send(),
            },
        }
    }

    /// What stands in the way of sending, if anything.
    fn obstacle(&self) -> Option<Wait> {
        let spec = self.task.spec;
        if let Err(obstacle) = &self.seen.target {
            return Some(obstacle.clone().into());
        }
        let database = match &self.seen.database {
            Ok(database) => database,
            // A cluster that does not answer may answer before the deadline.
            Err(obstacle) => {
                return Some(
                    Obstacle {
                        permanent: false,
                        ..obstacle.clone()
                    }
                    .into(),
                );
            }
        };
        let Some(tenant) = &database.tenant.tenant else {
            return Some(
                Obstacle::waiting(
                    "TenantNotFound",
                    format!("the cluster has no tenant '{}'", spec.tenant_name),
                )
                .into(),
            );
        };
        if self
            .status
            .tenant_id
            .is_some_and(|known| known != tenant.id.0)
        {
            return Some(
                Obstacle::permanent(
                    "TenantReplaced",
                    format!(
                        "the tenant '{}' was made anew since; create a new BackupTask",
                        spec.tenant_name
                    ),
                )
                .into(),
            );
        }
        if let Some(obstacle) = ineligible(tenant) {
            return Some(obstacle.into());
        }
        if !database.tenant.settled {
            return Some(reading().into());
        }
        if let DestinationSeen::Elsewhere(place) = &database.tenant.destination {
            return Some(
                Obstacle::permanent(
                    "DestinationInUse",
                    format!(
                        "the tenant's data backups go to '{place}' already; back up there, or \
                         clear DATA_BACKUP_DEST first"
                    ),
                )
                .into(),
            );
        }
        if tenant.round.as_ref().map(|round| &round.status) != Some(&RoundStatus::Doing) {
            return Some(Wait {
                obstacle: Obstacle::waiting(
                    "WaitingForLogBackup",
                    "a backup needs running log backup: check the tenant's LogBackup",
                ),
                next: Next::Await,
            });
        }
        if let Some(job) = tenant.running_jobs().next() {
            return Some(
                Obstacle::waiting(
                    "WaitingForRunningBackup",
                    format!("backup job {} of the tenant runs", job.id),
                )
                .into(),
            );
        }
        self.refused_pause()
    }

    /// A statement that was refused for now is not repeated at once.
    fn refused_pause(&self) -> Option<Wait> {
        let last = self
            .status
            .attempts
            .last()
            .filter(|a| a.outcome == attempt::REFUSED)?;
        let cause = last.cause.as_ref()?;
        let until = last
            .sent_time
            .as_ref()?
            .0
            .saturating_add(REFUSED_PAUSE)
            .ok()?;
        (self.now < until).then(|| Wait {
            obstacle: Obstacle::waiting("RefusedForNow", cause.message.clone()),
            next: Next::At(until),
        })
    }

    /// Writes the intent and sends.
    fn send(mut self) -> Verdict {
        let number = self.status.attempts.last().map_or(1, |last| last.number);
        let (Some(key), Some(tenant)) = (JobKey::new(self.task.uid, number), self.tenant_name())
        else {
            return self.fail(cause(
                "InvalidTenantName",
                "the tenant's name can not stand in a statement",
            ));
        };
        if self.status.attempts.is_empty() {
            let attempt = Attempt {
                number,
                key: key.as_str().to_owned(),
                ..Attempt::default()
            };
            self.status.attempts.push(attempt);
        }
        if let Some(attempt) = self.status.attempts.last_mut() {
            attempt.sends = attempt.sends.saturating_add(1);
            attempt.sent_time = Some(time(self.now));
            attempt::SENDING.clone_into(&mut attempt.outcome);
            attempt.cause = None;
        }
        self.status.cause = None;
        let incremental = self.task.spec.type_ == BackupType::Incremental;
        let effect = Effect::Backup {
            tenant,
            incremental,
            key,
        };
        let next = Next::After(self.seen.surely_over);
        self.render(State::Sending, Some(effect), next)
    }

    /// Takes in what became of this pass's effect.
    fn hear(self, effect: &Effect, answer: &Answer) -> Verdict {
        match effect {
            Effect::SetDestination(_) => self.hear_destination(answer),
            Effect::Backup { .. } => self.hear_backup(answer),
            Effect::Find { .. } => self.hear_find(answer),
            Effect::Cancel { .. } => {
                let state = match self.find_job() {
                    Some(job) => State::Running(job.status),
                    None => self.unseen_state(),
                };
                self.render(state, None, Next::After(CANCEL_PAUSE))
            }
        }
    }

    fn hear_destination(self, answer: &Answer) -> Verdict {
        match answer {
            Answer::Refused(failure) if failure.class == FailureClass::Permanent => {
                self.fail(failure.into())
            }
            Answer::Refused(failure) => self.wait(
                Obstacle::waiting(failure.reason, failure.message.clone()),
                Next::After(Duration::from_secs(30)),
            ),
            Answer::Unknown(why) | Answer::NotSent(why) | Answer::Withheld(why) => self.wait(
                Obstacle::waiting("NotSent", why.clone()),
                Next::After(NOT_SENT_PAUSE),
            ),
            Answer::Done | Answer::AlreadySent => self.wait(reading(), Next::Await),
        }
    }

    fn hear_backup(mut self, answer: &Answer) -> Verdict {
        match answer {
            Answer::Done | Answer::AlreadySent => {
                self.set_attempt(attempt::ACCEPTED, None);
                self.render(State::Accepted, None, Next::After(Duration::from_secs(5)))
            }
            Answer::Refused(failure) => {
                self.set_attempt(attempt::REFUSED, Some(failure.into()));
                if failure.class == FailureClass::Permanent {
                    return self.fail(failure.into());
                }
                self.wait(
                    Obstacle::waiting(failure.reason, failure.message.clone()),
                    Next::After(REFUSED_PAUSE.unsigned_abs()),
                )
            }
            Answer::NotSent(why) | Answer::Withheld(why) => {
                self.set_attempt(attempt::REFUSED, None);
                self.wait(
                    Obstacle::waiting("NotSent", why.clone()),
                    Next::After(NOT_SENT_PAUSE),
                )
            }
            Answer::Unknown(why) => {
                let waiting = Obstacle::waiting("OutcomeUnknown", why.clone());
                let next = Next::After(self.seen.surely_over);
                self.wait_sending(&waiting, next)
            }
        }
    }

    /// A look by key, nothing sent: `Done` means that nothing was found.
    fn hear_find(mut self, answer: &Answer) -> Verdict {
        let is_sending = self
            .status
            .attempts
            .last()
            .is_some_and(|last| last.outcome == attempt::SENDING);
        match answer {
            Answer::AlreadySent => {
                self.set_attempt(attempt::ACCEPTED, None);
                self.render(State::Accepted, None, Next::After(Duration::from_secs(5)))
            }
            Answer::Done if is_sending && self.task.spec.cancel == Some(true) => {
                self.canceled_unsent()
            }
            Answer::Done if is_sending => self.overdue(),
            Answer::Done if self.status.job_id.is_none() => self.fail(cause(
                "JobNotFound",
                "the database took the statement and shows no job for it: look at \
                 DBA_OB_ROOTSERVICE_EVENT_HISTORY, then start a new backup",
            )),
            _ => {
                let state = if is_sending {
                    State::Sending
                } else {
                    self.unseen_state()
                };
                self.render(state, None, Next::After(Duration::from_secs(60)))
            }
        }
    }

    fn cancel_effect(&self, status: &JobStatus) -> Option<Effect> {
        let wanted = self.task.spec.cancel == Some(true);
        let possible = matches!(
            status,
            JobStatus::Init | JobStatus::Doing | JobStatus::Unknown(_)
        );
        if !wanted || !possible || !self.is_settled() {
            return None;
        }
        let tenant_id = self.tenant()?.id;
        Some(Effect::Cancel {
            tenant: self.tenant_name()?,
            tenant_id,
            key: self.key()?,
        })
    }

    fn find_effect(&self) -> Option<Effect> {
        Some(Effect::Find {
            tenant: self.tenant_name()?,
            key: self.key()?,
        })
    }

    fn key(&self) -> Option<JobKey> {
        JobKey::new(self.task.uid, self.status.attempts.last()?.number)
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

    /// Whether the backup should not start any more.
    fn is_unwanted(&self) -> bool {
        self.task.spec.cancel == Some(true) || self.deadline().is_some_and(|at| self.now >= at)
    }

    fn deadline(&self) -> Option<Timestamp> {
        let seconds = self.task.spec.starting_deadline_seconds?;
        let from = self
            .task
            .spec
            .scheduled_time
            .as_ref()
            .map_or(self.task.created_at, |t| t.0);
        from.checked_add(SignedDuration::from_secs(seconds)).ok()
    }

    fn set_attempt(&mut self, outcome: &str, cause: Option<Cause>) {
        if let Some(attempt) = self.status.attempts.last_mut() {
            outcome.clone_into(&mut attempt.outcome);
            attempt.cause = cause;
        }
    }

    fn wait(self, obstacle: Obstacle, next: Next) -> Verdict {
        self.wait_with(obstacle, None, next)
    }

    fn wait_with(mut self, obstacle: Obstacle, effect: Option<Effect>, next: Next) -> Verdict {
        self.status.cause = Some(obstacle.cause());
        let next = match self.deadline() {
            Some(deadline) => next.sooner(Next::At(deadline), self.now),
            None => next,
        };
        self.render(State::Waiting(obstacle), effect, next)
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
            &format!("the backup did not start before its deadline: {waited_for}"),
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
        self.status.duration = self
            .status
            .start_time
            .as_ref()
            .map(|start| super::duration_text(start.0.duration_until(at)));
        if self.status.job_id.is_some() {
            self.set_attempt(outcome.word(), self.status.cause.clone());
        }
        let event = status::ended_event(outcome, &self.status, self.task.spec);
        let mut verdict = self.render(State::Ended(outcome), None, Next::Await);
        verdict.event = Some(event);
        verdict
    }

    fn render(self, state: State, effect: Option<Effect>, next: Next) -> Verdict {
        let started = self.task.status.job_id.is_none() && self.status.job_id.is_some();
        let event = started.then(|| status::started_event(&self.status, self.task.spec));
        let status = status::render(&state, self.status, self.task.generation, self.now);
        Decision {
            status,
            effect,
            next,
            event,
        }
    }
}

/// How long after a CANCEL the job is looked at again.
const CANCEL_PAUSE: Duration = Duration::from_secs(5);

struct Wait {
    obstacle: Obstacle,
    next: Next,
}

impl From<Obstacle> for Wait {
    fn from(obstacle: Obstacle) -> Self {
        Self {
            obstacle,
            next: Next::Await,
        }
    }
}

/// Why a tenant can not be backed up now.
#[must_use]
pub fn ineligible(tenant: &Tenant) -> Option<Obstacle> {
    if tenant.role != "PRIMARY" {
        return Some(Obstacle::waiting(
            "TenantNotPrimary",
            format!(
                "the tenant's role is {}; only a primary tenant can be backed up",
                tenant.role
            ),
        ));
    }
    if tenant.status != "NORMAL" {
        return Some(Obstacle::waiting(
            "TenantNotNormal",
            format!("the tenant's status is {}, not NORMAL", tenant.status),
        ));
    }
    if tenant.locked {
        return Some(Obstacle::waiting(
            "TenantLocked",
            "the tenant is locked; unlock it",
        ));
    }
    None
}

fn reading() -> Obstacle {
    Obstacle::waiting("Reading", "the database is being read after a statement")
}

fn cause(reason: &str, message: &str) -> Cause {
    Cause {
        code: None,
        reason: reason.to_owned(),
        message: message.to_owned(),
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
