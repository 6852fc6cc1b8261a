//! What moves with time alone, and when it is written: how far the logs of all tenants are archived,
//! and what can be recovered to.

use jiff::SignedDuration;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use crate::api::OceanBaseClusterStatus;
use crate::api::log_backup::RecoveryWindow;
use crate::domain::{time, windows};
use crate::oceanbase::model::{RoundStatus, Scn, Snapshot};

/// How often it is written when nothing else changes.
const INTERVAL: SignedDuration = SignedDuration::from_mins(5);

/// What changes with every look: written with any other change, when a hole opens or closes, and
/// every few minutes.
pub(super) struct Live {
    checkpoint: Option<Time>,
    windows: Vec<RecoveryWindow>,
}

impl Live {
    pub(super) fn of(snapshot: &Snapshot) -> Self {
        let tenants = snapshot.tenants.values();
        let each = tenants.flat_map(|tenant| windows::of_tenant(tenant).windows);
        Self {
            checkpoint: checkpoint(snapshot).map(|scn| time(scn.at())),
            windows: windows::shown(&windows::merge(each.collect())),
        }
    }

    pub(super) fn is_due(&self, previous: &OceanBaseClusterStatus) -> bool {
        let known = previous.backup.as_ref();
        let known = known.and_then(|backup| backup.log_backup_checkpoint_time.as_ref());
        let has_moved = match (known, &self.checkpoint) {
            (Some(known), Some(current)) => has_moved(known, current),
            (known, current) => known.is_some() != current.is_some(),
        };
        has_moved || has_changed(&previous.recovery_windows, &self.windows)
    }

    pub(super) fn write(self, status: &mut OceanBaseClusterStatus) {
        if let Some(backup) = &mut status.backup {
            backup.log_backup_checkpoint_time = self.checkpoint;
        }
        status.recovery_windows = self.windows;
    }
}

/// Up to where the log backup of every tenant has come.
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

/// Whether an instant is another one for some other reason than that time passes, or for long.
fn has_moved(known: &Time, current: &Time) -> bool {
    let moved = known.0.duration_until(current.0);
    moved < SignedDuration::ZERO || moved >= INTERVAL
}

/// Whether windows have come, gone or moved. The end of any may move with time: each tenant is as
/// far as its own logs, and the union has an end for each one that is behind the others' backups.
fn has_changed(known: &[RecoveryWindow], current: &[RecoveryWindow]) -> bool {
    known.len() != current.len()
        || known.iter().zip(current).any(|(known, current)| {
            known.start_scn != current.start_scn || has_moved(&known.end, &current.end)
        })
}
