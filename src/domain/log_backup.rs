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

mod status;
#[cfg(test)]
mod tests;

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::backup::ineligible;
use super::{Decision, DestinationSeen, Next, Obstacle, TenantSeen, time};
use crate::api::{Cause, DesiredState, LogBackupSpec, LogBackupStatus};
use crate::oceanbase::model::{
    Answer, Failure, FailureClass, Round, RoundStatus, Tenant, TenantName,
};

/// The shortest and the longest pause after a statement that failed.
const PAUSES: (SignedDuration, SignedDuration) =
    (SignedDuration::from_secs(5), SignedDuration::from_mins(5));

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
    /// Whether the version knows LOG_ARCHIVE_DEST_STATE = DEFER.
    pub can_pause: bool,
    /// How long a written checkpoint may stand before it is written again.
    pub checkpoint_interval: SignedDuration,
}

/// Something to ask of the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Set the tenant's LOG_ARCHIVE_DEST.
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
    match draft.tenant() {
        Ok(tenant) => match heard {
            None => draft.look(tenant),
            Some((_, answer)) => draft.hear(tenant, answer),
        },
        Err(obstacle) => draft.render(None, &State::Blocked(obstacle), None, Next::Await),
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
        let database = self.seen.database.as_ref().map_err(|obstacle| Obstacle {
            permanent: false,
            ..obstacle.clone()
        })?;
        let spec = self.object.spec;
        let Some(tenant) = database.tenant.as_deref() else {
            return Err(Obstacle::waiting(
                "TenantNotFound",
                format!("the cluster has no tenant '{}'", spec.tenant_name),
            ));
        };
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
        Ok(tenant)
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
            return self.render(Some(tenant), &State::Blocked(obstacle), None, Next::Await);
        }
        if !self.is_settled() {
            return self.render(Some(tenant), &State::Moving(archive), None, Next::Await);
        }
        if let Some(until) = self.paused_until() {
            return self.render(Some(tenant), &State::Failed(archive), None, Next::At(until));
        }
        let Some(step) = self.step(tenant, &archive) else {
            return self.reached(tenant, archive);
        };
        if self.status.applied_generation == Some(self.object.generation) {
            return self.render(Some(tenant), &State::Drifted(archive), None, Next::Await);
        }
        match step {
            Step::Wait => {
                let next = Next::After(Duration::from_secs(60));
                self.render(Some(tenant), &State::Moving(archive), None, next)
            }
            Step::Send(effect) => {
                if let Some(obstacle) = ineligible(tenant) {
                    return self.render(Some(tenant), &State::Blocked(obstacle), None, Next::Await);
                }
                let next = Next::After(Duration::from_secs(60));
                self.render(Some(tenant), &State::Moving(archive), Some(effect), next)
            }
        }
    }

    /// What is to be done to reach the wanted state; `None` when it is reached.
    fn step(&self, tenant: &Tenant, archive: &Archive) -> Option<Step> {
        use Archive::{Round, Stopped};
        let name = TenantName::parse(&self.object.spec.tenant_name)?;
        let dest = tenant.log_dest.as_ref();
        let enabled = dest.is_none_or(|dest| dest.enabled);
        match (self.object.spec.desired_state, archive) {
            (DesiredState::Running, Stopped) if *self.destination() == DestinationSeen::Unset => {
                Some(Step::Send(Effect::SetDestination(name)))
            }
            (DesiredState::Running, _) if !enabled => {
                Some(Step::Send(Effect::SetEnabled(name, true)))
            }
            (DesiredState::Running, Stopped) => match tenant.archive_log {
                // The statement was taken and its round is not there yet.
                Some(true) => Some(Step::Wait),
                _ => Some(Step::Send(Effect::Start(name))),
            },
            (DesiredState::Running, Round(RoundStatus::Doing)) => None,
            // It never heals by itself, and ending the round leaves a hole: a person decides.
            (DesiredState::Running | DesiredState::Paused, Round(RoundStatus::Interrupted)) => None,
            (DesiredState::Running, Round(_)) => Some(Step::Wait),
            (DesiredState::Paused, Stopped | Round(RoundStatus::Suspend)) => None,
            (DesiredState::Paused, Round(_)) if enabled => {
                Some(Step::Send(Effect::SetEnabled(name, false)))
            }
            (DesiredState::Paused, Round(_)) => Some(Step::Wait),
            (DesiredState::Stopped, Stopped) => match tenant.archive_log {
                Some(true) if *self.destination() == DestinationSeen::Ours => {
                    Some(Step::Send(Effect::Stop(name)))
                }
                _ => None,
            },
            (DesiredState::Stopped, Round(RoundStatus::Stopping)) => Some(Step::Wait),
            (DesiredState::Stopped, Round(_)) => Some(Step::Send(Effect::Stop(name))),
        }
    }

    fn reached(mut self, tenant: &Tenant, archive: Archive) -> Verdict {
        self.status.applied_generation = Some(self.object.generation);
        self.status.cause = match (&archive, &tenant.round) {
            (Archive::Round(RoundStatus::Interrupted), Some(round)) => Some(interrupted(round)),
            _ => None,
        };
        self.status.failures = None;
        self.status.last_failure_time = None;
        let state = State::Reached(archive);
        let next = self.checkpoint_due(tenant);
        self.render(Some(tenant), &state, None, next)
    }

    /// Takes in what became of this pass's statement.
    fn hear(mut self, tenant: &Tenant, answer: &Answer) -> Verdict {
        let archive = archive(tenant);
        match answer {
            Answer::Done | Answer::AlreadySent => {
                self.status.cause = None;
                self.status.failures = None;
                self.status.last_failure_time = None;
                self.render(Some(tenant), &State::Moving(archive), None, Next::Await)
            }
            Answer::Refused(failure) => {
                self.note_failure(failure);
                let next = self.paused_until().map_or(Next::Await, Next::At);
                self.render(Some(tenant), &State::Failed(archive), None, next)
            }
            // Sent again after a look: these statements are idempotent.
            Answer::Unknown(_) | Answer::NotSent(_) | Answer::Withheld(_) => {
                let next = Next::After(Duration::from_secs(5));
                self.render(Some(tenant), &State::Moving(archive), None, next)
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
        (self.now < until).then_some(until)
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

fn interrupted(round: &Round) -> Cause {
    Cause {
        code: Some(-9027),
        reason: "LogArchiveInterrupted".to_owned(),
        message: format!("log archiving was interrupted: {}", round.comment),
    }
}

enum Step {
    Wait,
    Send(Effect),
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
