//! The next step from what the database does to what is wanted.

use super::{Archive, Draft, Effect};
use crate::api::DesiredState;
use crate::domain::DestinationSeen;
use crate::oceanbase::model::{RoundStatus, Tenant, TenantName};

/// The next step.
pub(super) enum Step {
    /// The database is at it.
    Wait,
    /// A statement is due.
    Send(Effect),
}

impl Draft<'_> {
    /// What is to be done to reach the wanted state; `None` when it is reached.
    pub(super) fn step(&self, tenant: &Tenant, archive: &Archive) -> Option<Step> {
        use Archive::{Round, Stopped};
        let name = TenantName::parse(&self.object.spec.tenant_name)?;
        let dest = tenant.log_dest.as_ref();
        let enabled = dest.is_none_or(|dest| dest.enabled);
        match (self.desired, archive) {
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
            // A word that this operator does not know is a running state. An interrupted round
            // never heals by itself, and ending it leaves a hole: a person decides.
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
                Some(true) if *self.destination() == DestinationSeen::Ours => {
                    Some(Step::Send(Effect::Stop(name)))
                }
                _ => None,
            },
            (DesiredState::Running | DesiredState::Paused, Round(_))
            | (DesiredState::Stopped, Round(RoundStatus::Stopping)) => Some(Step::Wait),
            (DesiredState::Stopped, Round(_)) => Some(Step::Send(Effect::Stop(name))),
        }
    }
}
