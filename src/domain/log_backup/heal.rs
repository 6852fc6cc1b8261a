//! Healing of an interrupted round. Such a round never continues by itself (V4: log archiving). The
//! operator ends it and starts a new one. Points in between cannot be recovered.
//!
//! The status records each heal before its first statement is sent. After a restart the heal
//! continues, and the number of heals stays within the limit.

use jiff::{SignedDuration, Timestamp};

use super::storage_migration::wants_full_backup;
use super::{Archive, Evaluation, events};
use crate::api::log_backup::{Heal, Interruption, InterruptionPolicy};
use crate::api::{DesiredState, LogBackupStatus};
use crate::domain::tenant::ineligible;
use crate::domain::{Next, shortened, time};
use crate::oceanbase::model::{Round, RoundStatus, Tenant};

/// Number of recorded interruptions.
const MAX_INTERRUPTIONS: usize = 10;
/// Number of recorded heals: the maximum per day.
const MAX_HEALS: usize = 24;
/// Time for which a heal counts.
const DAY: SignedDuration = SignedDuration::from_hours(24);
/// Longest message of a list entry that the schema accepts, in bytes.
const MESSAGE_LIMIT: usize = 1024;
const RESTARTING: &str = "Restarting";

/// What a user does about an interrupted round.
const BY_HAND: &str = "set `spec.state` to Stopped, wait, set it to Running, then create a full \
                       backup";

/// Returns the active heal.
pub(super) fn open(status: &LogBackupStatus) -> Option<&Heal> {
    status
        .heals
        .first()
        .filter(|heal| heal.outcome == RESTARTING)
}

/// Why an interrupted round is not healed now.
enum HealBlocker {
    /// The spec does not request it.
    Policy,
    /// The maximum number of heals is reached; the next one is possible at this instant.
    Exhausted(Timestamp),
    /// Not before this instant.
    Blackout(Timestamp),
    /// The tenant's state does not allow it.
    Tenant(String),
    /// The tenant is being read.
    Unsettled,
}

impl Evaluation<'_> {
    /// Records an interruption and the result of the active heal, and starts a heal if due.
    pub(super) fn heal(&mut self, tenant: &Tenant) {
        self.record_full_backup(tenant);
        let Some(round) = &tenant.round else {
            return;
        };
        self.record_interruption(round);
        self.close_heal(round);
        if self.desired == DesiredState::Running
            && round.status == RoundStatus::Interrupted
            && open(&self.status).is_none()
            && self.remaining_blocker(tenant).is_none()
        {
            self.status.heals.insert(
                0,
                Heal {
                    time: time(self.now),
                    round_id: round.id,
                    outcome: RESTARTING.to_owned(),
                },
            );
            self.status.heals.truncate(MAX_HEALS);
            self.event = Some(events::healing(&self.object.spec.tenant_name, round));
        }
    }

    fn record_interruption(&mut self, round: &Round) {
        let known = &mut self.status.interruptions;
        if round.status != RoundStatus::Interrupted
            || known.first().is_some_and(|last| last.round_id == round.id)
        {
            return;
        }
        known.insert(
            0,
            Interruption {
                time: time(self.now),
                round_id: round.id,
                message: shortened(round.comment.clone(), MESSAGE_LIMIT),
            },
        );
        known.truncate(MAX_INTERRUPTIONS);
    }

    fn close_heal(&mut self, round: &Round) {
        let Some(heal) = open(&self.status) else {
            return;
        };
        let outcome = match &round.status {
            _ if self.desired != DesiredState::Running => "Abandoned",
            RoundStatus::Doing if round.id > heal.round_id => "Healed",
            RoundStatus::Interrupted if round.id > heal.round_id => "InterruptedAgain",
            _ => return,
        };
        let is_full_wanted =
            self.object.spec.interruption.policy == InterruptionPolicy::RestartAndFullBackup;
        if outcome == "Healed" && is_full_wanted {
            self.status.full_backup_wanted_since = Some(time(self.now));
        }
        if let Some(heal) = self.status.heals.first_mut() {
            outcome.clone_into(&mut heal.outcome);
        }
    }

    /// Clears the request for a full backup, if the logs of the round continue from a full backup.
    /// Also clears it if the spec no longer requests a full backup.
    fn record_full_backup(&mut self, tenant: &Tenant) {
        let start = tenant.round.as_ref().map(|round| round.start_scn);
        let is_created = tenant.sets.iter().any(|set| {
            set.full
                && set.success
                && set.available
                && start.is_some_and(|start| set.start_replay_scn >= start)
        });
        let is_asked = self.object.spec.interruption.policy
            == InterruptionPolicy::RestartAndFullBackup
            || wants_full_backup(&self.status);
        if is_created || !is_asked {
            self.status.full_backup_wanted_since = None;
        }
    }

    fn remaining_blocker(&self, tenant: &Tenant) -> Option<HealBlocker> {
        if self.object.spec.interruption.policy == InterruptionPolicy::Report {
            return Some(HealBlocker::Policy);
        }
        if let Some(blocker) = ineligible(tenant) {
            return Some(HealBlocker::Tenant(blocker.message));
        }
        if let Some(until) = self.exhausted_until() {
            return Some(HealBlocker::Exhausted(until));
        }
        if let Some(at) = self.observed.may_heal_at.filter(|at| *at > self.now) {
            return Some(HealBlocker::Blackout(at));
        }
        (!self.is_settled()).then_some(HealBlocker::Unsettled)
    }

    /// Returns until when no further heal is allowed. A heal in the future was written with another
    /// clock and still counts: otherwise heals could exceed the limit.
    fn exhausted_until(&self) -> Option<Timestamp> {
        let allowed =
            usize::try_from(self.object.spec.interruption.max_restarts_per_day.max(1)).unwrap_or(1);
        let counts = |heal: &&Heal| heal.time.0.duration_until(self.now) < DAY;
        let recent = self.status.heals.iter().filter(counts).count();
        if recent < allowed {
            return None;
        }
        // Newest first: when this heal is a day old, the count is below the limit.
        let decisive = self.status.heals.get(allowed - 1)?;
        decisive.time.0.saturating_add(DAY).ok()
    }

    /// Returns when an interrupted round can be healed that cannot be healed now.
    pub(super) fn heal_due(&self, tenant: &Tenant, archive: &Archive) -> Next {
        if *archive != Archive::Round(RoundStatus::Interrupted)
            || self.desired != DesiredState::Running
        {
            return Next::Await;
        }
        match self.remaining_blocker(tenant) {
            Some(HealBlocker::Exhausted(at) | HealBlocker::Blackout(at)) => Next::At(at),
            _ => Next::Await,
        }
    }

    /// Returns what the operator does, or a user must do, about an interrupted round.
    pub(super) fn remedy(&self, tenant: &Tenant) -> String {
        if open(&self.status).is_some() {
            return "The operator ends the round and starts a new one. Recovery to a time in \
                    between is not possible"
                .to_owned();
        }
        if self.desired != DesiredState::Running {
            return format!("Action is required: {BY_HAND}");
        }
        match self.remaining_blocker(tenant) {
            None | Some(HealBlocker::Unsettled) => "The operator will heal it shortly".to_owned(),
            Some(HealBlocker::Policy) => format!("Action is required: {BY_HAND}"),
            Some(HealBlocker::Tenant(why)) => format!("The operator cannot heal it now: {why}"),
            Some(HealBlocker::Blackout(at)) => {
                format!(
                    "The operator heals it when the blackout window ends, at {at}. To heal it now, \
                     {BY_HAND}"
                )
            }
            Some(HealBlocker::Exhausted(at)) => format!(
                "The limit `interruption.maxRestartsPerDay` is reached, and the operator does not heal it before \
                 {at}. Find out what interrupts it (throughput of the storage, a lost node), then \
                 {BY_HAND}"
            ),
        }
    }
}
