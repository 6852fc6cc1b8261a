//! Summary of a cluster: whether it answers, and the state of its backups (console S46..S62).

mod observation;
mod privileges;
mod progress;

use std::collections::BTreeSet;

use jiff::Timestamp;
use progress::VolatileStatus;

use super::condition::{self, Progress, Status, desired_condition};
use super::{Decision, Event, Next, pinned, time};
use crate::api::cluster::{ClusterBackup, TenantCounts};
use crate::api::condition::types::REACHABLE;
use crate::api::{OceanBaseClusterSpec, OceanBaseClusterStatus};
use crate::oceanbase::model::{RoundStatus, Snapshot, Tenant, TenantId};
pub use observation::Observation;

/// Maximum number of listed tenants without backup.
const MAX_LISTED: usize = 50;
/// Phase and console label if backups cannot be made.
const ABNORMAL: (&str, &str) = ("Abnormal", "Scheduling Exception");
/// Reason and message of `Ready` for a description with which the database has answered.
const ACCEPTED: (&str, &str) = (
    "Accepted",
    "the database has answered with this description; `Reachable` shows whether it answers now",
);

/// Decides. A cluster's object changes nothing in the database.
#[must_use]
pub fn decide(
    spec: &OceanBaseClusterSpec,
    generation: i64,
    previous: &OceanBaseClusterStatus,
    observed: &Observation,
    now: Timestamp,
) -> Decision<OceanBaseClusterStatus, std::convert::Infallible> {
    let mut status = previous.clone();
    status.alert_count = Some(observed.alerts);
    if let Err(blocker) = &observed.database
        && blocker.is_passing()
        && previous.observed_generation == Some(generation)
    {
        return Decision {
            status,
            effect: None,
            next: Next::Await,
            event: None,
        };
    }
    let (progress, reachable, reason, message) = match &observed.database {
        Ok(snapshot) => {
            record(&mut status, previous, snapshot, observed);
            let message = format!("the cluster answers; version {}", snapshot.version);
            let progress = condition::progress(Progress::Ready, ACCEPTED.0, ACCEPTED.1);
            (progress, Status::True, "Reachable", message)
        }
        Err(blocker) => {
            if previous.database.is_none() && !blocker.is_passing() {
                status.backup = Some(never_observed(observed));
            }
            let was_ready = previous.bookkeeping.ready_generation == Some(generation);
            let progress = condition::blocked(blocker, was_ready.then_some(ACCEPTED));
            let reachable = if blocker.is_passing() {
                Status::Unknown
            } else {
                Status::False
            };
            (progress, reachable, blocker.reason, blocker.message.clone())
        }
    };
    status.bookkeeping.ready_generation = condition::ready_generation(&progress, generation);
    let mut conditions = Vec::from(progress);
    conditions.push(desired_condition(REACHABLE, reachable, reason, &message));
    if observed.database.is_ok() {
        conditions.push(privileges::condition(spec, observed.privileges.as_deref()));
    }
    status.conditions = condition::merge(&previous.conditions, conditions, generation, now);
    status.observed_generation = Some(generation);
    if let Ok(snapshot) = &observed.database {
        let live = VolatileStatus::of(snapshot);
        // Together with another change this costs no extra write.
        if status != *previous || live.is_due(previous, now) {
            live.write(&mut status);
        }
    }
    let event = reachable_event(previous, reachable, reason, message);
    Decision {
        status,
        effect: None,
        next: Next::Await,
        event,
    }
}

fn record(
    status: &mut OceanBaseClusterStatus,
    previous: &OceanBaseClusterStatus,
    snapshot: &Snapshot,
    observed: &Observation,
) {
    status.database = Some(pinned(&snapshot.identity));
    status.version = Some(snapshot.version.to_string());
    let edition = if snapshot.community {
        "Community"
    } else {
        "Enterprise"
    };
    status.edition = Some(edition.to_owned());
    status.capabilities = snapshot.version.capabilities().map(str::to_owned).collect();
    let tenants = || snapshot.tenants.values();
    let not_backed_up: BTreeSet<_> = tenants()
        .filter(|tenant| !is_backed_up(tenant, &observed.archived_around))
        .map(|tenant| &tenant.name)
        .collect();
    let total = count(tenants().count());
    let without = count(not_backed_up.len());
    status.tenants = Some(TenantCounts {
        total,
        primary: count(tenants().filter(|tenant| tenant.role == "PRIMARY").count()),
        backed_up: total - without,
        not_backed_up: without,
    });
    status.not_backed_up_tenants = not_backed_up
        .into_iter()
        .take(MAX_LISTED)
        .cloned()
        .collect();
    let (phase, label) = phase(&observed.strategy_phases);
    let known = previous.backup.as_ref();
    status.backup = Some(ClusterBackup {
        phase: phase.to_owned(),
        console_label: label.to_owned(),
        method: method(observed),
        last_data_backup_time: last_backup(snapshot).map(time),
        log_backup_checkpoint_time: known.and_then(|b| b.log_backup_checkpoint_time.clone()),
        file_bytes: known.and_then(|b| b.file_bytes),
        running_tasks: count(tenants().map(|tenant| tenant.running_jobs().count()).sum()),
        queued_tasks: count(observed.queued_tasks),
    });
}

/// Returns the backup summary of a cluster that has never answered: no backup can be made.
fn never_observed(observed: &Observation) -> ClusterBackup {
    let (phase, label) = if observed.strategy_phases.is_empty() {
        phase(&[])
    } else {
        ABNORMAL
    };
    ClusterBackup {
        phase: phase.to_owned(),
        console_label: label.to_owned(),
        method: method(observed),
        queued_tasks: count(observed.queued_tasks),
        ..ClusterBackup::default()
    }
}

/// Returns the method of the strategies' backups. Only one method exists.
fn method(observed: &Observation) -> Option<String> {
    (!observed.strategy_phases.is_empty()).then(|| "Physical".to_owned())
}

/// Returns whether the tenant could be recovered to points in time from now on. If logs are
/// archived only around data backups, these points are the instants of the backups.
fn is_backed_up(tenant: &Tenant, archived_around: &BTreeSet<TenantId>) -> bool {
    let archives = tenant
        .round
        .as_ref()
        .is_some_and(|round| round.status == RoundStatus::Doing);
    (archives || archived_around.contains(&tenant.id))
        && tenant.sets.iter().any(|set| set.success && set.available)
}

fn last_backup(snapshot: &Snapshot) -> Option<Timestamp> {
    let sets = snapshot
        .tenants
        .values()
        .flat_map(|tenant| tenant.sets.iter());
    sets.filter(|set| set.success)
        .filter_map(|set| set.ended_at)
        .max()
}

/// Returns the strategies' phase that needs the most attention, with the console's label.
fn phase(strategies: &[Option<String>]) -> (&'static str, &'static str) {
    if strategies.is_empty() {
        return ("NoBackupStrategy", "No Backup Strategy");
    }
    let any = |word: &str| strategies.iter().flatten().any(|phase| phase == word);
    if any("Abnormal") {
        ABNORMAL
    } else if any("InProgress") {
        ("InProgress", "In Progress")
    } else if any("Paused") && !any("PendingBackupScheduling") {
        ("Paused", "Suspend Backup Scheduling Task")
    } else {
        ("PendingBackupScheduling", "Pending Backup Scheduling")
    }
}

fn reachable_event(
    previous: &OceanBaseClusterStatus,
    reachable: Status,
    reason: &'static str,
    message: String,
) -> Option<Event> {
    let before = previous
        .conditions
        .iter()
        .find(|known| known.type_ == REACHABLE);
    let same =
        before.is_some_and(|known| known.status == reachable.word() && known.reason == reason);
    if same || reachable == Status::Unknown {
        return None;
    }
    let warning = reachable == Status::False;
    Some(Event {
        warning,
        reason: if warning { reason } else { "ClusterReachable" },
        message,
    })
}

fn count(number: usize) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests;
