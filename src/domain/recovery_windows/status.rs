//! Windows as they stand in objects.

use super::{Recoverable, RestorePoint, Window, merge};
use crate::api::log_backup::{RecoveryPoint, RecoveryWindow};
use crate::api::{BackupType, LogBackupStatus};
use crate::domain::{time, time_from};
use crate::oceanbase::model::{BackupSetId, Scn};

/// How many windows are shown.
const MAX_LISTED: usize = 50;

/// The newest 50 of some windows, given oldest first.
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

/// What a status says that a tenant can be restored to, for when its database can not be asked.
///
/// A window or a point that can not be read promises nothing.
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
