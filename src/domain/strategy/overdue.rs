//! Full backups that wait longer for their start than a slot may. A slot's task ends by itself then;
//! one that the schedule did not ask for is wanted for a month, and must not wait in silence.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{Evaluation, ObservedTask};
use crate::domain::schedule::Schedule;

impl<'a> Evaluation<'a> {
    /// Names of tasks that should have started by now.
    pub(super) fn late_tasks(&self) -> BTreeSet<&'a str> {
        let waiting = self.late_from().into_iter();
        let late = waiting.filter(|(_, from)| *from <= self.now);
        late.map(|(task, _)| task.name.as_str()).collect()
    }

    /// Tasks that have not started, and from when on they are late: after `startingDeadlineSeconds`,
    /// and the spread where there is one, in which no blackout window counts; none while the strategy is
    /// suspended. They count from when the
    /// task was made: what is wanted after an outage may have been wanted long before.
    pub(super) fn late_from(&self) -> Vec<(&'a ObservedTask, Timestamp)> {
        if self.strategy.spec.suspend {
            // What waits is as it was asked for.
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
