//! What is told when log backup's phase moves.

use crate::api::{LogBackupSpec, LogBackupStatus};
use crate::domain::Event;

pub(super) fn event(
    before: &LogBackupStatus,
    after: &LogBackupStatus,
    spec: &LogBackupSpec,
) -> Option<Event> {
    if before.phase == after.phase {
        return None;
    }
    let tenant = &spec.tenant_name;
    let why = || {
        after
            .cause
            .as_ref()
            .map(|cause| cause.message.clone())
            .unwrap_or_default()
    };
    let (warning, reason, message) = match after.phase.as_deref()? {
        "InProgress" if before.phase.as_deref() == Some("Paused") => (
            false,
            "LogBackupResumed",
            format!("log backup of tenant {tenant} goes on"),
        ),
        "InProgress" => (
            false,
            "LogBackupStarted",
            format!("logs of tenant {tenant} are archived"),
        ),
        "Paused" => (
            true,
            "LogBackupPaused",
            format!("log backup of tenant {tenant} is paused"),
        ),
        "Stopped" => (
            true,
            "LogBackupStopped",
            format!("log backup of tenant {tenant} stopped"),
        ),
        "Interrupted" => (
            true,
            "LogBackupInterrupted",
            format!("log backup of tenant {tenant} was interrupted and needs a new start"),
        ),
        "Failed" => (
            true,
            "LogBackupFailed",
            format!("log backup of tenant {tenant}: {}", why()),
        ),
        _ => return None,
    };
    Some(Event {
        warning,
        reason,
        message,
    })
}
