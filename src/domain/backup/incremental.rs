//! Incremental backups that the database would reject or replace, because the tenant's data version
//! has changed since the previous backup set.

use super::Evaluation;
use crate::api::strategy::IncrementalNotPossible;
use crate::api::{BackupType, Cause};
use crate::domain::cause;
use crate::oceanbase::capability::Capability;

/// Reason of an incremental backup that is not possible.
pub(super) const INCREMENTAL_NOT_POSSIBLE: &str = "IncrementalNotPossible";

/// Type of backup that is sent for a task.
pub(super) enum SentType {
    /// The type that the task requests.
    AsAsked,
    /// A full backup instead of an incremental one.
    FullInstead(Cause),
    /// No backup: the strategy does not allow a full backup instead.
    Nothing(Cause),
}

impl Evaluation<'_> {
    /// Returns what is sent. COMPATIBLE of the tenant is compared with TENANT_COMPATIBLE of the
    /// previous set, as the database does when it starts the tenant's job.
    pub(super) fn sent_type(&self) -> SentType {
        let Some(why) = self.why_not_incremental() else {
            return SentType::AsAsked;
        };
        let target = self.observed.target.as_ref().ok();
        match target.map(|target| target.incremental_not_possible) {
            None | Some(IncrementalNotPossible::Full) => SentType::FullInstead(cause(
                INCREMENTAL_NOT_POSSIBLE,
                &format!("{why}; the operator takes a full backup instead"),
            )),
            Some(IncrementalNotPossible::Skip) => SentType::Nothing(cause(
                INCREMENTAL_NOT_POSSIBLE,
                &format!(
                    "{why}. `incrementalNotPossible` of the strategy is Skip: create a BackupTask \
                     of type Full, or wait for the next full backup"
                ),
            )),
        }
    }

    /// Returns why no incremental backup can follow the previous set; `None` if one can.
    pub(super) fn why_not_incremental(&self) -> Option<String> {
        let database = self.observed.database.as_ref().ok()?;
        let is_checked = database
            .version
            .can(Capability::IncrementalCompatibilityCheck);
        if self.task.spec.type_ != BackupType::Incremental || !is_checked {
            return None;
        }
        let current = database.tenant.tenant.as_ref()?.compatible.as_ref()?;
        let previous = database.previous_set.as_ref()?;
        (*current != previous.tenant_compatible).then(|| {
            format!(
                "the tenant's data version is {current}, and backup set {} was created with {}: no \
                 incremental backup can follow it",
                previous.id, previous.tenant_compatible
            )
        })
    }
}
