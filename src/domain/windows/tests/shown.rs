//! Windows as they stand in a status, and as they are read from it again.

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::*;
use crate::api::log_backup::RecoveryPoint;
use crate::api::{BackupType, LogBackupStatus};

fn window(start: u64, end: u64) -> Window {
    Window {
        start_scn: Scn(start),
        end_scn: Scn(end),
    }
}

fn status_of(windows: &[Window]) -> LogBackupStatus {
    LogBackupStatus {
        recovery_windows: shown(windows),
        ..LogBackupStatus::default()
    }
}

#[test]
fn of_many_windows_the_newest_fifty_are_shown() {
    let windows: Vec<Window> = (0..60).map(|n| window(n * 100, n * 100 + 50)).collect();
    assert_eq!(known(&status_of(&windows)).windows, windows[10..]);
}

#[test]
fn what_a_status_shows_is_known_to_the_nanosecond() {
    let windows = [window(1_763_604_000_123_456_789, 1_763_604_000_987_654_321)];
    assert_eq!(known(&status_of(&windows)).windows, windows);
}

#[test]
fn a_window_that_can_not_be_read_promises_nothing() {
    for (start, end) in [("", "9"), ("1", "x"), ("9", "1"), ("-1", "9")] {
        let mut status = status_of(&[window(1, 9)]);
        status.recovery_windows[0].start_scn = start.to_owned();
        status.recovery_windows[0].end_scn = end.to_owned();
        assert_eq!(known(&status).windows, [], "{start} to {end}");
    }
}

#[test]
fn a_point_in_a_status_is_too_coarse_to_be_restored_to_alone() {
    let point = RecoveryPoint {
        backup_set_id: 4,
        type_: BackupType::Full,
        time: Time(Timestamp::from_second(9).unwrap()),
    };
    let status = LogBackupStatus {
        recovery_points: vec![point],
        ..LogBackupStatus::default()
    };
    let known = known(&status);
    assert_eq!(known.points[0].backup_set_id, BackupSetId(4));
    assert_eq!(known.spans(), []);
}
