//! Which database a strategy's memory is about. All databases number their tenants alike: what was
//! set, backed up or passed on in the one before says nothing of one that was made anew.

use super::{Evaluation, ObservedTask};
use crate::api::PinnedDatabase;
use crate::domain::pinned;

impl<'a> Evaluation<'a> {
    /// The tasks by which the backups of this database are judged: not those that ran in one before.
    pub(super) fn tasks_here(&self) -> impl Iterator<Item = &'a ObservedTask> + use<'a> {
        // The one that was seen last, where it is silent.
        let here = self.status.database.clone();
        let tasks = self.observed.tasks.iter();
        tasks.filter(move |task| {
            let pinned = task.database.as_ref().zip(here.as_ref());
            pinned.is_none_or(|(known, here)| known == here)
        })
    }
}

impl Evaluation<'_> {
    /// Forgets what is about another database than the one that is seen.
    pub(super) fn record_database(&mut self) {
        if self.observed.database.is_err() {
            return;
        }
        if self.observed.is_of_another(self.status.database.as_ref()) {
            self.status.retention.clear();
            // It has no backup yet.
            self.status.first_backup_time = None;
        }
        self.status.database = Some(pinned(&self.observed.identity));
    }
}

impl super::Observation {
    /// Whether this is about another database. What is about none yet is not.
    pub(super) fn is_of_another(&self, known: Option<&PinnedDatabase>) -> bool {
        known.is_some_and(|known| *known != pinned(&self.identity))
    }
}
