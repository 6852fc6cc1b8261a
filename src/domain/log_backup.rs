//! Log backup of one tenant. It sets the destination once, and starts, pauses and stops archiving.
//! It reports up to where logs are archived and what can be recovered.
//!
//! Every statement here is idempotent. No statement is based on an observation of the tenant that
//! is older than the operator's last statement. Two rules prevent damage:
//!
//! * A correct destination is never set again. Otherwise the database would take an unmounted
//!   directory for an empty one, and mark every backup in it as deleted. The destination of another
//!   owner is rejected.
//! * After the desired state was reached, external changes in the database are reported and kept
//!   until the object is edited. With `driftPolicy: Enforce` they are corrected if that causes no gap.

mod blockers;
mod conditions;
mod credential_rotation;
mod effect;
mod events;
mod finalize;
mod heal;
mod observation;
mod on_demand;
mod outcome;
mod progress;
mod retry;
mod spec_changes;
mod state;
mod status;
mod step;
mod storage_limits;
mod storage_migration;
mod tenant_summary;
#[cfg(test)]
mod tests;
mod transition;

use std::time::Duration;

use jiff::Timestamp;

pub use conditions::{may_be_paused, resuming};
pub use credential_rotation::{StorageKeys, rotation_blocker};
pub use effect::Effect;
pub use finalize::finalize;
pub use on_demand::still_needs_logs;
pub use state::{Archive, State, archive};
use step::Step;
pub use storage_limits::{ObservedLimits, limits_blocker};
pub use storage_migration::{ObservedMigration, is_migrating, own_locations};
pub use tenant_summary::{RelatedObjects, is_in_flight, is_summary_due};

use super::tenant::ineligible;
use super::{Blocker, Decision, Event, Next, ObservedDestination, time};
use crate::api::log_backup::LogBackupMode;
use crate::api::{DesiredState, DriftPolicy, LogBackupSpec, LogBackupStatus};
use crate::oceanbase::model::{Answer, RoundStatus, Tenant};
pub use observation::{LogBackup, Observation, Renamed};

/// Time that the database may take for a step before the tenant is checked again.
const STEP_TIMEOUT: Next = Next::After(Duration::from_mins(1));

type LogBackupDecision = Decision<LogBackupStatus, Effect>;

/// Decides. `answer` is the effect of this pass and its result, if there was an effect.
#[must_use]
pub fn decide(
    object: &LogBackup<'_>,
    observed: &Observation,
    answer: Option<(&Effect, &Answer)>,
    now: Timestamp,
) -> LogBackupDecision {
    let mut evaluation = Evaluation {
        object,
        observed,
        status: object.status.clone(),
        desired: desired(object.spec, observed),
        event: None,
        later: Next::Await,
        now,
    };
    evaluation.record_edit();
    if let (Ok(()), Err(blocker), None) = (&observed.target, &observed.database, answer)
        && blocker.is_passing()
        && object.status.observed_generation == Some(object.generation)
    {
        return Decision {
            status: evaluation.status,
            effect: None,
            next: Next::Await,
            event: None,
        };
    }
    match evaluation.check_tenant() {
        Ok(tenant) => match answer {
            None => evaluation.decide(tenant),
            Some((effect, answer)) => evaluation.on_answer(tenant, effect, answer),
        },
        Err(blocker) => evaluation.blocked_without_tenant(blocker),
    }
}

/// Returns the desired state of archiving.
fn desired(spec: &LogBackupSpec, observed: &Observation) -> DesiredState {
    let database = observed.database.as_ref().ok();
    let tenant = database.and_then(|database| database.tenant.as_deref());
    match (spec.mode, spec.state, tenant) {
        (LogBackupMode::AroundDataBackup, DesiredState::Running, Some(tenant)) => {
            on_demand::desired(observed.has_open_tasks, tenant)
        }
        (_, desired, _) => desired,
    }
}

struct Evaluation<'a> {
    object: &'a LogBackup<'a>,
    observed: &'a Observation,
    status: LogBackupStatus,
    desired: DesiredState,
    /// Event that takes precedence over the event of a phase change.
    event: Option<Event>,
    /// When to check work that does not concern the round.
    later: Next,
    now: Timestamp,
}

impl<'a> Evaluation<'a> {
    fn blocked(mut self, tenant: Option<&Tenant>, blocker: Blocker) -> LogBackupDecision {
        // The blocker's cause replaces the failure's cause; the statement may succeed afterwards.
        self.forget_failures();
        self.status.transition = None;
        self.render(tenant, &State::Blocked(blocker), None, Next::Await)
    }

    fn forget_failures(&mut self) {
        self.status.failures = None;
        self.status.unsent = None;
        self.status.last_failure_time = None;
    }

    /// Evaluates the tenant and takes the next step.
    fn decide(mut self, tenant: &Tenant) -> LogBackupDecision {
        let archive = archive(tenant);
        self.record_limits();
        if let (Some(from), Some(observed)) = (self.replaced_location(), &self.observed.switch) {
            return self.switch(tenant, archive, from, observed);
        }
        let elsewhere = match &self.destination() {
            ObservedDestination::Elsewhere(location) => Some(location.clone()),
            _ => None,
        };
        if let Some(location) = elsewhere {
            let blocker = Blocker::permanent(
                "DestinationInUse",
                format!(
                    "the tenant's logs already go to '{location}', set by another tool; the \
                     operator does not change it. Stop that log backup and clear it (`SET \
                     LOG_ARCHIVE_DEST = ''`), or delete this object"
                ),
            );
            return self.blocked(Some(tenant), blocker);
        }
        if let (ObservedDestination::Unset, DesiredState::Running, Some(blocker)) =
            (self.destination(), self.desired, &self.observed.conflict)
        {
            let mut decision = self.blocked(Some(tenant), blocker.clone());
            // The other owner of the location may disappear without a change of this object.
            decision.next = STEP_TIMEOUT;
            return decision;
        }
        if let Some(effect) = self.rotation(tenant).or_else(|| self.limit(tenant)) {
            let state = self.standing(tenant, archive);
            return self.render(Some(tenant), &state, Some(effect), STEP_TIMEOUT);
        }
        if let Some(until) = self.paused_until() {
            let state = self.in_progress(archive);
            return self.render(Some(tenant), &state, None, Next::At(until));
        }
        self.heal(tenant);
        self.follow_switch(tenant, &archive);
        self.record_round(tenant, &archive);
        // After the spec was applied nothing is sent, so any recent statement is irrelevant. A
        // backup of the tenant does not affect its log backup.
        if !self.is_applied() && !self.is_settled() {
            let state = self.in_progress(archive);
            return self.render(Some(tenant), &state, None, Next::Await);
        }
        let Some(step) = self.step(tenant, &archive) else {
            return self.reached(tenant, archive);
        };
        if self.is_applied() && !self.corrects(tenant, &step) {
            // Logs are archived as requested: the status reports the lag target separately.
            if matches!(step, Step::Send(Effect::SetLagTarget(..))) {
                return self.reached(tenant, archive);
            }
            let next = self.checkpoint_due(tenant);
            return self.render(Some(tenant), &State::Drifted(archive), None, next);
        }
        self.record_effect(&step);
        let effect = match step {
            Step::Wait => None,
            Step::Send(effect) => {
                if let Some(blocker) = ineligible(tenant) {
                    return self.blocked(Some(tenant), blocker);
                }
                Some(effect)
            }
        };
        let state = self.in_progress(archive);
        if let Some(until) = effect.as_ref().and_then(|effect| self.repeated_at(effect)) {
            return self.render(Some(tenant), &state, None, Next::At(until));
        }
        self.render(Some(tenant), &state, effect, STEP_TIMEOUT)
    }

    /// Returns whether the desired state was reached before.
    fn is_applied(&self) -> bool {
        self.status.applied_generation == Some(self.object.generation)
            && (self.status.around_state == self.around_state()
                || on_demand::is_found(&self.status))
            && self.status.correcting_since.is_none()
            && heal::open(&self.status).is_none()
    }

    /// Returns the desired state around data backups, which changes without an edit of the object.
    fn around_state(&self) -> Option<String> {
        let word = status::word(self.desired).to_owned();
        (self.object.spec.mode == LogBackupMode::AroundDataBackup).then_some(word)
    }

    /// Starts to correct an external change, if the spec requests it.
    fn corrects(&mut self, tenant: &Tenant, step: &Step) -> bool {
        let Step::Send(effect) = step else {
            return false;
        };
        let corrects = self.object.spec.drift_policy == DriftPolicy::Enforce
            && self.desired == DesiredState::Running
            && self.is_settled()
            && ineligible(tenant).is_none();
        if corrects {
            self.status.correcting_since = Some(time(self.now));
            self.event = Some(events::correcting(effect));
        }
        corrects
    }

    fn reached(mut self, tenant: &Tenant, archive: Archive) -> LogBackupDecision {
        self.status.applied_generation = Some(self.object.generation);
        if !on_demand::is_found(&self.status) {
            self.status.around_state = self.around_state();
        }
        self.status.correcting_since = None;
        self.status.transition = None;
        self.forget_failures();
        let next = self.checkpoint_due(tenant);
        let next = next.sooner(self.heal_due(tenant, &archive), self.now);
        let state = State::Reached(archive);
        self.render(Some(tenant), &state, None, next)
    }

    fn destination(&self) -> &'a ObservedDestination {
        match &self.observed.database {
            Ok(observed) => &observed.destination,
            Err(_) => &ObservedDestination::Unset,
        }
    }

    fn is_settled(&self) -> bool {
        self.observed
            .database
            .as_ref()
            .is_ok_and(|observed| observed.settled)
    }

    /// Returns when to write the checkpoint again.
    fn checkpoint_due(&self, tenant: &Tenant) -> Next {
        let runs = tenant
            .round
            .as_ref()
            .is_some_and(|round| round.status == RoundStatus::Doing);
        let interval = self.observed.checkpoint_interval.unsigned_abs();
        if runs {
            Next::After(interval)
        } else {
            Next::Await
        }
    }

    fn render(
        self,
        tenant: Option<&Tenant>,
        state: &State,
        effect: Option<Effect>,
        next: Next,
    ) -> LogBackupDecision {
        let before = self.object.status;
        let status = status::render(&self, tenant, state);
        let event = self
            .event
            .or_else(|| events::of_phase(before, &status, self.object.spec))
            .or_else(|| events::of_delay(before, &status, self.object.spec));
        Decision {
            status,
            effect,
            next: next.sooner(self.later, self.now),
            event,
        }
    }
}
