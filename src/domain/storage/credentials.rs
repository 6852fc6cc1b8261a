//! Whether all users of a storage have its current keys.

use super::rollout;
use crate::api::Cause;
use crate::api::condition::types::CREDENTIALS_APPLIED;
use crate::api::storage::StorageCredentials;
use crate::domain::condition::{DesiredCondition, Status};

/// Keys of the storage that a log backup's tenant has.
#[derive(Clone, Debug)]
pub struct AppliedCredentials {
    /// `resourceVersion` of the Secret whose keys the database has.
    pub version: String,
    /// Why it has no newer keys.
    pub cause: Option<Cause>,
}

/// Counts the users with the keys of this version of the Secret. Returns the counts, and a
/// condition that names a user without them and the cause.
pub(super) fn count<'a>(
    version: &str,
    users: impl Iterator<Item = (&'a str, &'a AppliedCredentials)>,
) -> (StorageCredentials, DesiredCondition) {
    let mut counts = StorageCredentials {
        secret_resource_version: version.to_owned(),
        ..StorageCredentials::default()
    };
    let mut pending = Vec::new();
    for (name, keys) in users {
        counts.total = counts.total.saturating_add(1);
        if keys.version == version {
            counts.applied = counts.applied.saturating_add(1);
        } else {
            pending.push((name, keys.cause.as_ref()));
        }
    }
    let otherwise = if counts.total == 0 {
        let message = "no tenant sends logs or data to the storage yet";
        (Status::Unknown, "NotInUse", message)
    } else {
        let message = "the database has the keys of the Secret for all users of the storage";
        (Status::True, "Applied", message)
    };
    let applying = "the operator is changing the keys in the database";
    let condition = rollout::condition(CREDENTIALS_APPLIED, &pending, applying, otherwise);
    (counts, condition)
}
