//! Selection of ended tasks that a strategy deletes. Only the objects: the database deletes
//! backups.

use std::collections::BTreeMap;

use super::{Evaluation, ObservedTask, slots};
use crate::domain::naming::of_slot;

impl Evaluation<'_> {
    /// Returns ended tasks beyond the limits of their tenant and type.
    ///
    /// Up to three of each are kept whatever the limits. The newest shows that a first backup was
    /// created. The newest that was not canceled determines the tenant's health. The third is the
    /// newest successful task. Tasks of the open slot are also kept, as the operator would recreate
    /// them. Backups that other tools started count towards the limits, but neither as the first
    /// nor for the health.
    pub(super) fn outdated_tasks(&self) -> Vec<&ObservedTask> {
        let limits = &self.strategy.spec.task_history_limits;
        let of_open_slot = slots::open(&self.status).map(|slot| of_slot(&slot));
        let mut outdated = Vec::new();
        for tasks in self.ended_tasks().into_values() {
            let (mut good, mut bad) = (0, 0);
            let (mut known, mut judged) = (false, false);
            for task in tasks {
                let outcome = task.outcome.as_deref();
                let is_newest = !known && !task.external;
                known |= is_newest;
                let is_newest_judged = !judged && !task.external && outcome != Some("Canceled");
                judged |= is_newest_judged;
                let is_beyond = if outcome == Some("Completed") {
                    good += 1;
                    good > limits.successful.max(1)
                } else {
                    bad += 1;
                    bad > limits.failed
                };
                let is_needed = is_newest
                    || is_newest_judged
                    || of_open_slot
                        .as_ref()
                        .is_some_and(|suffix| task.name.ends_with(suffix));
                if is_beyond && !is_needed && !task.deleting {
                    outdated.push(task);
                }
            }
        }
        outdated
    }

    /// Returns ended tasks by tenant and type, newest first.
    fn ended_tasks(&self) -> BTreeMap<(&str, bool), Vec<&ObservedTask>> {
        let mut groups = BTreeMap::<_, Vec<_>>::new();
        let ended = self
            .observed
            .tasks
            .iter()
            .filter(|task| task.outcome.is_some());
        for task in ended {
            let group = (task.tenant_name.as_str(), task.full);
            groups.entry(group).or_default().push(task);
        }
        for tasks in groups.values_mut() {
            tasks.sort_by_key(|task| std::cmp::Reverse((task.completed_at, &task.name)));
        }
        groups
    }
}
