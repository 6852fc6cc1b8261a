//! Summary of a storage: whether its description is complete, and whether the database reaches it.
//!
//! The engine tests a path only when it uses the path. An unused storage is therefore ready, and
//! its reachability is unknown.

mod credentials;
mod limits;
mod observation;
mod rollout;
mod usage;

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

pub use credentials::AppliedCredentials;
pub use usage::{Capacity, Figures, bytes_text, have_moved, over};

use super::condition::{self, Progress, Status, desired_condition};
use super::{Decision, Event, Next};
use crate::api::condition::types::REACHABLE;
use crate::api::{BackupStorageStatus, BackupTaskStatus, Cause};
pub use observation::{DataBackupUse, LogBackupUse, Observation};

/// Interval between reads of the Secret, which is never watched.
const SECRET_INTERVAL: Duration = Duration::from_mins(5);

/// Reasons of causes that concern the storage.
const STORAGE_REASONS: [&str; 9] = [
    "StorageUnreachable",
    "StoragePermissionDenied",
    "StorageOutOfSpace",
    "ObjectStoreError",
    "ChecksumError",
    "RegionMismatch",
    "InvalidStorageEndpoint",
    "InvalidStorageDest",
    "InvalidBackupDest",
];

/// Those reasons that the database's own test of a storage would also detect.
const REACH_REASONS: [&str; 5] = [
    "StorageUnreachable",
    "StoragePermissionDenied",
    "ObjectStoreError",
    "RegionMismatch",
    "InvalidStorageEndpoint",
];

/// Maximum age of a test by the database that shows that a storage answers.
const MAX_CHECK_AGE: SignedDuration = SignedDuration::from_hours(24);

/// Returns what a data backup shows about its storage: when, and the problem, if there was one.
#[must_use]
pub fn result_of(
    status: &BackupTaskStatus,
    created_at: Timestamp,
) -> Option<(Timestamp, Option<&Cause>)> {
    let ended_at = status.completion_time.as_ref();
    if status.outcome.as_deref() == Some("Completed") {
        return Some((ended_at?.0, None));
    }
    // A task that is retried shows no cause while it runs; its last failure still counts.
    let failed = status.attempts.iter().rev();
    let failed = failed.filter(|_| status.outcome.is_none());
    let failed = failed.filter_map(|attempt| attempt.cause.as_ref());
    let cause = status
        .cause
        .iter()
        .chain(failed)
        .find(|cause| is_of_storage(cause))?;
    let sent_at = status.attempts.last();
    let sent_at = sent_at.and_then(|attempt| attempt.sent_time.as_ref());
    let at = ended_at.or(sent_at).map_or(created_at, |at| at.0);
    Some((at, Some(cause)))
}

fn is_of_storage(cause: &Cause) -> bool {
    STORAGE_REASONS.contains(&cause.reason.as_str())
}

/// Decides. A storage's object changes nothing.
#[must_use]
pub fn decide(
    generation: i64,
    previous: &BackupStorageStatus,
    observed: &Observation,
    now: Timestamp,
) -> Decision<BackupStorageStatus, std::convert::Infallible> {
    let mut status = previous.clone();
    let mut event = None;
    let mut conditions = match &observed.location {
        Ok(location) => {
            status.location = Some(location.clone());
            condition::progress(Progress::Ready, "Accepted", "the description is complete").to_vec()
        }
        Err(blocker) => {
            let known = previous
                .conditions
                .iter()
                .any(|known| known.reason == blocker.reason);
            if blocker.permanent && !known {
                event = Some(Event {
                    warning: true,
                    reason: blocker.reason,
                    message: blocker.message.clone(),
                });
            }
            condition::blocked(blocker, None).to_vec()
        }
    };
    let (reachable, reason, message) = reachable(observed, now);
    let known = previous
        .conditions
        .iter()
        .find(|known| known.type_ == REACHABLE);
    let moved = known.is_none_or(|known| known.status != reachable.word());
    if event.is_none() && moved && reachable != Status::Unknown {
        let warning = reachable == Status::False;
        event = Some(Event {
            warning,
            reason: if warning {
                "StorageUnreachable"
            } else {
                "StorageReachable"
            },
            message: message.clone(),
        });
    }
    conditions.push(desired_condition(REACHABLE, reachable, &reason, message));
    // The known version is kept while the Secret cannot be read.
    let version = observed.secret_version.clone().or_else(|| {
        let known = previous.credentials.as_ref()?;
        Some(known.secret_resource_version.clone())
    });
    if let Some(version) = version {
        let users = observed.log_backups.iter();
        let users = users.filter_map(|user| Some((user.name.as_str(), user.keys.as_ref()?)));
        let (counts, applied) = credentials::count(&version, users);
        status.credentials = Some(counts);
        conditions.push(applied);
    }
    conditions.extend(limits::applied(observed.limits, &observed.log_backups));
    conditions.extend(usage::record(&mut status, observed, now));
    status.conditions = condition::merge(&previous.conditions, conditions, generation, now);
    let event = event.or_else(|| usage::event(previous, &status));
    status.observed_generation = Some(generation);
    status.in_use_by = Some(observed.users);
    Decision {
        status,
        effect: None,
        next: Next::After(SECRET_INTERVAL),
        event,
    }
}

/// Returns whether the storage is reachable. Problems take precedence over success: one of several
/// log backups may fail because of its own directory. Only the newest data backup counts, of any
/// tenant. A later successful backup, or a later test by the database, has reached the storage.
fn reachable(observed: &Observation, now: Timestamp) -> (Status, String, String) {
    let mut log_backups = observed.log_backups.iter();
    let trouble = log_backups.find_map(|user| {
        let cause = user.cause.as_ref().filter(|cause| is_of_storage(cause))?;
        Some((format!("log backup {}", user.name), cause))
    });
    let failed = observed.data_backup.as_ref();
    let failed = failed.and_then(|last| {
        let is_of_reach = |cause: &&Cause| REACH_REASONS.contains(&cause.reason.as_str());
        let is_past = |cause: &&Cause| is_of_reach(cause) && observed.tried_at > Some(last.at);
        let cause = last.cause.as_ref().filter(|cause| !is_past(cause))?;
        Some((format!("data backup (BackupTask {})", last.name), cause))
    });
    if let Some((user, cause)) = trouble.or(failed) {
        let message = format!("{user}: {}", cause.message);
        return (Status::False, cause.reason.clone(), message);
    }
    // No numbers or times: each backup would change them and cause a write.
    let message = if observed.log_backups.iter().any(|user| user.archiving) {
        "log backups write to it"
    } else if observed
        .data_backup
        .as_ref()
        .is_some_and(|last| last.cause.is_none())
    {
        "data backups were written to it"
    } else if observed
        .tried_at
        .is_some_and(|at| at.duration_until(now) < MAX_CHECK_AGE)
    {
        let message = "the database has tested it within the last day".to_owned();
        return (Status::True, "Tried".to_owned(), message);
    } else {
        let message = "the database tests a storage only when it uses it".to_owned();
        return (Status::Unknown, "NotInUse".to_owned(), message);
    };
    (Status::True, "InUse".to_owned(), message.to_owned())
}

#[cfg(test)]
mod tests;
