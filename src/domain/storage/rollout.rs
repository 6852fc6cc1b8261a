//! Rollout of a storage's keys or limits to the tenants that use it.

use crate::api::Cause;
use crate::domain::condition::{DesiredCondition, Status, desired_condition};

/// Log backup whose tenant does not have the new values, and the cause if there is one.
pub(super) type Pending<'a> = (&'a str, Option<&'a Cause>);

/// Returns the condition of a rollout. It names a pending log backup and its cause, and prefers one
/// with a cause: without one, the change is only a matter of time. If no log backup is pending, the
/// status, reason and message are those in `otherwise`.
pub(super) fn condition(
    condition_type: &'static str,
    pending: &[Pending<'_>],
    applying: &str,
    otherwise: (Status, &str, &str),
) -> DesiredCondition {
    let blocked = pending
        .iter()
        .find_map(|(name, cause)| Some((name, (*cause)?)));
    let (status, reason, message) = if let Some((name, cause)) = blocked {
        let message = format!("log backup {name}: {}", cause.message);
        (Status::False, cause.reason.as_str(), message)
    } else if let Some((name, _)) = pending.first() {
        let message = format!("log backup {name}: {applying}");
        (Status::False, "Applying", message)
    } else {
        let (status, reason, message) = otherwise;
        (status, reason, message.to_owned())
    };
    desired_condition(condition_type, status, reason, message)
}
