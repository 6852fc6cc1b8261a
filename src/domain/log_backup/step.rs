//! The next step from the current to the desired state.

use std::time::Duration;

use super::{Archive, Effect, Evaluation, heal};
use crate::api::{Binding, DesiredState, LogBackupSpec};
use crate::domain::ObservedDestination;
use crate::oceanbase::model::{RoundStatus, Tenant, TenantName};

/// Next step.
pub(super) enum Step {
    /// The database is performing the step.
    Wait,
    /// A statement is due.
    Send(Effect),
}

impl Evaluation<'_> {
    /// Returns the next step to the desired state; `None` if it is reached.
    pub(super) fn step(&self, tenant: &Tenant, archive: &Archive) -> Option<Step> {
        self.archive_step(tenant, archive)
            .or_else(|| self.lag_step(tenant, archive))
    }

    /// Sets the lag target, once logs are archived: the database rejects it without a destination.
    /// A target that was not read, of a tenant that has just started, does not count as different.
    fn lag_step(&self, tenant: &Tenant, archive: &Archive) -> Option<Step> {
        let runs = *archive == Archive::Round(RoundStatus::Doing);
        let is_ours = *self.destination() == ObservedDestination::Ours;
        let seconds = self.object.spec.archive_lag_target_seconds?;
        let is_unknown = tenant.lag_target.is_none() && !self.is_applied();
        let is_due = is_unknown || other_lag_target(tenant, self.object.spec).is_some();
        if self.desired != DesiredState::Running || !(runs && is_ours && is_due) {
            return None;
        }
        let name = TenantName::parse(&self.object.spec.tenant_name)?;
        Some(Step::Send(Effect::SetLagTarget(name, seconds)))
    }

    /// Returns the step that starts or ends archiving.
    fn archive_step(&self, tenant: &Tenant, archive: &Archive) -> Option<Step> {
        use Archive::{Round, Stopped};
        let name = TenantName::parse(&self.object.spec.tenant_name)?;
        let dest = tenant.log_dest.as_ref();
        let enabled = dest.is_none_or(|dest| dest.enabled);
        match (self.desired, archive) {
            (DesiredState::Running, Stopped)
                if *self.destination() == ObservedDestination::Unset =>
            {
                Some(Step::Send(Effect::SetDestination(name)))
            }
            // A correct destination is set again only for a change in the spec, and only while the
            // database accepts it. Otherwise an unmounted directory would be taken for an empty
            // one.
            (DesiredState::Running, Stopped)
                if self.object.status.applied_generation.is_some()
                    && tenant.archive_log != Some(true)
                    && has_other_attributes(tenant, self.object.spec) =>
            {
                Some(Step::Send(Effect::SetAttributes(name)))
            }
            (DesiredState::Running, _) if !enabled => {
                Some(Step::Send(Effect::SetEnabled(name, true)))
            }
            (DesiredState::Running, Stopped) => match tenant.archive_log {
                // The database accepted the statement and its round does not exist yet.
                Some(true) => Some(Step::Wait),
                _ => Some(Step::Send(Effect::Start(name))),
            },
            (DesiredState::Running, Round(RoundStatus::Interrupted))
                if heal::open(&self.status).is_some() =>
            {
                Some(stop(tenant, name))
            }
            // A status that this operator does not know counts as running. An interrupted round
            // never continues by itself, and ending it leaves a gap: only if the spec requests it.
            (
                DesiredState::Running,
                Round(RoundStatus::Doing | RoundStatus::Unknown(_) | RoundStatus::Interrupted),
            )
            | (
                DesiredState::Paused,
                Stopped | Round(RoundStatus::Suspend | RoundStatus::Interrupted),
            ) => None,
            (DesiredState::Paused, Round(_)) if enabled => {
                Some(Step::Send(Effect::SetEnabled(name, false)))
            }
            (DesiredState::Stopped, Stopped) => match tenant.archive_log {
                Some(true) if *self.destination() == ObservedDestination::Ours => {
                    Some(Step::Send(Effect::Stop(name)))
                }
                _ => None,
            },
            (DesiredState::Running | DesiredState::Paused, Round(_))
            | (DesiredState::Stopped, Round(RoundStatus::Stopping)) => Some(Step::Wait),
            (DesiredState::Stopped, Round(_)) => Some(stop(tenant, name)),
        }
    }
}

/// Returns the step that ends a round, unless the database is already ending it.
fn stop(tenant: &Tenant, name: TenantName) -> Step {
    match tenant.archive_log {
        // The database accepted the statement and the round has not ended yet.
        Some(false) => Step::Wait,
        _ => Step::Send(Effect::Stop(name)),
    }
}

/// Returns whether the destination was set with other attributes.
pub(super) fn has_other_attributes(tenant: &Tenant, spec: &LogBackupSpec) -> bool {
    let binding = match spec.binding {
        Binding::Optional => "OPTIONAL",
        Binding::Mandatory => "MANDATORY",
    };
    tenant.log_dest.as_ref().is_some_and(|dest| {
        let days = dest.piece_switch_interval.strip_suffix('d');
        let days = days.and_then(|days| days.parse::<i32>().ok());
        !dest.binding.eq_ignore_ascii_case(binding)
            || days.is_some_and(|days| days != spec.piece_switch_days)
    })
}

/// Returns the tenant's lag target if it differs from the spec.
pub(super) fn other_lag_target(tenant: &Tenant, spec: &LogBackupSpec) -> Option<Duration> {
    let wanted = u64::try_from(spec.archive_lag_target_seconds?).ok()?;
    let wanted = Duration::from_secs(wanted);
    tenant.lag_target.filter(|target| *target != wanted)
}
