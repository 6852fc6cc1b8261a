//! States of a log backup: what the database does with a tenant's logs, and how far the object is.

use crate::domain::Blocker;
use crate::oceanbase::model::{Round, RoundStatus, Tenant};

/// Where log backup stands; the status is rendered from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Something stands in the way.
    Blocked(Blocker),
    /// On the way to the wanted state; the database is in this one.
    DestinationMove(Archive),
    /// The wanted state is reached.
    Reached(Archive),
    /// The wanted state was reached, and somebody else changed it.
    Drifted(Archive),
    /// The wanted state was reached and the round interrupted; it is being healed.
    Healing(Archive),
    /// The last statement failed.
    Failed(Archive),
    /// The way to the wanted state takes too long.
    Late(Archive),
}

/// What the database does with the tenant's logs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Archive {
    /// No round, or an ended one.
    Stopped,
    /// A round in this state.
    Round(RoundStatus),
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
