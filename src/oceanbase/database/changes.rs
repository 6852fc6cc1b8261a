//! Differences between two reads, and the objects that they trigger.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::oceanbase::model::{Restore, Restores, Snapshot};

/// Differences between two reads.
#[derive(Default)]
pub(super) struct Changed {
    /// Names of the tenants that differ.
    pub(super) tenants: BTreeSet<String>,
    /// Names of other tenants whose log archive has advanced, without any other change.
    pub(super) progress: BTreeSet<String>,
    /// Whether jobs of sys differ. The end of such a job frees a slot for another backup, but no
    /// row of a tenant shows this.
    pub(super) is_of_sys: bool,
}

/// Compares two reads.
pub(super) fn changed(before: &Snapshot, after: &Snapshot) -> Changed {
    let mut changed = Changed {
        is_of_sys: before.parents != after.parents,
        ..Changed::default()
    };
    for (id, tenant) in &after.tenants {
        match before.tenants.get(id) {
            Some(earlier) if Arc::ptr_eq(earlier, tenant) => {}
            Some(earlier) if earlier.has_only_archived_on(tenant) => {
                changed.progress.insert(tenant.name.clone());
            }
            Some(earlier) => {
                let names = [earlier.name.clone(), tenant.name.clone()];
                changed.tenants.extend(names);
            }
            None => drop(changed.tenants.insert(tenant.name.clone())),
        }
    }
    let dropped = before
        .tenants
        .iter()
        .filter(|(id, _)| !after.tenants.contains_key(id));
    changed
        .tenants
        .extend(dropped.map(|(_, tenant)| tenant.name.clone()));
    if let (Some(before), Some(after)) = (&before.restores, &after.restores) {
        changed.tenants.extend(changed_restores(before, after));
    }
    changed
}

/// Returns the names of the tenants whose restores differ.
fn changed_restores(before: &Arc<Restores>, after: &Arc<Restores>) -> BTreeSet<String> {
    if Arc::ptr_eq(before, after) {
        return BTreeSet::new();
    }
    let of_tenants = changed_jobs(&before.restores, &after.restores);
    let of_tables = changed_jobs(&before.tables, &after.tables);
    of_tenants.chain(of_tables).collect()
}

fn changed_jobs<'a>(
    before: &'a [Restore],
    after: &'a [Restore],
) -> impl Iterator<Item = String> + 'a {
    let earlier: BTreeMap<_, _> = before.iter().map(|job| (job.job_id, job)).collect();
    let is_changed = move |job: &&Restore| earlier.get(&job.job_id) != Some(job);
    let present: BTreeSet<_> = after.iter().map(|job| job.job_id).collect();
    let is_removed = move |job: &&Restore| !present.contains(&job.job_id);
    let changed = after.iter().filter(is_changed);
    let removed = before.iter().filter(is_removed);
    changed.chain(removed).map(|job| job.tenant_name.clone())
}

/// Returns whether a change may affect any object. Examples are the first read of restores after a
/// request, and a pool that becomes free.
pub(super) fn affects_all(before: &Snapshot, after: &Snapshot) -> bool {
    if before.version != after.version
        || before.identity != after.identity
        || before.is_upgrading != after.is_upgrading
    {
        return true;
    }
    match (&before.restores, &after.restores) {
        (None, Some(_)) => true,
        (Some(before), Some(after)) => {
            before.pools != after.pools
                || before.units != after.units
                || before.zones != after.zones
                || (before.servers.is_none() && after.servers.is_some())
                || before.refused != after.refused
                || before.tables_refused != after.tables_refused
        }
        (_, None) => false,
    }
}

/// Tenants whose log archive has advanced without any other change and that were not triggered yet,
/// and the time of the last trigger.
///
/// Every read shows another checkpoint of a running archive. During a series of statements, the
/// database is read several times per second. Each read would then trigger all objects of all
/// tenants.
#[derive(Default)]
pub(super) struct Progress {
    waiting: BTreeSet<String>,
    notified_at: Option<Instant>,
}

impl Progress {
    /// Adds the tenants that advanced in a read, and removes those in `changed`. Returns all
    /// tenants to trigger if the last trigger is long enough ago. Otherwise they wait.
    pub(super) fn due(
        &mut self,
        names: BTreeSet<String>,
        changed: &BTreeSet<String>,
        pause: Duration,
    ) -> BTreeSet<String> {
        self.waiting.extend(names);
        self.waiting.retain(|name| !changed.contains(name));
        if self.waiting.is_empty() || self.notified_at.is_some_and(|at| at.elapsed() < pause) {
            return BTreeSet::new();
        }
        self.notified_at = Some(Instant::now());
        std::mem::take(&mut self.waiting)
    }

    pub(super) fn notified_all(&mut self) {
        self.waiting.clear();
        self.notified_at = Some(Instant::now());
    }
}
