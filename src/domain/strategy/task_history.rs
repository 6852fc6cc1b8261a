//! Which of its ended tasks a strategy deletes. Only objects: backups are the database's to delete.

use std::collections::BTreeMap;

use super::{Evaluation, ObservedTask, slots};
use crate::domain::naming::of_slot;

impl Evaluation<'_> {
    /// Ended tasks beyond the limits of their tenant and type.
    ///
    /// Three of each are kept whatever the limits are, where there are so many: the newest, by
    /// which a first backup counts as made; the newest that nobody canceled, by which the
    /// tenant's health is judged; the newest that went well. So are those of the open slot:
    /// what is not there would be made again. Backups that others started count among them, but
    /// neither as the first nor for the health.
    pub(super) fn outdated_tasks(&self) -> Vec<&ObservedTask> {
        let limits = &self.strategy.spec.history;
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

    /// Ended tasks by tenant and type, newest first.
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
