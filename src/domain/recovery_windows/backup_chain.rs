//! What a backup set stands on: the full set and the incremental ones before it.

use std::collections::HashMap;

use crate::oceanbase::model::{BackupSet, BackupSetId};

/// How the views say that a set stands on no other.
pub(super) const NO_SET: BackupSetId = BackupSetId(0);

/// What is wrong with a set that is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SetDefect {
    /// There is no row of it, or it is deleted.
    Missing,
    /// STATUS is not SUCCESS: it failed, or it is still being made.
    Failed,
    /// FILE_STATUS is not AVAILABLE: it is being deleted, has expired or is broken.
    Unavailable,
    /// Nothing can stand on it: the rows contradict each other.
    Unfit,
}

/// Where a chain is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BrokenChain {
    /// The set that is needed; the one that the chain is of, or an older one.
    pub(super) at: BackupSetId,
    pub(super) fault: SetDefect,
}

/// The backup sets of one tenant by their numbers.
pub(super) struct BackupChains<'a>(HashMap<BackupSetId, &'a BackupSet>);

impl<'a> BackupChains<'a> {
    pub(super) fn of(sets: &'a [BackupSet]) -> Self {
        Self(sets.iter().map(|set| (set.id, set)).collect())
    }

    /// A set and all that it stands on, oldest first; or the newest of them that can not be used.
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

    /// A usable set that another one may stand on. A set stands only on older ones, so that broken
    /// references can not lead around in a circle.
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
