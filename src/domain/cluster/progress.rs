//! Values that change with time alone, and when they are written: the log checkpoint of all
//! tenants, the size of their backups, and the recovery windows.

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use crate::api::OceanBaseClusterStatus;
use crate::api::log_backup::RecoveryWindow;
use crate::domain::storage::have_moved;
use crate::domain::{recovery_windows, time};
use crate::oceanbase::model::{RoundStatus, Scn, Snapshot};

/// Interval between writes if nothing else changes.
const STATUS_INTERVAL: SignedDuration = SignedDuration::from_mins(5);

/// Values that change with every observation. They are written with any other change, when a gap
/// opens or closes, and every few minutes.
pub(super) struct VolatileStatus {
    checkpoint: Option<Time>,
    bytes: i64,
    windows: Vec<RecoveryWindow>,
}

impl VolatileStatus {
    pub(super) fn of(snapshot: &Snapshot) -> Self {
        let tenants = snapshot.tenants.values();
        let each = tenants.flat_map(|tenant| recovery_windows::of_tenant(tenant).windows);
        Self {
            checkpoint: checkpoint(snapshot).map(|scn| time(scn.at())),
            bytes: bytes(snapshot),
            windows: recovery_windows::shown(&recovery_windows::merge(each.collect())),
        }
    }

    pub(super) fn is_due(&self, previous: &OceanBaseClusterStatus, now: Timestamp) -> bool {
        let known = previous.backup.as_ref();
        let checkpoint = known.and_then(|backup| backup.log_backup_checkpoint_time.as_ref());
        let has_moved = match (checkpoint, &self.checkpoint) {
            (Some(known), Some(current)) => has_moved(known, current),
            (known, current) => known.is_some() != current.is_some(),
        };
        // If logs are archived, the bytes are written together with the checkpoint.
        let bytes = known.and_then(|backup| backup.file_bytes);
        let have_bytes_moved = self.checkpoint.is_none()
            && bytes.is_none_or(|known| have_moved(known, None, self.bytes, now));
        has_moved || have_bytes_moved || has_changed(&previous.recovery_windows, &self.windows)
    }

    pub(super) fn write(self, status: &mut OceanBaseClusterStatus) {
        if let Some(backup) = &mut status.backup {
            backup.log_backup_checkpoint_time = self.checkpoint;
            backup.file_bytes = Some(self.bytes);
        }
        status.recovery_windows = self.windows;
    }
}

/// Returns the size of the backup sets and pieces of all tenants.
fn bytes(snapshot: &Snapshot) -> i64 {
    let tenants = snapshot.tenants.values();
    let each = tenants.flat_map(|tenant| {
        let sets = tenant.sets.iter().map(|set| set.output_bytes);
        sets.chain(tenant.pieces.iter().map(|piece| piece.output_bytes))
    });
    each.fold(0, i64::saturating_add)
}

/// Returns the point that the log backup of every tenant has reached.
fn checkpoint(snapshot: &Snapshot) -> Option<Scn> {
    let rounds = snapshot
        .tenants
        .values()
        .filter_map(|tenant| tenant.round.as_ref());
    rounds
        .filter(|round| round.status == RoundStatus::Doing)
        .map(|round| round.checkpoint_scn)
        .min()
}

/// Returns whether an instant changed for a reason other than time, or by a long time.
fn has_moved(known: &Time, current: &Time) -> bool {
    let moved = known.0.duration_until(current.0);
    moved < SignedDuration::ZERO || moved >= STATUS_INTERVAL
}

/// Returns whether windows were added, removed or moved. The end of any window may move with time:
/// each tenant ends with its own logs. The union has an end for each tenant that lags behind the
/// backups of the others.
fn has_changed(known: &[RecoveryWindow], current: &[RecoveryWindow]) -> bool {
    known.len() != current.len()
        || known.iter().zip(current).any(|(known, current)| {
            known.start_scn != current.start_scn || has_moved(&known.end, &current.end)
        })
}
