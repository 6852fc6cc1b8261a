//! Windows in the status of objects.

use super::{Recoverable, RestorePoint, Window, merge};
use crate::api::log_backup::{RecoveryPoint, RecoveryWindow};
use crate::api::{BackupType, LogBackupStatus};
use crate::domain::{time, time_from};
use crate::oceanbase::model::{BackupSetId, Scn};

/// Maximum number of windows in a status.
const MAX_LISTED: usize = 50;

/// Returns the newest 50 windows, given oldest first.
#[must_use]
pub fn shown(windows: &[Window]) -> Vec<RecoveryWindow> {
    let skipped = windows.len().saturating_sub(MAX_LISTED);
    let newest = windows.iter().skip(skipped);
    let shown = newest.map(|window| RecoveryWindow {
        start: time_from(window.start_scn.at()),
        end: time(window.end_scn.at()),
        start_scn: window.start_scn.to_string(),
        end_scn: window.end_scn.to_string(),
    });
    shown.collect()
}

/// Returns what a tenant can be restored to by its status, for when its database cannot be queried.
///
/// A window or a point that cannot be parsed is left out.
#[must_use]
pub fn known(status: &LogBackupStatus) -> Recoverable {
    let mut points: Vec<RestorePoint> = status.recovery_points.iter().filter_map(point).collect();
    points.sort_by_key(|point| (point.scn, point.backup_set_id));
    Recoverable {
        windows: merge(status.recovery_windows.iter().filter_map(window).collect()),
        points,
    }
}

fn window(shown: &RecoveryWindow) -> Option<Window> {
    let window = Window {
        start_scn: Scn(shown.start_scn.parse().ok()?),
        end_scn: Scn(shown.end_scn.parse().ok()?),
    };
    (window.start_scn <= window.end_scn).then_some(window)
}

fn point(shown: &RecoveryPoint) -> Option<RestorePoint> {
    Some(RestorePoint {
        backup_set_id: BackupSetId(shown.backup_set_id),
        full: shown.type_ == BackupType::Full,
        scn: Scn(shown.scn.parse().ok()?),
        self_contained: shown.self_contained,
    })
}
