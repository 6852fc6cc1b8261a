//! The point of a recovery.

use crate::api::recovery_task::{Until, UntilType};
use crate::domain::Blocker;
use crate::domain::recovery_windows::Recoverable;
use crate::oceanbase::model::Scn;

/// Requested point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RequestedPoint {
    At(Scn),
    Latest,
}

/// Parses the requested point. An instant is exact: SCNs are nanoseconds since 1970.
pub(super) fn asked(until: &Until) -> Result<RequestedPoint, Blocker> {
    let missing = || invalid("`until` lacks the field for its type");
    match until.type_ {
        UntilType::Latest => Ok(RequestedPoint::Latest),
        UntilType::Scn => {
            let text = until.scn.as_deref().ok_or_else(missing)?;
            let scn = text.parse().ok().filter(|scn| *scn < UNLIMITED);
            let scn = scn.ok_or_else(|| invalid(&format!("`until.scn` {text} is not an SCN")))?;
            Ok(RequestedPoint::At(Scn(scn)))
        }
        UntilType::Time => {
            let text = until.time.as_deref().ok_or_else(missing)?;
            let scn = Scn::from_rfc3339(text);
            let scn = scn.map_err(|error| invalid(&format!("`until.time` {text}: {error}")))?;
            Ok(RequestedPoint::At(scn))
        }
    }
}

/// First SCN that represents no instant (V4 reference 6.1).
const UNLIMITED: u64 = 4_611_686_018_427_387_903;

/// Returns whether the requested point can be recovered.
#[must_use]
pub fn reaches(until: &Until, recoverable: &Recoverable) -> bool {
    let spans = recoverable.spans();
    match asked(until) {
        Ok(RequestedPoint::At(scn)) => spans.iter().any(|span| span.contains(scn)),
        Ok(RequestedPoint::Latest) => !spans.is_empty(),
        Err(_) => false,
    }
}

/// Returns the latest point that can be recovered.
pub(super) fn latest(recoverable: &Recoverable) -> Option<Scn> {
    let spans = recoverable.spans();
    spans.last().map(|span| span.end_scn)
}

fn invalid(message: &str) -> Blocker {
    Blocker::permanent(
        "InvalidUntil",
        format!("{message}; create a new RecoveryTask"),
    )
}
