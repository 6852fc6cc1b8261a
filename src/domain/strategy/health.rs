//! Health of the backups of a strategy's tenants: the newest run of each, missed slots, log
//! backups.

use std::collections::{BTreeMap, BTreeSet};

use super::index::Index;
use super::pending_objects::UPDATE_FAILED;
use super::{MatchedTenants, ObservedLogBackup, ObservedTask, selects};
use crate::api::condition::types::{BACKUP_HEALTHY, LOG_BACKUP_HEALTHY};
use crate::api::strategy::{
    FailingTenant, PendingObject, SlotRecord, StrategyLogBackupMode, TenantSelection,
};
use crate::api::{BackupStrategyStatus, DesiredState};
use crate::domain::condition::{DesiredCondition, Status, desired_condition};
use crate::domain::log_backup::{may_be_paused, resuming};
use crate::oceanbase::model::{RoundStatus, Tenant};

/// Reasons why a tenant cannot be backed up, whatever the result of its last backup.
const LASTING: [&str; 7] = [
    "DestinationInUse",
    "TenantLocked",
    "TenantNotAllowed",
    "TenantNotFound",
    "TenantNotNormal",
    "TenantNotPrimary",
    "UnsafeTenantName",
];

/// Message of a strategy without tenants to back up.
pub(super) const NO_TENANTS: &str =
    "this strategy has no tenant to back up now: see `status.tenants`";

/// Task of each tenant that ended last, or that should have started by now, by tenant name.
pub(super) type LastRuns<'a> = BTreeMap<&'a str, &'a ObservedTask>;

/// Returns the newest ended task of each tenant. A late task takes precedence over any later
/// success.
pub(super) fn last_runs<'a>(
    tasks: impl Iterator<Item = &'a ObservedTask>,
    late: &BTreeSet<&str>,
) -> LastRuns<'a> {
    let mut last = LastRuns::new();
    let is_late = |task: &ObservedTask| late.contains(task.name.as_str());
    let rank = |task: &'a ObservedTask| (is_late(task), task.completed_at, task.name.as_str());
    // Backups that other tools or users start and break do not count for the strategy.
    let own = tasks.filter(|task| !task.external);
    let ended = own.filter(|task| task.completed_at.is_some() || is_late(task));
    // A canceled task says nothing about the next one.
    for task in ended.filter(|task| task.outcome.as_deref() != Some("Canceled")) {
        let newest = last.entry(task.tenant_name.as_str()).or_insert(task);
        if rank(newest) < rank(task) {
            *newest = task;
        }
    }
    last
}

/// Returns the tasks of tenants that still belong to the strategy, not of earlier tenants of that
/// name.
pub(super) fn of_eligible<'a>(
    tasks: impl Iterator<Item = &'a ObservedTask>,
    matched: &'a MatchedTenants,
) -> impl Iterator<Item = &'a ObservedTask> {
    let eligible = matched.eligible.iter();
    let eligible: BTreeMap<&str, &Tenant> = eligible
        .map(|tenant| (tenant.name.as_str(), &**tenant))
        .collect();
    tasks.filter(move |task| {
        let tenant = eligible.get(task.tenant_name.as_str());
        tenant.is_some_and(|tenant| task.is_of(tenant))
    })
}

/// Returns whether a last run is unusable. A run that has not ended is late.
pub(super) fn has_failed(task: &ObservedTask) -> bool {
    matches!(task.outcome.as_deref(), None | Some("Failed" | "Overdue"))
}

/// Returns tenants whose log backup or last data backup has a problem.
pub(super) fn troubles(
    index: &Index<'_>,
    matched: &MatchedTenants,
    last: &LastRuns<'_>,
    mode: StrategyLogBackupMode,
) -> Vec<FailingTenant> {
    let of = |tenant: &Tenant| {
        unarchived(index, tenant, mode).or_else(|| {
            let task = last.get(tenant.name.as_str());
            let task = task.filter(|task| has_failed(task))?;
            let (reason, message) = why(task);
            Some(FailingTenant {
                name: tenant.name.clone(),
                reason: reason.to_owned(),
                message: format!("BackupTask '{}': {message}", task.name),
            })
        })
    };
    matched
        .eligible
        .iter()
        .filter_map(|tenant| of(tenant))
        .collect()
}

/// Returns tenants whose log backup cannot be edited: it continues unchanged.
pub(super) fn unedited(
    index: &Index<'_>,
    matched: &MatchedTenants,
    unmade: &[PendingObject],
) -> Vec<FailingTenant> {
    let failed = unmade
        .iter()
        .filter(|pending| pending.reason == UPDATE_FAILED);
    let failed: BTreeMap<&str, &PendingObject> = failed
        .map(|pending| (pending.name.as_str(), pending))
        .collect();
    let eligible = matched.eligible.iter();
    eligible
        .filter_map(|tenant| {
            let log_backup = index.log_backup_of(tenant)?;
            let pending = failed.get(log_backup.name.as_str())?;
            Some(FailingTenant {
                name: tenant.name.clone(),
                reason: pending.reason.clone(),
                message: pending.message.clone(),
            })
        })
        .collect()
}

/// Returns the phase of a tenant's log backup. Between two data backups it is stopped, and healthy.
fn phase_of<'a>(
    index: &Index<'a>,
    tenant: &Tenant,
    mode: StrategyLogBackupMode,
) -> Option<&'a str> {
    match index.log_backup_of(tenant) {
        Some(log_backup)
            if log_backup.around_data_backup && log_backup.phase.as_deref() == Some("Stopped") =>
        {
            Some("InProgress")
        }
        Some(log_backup) => log_backup.phase.as_deref(),
        None if mode == StrategyLogBackupMode::Unmanaged => Some(unmanaged_phase(tenant)),
        None => None,
    }
}

/// Returns why a tenant's logs are not archived and will not be without action, and what to do.
fn unarchived(
    index: &Index<'_>,
    tenant: &Tenant,
    mode: StrategyLogBackupMode,
) -> Option<FailingTenant> {
    let phase = phase_of(index, tenant, mode)?;
    if !matches!(phase, "Interrupted" | "Failed" | "Stopped" | "Paused") {
        return None;
    }
    let log_backup = index.log_backup_of(tenant);
    let cause = log_backup.and_then(|log_backup| log_backup.cause.as_ref());
    let is_held = matches!(phase, "Stopped" | "Paused");
    let of = format!("log backup of tenant {}", tenant.name);
    let message = match log_backup {
        None => format!(
            "{of}, which `logBackup.mode: Unmanaged` leaves to another tool, is {phase}: data \
             backups wait until it runs"
        ),
        Some(log_backup) if is_held && log_backup.desired_state != DesiredState::Running => {
            format!(
                "{of} is {phase}, as LogBackup '{}' requires: set its `spec.state` to Running to \
             resume archiving",
                log_backup.name
            )
        }
        Some(log_backup) if is_held => format!(
            "{of} is {phase}, although LogBackup '{}' requires Running: another tool changed it in \
             the database. {}, or set its `driftPolicy` to Enforce",
            log_backup.name,
            going_on(log_backup, phase)
        ),
        Some(log_backup) => match cause {
            Some(cause) => format!(
                "{of} is {phase} (LogBackup '{}'): {}",
                log_backup.name, cause.message
            ),
            None => format!("{of} is {phase}; see LogBackup '{}'", log_backup.name),
        },
    };
    let reason = match cause {
        Some(cause) if !is_held => cause.reason.clone(),
        _ => format!("LogBackup{phase}"),
    };
    Some(FailingTenant {
        name: tenant.name.clone(),
        reason,
        message,
    })
}

/// Returns how to resume a log backup that was paused or stopped in the database. A paused round
/// resumes without a gap; stopping it would create one.
fn going_on(log_backup: &ObservedLogBackup, phase: &str) -> String {
    let settings = &log_backup.settings;
    if phase == "Paused" && !may_be_paused(settings.mode.into(), settings.binding) {
        return format!("To resume it, {}", resuming(&log_backup.tenant_name));
    }
    format!("To resume it, set its `spec.state` to {phase} and then to Running")
}

/// Returns why a last run failed.
pub(super) fn why(task: &ObservedTask) -> (&str, &str) {
    let unknown = match &task.outcome {
        Some(_) => ("BackupFailed", ""),
        None => (
            "BackupNotStarted",
            "the backup has not started in time and still waits: its conditions show the cause",
        ),
    };
    let cause = task.cause.as_ref();
    cause.map_or(unknown, |cause| (&cause.reason, &cause.message))
}

pub(super) fn backup_healthy(
    failing: &[FailingTenant],
    last: &LastRuns<'_>,
    history: &[SlotRecord],
) -> DesiredCondition {
    if let Some(tenant) = failing.first() {
        let message = format!(
            "tenant {} cannot be backed up: {}",
            tenant.name, tenant.message
        );
        return desired_condition(BACKUP_HEALTHY, false, &tenant.reason, message);
    }
    judged(last, history)
}

/// Returns tenants that could not be backed up when the database was last readable: nothing newer
/// is known. Problems of log backups and tasks are not included, as they are evaluated again.
pub(super) fn known_failing(
    status: &BackupStrategyStatus,
    tenants: Option<&TenantSelection>,
) -> Vec<FailingTenant> {
    let failing = status.tenants.iter().flat_map(|tenants| &tenants.failing);
    failing
        .filter(|tenant| LASTING.contains(&&*tenant.reason))
        .filter(|tenant| selects(tenants, &tenant.name))
        .cloned()
        .collect()
}

/// Evaluates the last backups, and whether the last slot was missed.
fn judged(last: &LastRuns<'_>, history: &[SlotRecord]) -> DesiredCondition {
    if let Some(task) = last.values().find(|task| has_failed(task)) {
        let (reason, why) = why(task);
        let message = format!(
            "the last backup of tenant {} did not succeed (BackupTask '{}'): {why}",
            task.tenant_name, task.name
        );
        return desired_condition(BACKUP_HEALTHY, false, reason, message);
    }
    // Skipped slots were skipped on purpose.
    let mut kept = history.iter().filter(|record| record.outcome != "Skipped");
    if let Some(missed) = kept.next().filter(|record| record.outcome == "Missed") {
        let message = format!(
            "the operator could not start the slot at {} in time ({}). Start a backup manually \
             with a BackupTask, or wait for the next slot",
            missed.scheduled_time.0,
            missed.reason.as_deref().unwrap_or_default()
        );
        return desired_condition(BACKUP_HEALTHY, false, "BackupMissed", message);
    }
    if last.is_empty() {
        return desired_condition(
            BACKUP_HEALTHY,
            Status::Unknown,
            "NoBackupYet",
            "no backup has ended yet",
        );
    }
    desired_condition(
        BACKUP_HEALTHY,
        true,
        "LastBackupsSucceeded",
        "the last backup of each tenant succeeded",
    )
}

pub(super) fn log_backup_healthy(
    index: &Index<'_>,
    matched: &MatchedTenants,
    failing: &[FailingTenant],
    mode: StrategyLogBackupMode,
) -> DesiredCondition {
    let is_lacking = |tenant: &&FailingTenant| {
        let mut eligible = matched.eligible.iter();
        let eligible = eligible.find(|eligible| eligible.name == tenant.name);
        eligible.is_some_and(|tenant| index.log_backup_of(tenant).is_none())
    };
    if let Some(tenant) = failing.iter().find(is_lacking) {
        let message = format!(
            "tenant {} has no log backup: {}",
            tenant.name, tenant.message
        );
        return desired_condition(LOG_BACKUP_HEALTHY, false, &tenant.reason, message);
    }
    let phase_of = |tenant: &Tenant| phase_of(index, tenant, mode);
    let mut eligible = matched.eligible.iter();
    let bad =
        eligible.find_map(|tenant| Some((unarchived(index, tenant, mode)?, phase_of(tenant)?)));
    if let Some((tenant, phase)) = bad {
        let reason = format!("LogBackup{phase}");
        return desired_condition(LOG_BACKUP_HEALTHY, false, &reason, tenant.message);
    }
    if matched.eligible.is_empty() {
        return desired_condition(LOG_BACKUP_HEALTHY, Status::Unknown, "NoTenants", NO_TENANTS);
    }
    let mut running = matched.eligible.iter();
    if running.all(|tenant| phase_of(tenant) == Some("InProgress")) {
        return desired_condition(
            LOG_BACKUP_HEALTHY,
            true,
            "Archiving",
            "log backup of each tenant is running",
        );
    }
    desired_condition(
        LOG_BACKUP_HEALTHY,
        Status::Unknown,
        "Starting",
        "log backup is starting",
    )
}

/// Returns the log backup phase of a tenant that has no LogBackup, from its archive round.
fn unmanaged_phase(tenant: &Tenant) -> &'static str {
    match tenant.round.as_ref().map(|round| &round.status) {
        Some(RoundStatus::Doing | RoundStatus::Unknown(_)) => "InProgress",
        Some(RoundStatus::Prepare | RoundStatus::Beginning) => "Starting",
        Some(RoundStatus::Suspending | RoundStatus::Suspend) => "Paused",
        Some(RoundStatus::Interrupted) => "Interrupted",
        Some(RoundStatus::Stopping | RoundStatus::Stop) | None => "Stopped",
    }
}
