//! Values that are kept between reads: only what is needed, and in the same allocation if nothing
//! changed.

use std::sync::Arc;

use crate::oceanbase::model::{BackupSet, Job, Piece, Tenant};

/// Keeps the running jobs and the newest ended ones. The jobs are sorted by number.
pub(super) fn trim(jobs: &mut Vec<Job>, kept: usize) {
    let ended = jobs.iter().filter(|job| job.status.is_terminal()).count();
    let mut surplus = ended.saturating_sub(kept);
    jobs.retain(|job| {
        let drop = surplus > 0 && job.status.is_terminal();
        surplus -= usize::from(drop);
        !drop
    });
    jobs.shrink_to_fit();
}

pub(super) trait Shrink: Sized {
    fn shrunk(self) -> Self;
}

impl Shrink for Vec<BackupSet> {
    fn shrunk(mut self) -> Self {
        self.shrink_to_fit();
        self
    }
}

impl Shrink for Vec<Piece> {
    fn shrunk(mut self) -> Self {
        self.shrink_to_fit();
        self
    }
}

/// Returns the new value if one was read, otherwise the known one. An equal value keeps its
/// allocation.
pub(super) fn kept<T: Shrink + PartialEq + Default>(
    full: bool,
    fresh: Option<T>,
    known: Option<&Arc<T>>,
) -> Arc<T> {
    let fresh = if full {
        fresh.unwrap_or_default().shrunk()
    } else {
        T::default()
    };
    match known {
        Some(known) if !full || **known == fresh => Arc::clone(known),
        _ => Arc::new(fresh),
    }
}

/// Returns the known tenant if nothing changed, so that comparisons find the same allocation.
pub(super) fn shared(tenant: Tenant, known: Option<&Arc<Tenant>>) -> Arc<Tenant> {
    match known {
        Some(known) if **known == tenant => Arc::clone(known),
        _ => Arc::new(tenant),
    }
}

/// Returns the new value. An equal value keeps its allocation.
pub(super) fn same<T: PartialEq>(known: Option<&Arc<T>>, fresh: T) -> Arc<T> {
    match known {
        Some(known) if **known == fresh => Arc::clone(known),
        _ => Arc::new(fresh),
    }
}
