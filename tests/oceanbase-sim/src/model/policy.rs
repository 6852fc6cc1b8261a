//! The policy of the automatic cleanup.

/// A row of `CDB_OB_BACKUP_DELETE_POLICY`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// `POLICY_NAME`.
    pub name: String,
    /// `RECOVERY_WINDOW` in the user's spelling.
    pub recovery_window: String,
}
