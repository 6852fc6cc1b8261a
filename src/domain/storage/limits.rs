//! Whether all users of a storage have its limits.

use super::{LogBackupUse, rollout};
use crate::api::Cause;
use crate::api::condition::types::LIMITS_APPLIED;
use crate::domain::condition::{DesiredCondition, Status};
use crate::oceanbase::model::StorageLimits;

/// State of the storage's limits for a log backup's tenant.
enum LimitStatus<'a> {
    /// The tenant has no location in the storage.
    Outside,
    /// The tenant has the limits.
    Well,
    /// The tenant does not have them yet, for this cause if there is one.
    Not(Option<&'a Cause>),
}

/// Returns a condition that names a user without these limits, and the cause. Returns `None` if no
/// limits are requested and none are left.
pub(super) fn applied(limits: StorageLimits, users: &[LogBackupUse]) -> Option<DesiredCondition> {
    let is_asked_for = limits != StorageLimits::NONE;
    if !is_asked_for && users.iter().all(|user| user.limits.is_none()) {
        return None;
    }
    let text = limits.to_string();
    let (mut pending, mut is_used) = (Vec::new(), false);
    for user in users {
        match keeps(user, &text, is_asked_for) {
            LimitStatus::Outside => {}
            LimitStatus::Well => is_used = true,
            LimitStatus::Not(cause) => pending.push((user.name.as_str(), cause)),
        }
    }
    let otherwise = if is_used {
        let message = "the database has the limits for the directories of all log backups in \
         the storage";
        (Status::True, "Applied", message)
    } else {
        let message = "no LogBackup has a directory in the storage; other directories keep the \
         limits that were set for them last";
        (Status::Unknown, "NoLogBackup", message)
    };
    let applying = "the operator is changing the limits in the database";
    let condition = rollout::condition(LIMITS_APPLIED, &pending, applying, otherwise);
    Some(condition)
}

fn keeps<'a>(user: &'a LogBackupUse, limits: &str, is_asked_for: bool) -> LimitStatus<'a> {
    let blocked = user.cause.as_ref();
    match &user.limits {
        // The log backup has not checked the limits, and may be blocked.
        None if is_asked_for && blocked.is_none() => LimitStatus::Not(None),
        None => LimitStatus::Outside,
        Some(known) if known.wanted != limits => LimitStatus::Not(blocked),
        Some(known) if !known.pending.is_empty() => {
            let mut pending = known.pending.iter();
            let cause = pending.find_map(|pending| pending.cause.as_ref());
            LimitStatus::Not(cause.or(blocked))
        }
        Some(known) if known.locations.is_empty() => LimitStatus::Outside,
        Some(_) => LimitStatus::Well,
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::api::log_backup::{PendingLocation, TenantLimits};
    use crate::domain::cause;
    use crate::domain::condition::merge;

    const LIMITS: StorageLimits = StorageLimits {
        max_iops: 800,
        max_bandwidth: 20 << 20,
    };

    /// Returns a log backup with its limits, and with the reason of its failure, if any.
    fn user(limits: Option<TenantLimits>, reason: Option<&str>) -> LogBackupUse {
        LogBackupUse {
            name: "prod-t1002".to_owned(),
            archiving: true,
            cause: reason.map(|reason| cause(reason, "look at it")),
            keys: None,
            limits,
        }
    }

    fn none(limits: StorageLimits) -> TenantLimits {
        TenantLimits {
            wanted: limits.to_string(),
            ..TenantLimits::default()
        }
    }

    fn has(limits: StorageLimits) -> TenantLimits {
        TenantLimits {
            locations: vec!["s3://b/log".to_owned()],
            ..none(limits)
        }
    }

    fn lacks(reason: Option<&str>) -> TenantLimits {
        TenantLimits {
            pending: vec![PendingLocation {
                location: "s3://b/data".to_owned(),
                cause: reason.map(|reason| cause(reason, "name an account")),
                ..PendingLocation::default()
            }],
            ..has(LIMITS)
        }
    }

    fn reported(limits: StorageLimits, users: &[LogBackupUse]) -> Option<(&'static str, String)> {
        let reported = applied(limits, users)?;
        let status = reported.status().word();
        let mut merged = merge(&[], vec![reported], 1, Timestamp::UNIX_EPOCH);
        Some((status, merged.remove(0).reason))
    }

    #[test]
    fn who_does_not_keep_to_the_limits_is_named_with_why() {
        let of = |limits: TenantLimits| user(Some(limits), None);
        let well = || of(has(LIMITS));
        let others = StorageLimits {
            max_iops: 100,
            ..LIMITS
        };
        let blocked = |limits| user(limits, Some("DestinationInUse"));
        let cases = [
            (vec![], "Unknown", "NoLogBackup"),
            (vec![of(none(LIMITS))], "Unknown", "NoLogBackup"),
            (vec![blocked(None)], "Unknown", "NoLogBackup"),
            (vec![blocked(None), well()], "True", "Applied"),
            (vec![well(), user(None, None)], "False", "Applying"),
            (vec![of(lacks(None))], "False", "Applying"),
            (vec![of(has(others))], "False", "Applying"),
            (
                vec![of(lacks(None)), of(lacks(Some("LimitsDrifted")))],
                "False",
                "LimitsDrifted",
            ),
            (
                vec![well(), blocked(Some(has(others)))],
                "False",
                "DestinationInUse",
            ),
            // Other problems of a log backup with the limits are reported elsewhere.
            (vec![blocked(Some(has(LIMITS)))], "True", "Applied"),
        ];
        for (users, status, reason) in cases {
            let expected = Some((status, reason.to_owned()));
            assert_eq!(reported(LIMITS, &users), expected, "{users:?}");
        }
    }

    #[test]
    fn limits_that_were_taken_out_are_told_of_until_nobody_has_them_any_more() {
        let none = StorageLimits::NONE;
        let left = user(Some(has(LIMITS)), None);
        assert_eq!(reported(none, &[left]).unwrap().1, "Applying");
        assert_eq!(reported(none, &[user(None, None)]), None);
        assert_eq!(reported(none, &[]), None);
    }
}
