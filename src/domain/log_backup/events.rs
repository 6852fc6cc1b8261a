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
            format!("log backup of tenant {tenant} was resumed"),
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
        Effect::SetDestination(tenant) => {
            (tenant, "LOG_ARCHIVE_DEST was cleared; the operator sets it")
        }
        Effect::SetAttributes(tenant) => (
            tenant,
            "archiving was stopped and attributes of LOG_ARCHIVE_DEST were changed; the operator \
             sets them",
        ),
        Effect::SetEnabled(tenant, true) => (
            tenant,
            "LOG_ARCHIVE_DEST was deferred; the operator enables it",
        ),
        Effect::SetEnabled(tenant, false) => (
            tenant,
            "LOG_ARCHIVE_DEST was enabled; the operator defers it",
        ),
        Effect::SetLagTarget(tenant, _) => (
            tenant,
            "archive_lag_target was changed; the operator sets it",
        ),
        Effect::Leave { tenant, .. } | Effect::Switch { tenant, .. } => {
            (tenant, "its destination was changed; the operator sets it")
        }
        Effect::Rotate { tenant, .. } => (
            tenant,
            "the storage's keys were changed; the operator sets them",
        ),
        Effect::Limit { tenant, .. } => (
            tenant,
            "the storage's limits were changed; the operator sets them",
        ),
        Effect::Start(tenant) => (tenant, "log archiving was stopped; the operator starts it"),
        Effect::Stop(tenant) => (tenant, "log archiving was started; the operator stops it"),
    };
    Event {
        warning: true,
        reason: "DriftCorrected",
        message: format!(
            "another tool changed log backup of tenant {tenant} in the database: {what} again, as \
             `driftPolicy: Enforce` specifies"
        ),
    }
}

/// Returns the event for an interrupted round that is ended and followed by a new one.
pub(super) fn healing(tenant: &str, round: &Round) -> Event {
    Event {
        warning: true,
        reason: "LogBackupRestarting",
        message: format!(
            "log backup of tenant {tenant} was interrupted ({}): the operator ends round {} and \
             starts a new one, as `interruption` specifies. Recovery to a time in between is not possible",
            round.comment, round.id
        ),
    }
}
