//! Whether all users of a storage have its current keys.

use crate::api::Cause;
use crate::api::condition::types::CREDENTIALS_APPLIED;
use crate::api::storage::StorageCredentials;
use crate::domain::condition::{DesiredCondition, Status, wanted};

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
    let (mut waiting, mut blocked) = (None, None);
    for (name, keys) in users {
        counts.total = counts.total.saturating_add(1);
        if keys.version == version {
            counts.applied = counts.applied.saturating_add(1);
        } else if let Some(cause) = &keys.cause {
            blocked.get_or_insert((name, cause));
        } else {
            waiting.get_or_insert(name);
        }
    }
    let is = |status: Status, reason: &str, message: String| {
        wanted(CREDENTIALS_APPLIED, status, reason, message)
    };
    let condition = if let Some((name, cause)) = blocked {
        let message = format!("log backup {name}: {}", cause.message);
        is(Status::False, &cause.reason, message)
    } else if let Some(name) = waiting {
        let message =
            format!("log backup {name}: the operator is changing the keys in the database");
        is(Status::False, "Applying", message)
    } else if counts.total == 0 {
        let message = "no tenant sends logs or data to the storage yet".to_owned();
        is(Status::Unknown, "NotInUse", message)
    } else {
        let message =
            "the database has the keys of the Secret for all users of the storage".to_owned();
        is(Status::True, "Applied", message)
    };
    (counts, condition)
}
