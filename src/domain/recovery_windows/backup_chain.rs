//! Chain of a backup set: the full set and the incremental ones that it depends on.

use std::collections::HashMap;

use crate::oceanbase::model::{BackupSet, BackupSetId};

/// Value in the views for a set that depends on no other.
pub(super) const NO_SET: BackupSetId = BackupSetId(0);

/// Defect of a required set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SetDefect {
    /// It has no row, or it is deleted.
    Missing,
    /// STATUS is not SUCCESS: it failed, or its backup is still running.
    Failed,
    /// FILE_STATUS is not AVAILABLE: it is being deleted, expired or broken.
    Unavailable,
    /// No set can depend on it: the rows contradict each other.
    Unfit,
}

/// Position of a break in a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BrokenChain {
    /// The required set: the last set of the chain, or an older one.
    pub(super) at: BackupSetId,
    pub(super) fault: SetDefect,
}

/// Backup sets of one tenant, by number.
pub(super) struct BackupChains<'a>(HashMap<BackupSetId, &'a BackupSet>);

impl<'a> BackupChains<'a> {
    pub(super) fn of(sets: &'a [BackupSet]) -> Self {
        Self(sets.iter().map(|set| (set.id, set)).collect())
    }

    /// Returns a set and its whole chain, oldest first, or the newest member that cannot be used.
    pub(super) fn of_set(&self, set: &'a BackupSet) -> Result<Vec<&'a BackupSet>, BrokenChain> {
        let mut chain = vec![usable(set)?];
        let mut link = set;
        while !link.full {
            let base = self.older(link, link.prev_full_id)?;
            if !base.full {
                return Err(BrokenChain {
                    at: base.id,
                    fault: SetDefect::Unfit,
                });
            }
            chain.push(base);
            if link.prev_inc_id == NO_SET {
                break;
            }
            link = self.older(link, link.prev_inc_id)?;
            chain.push(link);
        }
        chain.sort_unstable_by_key(|set| set.id);
        chain.dedup_by_key(|set| set.id);
        Ok(chain)
    }

    /// Returns a usable set that another one depends on. A set depends only on older sets, so
    /// inconsistent references cannot form a cycle.
    fn older(&self, link: &BackupSet, id: BackupSetId) -> Result<&'a BackupSet, BrokenChain> {
        let fault = match self.0.get(&id) {
            None => SetDefect::Missing,
            Some(_) if id >= link.id => SetDefect::Unfit,
            Some(set) => return usable(set),
        };
        Err(BrokenChain { at: id, fault })
    }
}

fn usable(set: &BackupSet) -> Result<&BackupSet, BrokenChain> {
    let fault = match (set.success, set.available) {
        (true, true) => return Ok(set),
        (true, false) => SetDefect::Unavailable,
        (false, _) => SetDefect::Failed,
    };
    Err(BrokenChain { at: set.id, fault })
}
