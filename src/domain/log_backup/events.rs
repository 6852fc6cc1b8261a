//! Events of log backup: for phase changes, and for actions that no user has just requested.

use super::Effect;
use crate::api::condition::types::DELAY_WITHIN_TARGET;
use crate::api::log_backup::LogBackupMode;
use crate::api::{LogBackupSpec, LogBackupStatus};
use crate::domain::{Event, condition};
use crate::oceanbase::model::Round;

pub(super) fn of_phase(
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
        "Suspending" => (
            false,
            "LogBackupPausing",
            format!("log backup of tenant {tenant} is being paused"),
        ),
        "Stopping" => (
            false,
            "LogBackupStopping",
            format!("log backup of tenant {tenant} is being stopped"),
        ),
        "Paused" => (
            true,
            "LogBackupPaused",
            format!("log backup of tenant {tenant} is paused"),
        ),
        "Stopped" => (
            spec.mode != LogBackupMode::AroundDataBackup,
            "LogBackupStopped",
            format!("log backup of tenant {tenant} stopped"),
        ),
        "Interrupted" => (
            true,
            "LogBackupInterrupted",
            format!("log backup of tenant {tenant}: {}", why()),
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

/// Returns the event if log backup lags too far behind, or has caught up.
pub(super) fn of_delay(
    before: &LogBackupStatus,
    after: &LogBackupStatus,
    spec: &LogBackupSpec,
) -> Option<Event> {
    let acceptable = condition::turned(&before.conditions, &after.conditions, DELAY_WITHIN_TARGET)?;
    let (warning, reason) = match acceptable.status.as_str() {
        "False" => (true, "DelayExceeded"),
        "True" if before.phase == after.phase => (false, "DelayWithinTarget"),
        _ => return None,
    };
    Some(Event {
        warning,
        reason,
        message: format!("tenant {}: {}", spec.tenant_name, acceptable.message),
    })
}

pub(super) fn correcting(effect: &Effect) -> Event {
    let (tenant, what) = match effect {
        Effect::SetDestination(tenant) => (tenant, "LOG_ARCHIVE_DEST was cleared; it is set"),
        Effect::SetAttributes(tenant) => (
            tenant,
            "archiving was stopped and attributes of LOG_ARCHIVE_DEST were changed; they are set",
        ),
        Effect::SetEnabled(tenant, true) => {
            (tenant, "LOG_ARCHIVE_DEST was deferred; it is enabled")
        }
        Effect::SetEnabled(tenant, false) => {
            (tenant, "LOG_ARCHIVE_DEST was enabled; it is deferred")
        }
        Effect::SetLagTarget(tenant, _) => (tenant, "archive_lag_target was changed; it is set"),
        Effect::Leave { tenant, .. } | Effect::Switch { tenant, .. } => {
            (tenant, "its place was changed; it is set")
        }
        Effect::Rotate { tenant, .. } => (tenant, "the store's keys were changed; they are set"),
        Effect::Limit { tenant, .. } => (tenant, "the store's limits were changed; they are set"),
        Effect::Start(tenant) => (tenant, "log archiving was stopped; it is started"),
        Effect::Stop(tenant) => (tenant, "log archiving was started; it is stopped"),
    };
    Event {
        warning: true,
        reason: "DriftCorrected",
        message: format!(
            "another tool changed log backup of tenant {tenant} in the database: {what} again, as \
             `drift: Enforce` asks"
        ),
    }
}

/// Returns the event for an interrupted round that is ended and followed by a new one.
pub(super) fn healing(tenant: &str, round: &Round) -> Event {
    Event {
        warning: true,
        reason: "LogBackupRestarting",
        message: format!(
            "log backup of tenant {tenant} was interrupted ({}): round {} is ended and a new one \
             begun, as `heal` asks; what was written in between cannot be recovered to",
            round.comment, round.id
        ),
    }
}
