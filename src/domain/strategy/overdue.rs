//! Full backups that wait for their start longer than a slot may. A slot's task then ends by
//! itself. A task outside the schedule stays valid for a month, and its delay must be reported.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{Evaluation, ObservedTask};
use crate::domain::schedule::Schedule;

impl<'a> Evaluation<'a> {
    /// Returns the names of tasks that should have started by now.
    pub(super) fn late_tasks(&self) -> BTreeSet<&'a str> {
        let waiting = self.late_from().into_iter();
        let late = waiting.filter(|(_, from)| *from <= self.now);
        late.map(|(task, _)| task.name.as_str()).collect()
    }

    /// Returns tasks that have not started, and when each becomes late. That is after
    /// `startingDeadlineSeconds` plus the spread, not counting blackout windows. While the strategy
    /// is suspended, no task is late. The time counts from the task's creation: after an outage,
    /// the request itself may be much older.
    pub(super) fn late_from(&self) -> Vec<(&'a ObservedTask, Timestamp)> {
        if self.strategy.spec.suspend {
            // While the strategy is suspended, tasks wait on purpose.
            return Vec::new();
        }
        let waiting: Vec<_> = self.tasks_here().filter(|task| is_waiting(task)).collect();
        if waiting.is_empty() {
            return Vec::new();
        }
        let Ok(schedule) = Schedule::parse(&self.strategy.spec.schedule) else {
            return Vec::new();
        };
        let timeout = schedule.starting_deadline() + schedule.spread();
        let late_from = |task: &'a ObservedTask| {
            let slot = task.scheduled_at.unwrap_or(task.created_at);
            let created = task.created_at.max(slot);
            (task, schedule.after(created, timeout))
        };
        waiting.into_iter().map(late_from).collect()
    }
}

fn is_waiting(task: &ObservedTask) -> bool {
    let has_begun = task.started_at.is_some() || task.outcome.is_some();
    task.full && !task.external && !task.deleting && !has_begun
}
