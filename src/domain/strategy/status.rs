//! How a strategy is shown.

use std::collections::{BTreeMap, BTreeSet};

use super::making::MESSAGE_LIMIT;
use super::retention::unknown;
use super::{Draft, Matched, Obstacle, Standing, TaskSeen, covers, log_backup_of};
use crate::api::BackupStrategyStatus;
use crate::api::condition::types::{BACKUP_HEALTHY, LOG_BACKUP_HEALTHY, SCHEDULING};
use crate::api::strategy::{FailingTenant, StrategyTenants};
use crate::domain::condition::{self, Progress, Status, Wanted, wanted};
use crate::domain::{Event, shortened, time};
use crate::oceanbase::model::Tenant;

/// How many tenants with trouble are listed.
const LISTED: usize = 20;
/// What is said of a strategy that has nothing to do.
const NO_TENANTS: &str = "no tenant is this strategy's to back up now: see `status.tenants`";

pub(super) fn render(draft: Draft<'_>, standing: &Standing<'_>) -> BackupStrategyStatus {
    let Draft {
        strategy,
        seen,
        mut status,
        now,
        retention,
        ..
    } = draft;
    status.observed_generation = Some(strategy.generation);
    let mut conditions = Vec::new();
    let suspended = strategy.spec.suspend;
    let (backup, log_backup) = match standing {
        Standing::Unchanged => return status,
        Standing::Blocked(obstacle) => {
            note_tasks(&mut status, &seen.tasks);
            conditions.extend(blocked(obstacle));
            let (reason, message) = (obstacle.reason, &obstacle.message);
            conditions.push(wanted(SCHEDULING, Status::Unknown, reason, message));
            // What was known before stands: a dead cluster says nothing about last night.
            (
                last_runs(&seen.tasks, |tenant| {
                    covers(strategy.name, &seen.rivals, tenant)
                }),
                wanted(LOG_BACKUP_HEALTHY, Status::Unknown, reason, message),
            )
        }
        Standing::Planned(matched, failing) => {
            note_tasks(&mut status, &seen.tasks);
            note_tenants(
                &mut status,
                matched,
                failing,
                &draft_troubles(seen, matched),
            );
            conditions.extend(planned(matched, failing, suspended));
            conditions.push(scheduling(matched, suspended));
            (
                backup_healthy(seen, matched, failing),
                log_backup_healthy(seen, matched),
            )
        }
    };
    let is_false = |condition: &Wanted| condition.status() == Status::False;
    let stalled = conditions
        .iter()
        .any(|c| c.kind() == "Stalled" && c.status() == Status::True);
    let abnormal = stalled || is_false(&backup) || is_false(&log_backup);
    conditions.extend([backup, log_backup]);
    conditions.extend(match (retention, standing) {
        (None, Standing::Blocked(obstacle)) => {
            Some(unknown(strategy.spec.retention.as_ref(), obstacle))
        }
        (found, _) => found,
    });
    status.conditions = condition::merge(
        &strategy.status.conditions,
        conditions,
        strategy.generation,
        now,
    );
    let started = status
        .schedule_history
        .iter()
        .any(|record| record.outcome == "Started")
        || status.last_success_time.is_some()
        || status.last_failure_time.is_some()
        || !seen.tasks.is_empty();
    let (phase, label) = match (suspended, abnormal, started) {
        (true, ..) => ("Paused", "Suspend Backup Scheduling Task"),
        (false, true, _) => ("Abnormal", "Scheduling Exception"),
        (false, false, false) => ("PendingBackupScheduling", "Pending Backup Scheduling"),
        (false, false, true) => ("InProgress", "In Progress"),
    };
    status.phase = Some(phase.to_owned());
    status.console_label = Some(label.to_owned());
    status
}

/// What is told when the phase moves.
pub(super) fn event(before: Option<&str>, after: &BackupStrategyStatus) -> Option<Event> {
    // The first phase is no move.
    let before = before?;
    let phase = after.phase.as_deref().filter(|phase| before != *phase)?;
    let (warning, reason) = match phase {
        "Abnormal" => (true, "StrategyAbnormal"),
        "Paused" => (false, "StrategyPaused"),
        "InProgress" => (false, "StrategyInProgress"),
        _ => (false, "StrategyPending"),
    };
    let why = |kind: &str, status: &str| {
        let known = after
            .conditions
            .iter()
            .find(|c| c.type_ == kind && c.status == status)?;
        Some(known.message.clone())
    };
    let message = match phase {
        "Abnormal" => why("Stalled", "True")
            .or_else(|| why(BACKUP_HEALTHY, "False"))
            .or_else(|| why(LOG_BACKUP_HEALTHY, "False")),
        _ => why(SCHEDULING, "True").or_else(|| why(SCHEDULING, "False")),
    };
    let message = message.unwrap_or_else(|| "the strategy has just been made".to_owned());
    Some(Event {
        warning,
        reason,
        message,
    })
}

fn blocked(obstacle: &Obstacle) -> [Wanted; 3] {
    let progress = if obstacle.permanent {
        Progress::Stalled
    } else {
        Progress::Reconciling
    };
    condition::progress(progress, obstacle.reason, &obstacle.message)
}

fn planned(matched: &Matched, failing: &[FailingTenant], suspended: bool) -> [Wanted; 3] {
    // Stalled only when every tenant is another strategy's.
    let lost = |tenant: &FailingTenant| tenant.reason == "TenantAlreadyManaged";
    if matched.eligible.is_empty() && !failing.is_empty() && failing.iter().all(lost) {
        return condition::progress(
            Progress::Stalled,
            "TenantAlreadyManaged",
            "another strategy is for every tenant that this one names",
        );
    }
    if suspended {
        return condition::progress(
            Progress::Ready,
            "Suspended",
            "the strategy is accepted; `suspend` is set",
        );
    }
    condition::progress(
        Progress::Ready,
        "Accepted",
        "the strategy is accepted and applied",
    )
}

fn note_tasks(status: &mut BackupStrategyStatus, tasks: &[TaskSeen]) {
    let ended = |good: bool| {
        tasks
            .iter()
            .filter(|task| match task.outcome.as_deref() {
                Some("Completed") => good,
                Some("Failed" | "Overdue") => !good,
                _ => false,
            })
            .filter_map(|task| task.completed_at)
            .max()
            .map(time)
    };
    // Tasks are deleted some day; what they told stays.
    status.last_success_time = status.last_success_time.take().max(ended(true));
    status.last_failure_time = status.last_failure_time.take().max(ended(false));
    let running = tasks.iter().filter(|task| task.outcome.is_none()).count();
    status.running_tasks = Some(count(running));
}

fn note_tenants(
    status: &mut BackupStrategyStatus,
    matched: &Matched,
    failing: &[FailingTenant],
    troubles: &[FailingTenant],
) {
    let mut all: BTreeMap<&str, &FailingTenant> = BTreeMap::new();
    for tenant in failing.iter().chain(troubles) {
        all.entry(&tenant.name).or_insert(tenant);
    }
    let total = matched.eligible.len() + matched.failing.len();
    let healthy = total.saturating_sub(all.len());
    let usable = total.saturating_sub(failing.len());
    let summary = status.summary.get_or_insert_default();
    summary.tenants = if usable == total {
        total.to_string()
    } else {
        format!("{usable}/{total}")
    };
    status.tenants = Some(StrategyTenants {
        matched: count(total),
        healthy: count(healthy),
        failing: all.into_values().take(LISTED).map(bounded).collect(),
        skipped: matched.skipped.clone(),
    });
}

fn bounded(tenant: &FailingTenant) -> FailingTenant {
    let message = shortened(tenant.message.clone(), MESSAGE_LIMIT);
    FailingTenant {
        message,
        ..tenant.clone()
    }
}

/// Tenants whose log backup or last data backup has trouble.
fn draft_troubles(seen: &super::Seen, matched: &Matched) -> Vec<FailingTenant> {
    let mut troubles = Vec::new();
    for tenant in &matched.eligible {
        let log_backup = log_backup_of(&seen.log_backups, tenant);
        if let Some(known) = log_backup
            && matches!(known.phase.as_deref(), Some("Interrupted" | "Failed"))
        {
            let cause = known.cause.as_ref();
            troubles.push(FailingTenant {
                name: tenant.name.clone(),
                reason: cause
                    .map_or("LogBackupFailed", |cause| &cause.reason)
                    .to_owned(),
                message: cause.map(|cause| cause.message.clone()).unwrap_or_default(),
            });
        } else if let Some(task) = last_run(&seen.tasks, &tenant.name)
            && matches!(task.outcome.as_deref(), Some("Failed" | "Overdue"))
        {
            let cause = task.cause.as_ref();
            troubles.push(FailingTenant {
                name: tenant.name.clone(),
                reason: cause
                    .map_or("BackupFailed", |cause| &cause.reason)
                    .to_owned(),
                message: format!(
                    "BackupTask '{}': {}",
                    task.name,
                    cause
                        .map(|cause| cause.message.as_str())
                        .unwrap_or_default()
                ),
            });
        }
    }
    troubles
}

/// The task of the tenant that ended last.
pub(super) fn last_run<'a>(tasks: &'a [TaskSeen], tenant: &str) -> Option<&'a TaskSeen> {
    let of_tenant = tasks.iter().filter(|task| task.tenant_name == tenant);
    // A canceled one says nothing about the next.
    of_tenant
        .filter(|task| task.completed_at.is_some())
        .filter(|task| task.outcome.as_deref() != Some("Canceled"))
        .max_by_key(|task| (task.completed_at, &task.name))
}

fn backup_healthy(seen: &super::Seen, matched: &Matched, failing: &[FailingTenant]) -> Wanted {
    if let Some(tenant) = failing.first() {
        let message = format!(
            "tenant {} can not be backed up: {}",
            tenant.name, tenant.message
        );
        return wanted(BACKUP_HEALTHY, false, &tenant.reason, message);
    }
    let eligible = |name: &str| matched.eligible.iter().any(|tenant| tenant.name == name);
    last_runs(&seen.tasks, eligible)
}

/// How the last backups went of those tenants that are the strategy's still.
fn last_runs(tasks: &[TaskSeen], is_ours: impl Fn(&str) -> bool) -> Wanted {
    let names: BTreeSet<_> = tasks.iter().map(|task| task.tenant_name.as_str()).collect();
    let last: Vec<_> = names
        .iter()
        .filter(|tenant| is_ours(tenant))
        .filter_map(|tenant| last_run(tasks, tenant))
        .collect();
    let bad = |task: &&&TaskSeen| matches!(task.outcome.as_deref(), Some("Failed" | "Overdue"));
    if let Some(task) = last.iter().find(bad) {
        let cause = task.cause.as_ref();
        let reason = cause.map_or("BackupFailed", |cause| cause.reason.as_str());
        let message = format!(
            "the last backup of tenant {} did not go well (BackupTask '{}'): {}",
            task.tenant_name,
            task.name,
            cause
                .map(|cause| cause.message.as_str())
                .unwrap_or_default()
        );
        return wanted(BACKUP_HEALTHY, false, reason, message);
    }
    if last.is_empty() {
        return wanted(
            BACKUP_HEALTHY,
            Status::Unknown,
            "NoBackupYet",
            "no backup has ended yet",
        );
    }
    wanted(
        BACKUP_HEALTHY,
        true,
        "LastBackupsSucceeded",
        "the last backup of each tenant went well",
    )
}

fn scheduling(matched: &Matched, suspended: bool) -> Wanted {
    let (status, reason, message) = if suspended {
        (
            false,
            "Suspended",
            "`suspend` is set; no new slots are started",
        )
    } else if matched.eligible.is_empty() {
        (false, "NoTenants", NO_TENANTS)
    } else {
        (true, "Scheduling", "slots are turned into tasks")
    };
    wanted(SCHEDULING, status, reason, message)
}

fn log_backup_healthy(seen: &super::Seen, matched: &Matched) -> Wanted {
    let phase_of = |tenant: &Tenant| log_backup_of(&seen.log_backups, tenant)?.phase.as_deref();
    let bad = matched.eligible.iter().find_map(|tenant| {
        let phase = phase_of(tenant)?;
        let is_bad = matches!(phase, "Interrupted" | "Failed" | "Stopped" | "Paused");
        is_bad.then_some((&tenant.name, phase))
    });
    if let Some((tenant, phase)) = bad {
        let message = format!("log backup of tenant {tenant} is {phase}; see its LogBackup");
        return wanted(
            LOG_BACKUP_HEALTHY,
            false,
            &format!("LogBackup{phase}"),
            message,
        );
    }
    let running = matched
        .eligible
        .iter()
        .all(|t| phase_of(t) == Some("InProgress"));
    if matched.eligible.is_empty() {
        return wanted(LOG_BACKUP_HEALTHY, Status::Unknown, "NoTenants", NO_TENANTS);
    }
    if running {
        return wanted(
            LOG_BACKUP_HEALTHY,
            true,
            "Archiving",
            "log backup of each tenant runs",
        );
    }
    wanted(
        LOG_BACKUP_HEALTHY,
        Status::Unknown,
        "Starting",
        "log backup is starting",
    )
}

fn count(number: usize) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}
