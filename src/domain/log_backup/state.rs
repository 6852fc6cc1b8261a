//! States of a log backup: archiving in the database, and the progress of the object.

use crate::domain::Blocker;
use crate::oceanbase::model::{Round, RoundStatus, Tenant};

/// State of a log backup; the status is rendered from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// A blocker prevents progress.
    Blocked(Blocker),
    /// The desired state is not reached yet; the database has this state.
    Changing(Archive),
    /// The desired state is reached.
    Reached(Archive),
    /// The desired state was reached, and an external change followed.
    Drifted(Archive),
    /// The desired state was reached and the round interrupted; it is being healed.
    Healing(Archive),
    /// The last statement failed.
    Failed(Archive),
    /// Reaching the desired state takes too long.
    Late(Archive),
}

/// State of archiving in the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Archive {
    /// No round exists, or the round has ended.
    Stopped,
    /// A round has this status.
    Round(RoundStatus),
}

/// Returns the state of archiving in the database.
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
