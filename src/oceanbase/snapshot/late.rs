//! Rows that show up after what they belong to.

use jiff::{SignedDuration, Timestamp};

use super::History;

/// How long after a backup its set is looked for in each read.
const SETS_FOLLOW: SignedDuration = SignedDuration::from_mins(1);

impl History {
    /// Whether a backup has completed a moment ago whose set is not seen yet. Without this it would
    /// be seen only minutes later, by whoever did not give it up until then.
    pub(super) fn awaits_a_set(&self, now: Timestamp) -> bool {
        self.tenants.values().any(|tenant| {
            let mut ended = tenant.jobs_without_set().filter_map(|job| job.ended_at);
            ended.any(|at| at.duration_until(now).abs() < SETS_FOLLOW)
        })
    }
}
