//! Edits of the object: by a user, or only by its strategy in fields that need no statement. After
//! edits of its strategy, external changes in the database are kept.

use super::{Evaluation, LogBackup};

impl LogBackup<'_> {
    /// Returns whether the strategy made all edits since the status was written, and none needs a
    /// statement.
    fn has_only_followed(&self) -> bool {
        let observed = self.status.observed_generation;
        self.followed
            .zip(observed)
            .is_some_and(|(followed, observed)| {
                followed.from <= observed && followed.to == self.generation
            })
    }
}

impl Evaluation<'_> {
    /// Records an edit. After a user's edit the desired state is applied again.
    pub(super) fn record_edit(&mut self) {
        let (observed, generation) = (self.status.observed_generation, self.object.generation);
        if observed == Some(generation) {
            return;
        }
        if self.object.has_only_followed() {
            if self.status.applied_generation == observed {
                self.status.applied_generation = Some(generation);
            }
            return;
        }
        // A statement that failed before may succeed now.
        self.forget_failures();
        self.status.transition = None;
        self.status.around_state = None;
    }
}
