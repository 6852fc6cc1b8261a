//! Status of a drill: the results of its verifications, and whether one is overdue.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use super::{Evaluation, ObservedTask, State};
use crate::api::condition::types::{RESTORE_VERIFIED, STALLED};
use crate::api::recovery_drill::VerifiedTenant;
use crate::api::{Condition, RecoveryDrillSpec, RecoveryDrillStatus};
use crate::domain::condition::{self, DesiredCondition, Progress, Status, desired_condition};
use crate::domain::{Event, shortened, time};

/// Maximum number of tenants that the status names.
const MAX_VERIFICATIONS: usize = 100;
/// Longest message for each tenant, in bytes.
const TENANT_MESSAGE_LIMIT: usize = 256;
const HOURS_PER_DAY: i64 = 24;
const PASSED: &str = "Passed";
const FAILED: &str = "Failed";
/// Reason and message of `Ready` of an accepted drill.
const ACCEPTED: (&str, &str) = ("Accepted", "the drill is accepted");
/// Reason and message of `Ready` of a suspended drill.
const SUSPENDED: (&str, &str) = (
    "Suspended",
    "the drill is accepted; `suspend` is set, and no verification starts",
);

const OVERDUE: &str = "VerificationOverdue";
const VERIFICATION_FAILED: &str = "VerificationFailed";

impl Evaluation<'_> {
    /// Records the results of the RecoveryTasks, which are deleted later.
    pub(super) fn record_results(&mut self) {
        let tasks = self.observed.tasks.iter();
        let running = tasks.filter(|task| task.outcome.is_none());
        self.status.running_task = running.map(|task| task.name.clone()).min();
        let mut ended: Vec<&ObservedTask> = self.observed.tasks.iter().collect();
        ended.retain(|task| task.outcome.is_some() && task.completed_at.is_some());
        ended.sort_by_key(|task| task.completed_at);
        for task in ended {
            record(&mut self.status, task);
        }
        let mut tenants = std::mem::take(&mut self.status.tenants);
        tenants.retain(|tenant| self.includes(&tenant.name));
        // Without this, the results of a tenant that is no longer verified here would stay forever.
        if let Ok(strategy) = &self.observed.strategy {
            let names: BTreeSet<_> = strategy.tenant_names().collect();
            tenants.retain(|tenant| names.contains(&tenant.name));
        }
        tenants.truncate(MAX_VERIFICATIONS);
        self.status.tenants = tenants;
    }

    /// Returns the status in this state. Phase and conditions are rendered and never read back.
    pub(super) fn render(self, state: &State<'_>) -> RecoveryDrillStatus {
        let Self {
            drill,
            mut status,
            now,
            ..
        } = self;
        let is_known = status.observed_generation == Some(drill.generation);
        if let State::Blocked(blocker) = state
            && blocker.is_passing()
            && is_known
        {
            return status;
        }
        status.observed_generation = Some(drill.generation);
        let mut conditions: Vec<DesiredCondition> = match state {
            State::Ready => condition::progress(Progress::Ready, ACCEPTED.0, ACCEPTED.1),
            State::Suspended => condition::progress(Progress::Ready, SUSPENDED.0, SUSPENDED.1),
            State::Blocked(blocker) => {
                let was_ready = status.ready_generation == Some(drill.generation);
                condition::blocked(blocker, was_ready.then_some(ACCEPTED))
            }
        }
        .into();
        status.ready_generation = condition::ready_generation(&conditions, drill.generation);
        let is_stalled =
            |known: &DesiredCondition| known.kind() == STALLED && known.status() == Status::True;
        let is_stalled = conditions.iter().any(is_stalled);
        let verified = restore_verified(drill.spec, &status, now);
        let phase = if drill.spec.suspend {
            "Paused"
        } else if is_stalled || verified.status() == Status::False {
            "Abnormal"
        } else if status.running_task.is_some() || status.open.is_some() {
            "Verifying"
        } else {
            "Scheduled"
        };
        status.phase = Some(phase.to_owned());
        conditions.push(verified);
        let before = &drill.status.conditions;
        status.conditions = condition::merge(before, conditions, drill.generation, now);
        status
    }
}

/// Returns the condition RestoreVerified.
fn restore_verified(
    spec: &RecoveryDrillSpec,
    status: &RecoveryDrillStatus,
    now: Timestamp,
) -> DesiredCondition {
    if let Some(message) = overdue(spec, status, now) {
        return desired_condition(RESTORE_VERIFIED, false, OVERDUE, message);
    }
    if let Some(tenant) = failed(status).next() {
        let why = tenant.message.as_deref().unwrap_or("see the task");
        let message = format!(
            "tenant {}: RecoveryTask '{}' did not succeed: {why}",
            tenant.name, tenant.task_name
        );
        return desired_condition(RESTORE_VERIFIED, false, VERIFICATION_FAILED, message);
    }
    let mut tenants = status.tenants.iter();
    match tenants.find(|tenant| tenant.result == PASSED) {
        Some(tenant) => desired_condition(
            RESTORE_VERIFIED,
            true,
            "Verified",
            format!(
                "tenant {} was restored as of {} within {} s and has passed its checks",
                tenant.name,
                tenant.restore_time.as_deref().unwrap_or("its latest point"),
                tenant.rto_seconds.unwrap_or_default()
            ),
        ),
        None => desired_condition(
            RESTORE_VERIFIED,
            Status::Unknown,
            "NotVerified",
            "no tenant has been verified yet",
        ),
    }
}

/// Returns the event when the drill stalls, or when RestoreVerified becomes False.
pub(super) fn event(before: &[Condition], after: &[Condition]) -> Option<Event> {
    let found = |known: &[Condition], kind: &str, status: &str| {
        let mut known = known.iter();
        known
            .find(|known| known.type_ == kind && known.status == status)
            .map(|known| (known.reason.clone(), known.message.clone()))
    };
    if let Some((reason, message)) = found(after, STALLED, "True") {
        let known = found(before, STALLED, "True");
        if known.is_none_or(|(known, _)| known != reason) {
            return Some(Event {
                warning: true,
                reason: "DrillStalled",
                message,
            });
        }
    }
    let (reason, message) = found(after, RESTORE_VERIFIED, "False")?;
    let known = found(before, RESTORE_VERIFIED, "False");
    known
        .is_none_or(|(known, _)| known != reason)
        .then(|| Event {
            warning: true,
            reason: if reason == OVERDUE {
                OVERDUE
            } else {
                VERIFICATION_FAILED
            },
            message,
        })
}

/// Returns the number of tenants whose last verification failed.
#[must_use]
pub fn failed_tenants(status: &RecoveryDrillStatus) -> usize {
    failed(status).count()
}

/// Returns whether the status shows that no verification has succeeded for too long.
#[must_use]
pub fn is_overdue(status: &RecoveryDrillStatus) -> bool {
    let mut conditions = status.conditions.iter();
    conditions.any(|known| known.type_ == RESTORE_VERIFIED && known.reason == OVERDUE)
}

fn failed(status: &RecoveryDrillStatus) -> impl Iterator<Item = &VerifiedTenant> {
    let tenants = status.tenants.iter();
    tenants.filter(|tenant| tenant.result == FAILED)
}

/// Returns when the drill is overdue unless a verification succeeds before.
pub(super) fn overdue_from(
    spec: &RecoveryDrillSpec,
    status: &RecoveryDrillStatus,
) -> Option<Timestamp> {
    let limit = SignedDuration::from_hours(i64::from(spec.overdue_days) * HOURS_PER_DAY);
    let from = since(status)?.saturating_add(limit);
    Some(from.unwrap_or(Timestamp::MAX))
}

/// Returns the time of the last success, or the time since which verifications are due.
fn since(status: &RecoveryDrillStatus) -> Option<Timestamp> {
    let last = status.last_success_time.as_ref();
    last.max(status.since_time.as_ref()).map(|at| at.0)
}

/// Returns the message if no verification has succeeded for too long.
fn overdue(
    spec: &RecoveryDrillSpec,
    status: &RecoveryDrillStatus,
    now: Timestamp,
) -> Option<String> {
    let since = since(status).filter(|_| overdue_from(spec, status) <= Some(now))?;
    let days = spec.overdue_days;
    let what = if status.last_success_time.is_some() {
        "no verification has succeeded since"
    } else {
        "no verification has ever succeeded, although tenants have been verified since"
    };
    Some(format!(
        "{what} {since}, for more than {days} days: see `status.tenants` and the RecoveryTasks of \
         this drill"
    ))
}

fn record(status: &mut RecoveryDrillStatus, task: &ObservedTask) {
    let (Some(outcome), Some(ended_at)) = (&task.outcome, task.completed_at) else {
        return;
    };
    let why = task.cause.as_ref().map(|cause| cause.reason.as_str());
    let result = match outcome.as_str() {
        "Completed" => PASSED,
        "Canceled" => "Canceled",
        // Other verifications ran for too long. That says nothing about the backups, and may become
        // overdue.
        _ if why == Some("NotAfterTimePassed") => "Missed",
        _ => FAILED,
    };
    let ended = time(ended_at);
    if status.last_time.as_ref().is_none_or(|last| *last <= ended) {
        status.last_time = Some(ended.clone());
        status.result = Some(result.to_owned());
        status.tenant_name = Some(task.tenant_name.clone());
        status.task_name = Some(task.name.clone());
        status.rto_seconds = task.rto_seconds;
        status.restore_time.clone_from(&task.restore_time);
    }
    if result == PASSED {
        status.last_success_time = status.last_success_time.take().max(Some(ended.clone()));
    }
    if result != PASSED && result != FAILED {
        // The earlier result stays.
        return;
    }
    let message = task.cause.as_ref().filter(|_| result != PASSED);
    let verified = VerifiedTenant {
        name: task.tenant_name.clone(),
        task_name: task.name.clone(),
        last_time: Some(ended.clone()),
        result: result.to_owned(),
        rto_seconds: task.rto_seconds,
        restore_time: task.restore_time.clone(),
        message: message.map(|cause| shortened(cause.message.clone(), TENANT_MESSAGE_LIMIT)),
    };
    let before = status
        .tenants
        .iter()
        .find(|tenant| tenant.name == verified.name);
    if before.is_some_and(|before| before.last_time > verified.last_time) {
        return;
    }
    status.tenants.retain(|tenant| tenant.name != verified.name);
    status.tenants.push(verified);
    status
        .tenants
        .sort_by_key(|tenant| Reverse(tenant.last_time.clone()));
}
