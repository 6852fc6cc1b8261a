//! Status and events of a strategy.

use std::collections::BTreeMap;

use super::health::{
    NO_TENANTS, backup_healthy, known_failing, last_runs, log_backup_healthy, of_eligible,
    troubles, unedited,
};
use super::pending_objects::MESSAGE_LIMIT;
use super::placement::STORAGE_CHANGE_REFUSED;
use super::retention::unknown;
use super::{Evaluation, MatchedTenants, ObservedTask, StrategyState, covers};
use crate::api::condition::types::{
    BACKUP_HEALTHY, LOG_BACKUP_HEALTHY, RETENTION_APPLIED, SCHEDULING, STALLED,
};
use crate::api::strategy::{FailingTenant, StrategyTenants};
use crate::api::{BackupStrategyStatus, Condition};
use crate::domain::condition::{self, DesiredCondition, Progress, Status, desired_condition};
use crate::domain::tenant::CLUSTER_UPGRADING;
use crate::domain::{Event, shortened, time};

/// Maximum number of tenants with problems that are listed.
const MAX_LISTED: usize = 20;
/// Message of a strategy that a user suspended.
const SUSPENDED: &str = "`suspend` is set; the operator starts no new slots";
/// Message while the cluster is being upgraded.
const SLOTS_WAIT: &str = "the cluster is being upgraded (parameter enable_upgrade_mode is True): \
                          slots wait, and start after the upgrade as `missedRunPolicy` specifies";
/// Message if blackout windows leave out all slots.
const ALL_LEFT_OUT: &str = "blackout windows with `action: Skip` exclude all of the next 1,000 \
                            slots: move the slots or the windows, or set `action: Postpone`";
/// Reasons why a schedule is invalid.
const OF_SCHEDULES: [&str; 4] = [
    "UnknownTimeZone",
    "InvalidCron",
    "InvalidCalendar",
    "InvalidBlackoutWindow",
];

pub(super) fn render(
    evaluation: Evaluation<'_>,
    standing: &StrategyState<'_>,
) -> BackupStrategyStatus {
    let (tasks, late) = (evaluation.tasks_here(), evaluation.late_tasks());
    let verified = evaluation.restore_verified();
    let Evaluation {
        strategy,
        observed,
        index,
        mut status,
        now,
        retention,
        rejected_edit,
        ..
    } = evaluation;
    status.observed_generation = Some(strategy.generation);
    let mut conditions = Vec::new();
    let suspended = strategy.spec.suspend;
    let (backup, log_backup) = match standing {
        StrategyState::Unchanged => return status,
        StrategyState::Blocked(blocker) => {
            record_tasks(&mut status, &observed.tasks);
            let was_ready = status.bookkeeping.ready_generation == Some(strategy.generation);
            let ready = was_ready.then(|| accepted(suspended));
            conditions.extend(condition::blocked(blocker, ready));
            let (reason, message) = (blocker.reason, &blocker.message);
            conditions.push(desired_condition(
                SCHEDULING,
                Status::Unknown,
                reason,
                message,
            ));
            // Earlier results stay: an unreachable cluster says nothing about the last backups.
            let is_ours =
                |task: &&ObservedTask| covers(strategy.name, &observed.rivals, &task.tenant_name);
            let last = last_runs(tasks.filter(is_ours), &late);
            let failing = known_failing(&status, strategy.spec.tenants.as_ref());
            (
                backup_healthy(&failing, &last, &status.schedule_history),
                desired_condition(LOG_BACKUP_HEALTHY, Status::Unknown, reason, message),
            )
        }
        StrategyState::Planned(matched, failing, idle) => {
            record_tasks(&mut status, &observed.tasks);
            let last = last_runs(of_eligible(tasks, matched), &late);
            let mut troubles = troubles(&index, matched, &last, strategy.spec.log_backup.mode);
            troubles.extend(unedited(&index, matched, &status.unmade));
            record_tenants(&mut status, matched, failing, &troubles);
            conditions.extend(planned(
                matched,
                failing,
                rejected_edit.as_deref(),
                suspended,
            ));
            conditions.push(match idle {
                Some(reason) if !suspended => skipping(reason, rejected_edit.as_deref()),
                None if observed.is_upgrading && !suspended => {
                    desired_condition(SCHEDULING, true, CLUSTER_UPGRADING, SLOTS_WAIT)
                }
                _ => scheduling(matched, suspended, &status),
            });
            (
                backup_healthy(failing, &last, &status.schedule_history),
                log_backup_healthy(&index, matched, failing, strategy.spec.log_backup.mode),
            )
        }
    };
    status.bookkeeping.ready_generation =
        condition::ready_generation(&conditions, strategy.generation);
    let is_false = |condition: &DesiredCondition| condition.status() == Status::False;
    let stalled = conditions
        .iter()
        .any(|c| c.kind() == "Stalled" && c.status() == Status::True);
    let abnormal = stalled || is_false(&backup) || is_false(&log_backup);
    conditions.extend([backup, log_backup]);
    conditions.extend(verified);
    conditions.extend(match (retention, standing) {
        (None, StrategyState::Blocked(blocker)) => Some(unknown(&strategy.spec.retention, blocker)),
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
        || observed.tasks.iter().any(|task| !task.external);
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

/// Returns the event for a change of phase. An improvement is not reported while the database is
/// not readable.
pub(super) fn event(
    before: Option<&str>,
    after: &BackupStrategyStatus,
    is_blocked: bool,
) -> Option<Event> {
    let phase = after
        .phase
        .as_deref()
        .filter(|phase| before != Some(phase))?;
    // The first phase is no change, but an initial problem is reported.
    if before.is_none() && phase != "Abnormal" {
        return None;
    }
    if is_blocked && !matches!(phase, "Abnormal" | "Paused") {
        return None;
    }
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
        "Paused" => Some(SUSPENDED.to_owned()),
        _ => why(SCHEDULING, "True").or_else(|| why(SCHEDULING, "False")),
    };
    let message = message.unwrap_or_else(|| "see its conditions".to_owned());
    Some(Event {
        warning,
        reason,
        message,
    })
}

/// Returns the event for a strategy that stalls, or stalls for another reason, until a user fixes
/// it. It is sent even if the strategy is suspended or its backups already have problems.
pub(super) fn stalled_event(before: &[Condition], after: &[Condition]) -> Option<Event> {
    let stalled = |known: &[Condition]| {
        let mut all = known.iter();
        all.find(|known| known.type_ == STALLED && known.status == "True")
            .cloned()
    };
    let now = stalled(after)?;
    if stalled(before).is_some_and(|known| known.reason == now.reason) {
        return None;
    }
    let of_schedule = OF_SCHEDULES.contains(&now.reason.as_str());
    Some(Event {
        warning: true,
        reason: if of_schedule {
            "ScheduleInvalid"
        } else {
            "StrategyStalled"
        },
        message: now.message,
    })
}

/// Returns the event when the tenants' delete policies start or stop matching `retention`.
pub(super) fn retention_event(before: &[Condition], after: &[Condition]) -> Option<Event> {
    let applied = condition::turned(before, after, RETENTION_APPLIED)?;
    let (warning, reason) = match applied.status.as_str() {
        "True" => (false, "RetentionApplied"),
        "False" => (true, "RetentionNotApplied"),
        _ => return None,
    };
    Some(Event {
        warning,
        reason,
        message: applied.message.clone(),
    })
}

/// Returns reason and message of `Ready` for an accepted strategy.
fn accepted(suspended: bool) -> (&'static str, &'static str) {
    if suspended {
        ("Suspended", "the strategy is accepted; `suspend` is set")
    } else {
        ("Accepted", "the strategy is accepted and applied")
    }
}

fn planned(
    matched: &MatchedTenants,
    failing: &[FailingTenant],
    rejected_edit: Option<&str>,
    suspended: bool,
) -> [DesiredCondition; 3] {
    // Stalled only if every tenant belongs to another strategy.
    let lost = |tenant: &FailingTenant| tenant.reason == "TenantAlreadyManaged";
    if matched.eligible.is_empty() && !failing.is_empty() && failing.iter().all(lost) {
        return condition::progress(
            Progress::Stalled,
            "TenantAlreadyManaged",
            "another strategy backs up every tenant that this one names (see \
             `status.tenants.failing`): remove the tenants from one of the two, or delete one",
        );
    }
    if let Some(winner) = matched.loses_all_to() {
        let message = format!(
            "BackupStrategy '{winner}', also on cluster level, takes precedence over this one and \
             leaves it no tenant: delete one of the two, or name tenants in one"
        );
        return condition::progress(Progress::Stalled, "TenantAlreadyManaged", &message);
    }
    if let Some(rejected_edit) = rejected_edit {
        return condition::progress(Progress::Stalled, STORAGE_CHANGE_REFUSED, rejected_edit);
    }
    let (reason, message) = accepted(suspended);
    condition::progress(Progress::Ready, reason, message)
}

fn record_tasks(status: &mut BackupStrategyStatus, tasks: &[ObservedTask]) {
    let ended = |good: bool| {
        tasks
            .iter()
            .filter(|task| !task.external)
            .filter(|task| match task.outcome.as_deref() {
                Some("Completed") => good,
                Some("Failed" | "Overdue") => !good,
                _ => false,
            })
            .filter_map(|task| task.completed_at)
            .max()
            .map(time)
    };
    // Tasks are deleted later; their recorded results stay.
    status.last_success_time = status.last_success_time.take().max(ended(true));
    status.last_failure_time = status.last_failure_time.take().max(ended(false));
    let own = tasks.iter().filter(|task| !task.external);
    let running = own.filter(|task| task.outcome.is_none()).count();
    status.running_tasks = Some(count(running));
}

fn record_tenants(
    status: &mut BackupStrategyStatus,
    matched: &MatchedTenants,
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
        failing: all.into_values().take(MAX_LISTED).map(bounded).collect(),
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

/// Returns the condition while none of the tenants can be backed up.
fn skipping(reason: &str, rejected_edit: Option<&str>) -> DesiredCondition {
    let message = match rejected_edit {
        Some(rejected_edit) => format!("slots are skipped: {rejected_edit}"),
        None => "slots are skipped, because no tenant can be backed up now: see `status.tenants`"
            .to_owned(),
    };
    desired_condition(SCHEDULING, false, reason, message)
}

fn scheduling(
    matched: &MatchedTenants,
    suspended: bool,
    status: &BackupStrategyStatus,
) -> DesiredCondition {
    let open = status.bookkeeping.open_slot.as_ref();
    let held_until = open.and_then(|open| open.start_time.as_ref());
    let next = status.summary.as_ref().and_then(|it| it.next.as_ref());
    // An open slot gets its tasks shortly.
    let is_left_out = next.is_none() && open.is_none();
    if let (Some(until), false) = (held_until, suspended) {
        let message = format!(
            "a blackout window delays the open slot: it starts at {}",
            until.0
        );
        return desired_condition(SCHEDULING, true, "BlackoutWindow", message);
    }
    let (status, reason, message) = if suspended {
        (false, "Suspended", SUSPENDED)
    } else if matched.eligible.is_empty() {
        (false, "NoTenants", NO_TENANTS)
    } else if is_left_out {
        (false, "BlackoutWindow", ALL_LEFT_OUT)
    } else {
        (
            true,
            "Scheduling",
            "the operator creates tasks for the slots",
        )
    };
    desired_condition(SCHEDULING, status, reason, message)
}

fn count(number: usize) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}
