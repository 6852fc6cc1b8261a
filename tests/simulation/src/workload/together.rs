//! Several that have to do with one database.

use std::time::Duration;

use super::everyday::{STRATEGY, task};
use super::{Action, Workload, minutes};

impl Workload {
    /// Two operators of which one acts: a full and an incremental slot, and a backup in between.
    pub(super) fn leader() -> Self {
        let mut leader = Self::new("leader", &["orders"]);
        leader.has_second = true;
        leader.slots = vec!["2026-11-20T02:00:00Z", "2026-11-20T02:10:00Z"];
        leader
            .at(Duration::ZERO, Action::Apply(STRATEGY.to_owned()))
            .at(minutes(10), Action::Apply(task("now", "orders")))
    }
}
