//! Ledger of the destinations that hold, or held, backups of the strategy's tenants. The database
//! cleans nothing at destinations no longer in use, and nothing else reports them.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::alerts::last_found;
use super::{Evaluation, MatchedTenants};
use crate::api::strategy::DestinationRecord;
use crate::domain::storage::{bytes_text, have_moved};
use crate::domain::{Event, time};
use crate::oceanbase::model::TenantId;

/// Maximum number of destinations in the ledger.
const MAX_DESTINATIONS: usize = 20;

/// A destination, and each tenant's backups there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DestinationContents {
    /// Name of the BackupStorage that describes it.
    pub storage: String,
    /// Its root, without keys.
    pub path: String,
    /// Backups there, by tenant.
    pub tenants: BTreeMap<TenantId, TenantContents>,
}

/// A tenant's backups at a destination.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TenantContents {
    /// Bytes of sets and pieces.
    pub bytes: i64,
    /// Whether the tenant's data or logs go there now.
    pub in_use: bool,
    /// Start of the oldest backup.
    pub first: Option<Timestamp>,
    /// End of the newest backup.
    pub last: Option<Timestamp>,
}

impl TenantContents {
    /// Combines both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let first = [self.first, other.first].into_iter().flatten().min();
        Self {
            bytes: self.bytes.saturating_add(other.bytes),
            in_use: self.in_use || other.in_use,
            first,
            last: self.last.max(other.last),
        }
    }
}

impl Evaluation<'_> {
    /// Updates the ledger with the current backups of the strategy's tenants.
    pub(super) fn record_locations(&mut self, matched: &MatchedTenants) {
        let failing: BTreeSet<_> = matched.failing.iter().map(|known| &*known.name).collect();
        let all = self.observed.database.iter().flatten();
        let named = all.filter(|tenant| failing.contains(&*tenant.name));
        let covered: BTreeSet<_> = matched
            .eligible
            .iter()
            .chain(named)
            .map(|of| of.id)
            .collect();
        let since = self.bytes_noted();
        for location in &self.observed.locations {
            let tenants = location
                .tenants
                .iter()
                .filter(|(id, _)| covered.contains(id));
            let held = tenants.fold(TenantContents::default(), |sum, (_, held)| sum.and(*held));
            self.record_location(location, held, since.as_ref());
        }
        let destinations = &mut self.status.destinations;
        destinations.sort_by_key(|destination| {
            let until = destination.until.as_ref().map(|until| until.0);
            (until.is_some(), destination.bytes == 0, Reverse(until))
        });
        destinations.truncate(MAX_DESTINATIONS);
    }

    /// Returns when bytes were last recorded. Active alerts are written every five minutes. The
    /// bytes of all destinations are written together with them, to avoid extra status writes.
    fn bytes_noted(&self) -> Option<Time> {
        let noted = self.status.destinations.iter();
        let noted = noted.filter_map(|known| known.bytes_time.clone());
        // Recovered alerts count too: otherwise bytes would be written right after the last alert.
        let found = self.status.alerts.iter();
        let found = found.filter_map(|alert| alert.last_generated_time.clone());
        last_found(&self.status.alerts).or(noted.chain(found).max())
    }

    fn record_location(
        &mut self,
        location: &DestinationContents,
        held: TenantContents,
        since: Option<&Time>,
    ) {
        let now = self.now;
        let mut destinations = self.status.destinations.iter_mut();
        let Some(record) = destinations.find(|record| record.path == location.path) else {
            if held.bytes > 0 || held.in_use {
                let until = (!held.in_use).then(|| time(held.last.unwrap_or(now)));
                self.status.destinations.push(DestinationRecord {
                    storage: location.storage.clone(),
                    path: location.path.clone(),
                    since: Some(time(held.first.unwrap_or(now))),
                    until,
                    bytes: held.bytes,
                    bytes_time: Some(time(now)),
                });
            }
            return;
        };
        location.storage.clone_into(&mut record.storage);
        if have_moved(record.bytes, since, held.bytes, now) {
            record.bytes = held.bytes;
            record.bytes_time = Some(time(now));
        }
        if held.in_use {
            record.until = None;
        } else if record.until.is_none() {
            record.until = Some(time(now));
            if held.bytes > 0 && self.event.is_none() {
                self.event = Some(Event {
                    warning: true,
                    reason: "PreviousDestinationRetained",
                    message: format!(
                        "{} of backups remain at '{}' (BackupStorage '{}'), which is not in use \
                         any more: the database deletes nothing there; see `status.destinations`",
                        bytes_text(held.bytes),
                        location.path,
                        location.storage
                    ),
                });
            }
        }
    }
}
