//! A store's page: whether it is well described, and whether the database reaches it.
//!
//! The engine tests a path only when it uses it, so that a store that nothing uses is ready and
//! its reachability unknown.

use std::time::Duration;

use jiff::Timestamp;

use super::condition::{self, Progress, Status, wanted};
use super::{Decision, Event, Next, Obstacle};
use crate::api::condition::types::REACHABLE;
use crate::api::{BackupStorageStatus, Cause};

/// How often the Secret is looked at again: it is never watched.
const SECRET_INTERVAL: Duration = Duration::from_mins(5);

/// Reasons of causes that say something about the store.
const STORE_REASONS: [&str; 8] = [
    "StoreNotReachable",
    "StorePermissionDenied",
    "StoreOutOfSpace",
    "ObjectStoreError",
    "RegionMismatch",
    "InvalidStorageEndpoint",
    "InvalidStorageDest",
    "InvalidBackupDest",
];

/// What was seen.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The place without keys, or why the database could not be told of it.
    pub place: Result<String, Obstacle>,
    /// Log backups and strategies that name the store.
    pub users: i32,
    /// The log backups that use it.
    pub log_backups: Vec<UseSeen>,
}

/// One log backup that uses the store.
#[derive(Clone, Debug)]
pub struct UseSeen {
    /// Its name.
    pub name: String,
    /// Whether it archives now.
    pub archiving: bool,
    /// Why it does not do what it should.
    pub cause: Option<Cause>,
}

/// Decides. A store's object changes nothing.
#[must_use]
pub fn decide(
    generation: i64,
    previous: &BackupStorageStatus,
    seen: &Seen,
    now: Timestamp,
) -> Decision<BackupStorageStatus, std::convert::Infallible> {
    let mut status = previous.clone();
    let mut event = None;
    let mut conditions = match &seen.place {
        Ok(place) => {
            status.location = Some(place.clone());
            condition::progress(Progress::Ready, "Accepted", "the description is complete").to_vec()
        }
        Err(obstacle) => {
            let progress = if obstacle.permanent {
                Progress::Stalled
            } else {
                Progress::Reconciling
            };
            let known = previous
                .conditions
                .iter()
                .any(|known| known.reason == obstacle.reason);
            if obstacle.permanent && !known {
                event = Some(Event {
                    warning: true,
                    reason: obstacle.reason,
                    message: obstacle.message.clone(),
                });
            }
            condition::progress(progress, obstacle.reason, &obstacle.message).to_vec()
        }
    };
    let (reachable, reason, message) = reachable(&seen.log_backups);
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
                "StoreUnreachable"
            } else {
                "StoreReachable"
            },
            message: message.clone(),
        });
    }
    conditions.push(wanted(REACHABLE, reachable, &reason, message));
    status.conditions = condition::merge(&previous.conditions, conditions, generation, now);
    status.observed_generation = Some(generation);
    status.in_use_by = Some(seen.users);
    Decision {
        status,
        effect: None,
        next: Next::After(SECRET_INTERVAL),
        event,
    }
}

fn reachable(users: &[UseSeen]) -> (Status, String, String) {
    let trouble = users.iter().find_map(|user| {
        let cause = user.cause.as_ref()?;
        STORE_REASONS
            .contains(&cause.reason.as_str())
            .then_some((user, cause))
    });
    if let Some((user, cause)) = trouble {
        let message = format!("log backup {}: {}", user.name, cause.message);
        return (Status::False, cause.reason.clone(), message);
    }
    if users.iter().any(|user| user.archiving) {
        // No number: it would be written anew for each log backup that starts.
        let message = "log backups write to it".to_owned();
        return (Status::True, "InUse".to_owned(), message);
    }
    let message = "the database tests a store only when it uses it".to_owned();
    (Status::Unknown, "NotInUse".to_owned(), message)
}

#[cfg(test)]
mod tests;
