//! Reasons why a backup cannot be restored: missing parts, or its version.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::error;
use crate::model::{BackupSet, Scn, Shortage};
use crate::value::SqlError;
use crate::views::Version;

/// Returns the error for an instant that cannot be reached (`ob_restore_util.cpp`).
///
/// It is inferred that releases before 4.2.1 have no 9119 and answer 4018 instead.
pub(super) fn refusal(version: Version, shortage: Shortage, zone: &TimeZone) -> SqlError {
    let has_details = version >= Version::V4_2_1;
    match shortage {
        Shortage::LogBeginsLater => error::log_not_continuous_with_data(),
        Shortage::Hole(_) => error::rounds_not_continuous(),
        Shortage::LogEnds(_) if !has_details => error::not_enough_log_before(),
        Shortage::NoLog => error::nothing_to_restore(),
        _ if !has_details => error::nothing_to_restore(),
        Shortage::NoSet => error::not_enough_source("no backup set is available"),
        Shortage::NoFullSet => error::not_enough_source("no full backup set exists"),
        Shortage::Before(earliest) => error::not_enough_source(&format!(
            "no full backup set can be used to restore to given time, minimum restorable time \
             is {}",
            shown(earliest, zone)
        )),
        Shortage::LogEnds(end) => error::not_enough_source(&format!(
            "no enough log, maximum restorable time is {}",
            shown(end, zone)
        )),
    }
}

fn shown(at: Scn, zone: &TimeZone) -> String {
    let stamp = Timestamp::from_microsecond(at.micros()).unwrap_or_default();
    let zoned = stamp.to_zoned(zone.clone());
    zoned.strftime("%Y-%m-%d %H:%M:%S%.6f").to_string()
}

/// A release knows the versions that existed when it was made. The 4.3 line before its long-term
/// release knows 4.2.1 and no later release of the 4.2 line. The exact versions are inferred.
const LATER_4_2: Version = Version([4, 2, 2, 0]);

/// Checks which versions restore which (`check_backup_set_version_match_`).
pub(super) fn check_versions(target: Version, set: &BackupSet) -> Result<(), SqlError> {
    let source = set.version;
    if source < Version::V4_1 && target >= Version::V4_1 {
        return Err(error::not_allowed(
            "restore from backup with unsupported data version is",
        ));
    }
    if target < source {
        return Err(error::not_allowed("restore from higher cluster version is"));
    }
    if target < set.compatible {
        return Err(error::not_allowed("restore from higher data version is"));
    }
    let is_later_4_2 = (LATER_4_2..Version::V4_3).contains(&source);
    if is_later_4_2 && (Version::V4_3..Version::V4_3_5).contains(&target) {
        return Err(error::incorrect_arguments("cluster version of backup set"));
    }
    Ok(())
}
