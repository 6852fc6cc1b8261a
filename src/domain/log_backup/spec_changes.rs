//! Whether somebody edited the object, or only its strategy did, in what asks nothing of the
//! database: then what somebody changed there stands.

use super::{Evaluation, LogBackup};

impl LogBackup<'_> {
    /// Whether all edits since the status was written are such ones of its strategy.
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
    /// Takes in an edit. After one of somebody's the wanted state is applied again.
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
        // What failed before may go well now.
        self.forget_failures();
        self.status.transition = None;
        self.status.around_state = None;
    }
}
