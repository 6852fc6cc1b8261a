//! One recovery: it checks the preconditions, creates the tenant's resources, sends RESTORE once,
//! follows the database's job, and makes the tenant a primary tenant.
//!
//! ```text
//! Waiting ──> Preparing ──unit and pool made──> Restoring ──restored──> Activating ──> Upgrading ──> Ended
//!    │  └──── pools exist ── intent written ───────^ │                      │
//!    │                 refused, failed, canceled:    v                      │ failed, canceled:
//!    └─refused──> Ended <──────────────────────── CleaningUp                └─the tenant stays──> Ended
//! ```
//!
//! Nothing is changed before all preconditions that can be known were checked. The status records
//! the intent (the key) before RESTORE is sent. If a pass finds an intent without an answer, it
//! looks up the key in the database. It sends the statement again only if the database does not
//! know the key. If two statements arrive nevertheless, the name of the tenant admits only one.
//!
//! Cleanup drops only what this recovery created: the tenant whose number its own job shows, and a
//! pool and a unit named after its key. After the tenant is restored, nothing is dropped.
//!
//! A [verification](crate::api::verification) ends differently: the tenant stays a standby tenant,
//! runs the checks, and is always dropped, even if its object is deleted meanwhile.
//!
//! A recovery of tables into an existing tenant follows the same steps. The engine creates an
//! auxiliary tenant, activates it, imports its tables and drops it. The resources that this
//! recovery created for it are always dropped at the end. Nothing else is changed in the tenant
//! that receives the tables.

mod activate;
mod authorization;
mod clean_up;
mod deadline;
mod effect;
mod finalize;
mod job;
mod observation;
mod precheck;
mod prepare;
mod quantity;
mod resources;
mod restore;
mod state;
mod status;
mod table_import;
mod tables;
mod target_point;
#[cfg(test)]
mod tests;
mod timing;
mod unanswered;
mod verification;

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

pub use authorization::{
    existing_target_allowed, scratch_allowed, source_allowed, target_allowed, verification_allowed,
};
pub use effect::Effect;
pub use finalize::finalize;
pub use observation::{Knowledge, Observation, ObservedSource, ObservedTarget, Task};
pub use prepare::wants_servers;
pub use quantity::{bytes, cpu};
pub use restore::open_intent;
pub use state::{Outcome, State, Step};
pub use tables::parse_tables;
pub use target_point::reaches;

use super::backoff::Backoff;
use super::tenant::CLUSTER_REPLACED;
use super::{Blocker, Decision, Next, time};
use crate::api::recovery_task::{FailurePolicy, RecoveryMode, TargetType};
use crate::api::{Cause, RecoveryTaskSpec, RecoveryTaskStatus};
use crate::oceanbase::model::{Answer, RestoreKey, Restores, TenantId, TenantName};

type RecoveryDecision = Decision<RecoveryTaskStatus, Effect>;

/// Delay after a statement that was refused for now or could not be sent; it doubles.
const PAUSE: Backoff = Backoff::new(SignedDuration::from_secs(3), SignedDuration::from_mins(1));

/// Decides. `answer` is the effect of this pass and its result, if there was an effect.
#[must_use]
pub fn decide(
    task: &Task<'_>,
    observed: &Observation,
    answer: Option<(&Effect, &Answer)>,
    now: Timestamp,
) -> RecoveryDecision {
    let mut evaluation = Evaluation {
        task,
        observed,
        status: task.status.clone(),
        is_leaving: false,
        now,
    };
    if let Some(word) = &task.status.outcome {
        return match Outcome::parse(word) {
            Some(outcome) => evaluation.render(&State::Ended(outcome), None, Next::Await),
            // A newer operator wrote this outcome. The recovery has ended and must not restart.
            None => evaluation.unchanged(),
        };
    }
    if let (Err(blocker), None) = (&observed.target, answer)
        && blocker.is_passing()
        && task.status.observed_generation == Some(task.generation)
    {
        return evaluation.unchanged();
    }
    evaluation.record_facts();
    let Some((effect, answer)) = answer else {
        return evaluation.decide();
    };
    let mut decision = evaluation.on_answer(effect, answer);
    // The next effect follows in another pass: a pass sends only one statement.
    if decision.effect.take().is_some() {
        decision.next = Next::After(Duration::ZERO);
    }
    decision
}

/// Returns the status of a recovery that has no send permit yet, because the limit of starting
/// recoveries in its database is reached.
#[must_use]
pub fn decide_waiting(task: &Task<'_>, observed: &Observation, now: Timestamp) -> RecoveryDecision {
    let mut evaluation = Evaluation {
        task,
        observed,
        status: task.status.clone(),
        is_leaving: false,
        now,
    };
    evaluation.record_facts();
    let turn = Blocker::waiting(
        "WaitingForSendPermit",
        "the operator is starting other recoveries in the target; it starts this one after them",
    );
    evaluation.wait(turn, Next::Await)
}

/// Decision in progress.
struct Evaluation<'a> {
    task: &'a Task<'a>,
    observed: &'a Observation,
    status: RecoveryTaskStatus,
    /// Whether the object is being deleted.
    is_leaving: bool,
    now: Timestamp,
}

impl<'a> Evaluation<'a> {
    fn spec(&self) -> &'a RecoveryTaskSpec {
        self.task.spec
    }

    /// Evaluates the observed state and takes the next step.
    fn decide(mut self) -> RecoveryDecision {
        self.record_expiry();
        if let Err(blocker) = &self.observed.target
            && blocker.reason == CLUSTER_REPLACED
        {
            // The other database cannot be observed any more.
            return self.end_with(Outcome::Failed, blocker.cause());
        }
        if self.status.ending.is_some() {
            return self.clean_up();
        }
        let Some(word) = &self.status.step else {
            return self.begin();
        };
        match Step::parse(word) {
            Some(Step::Preparing) => self.prepare(),
            Some(Step::Restoring) => self.restore(),
            Some(Step::Verifying) => self.verify(),
            Some(Step::Activating) => self.activate(),
            Some(Step::Upgrading) => self.upgrade(),
            Some(Step::CleaningUp) => self.clean_up(),
            // A newer operator wrote this step and can continue it.
            None => self.unchanged(),
        }
    }

    fn on_answer(self, effect: &Effect, answer: &Answer) -> RecoveryDecision {
        match effect {
            Effect::Preview(until) => self.on_preview_answer(*until, answer),
            Effect::CreateUnit(_) | Effect::CreatePool(_) => self.on_create_answer(answer),
            Effect::Restore { .. } | Effect::RecoverTables { .. } => self.on_restore_answer(answer),
            Effect::Find { .. } | Effect::FindTables { .. } => self.on_find_answer(answer),
            Effect::Cancel { .. } | Effect::CancelTables { .. } => self.on_cancel_answer(answer),
            Effect::DropTenant { .. }
            | Effect::DropAuxiliary { .. }
            | Effect::DropPool(_)
            | Effect::DropUnit(_) => self.on_drop_answer(answer),
            Effect::Check { number, .. } => self.on_check_answer(*number, answer),
            Effect::Activate { .. } => self.on_activate_answer(answer),
            Effect::Upgrade { .. } => self.on_upgrade_answer(answer),
        }
    }

    /// Records known facts that may disappear later.
    fn record_facts(&mut self) {
        let target = &self.spec().target;
        let target = format!("{}/{}", target.cluster_ref.name, target.tenant_name);
        let summary = self.status.summary.get_or_insert_default();
        summary.target = target;
        if self.status.step.is_some() {
            return;
        }
        summary.source = self.task.source_name();
        if let Ok(source) = &self.observed.source {
            self.status.source_tenant_id = source.tenant_id.map(|id| id.0);
            self.status.log_backup.clone_from(&source.log_backup);
        }
        if let Ok(target) = &self.observed.target {
            super::pin(&mut self.status.database, &target.identity, None);
            let key = self.task.key(&target.identity.database());
            self.status.key = Some(key.as_str().to_owned());
        }
    }

    /// Returns whether tables are recovered into an existing tenant, which is never created or
    /// dropped.
    fn is_of_tables(&self) -> bool {
        self.spec().target.type_ == TargetType::ExistingTenant
    }

    fn is_preview(&self) -> bool {
        self.spec().mode == RecoveryMode::Preview
    }

    /// Returns recoveries, pools and units. While the database refuses to show them, none is found
    /// and none counts as gone.
    fn restores(&self, target: &'a ObservedTarget) -> Result<&'a Restores, Blocker> {
        let Some(restores) = target.restores.as_deref() else {
            return Err(Blocker::reading());
        };
        let of_tables = restores.tables_refused.as_ref();
        let of_tables = of_tables.filter(|_| self.is_of_tables());
        match restores.refused.as_ref().or(of_tables) {
            None => Ok(restores),
            Some(refused) => Err(Blocker::waiting(refused.reason, &*refused.message)),
        }
    }

    /// Returns the key of the job, which is known as soon as the target has answered.
    fn key(&self) -> Option<RestoreKey> {
        RestoreKey::parse(self.status.key.as_deref()?)
    }

    /// Returns the name of the unit and of the pool to create.
    fn resource_name(&self) -> String {
        self.key()
            .as_ref()
            .map(observation::resource_name)
            .unwrap_or_default()
    }

    /// Returns the target tenant and the key in the form that statements need.
    fn names(&self) -> Option<(TenantName, RestoreKey)> {
        TenantName::parse(&self.spec().target.tenant_name).zip(self.key())
    }

    /// Returns the number that the job gave to the tenant: no other tenant is dropped or activated.
    fn job_tenant(&self) -> Option<TenantId> {
        self.status.target_tenant_id().map(TenantId)
    }

    fn is_settled(&self) -> bool {
        self.observed
            .target
            .as_ref()
            .is_ok_and(|target| target.settled)
    }

    /// Returns until when the last statement is not repeated.
    fn pause(&self) -> Option<Timestamp> {
        let until = self.status.retry_time.as_ref()?.0;
        super::backoff::still_to_come(until, SignedDuration::from_mins(1), self.now)
    }

    /// Counts a statement to repeat, and returns when to repeat it.
    fn count_try(&mut self) -> Next {
        let tries = self.status.tries.unwrap_or_default().saturating_add(1);
        self.status.tries = Some(tries);
        let until = self
            .now
            .saturating_add(PAUSE.pause(tries))
            .unwrap_or(self.now);
        self.status.retry_time = Some(time(until));
        Next::At(time(until).0)
    }

    /// Enters another step.
    fn enter(&mut self, step: Step) {
        self.record_start();
        self.status.step = Some(step.word().to_owned());
        self.status.step_time = Some(time(self.now));
        self.status.tries = None;
        self.status.retry_time = None;
        self.status.cause = None;
    }

    /// Waits for a blocker, but not beyond the instant after which no recovery starts.
    fn wait(mut self, blocker: Blocker, next: Next) -> RecoveryDecision {
        self.status.cause = Some(blocker.cause());
        let next = match &self.spec().not_after_time {
            Some(end) if self.status.step.is_none() => next.sooner(Next::At(end.0), self.now),
            _ => next,
        };
        self.render(&State::Waiting(blocker), None, next)
    }

    /// Ends before the tenant is restored; created objects are dropped first.
    fn give_up(mut self, outcome: Outcome, cause: Cause) -> RecoveryDecision {
        self.record_result(outcome);
        let keeps = self.spec().failure_policy == FailurePolicy::Keep
            && outcome == Outcome::Failed
            && !self.is_verification();
        if self.status.step.is_none() {
            return self.end_with(outcome, cause);
        }
        if keeps {
            let cause = self.left(cause, "as `failurePolicy` says, its objects are kept");
            return self.end_with(outcome, cause);
        }
        self.clean_up_after(outcome, cause)
    }

    /// Drops the created objects and then ends.
    fn clean_up_after(mut self, outcome: Outcome, cause: Cause) -> RecoveryDecision {
        self.status.ending = Some(outcome.word().to_owned());
        self.enter(Step::CleaningUp);
        self.status.cause = Some(cause);
        self.clean_up()
    }

    fn fail(self, cause: Cause) -> RecoveryDecision {
        self.give_up(Outcome::Failed, cause)
    }

    fn refuse(self, blocker: &Blocker) -> RecoveryDecision {
        self.fail(blocker.cause())
    }

    /// Ends without dropping created objects.
    fn end_with(mut self, outcome: Outcome, cause: Cause) -> RecoveryDecision {
        self.status.cause = Some(cause);
        self.end(outcome)
    }

    fn end(mut self, outcome: Outcome) -> RecoveryDecision {
        self.record_result(outcome);
        self.status.outcome = Some(outcome.word().to_owned());
        self.status.ending = None;
        let ended = self.status.completion_time.get_or_insert(time(self.now)).0;
        self.status.retry_time = None;
        let started = self.status.start_time.as_ref();
        self.status.duration =
            started.map(|start| super::duration_text(start.0.duration_until(ended)));
        let event = status::ended_event(outcome, &self.status, self.spec());
        let mut decision = self.render(&State::Ended(outcome), None, Next::Await);
        decision.event = Some(event);
        decision
    }

    fn render(self, state: &State, effect: Option<Effect>, next: Next) -> RecoveryDecision {
        let started = self.task.status.job_id.is_none() && self.status.job_id.is_some();
        let event = started.then(|| status::started_event(&self.status));
        let status = status::render(state, self.status, self.task, self.now);
        Decision {
            status,
            effect,
            next,
            event,
        }
    }

    /// Keeps the current status.
    fn unchanged(mut self) -> RecoveryDecision {
        self.status.observed_generation = Some(self.task.generation);
        Decision {
            status: self.status,
            effect: None,
            next: Next::Await,
            event: None,
        }
    }
}
