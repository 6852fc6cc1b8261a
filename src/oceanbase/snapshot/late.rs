//! Rows that appear later than the rows that they belong to.

use jiff::{SignedDuration, Timestamp};

use super::History;

/// Time after a backup during which each read looks for its set.
const SETS_FOLLOW: SignedDuration = SignedDuration::from_mins(1);

impl History {
    /// Returns whether a backup completed recently and its set is not visible yet. Without this,
    /// the set would appear only at the next full read, minutes later, when its task may have given
    /// up.
    pub(super) fn awaits_a_set(&self, now: Timestamp) -> bool {
        self.tenants.values().any(|tenant| {
            let mut ended = tenant.jobs_without_set().filter_map(|job| job.ended_at);
            ended.any(|at| at.duration_until(now).abs() < SETS_FOLLOW)
        })
    }
}
