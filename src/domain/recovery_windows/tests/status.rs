//! Recovery windows written to a status and read back.

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
fn a_set_that_holds_its_logs_is_known_by_its_instant_and_one_that_can_not_be_read_is_not() {
    let point = |scn: &str| RecoveryPoint {
        backup_set_id: 4,
        type_: BackupType::Full,
        time: Time(Timestamp::from_second(9).unwrap()),
        scn: scn.to_owned(),
        self_contained: true,
    };
    let status = LogBackupStatus {
        recovery_points: vec![point("8000000001"), point("")],
        ..LogBackupStatus::default()
    };
    let known = known(&status);
    assert_eq!(known.points.len(), 1);
    assert_eq!(known.spans(), [window(8_000_000_001, 8_000_000_001)]);
}
