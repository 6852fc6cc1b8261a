//! The database that a strategy's recorded state is about. All databases number their tenants
//! alike, so state from the previous database does not apply to a recreated one.

use super::{Evaluation, ObservedTask};
use crate::api::PinnedDatabase;
use crate::domain::{database_id, pinned};

impl<'a> Evaluation<'a> {
    /// Returns the tasks by which this database's backups are evaluated, without those of an
    /// earlier one.
    pub(super) fn tasks_here(&self) -> impl Iterator<Item = &'a ObservedTask> + use<'a> {
        // While the database does not answer, this is the database observed last.
        let here = self.status.database.clone();
        let tasks = self.observed.tasks.iter();
        tasks.filter(move |task| {
            let pinned = task.database.as_ref().zip(here.as_ref());
            pinned.is_none_or(|(known, here)| database_id(known) == database_id(here))
        })
    }
}

impl Evaluation<'_> {
    /// Clears recorded state that is about another database than the observed one.
    pub(super) fn record_database(&mut self) {
        if self.observed.database.is_err() {
            return;
        }
        if self.observed.is_of_another(self.status.database.as_ref()) {
            self.status.retention.clear();
            // The new database has no backup yet.
            self.status.bookkeeping.first_backup_time = None;
        }
        self.status.database = Some(pinned(&self.observed.identity));
    }
}

impl super::Observation {
    /// Returns whether this is about another database. State without a database is not.
    pub(super) fn is_of_another(&self, known: Option<&PinnedDatabase>) -> bool {
        known.is_some_and(|known| database_id(known) != self.identity.database())
    }
}
