//! Intervals at which the reflector reads a cluster.

use std::time::Duration;

/// Intervals between reads of one cluster.
#[derive(Clone, Copy, Debug)]
pub struct Intervals {
    /// Between reads while a job or a statement of the operator runs.
    pub busy: Duration,
    /// Between reads at other times.
    pub idle: Duration,
    /// Upper limit of the delay before the next login to a cluster that does not respond.
    pub unreachable: Duration,
    /// Between reads of sets, pieces and ended jobs while nothing seems to change.
    pub full: Duration,
    /// Between reads of the credentials.
    pub credentials: Duration,
}

impl Default for Intervals {
    fn default() -> Self {
        Self {
            busy: Duration::from_secs(2),
            idle: Duration::from_secs(15),
            unreachable: Duration::from_mins(1),
            full: Duration::from_mins(5),
            credentials: Duration::from_mins(5),
        }
    }
}
