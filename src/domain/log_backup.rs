//! Log backup of one tenant: sets the destination once, starts, holds and ends archiving, and
//! tells up to where logs are archived and what can be recovered.
//!
//! Every statement here is idempotent by nature; none is sent on a picture of the tenant that is
//! older than our last one. Two rules keep it from doing harm:
//!
//! * A destination that is already right is never set again: an unmounted directory would be
//!   taken for an empty one, and every backup in it be marked as deleted. One that belongs to
//!   something else is refused.
//! * Once the wanted state was reached, it is not enforced: what somebody changes in the database
//!   is shown, and stands until the object is edited.

mod live;
mod status;
mod step;
#[cfg(test)]
mod tests;

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use step::Step;

use super::backup::ineligible;
use super::{Decision, DestinationSeen, Next, Obstacle, TenantSeen, time};
use crate::api::{Cause, DesiredState, LogBackupSpec, LogBackupStatus};
use crate::oceanbase::model::{
    Answer, ArchiveDest, Failure, FailureClass, Round, RoundStatus, Tenant, TenantName,
};

/// The shortest and the longest pause after a statement that failed.
const PAUSES: (SignedDuration, SignedDuration) =
    (SignedDuration::from_secs(5), SignedDuration::from_mins(5));

/// How long the database may take for a step before the tenant is looked at without being woken.
const STEP_PATIENCE: Next = Next::After(Duration::from_mins(1));
const TENANT_NOT_FOUND: &str = "TenantNotFound";

/// What the decision is about.
#[derive(Clone, Copy, Debug)]
pub struct LogBackup<'a> {
    /// The object's generation.
    pub generation: i64,
    /// What was asked for.
    pub spec: &'a LogBackupSpec,
    /// What is known so far.
    pub status: &'a LogBackupStatus,
}

/// What was seen.
#[derive(Clone, Debug)]
pub struct Seen {
    /// Whether the references lead somewhere, and whether this object is the one for its tenant.
    pub target: Result<(), Obstacle>,
    /// What the database shows; an obstacle while it shows nothing.
    pub database: Result<TenantSeen, Obstacle>,
    /// Whether the version knows `LOG_ARCHIVE_DEST_STATE` = DEFER.
    pub can_pause: bool,
    /// How long a written checkpoint may stand before it is written again.
    pub checkpoint_interval: SignedDuration,
}

/// Something to ask of the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Set the tenant's `LOG_ARCHIVE_DEST`.
    SetDestination(TenantName),
    /// ENABLE (`true`) or DEFER its destination.
    SetEnabled(TenantName, bool),
    /// Begin a round.
    Start(TenantName),
    /// End the round.
    Stop(TenantName),
}

/// Where log backup stands; the status is rendered from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Something stands in the way.
    Blocked(Obstacle),
    /// On the way to the wanted state; the database is in this one.
    Moving(Archive),
    /// The wanted state is reached.
    Reached(Archive),
    /// The wanted state was reached, and somebody else changed it.
    Drifted(Archive),
    /// The last statement failed.
    Failed(Archive),
}

/// What the database does with the tenant's logs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Archive {
    /// No round, or an ended one.
    Stopped,
    /// A round in this state.
    Round(RoundStatus),
}

type Verdict = Decision<LogBackupStatus, Effect>;

/// Decides. `heard` is the effect of this very pass and what became of it, if there was one.
#[must_use]
pub fn decide(
    object: &LogBackup<'_>,
    seen: &Seen,
    heard: Option<(&Effect, &Answer)>,
    now: Timestamp,
) -> Verdict {
    let mut draft = Draft {
        object,
        seen,
        status: object.status.clone(),
        now,
    };
    if object.status.observed_generation != Some(object.generation) {
        // Somebody edited the object: what failed before may go well now.
        draft.status.failures = None;
        draft.status.last_failure_time = None;
    }
    if let (Ok(()), Err(obstacle), None) = (&seen.target, &seen.database, heard)
        && obstacle.is_passing()
        && object.status.observed_generation == Some(object.generation)
    {
        return Decision {
            status: draft.status,
            effect: None,
            next: Next::Await,
            event: None,
        };
    }
    match draft.tenant() {
        Ok(tenant) => match heard {
            None => draft.look(tenant),
            Some((_, answer)) => draft.hear(tenant, answer),
        },
        Err(obstacle) => draft.blocked(None, obstacle),
    }
}

struct Draft<'a> {
    object: &'a LogBackup<'a>,
    seen: &'a Seen,
    status: LogBackupStatus,
    now: Timestamp,
}

impl<'a> Draft<'a> {
    fn tenant(&mut self) -> Result<&'a Tenant, Obstacle> {
        self.seen.target.clone()?;
        let database = self.seen.database.as_ref().map_err(Obstacle::as_waiting)?;
        let spec = self.object.spec;
        let Some(tenant) = database.tenant.as_deref() else {
            return Err(Obstacle::waiting(
                TENANT_NOT_FOUND,
                format!(
                    "the cluster has no tenant '{}': make it, or delete this LogBackup",
                    spec.tenant_name
                ),
            ));
        };
        if TenantName::parse(&spec.tenant_name).is_none() {
            return Err(Obstacle::permanent(
                "UnsafeTenantName",
                format!(
                    "the name '{}' can not stand in a statement; only names of letters, digits \
                     and '_' that are no reserved word can be backed up",
                    spec.tenant_name
                ),
            ));
        }
        let known = *self.status.tenant_id.get_or_insert(tenant.id.0);
        if known != tenant.id.0 {
            return Err(Obstacle::permanent(
                "TenantReplaced",
                format!(
                    "the tenant '{}' was made anew since: it has id {}, not {known}; delete this \
                     LogBackup and let a new one be made",
                    spec.tenant_name, tenant.id
                ),
            ));
        }
        if spec.desired_state == DesiredState::Paused && !self.seen.can_pause {
            return Err(Obstacle::permanent(
                "UnsupportedServerVersion",
                "log backup can be paused from OceanBase V4.1 on; choose Running or Stopped",
            ));
        }
        let mandatory = |dest: &ArchiveDest| dest.binding.eq_ignore_ascii_case("MANDATORY");
        if spec.desired_state == DesiredState::Paused
            && tenant.log_dest.as_ref().is_some_and(mandatory)
        {
            return Err(Obstacle::permanent(
                "BindingMandatory",
                "LOG_ARCHIVE_DEST has BINDING=Mandatory: the database would stop writing while \
                 log backup is paused. Choose Running or Stopped",
            ));
        }
        Ok(tenant)
    }

    fn blocked(mut self, tenant: Option<&Tenant>, obstacle: Obstacle) -> Verdict {
        // Its cause takes the place of the failure's; what failed may go well after it.
        self.forget_failures();
        self.render(tenant, &State::Blocked(obstacle), None, Next::Await)
    }

    fn forget_failures(&mut self) {
        self.status.failures = None;
        self.status.last_failure_time = None;
    }

    /// On the way to the wanted state. While a statement that failed is tried again it stays
    /// failed: each time it would be written and told anew otherwise.
    fn under_way(&self, archive: Archive) -> State {
        if self.status.failures.is_some() {
            State::Failed(archive)
        } else {
            State::Moving(archive)
        }
    }

    /// Looks at the tenant and takes the next step.
    fn look(self, tenant: &Tenant) -> Verdict {
        let archive = archive(tenant);
        let elsewhere = match &self.destination() {
            DestinationSeen::Elsewhere(place) => Some(place.clone()),
            _ => None,
        };
        if let Some(place) = elsewhere {
            let obstacle = Obstacle::permanent(
                "DestinationInUse",
                format!(
                    "the tenant's logs go to '{place}' already, set by someone else; it is left \
                     as it is. Stop that log backup first, or delete this object"
                ),
            );
            return self.blocked(Some(tenant), obstacle);
        }
        if let Some(until) = self.paused_until() {
            return self.render(Some(tenant), &State::Failed(archive), None, Next::At(until));
        }
        let is_applied = self.status.applied_generation == Some(self.object.generation);
        // Once applied nothing is sent, so that it does not matter whose statement it was: a
        // backup of the tenant does not put its log backup in question.
        if !is_applied && !self.is_settled() {
            let state = self.under_way(archive);
            return self.render(Some(tenant), &state, None, Next::Await);
        }
        let Some(step) = self.step(tenant, &archive) else {
            return self.reached(tenant, archive);
        };
        if is_applied {
            let next = self.checkpoint_due(tenant);
            return self.render(Some(tenant), &State::Drifted(archive), None, next);
        }
        let effect = match step {
            Step::Wait => None,
            Step::Send(effect) => {
                if let Some(obstacle) = ineligible(tenant) {
                    return self.blocked(Some(tenant), obstacle);
                }
                Some(effect)
            }
        };
        let state = self.under_way(archive);
        self.render(Some(tenant), &state, effect, STEP_PATIENCE)
    }

    fn reached(mut self, tenant: &Tenant, archive: Archive) -> Verdict {
        self.status.applied_generation = Some(self.object.generation);
        self.forget_failures();
        let state = State::Reached(archive);
        let next = self.checkpoint_due(tenant);
        self.render(Some(tenant), &state, None, next)
    }

    /// Takes in what became of this pass's statement.
    fn hear(mut self, tenant: &Tenant, answer: &Answer) -> Verdict {
        let archive = archive(tenant);
        match answer {
            Answer::Done | Answer::AlreadySent => {
                self.forget_failures();
                // Also where nothing will change, as after an answer that it is so already.
                self.render(Some(tenant), &State::Moving(archive), None, STEP_PATIENCE)
            }
            Answer::Refused(failure) => {
                self.note_failure(failure);
                let next = self.paused_until().map_or(Next::Await, Next::At);
                self.render(Some(tenant), &State::Failed(archive), None, next)
            }
            // Sent again after a look: these statements are idempotent.
            Answer::Unknown(_) | Answer::NotSent(_) | Answer::Withheld(_) => {
                let next = Next::After(Duration::from_secs(5));
                let state = self.under_way(archive);
                self.render(Some(tenant), &state, None, next)
            }
        }
    }

    fn note_failure(&mut self, failure: &Failure) {
        self.status.cause = Some(Cause::from(failure));
        let failures = self.status.failures.unwrap_or(0).saturating_add(1);
        // What only a person can mend is tried rarely.
        let least = if failure.class == FailureClass::Permanent {
            5
        } else {
            1
        };
        self.status.failures = Some(failures.max(least));
        self.status.last_failure_time = Some(time(self.now));
    }

    /// Until when nothing is sent, because the last statement failed.
    fn paused_until(&self) -> Option<Timestamp> {
        let failed_at = self.status.last_failure_time.as_ref()?.0;
        let doublings = u32::try_from(self.status.failures.unwrap_or(1).clamp(1, 7)).ok()? - 1;
        let (shortest, longest) = PAUSES;
        let pause = shortest.saturating_mul(1 << doublings).min(longest);
        let until = failed_at.saturating_add(pause).ok()?;
        // A failure in the future was written by another clock.
        (failed_at <= self.now && self.now < until).then_some(until)
    }

    fn destination(&self) -> &'a DestinationSeen {
        match &self.seen.database {
            Ok(seen) => &seen.destination,
            Err(_) => &DestinationSeen::Unset,
        }
    }

    fn is_settled(&self) -> bool {
        self.seen.database.as_ref().is_ok_and(|seen| seen.settled)
    }

    /// When the checkpoint is to be written again.
    fn checkpoint_due(&self, tenant: &Tenant) -> Next {
        let runs = tenant
            .round
            .as_ref()
            .is_some_and(|round| round.status == RoundStatus::Doing);
        let interval = self.seen.checkpoint_interval.unsigned_abs();
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
    ) -> Verdict {
        let before = self.object.status;
        let status = status::render(&self, tenant, state);
        let event = status::event(before, &status, self.object.spec);
        Decision {
            status,
            effect,
            next,
            event,
        }
    }
}

/// What the database does with the tenant's logs.
#[must_use]
pub fn archive(tenant: &Tenant) -> Archive {
    match &tenant.round {
        None
        | Some(Round {
            status: RoundStatus::Stop,
            ..
        }) => Archive::Stopped,
        Some(round) => Archive::Round(round.status.clone()),
    }
}
