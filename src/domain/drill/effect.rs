//! Effects that a drill requests.

use crate::api::RecoveryTaskSpec;

/// A side effect to carry out.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// A RecoveryTask to create, with its name.
    CreateTask(String, Box<RecoveryTaskSpec>),
    /// Ended RecoveryTasks to delete, with their names, uids and resourceVersions.
    DeleteTasks(Vec<(String, (String, String))>),
}
