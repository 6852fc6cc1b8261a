//! Sizes of a tenant's backups, by the destination numbers of the views.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::oceanbase::destination::Location;
use crate::oceanbase::model::{Snapshot, Tenant};

/// Backups at one destination of a tenant.
pub(super) struct StoredBackups {
    /// Location of the destination.
    pub(super) location: Location,
    /// Bytes of sets.
    pub(super) data_bytes: i64,
    /// Bytes of archive pieces.
    pub(super) log_bytes: i64,
    /// Start of the oldest backup.
    pub(super) first: Option<Timestamp>,
    /// End of the newest backup.
    pub(super) last: Option<Timestamp>,
}

impl StoredBackups {
    fn at(location: Location) -> Self {
        Self {
            location,
            data_bytes: 0,
            log_bytes: 0,
            first: None,
            last: None,
        }
    }

    fn covers(&mut self, first: Timestamp, last: Timestamp) {
        self.first = Some(self.first.map_or(first, |known| known.min(first)));
        self.last = self.last.max(Some(last));
    }
}

/// Returns the undeleted backups of a tenant, by destination number.
pub(super) fn holdings(snapshot: &Snapshot, tenant: &Tenant) -> Vec<StoredBackups> {
    let mut found = BTreeMap::<i64, StoredBackups>::new();
    let location = |dest_id, root: &str| {
        Location::read_back(root).at_host(snapshot.storages.host(tenant.id, dest_id))
    };
    for set in tenant.sets.iter() {
        let known = found
            .entry(set.dest_id)
            .or_insert_with(|| StoredBackups::at(location(set.dest_id, &set.path)));
        known.data_bytes = known.data_bytes.saturating_add(set.output_bytes);
        if let Some(ended_at) = set.ended_at {
            known.covers(set.start_replay_scn.at().min(ended_at), ended_at);
        }
    }
    for piece in tenant.pieces.iter() {
        let key = (tenant.id, piece.dest_id);
        let Some(root) = snapshot.storages.log_roots.get(&key) else {
            continue;
        };
        let known = found
            .entry(piece.dest_id)
            .or_insert_with(|| StoredBackups::at(location(piece.dest_id, root)));
        known.log_bytes = known.log_bytes.saturating_add(piece.output_bytes);
        known.covers(piece.start_scn.at(), piece.checkpoint_scn.at());
    }
    found.into_values().collect()
}
